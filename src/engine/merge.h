/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Brings a tree into a directory that has content already: creates what is missing,
 * replaces what differs, and, where that is asked for, deletes what the tree does not have.
 *
 * One thread walks both directories together, by descriptors and one name at a time: no
 * symbolic link is followed in either, whatever is renamed meanwhile. What stands where a
 * directory must be is replaced, be it a link to one.
 *
 *	new file    ─▶ MERGE_STAGE/name in its directory ─┐ content, attributes
 *	old file    ─▶ a link to it in the folder `keep` ─┴▶ renamed over the old one
 *	directory   ─▶ made, or gone into ─▶ what is in it ─▶ its attributes
 *
 * Killed at any point, it leaves whole old files and whole new ones; a MERGE_STAGE may
 * remain, which the next merge removes. After a power cut the same holds for what was
 * replaced, in its place or in `keep`; all else takes a sync by the caller.
 *
 * Memory: a chunk of names for some levels of directories, and what groups.h says.
 */
#pragma once

#include "engine/engine.h"

/*
 * -EINTR: stopped by cancel_fd. The counts are set in any case. ENGINE_PARTIAL: something
 * could not be read, or not be put where it belongs, and it was said what.
 */
int merge(const struct merge *merge, struct merge_counts *ret_counts,
	  enum engine_outcome *ret_outcome, struct error *err);
