/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A file that is left for others at a path which the user chose: whole at any moment, and
 * never in place of something that is no file.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Replaces the file, as fs_write_file() does. Links to its directory are followed; with
 * `make_dirs` missing directories are made, of mode 0755. What is written to /dev/null is
 * gone, and that is a success.
 */
int outfile_write(const char *path, const struct strbuf *text, mode_t mode,
		  bool make_dirs, struct error *err);
