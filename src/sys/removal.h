/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Removing directory trees, by several threads: each takes a directory (in one directory,
 * two would only wait for each other), unlinks what is in it, and leaves its
 * subdirectories to whoever is free. Who removes the last of them removes the directory.
 *
 * No symbolic link is followed, no path needed, and the tree may be as deep as it likes:
 * what is very deep, or would take more descriptors than there are, is moved up to the top
 * as "deep-N" first. Memory and descriptors do not grow with the tree. Killed at any
 * point, it leaves a smaller tree, for the next to remove.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct removal_manner {
	unsigned threads; /* 0: as many as are worth while */
	/* How many names are gone so far, a few times a second, in the caller's thread; NULL:
	 * nobody wants to know. */
	void (*tell)(void *ctx, uint64_t removed);
	void *ctx;
};

/*
 * Removes everything in the directory, which stays. Directories that their unprivileged
 * owner may not change are made writable; nothing else is ever altered. Mounts are not
 * crossed: what is below one stays, and is an error. Goes on after an error and returns
 * the first. -EINTR: `cancel_fd` (-1: none) became readable, and not all is removed.
 */
int removal_empty(int dirfd, unsigned threads, int cancel_fd, struct error *err);
int removal_empty_so(int dirfd, const struct removal_manner *manner, int cancel_fd,
		     struct error *err);
