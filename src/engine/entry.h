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
 * done: by then another of its names may be there, linked to a base.
 */
void entry_put(struct pass *pass, struct worker *worker, struct dir *dir,
	       const char *name, const struct look *look);

/* Puts what was put off. */
void entry_put_late(struct pass *pass, struct worker *worker);

/*
 * Opens, in the first base, the directory that is this one by another name; `ret_row` is
 * its row. -ENOENT: the old table knows none.
 */
int entry_open_moved_dir(const struct pass *pass, const struct look *look,
			 const struct table_row **ret_row);
