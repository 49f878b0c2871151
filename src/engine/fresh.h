/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What is made anew in the copy: files with nothing to link to, and the attributes that
 * they and directories get.
 */
#pragma once

#include "engine/pass.h"

/*
 * Copies what is not a directory. `st` becomes what was copied. 0; -ENOENT: it has
 * vanished; 1: it has become something else; else -errno, and it was said why.
 */
int fresh_copy(struct pass *pass, struct worker *worker, const struct dir *dir,
	       const char *name, struct stat *st);

/* Reads the attributes in scope into worker->xattrs, of `fd` if that is none of -1. */
void fresh_read_xattrs(struct pass *pass, struct worker *worker, const struct dir *dir,
		       const char *name, int fd);

/*
 * Gives owner, extended attributes, mode and time, in this order, to a new file or
 * directory of ours: `fd`, or if that is -1 `name` in the copy. It has been created with
 * the mode `created`, or MODE_UNSURE. What is refused is noted and makes the copy partial;
 * the file stays.
 */
#define MODE_UNSURE ((mode_t)-1)

void fresh_set_attributes(struct pass *pass, struct worker *worker, const struct dir *dir,
			  const char *name, int fd, mode_t created, const struct stat *st,
			  const struct strbuf *xattrs);
