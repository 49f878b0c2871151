/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Walking directory trees by descriptors: no symbolic link is followed, no path needed,
 * and the tree may be as deep as it likes: paths longer than PATH_MAX and more levels
 * than there are descriptors work.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "sys/dirents.h"

/*
 * Called for each directory, the top first, before what is below it.
 *
 * `fd` is the directory; `path` is its path below the top, "" for the top itself, any
 * length; `names` is all that is in it but subdirectories, `subdirs` the rest. The
 * visitor may empty `subdirs` (strvec_release) so that they are not entered. Returning
 * a negative value ends the walk with it.
 */
typedef int tree_visit(void *ctx, int fd, const struct strbuf *path,
		       const struct strvec *names, struct strvec *subdirs);

/*
 * Called for each name in a directory, `path`, `fd`: the top by "" in itself; then in each
 * directory all but subdirectories, then subdirectories, both in the order of strcmp(3);
 * then what is in the first of these, and so on. A negative value ends the walk with it.
 */
typedef int tree_meet(void *ctx, int fd, const struct strbuf *path, const char *name);

struct tree_walk {
	/* one of the first two, or, in memory that does not grow with a directory, the
	 * third */
	tree_visit *visit;

	/* Called for each name but those of subdirectories, before visit(), instead of
	 * which no `names` are gathered then; NULL: nobody wants to know. */
	void (*entry)(void *ctx, const struct dirent_entry *entry);

	tree_meet *meet;
	bool (*leads)(void *ctx,
		      const struct strbuf *path); /* whether to enter; or NULL */
	void *ctx;
	bool one_file_system;	 /* do not enter mounts */
	bool links_only;	 /* `names` holds nothing but symbolic links */
	uint64_t ret_unreadable; /* directories that could not be entered or read */
};

/* Memory grows with the names in the directories on the way (with `meet`, with their
 * number), not with the tree. */
int tree_walk(int dirfd, struct tree_walk *walk, struct error *err);
