/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Which files of a snapshot have several names in it. Their link count does not tell: most
 * of a snapshot's files are links to other snapshots. So it is walked once, and what is
 * met again is known; it takes about 18 bytes for each file, of those that have several
 * links where directories do not tell the inode.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strvec.h"

struct groups;

/*
 * Walks the tree, or `only` these paths in it (NULL: all). What cannot be read is passed
 * over. The caller frees it.
 */
int groups_find(int tree, const struct strvec *only, struct groups **ret_groups,
		struct error *err);
void groups_free(struct groups *groups);

/* Whether several names of that inode, of a file with several links, were met. */
bool groups_has(const struct groups *groups, ino_t ino);
