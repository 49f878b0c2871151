/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Where directories really are, seen through bind mounts and symbolic links.
 *
 * A file system's tree can show at several places. Two paths are compared by what they
 * are on their file system, from /proc/self/mountinfo (proc(5)): device, and path below
 * the file system's own root.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Whether somebody who walks down from `outer` comes upon `inner`, or with `parts` a part
 * of it, be it by a mount. Returns 1 and, in `ret_path` (caller frees), where: the path below
 * `outer`, "" for outer itself; 0 when not; -errno.
 */
int mount_contains(const char *outer, const char *inner, bool parts, char **ret_path,
		   struct error *err);
