/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What is not a directory: linked or copied into the directory of the copy. */
#pragma once

#include "engine/pass.h"

/*
 * Puts `name` of the directory into the copy. `look` is what pass_look() says of it. What
 * goes wrong is noted and counted; only an error that ends the pass is left in it.
 *
 * A name of a file with several that no base has is put off until all directories are
 * done: by then another of its names may be there, linked to a base. Not so where the file
 * is younger than the bases.
 */
void entry_put(struct pass *pass, struct worker *worker, struct dir *dir,
	       const char *name, const struct look *look);

/* What a file may be the same as. */
struct candidate {
	int fd; /* its directory */
	const char *name;
	bool known;   /* it is, in what stat() does not tell */
	bool compare; /* the content, too */
};

/*
 * Whether the candidate is the same as `name` in the directory of the source, of which
 * stat() says `st`. `*have_xattrs`: worker->xattrs are that one's, or are from now on.
 * `*ret_exists` is set where there is anything by the candidate's name.
 */
bool entry_is_same(struct pass *pass, struct worker *worker, const struct dir *dir,
		   const char *name, const struct stat *st, const struct candidate *c,
		   bool *have_xattrs, bool *ret_exists);

/* Puts what was put off. */
void entry_put_late(struct pass *pass, struct worker *worker);

/*
 * Opens, in the first base, the directory that is this one by another name; `ret_row` is
 * its row. -ENOENT: the old table knows none.
 */
int entry_open_moved_dir(const struct pass *pass, const struct look *look,
			 const struct table_row **ret_row);
