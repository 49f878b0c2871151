/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Paths as text. */
#pragma once

#include <stdbool.h>
#include <string.h>

/* Whether `path` is `dir`, or below it. Neither ends with a slash, but for "/" itself. */
static inline bool path_is_in(const char *path, const char *dir)
{
	const size_t len = strlen(dir);

	if (len == 0 || strcmp(dir, "/") == 0)
		return true;
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}
