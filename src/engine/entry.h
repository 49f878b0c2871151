/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What is not a directory: linked or copied into the directory of the copy. */
#pragma once

#include "engine/pass.h"

/*
 * Puts `name` of the directory into the copy. `st` is what fstatat() says of it. What goes
 * wrong is noted and counted; only an error that ends the pass is left in it.
 *
 * A name of a file with several that no base has is put off until all directories are
 * done: by then another of its names may be there, linked to a base.
 */
void entry_put(struct pass *pass, struct worker *worker, const struct dir *dir,
	       const char *name, const struct stat *st);

/* Puts what was put off. */
void entry_put_late(struct pass *pass, struct worker *worker);

/* Reads the attributes in scope into worker->xattrs, of `fd` if that is none of -1. */
void entry_read_xattrs(struct pass *pass, struct worker *worker, const struct dir *dir,
		       const char *name, int fd);

/*
 * Gives owner, extended attributes, mode and time, in this order, to a new file or
 * directory of ours: `fd`, or if that is -1 `name` in the copy. What is refused is noted
 * and makes the copy partial; the file stays.
 */
void entry_set_attributes(struct pass *pass, struct worker *worker, const struct dir *dir,
			  const char *name, int fd, const struct stat *st,
			  const struct strbuf *xattrs);
