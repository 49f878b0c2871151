/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A file's content, from one descriptor to another, by the cheapest way that works:
 *
 *	reflink (FICLONE) → copy_file_range → read and write
 *
 * A rung is given up for good when the kernel says that it does not work between these
 * two file systems (EXDEV, EOPNOTSUPP, EINVAL, ENOSYS, ENOTTY, EPERM, EBADF), and for one
 * file when copy_file_range returns 0 though there is more (some file systems of the
 * kernel's own). Holes stay holes (SEEK_DATA, SEEK_HOLE). Where holes are wanted for zeros
 * too, all that is not reflinked is read and written, but for blocks of zeros.
 *
 * One `struct copier` for each thread; all share the rate.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* How fast all of them together may copy. */
struct copy_rate {
	uint64_t bytes; /* per second, 0: any; constant */
	pthread_mutex_t lock;
	double next; /* when the next byte may go, on the monotonic clock; by `lock` */
};

void copy_rate_init(struct copy_rate *rate, uint64_t bytes);
void copy_rate_release(struct copy_rate *rate);

struct copier {
	char *buffer;  /* owned */
	bool no_clone; /* given up */
	bool no_range; /* likewise */
	int cancel_fd; /* readable: stop; or -1 */
	size_t block;  /* so many zeros are left as a hole; 0: all are written */
	struct copy_rate *rate;
};

enum copy_side {
	COPY_READING, /* the error is the source's */
	COPY_WRITING,
};

void copier_init(struct copier *copier, int cancel_fd, size_t block,
		 struct copy_rate *rate);
void copier_release(struct copier *copier);

/*
 * Copies the file open at `from`, which is `size` bytes long and takes `blocks` of 512
 * bytes, to the empty file open at `to`. What it has grown by meanwhile is left; when it
 * has shrunk, that much is there. `ret_side` tells whose an error is. -EINTR: cancelled.
 */
int copy_content(struct copier *copier, int from, int to, uint64_t size, uint64_t blocks,
		 enum copy_side *ret_side);
