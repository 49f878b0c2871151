/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What the content of a tree's files should be, by inode: so what is copied can be compared
 * as it is read. Files of which it knows nothing are copied as they are.
 *
 * It lies in a file without a name, 48 bytes for each and as much again that is free, so
 * that memory does not grow with the tree; where no file can be had, in memory. Filled by
 * one thread, and then read by any number.
 */
#pragma once

#include <sys/types.h>

#include "sys/sha256.h"

struct digests;

struct digests *digests_new(void);
void digests_free(struct digests *digests);

/*
 * Twice for one inode: if they are not the same, it is spoilt. So is one that was added with
 * NULL: that is known to be damaged. -ENOMEM: that one is not known.
 */
int digests_add(struct digests *digests, ino_t ino, const uint8_t digest[SHA256_LEN]);

enum digest_kind {
	DIGEST_UNKNOWN,
	DIGEST_KNOWN,
	DIGEST_SPOILT,
};

/* `digests` may be NULL: nothing is known. `ret_digest` is set for DIGEST_KNOWN. */
enum digest_kind digests_find(const struct digests *digests, ino_t ino,
			      const uint8_t **ret_digest);
