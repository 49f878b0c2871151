/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Where rsync left a base while it looked for files to link to.
 *
 * --link-dest=BASE makes rsync look at BASE/a/b/file by that path. When the source has a
 * directory a/b and the base, which is older, a symbolic link, the file that rsync finds
 * is behind the link: in another snapshot, or a live one outside of all of them. If its
 * size and time match, rsync takes it for an unchanged one and links the live inode into
 * the snapshot, which then changes whenever somebody writes to that file; or takes over
 * its content, which may be another one. Hard links in the source carry such an inode on
 * to names elsewhere in the tree.
 *
 * This looks at what rsync made, when it has ended: neither bases nor target change any
 * more, so what the source does meanwhile cannot matter.
 */
#pragma once

#include "base/error.h"
#include "base/strvec.h"
#include "engine/engine.h"

/*
 * Paths below the target that must not stay as they are: directories that are a symbolic
 * link in a base, and other names for files in them unless a finished base has the same
 * inode by that name. None is below another; sorted, a directory before what is in it.
 */
int detours_find(const struct engine_job *job, struct strvec *ret_paths,
		 struct error *err);

/*
 * The bases that are safe to link from: all finished ones; of what dead runs left, which
 * may hold detours that nobody has come to look for, those in which there are none.
 */
int detours_choose_bases(const struct engine_job *job, struct strvec *ret_bases,
			 struct error *err);

/* Rules, to come before all others: `n` of the paths, and nothing else. */
void detours_add_rules(char *const *paths, size_t n, struct strvec *rules);
