/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A file's content, from one descriptor to another, by the cheapest way that works:
 *
 *	reflink (FICLONE) → copy_file_range → read and write
 *
 * A rung is given up for all files of a device when the kernel says that it does not work
 * between these two file systems (EXDEV, EOPNOTSUPP, ENOSYS, ENOTTY, EPERM), and for one
 * file when it does not work for that (EINVAL, EBADF, ETXTBSY), or copy_file_range returns
 * 0 though there is more (some file systems of the kernel's own). Holes stay holes
 * (SEEK_DATA, SEEK_HOLE). Where holes are wanted for zeros too, all that is not reflinked is
 * read and written, but for blocks of zeros.
 *
 * Large files get their room first, so that they lie in one piece, and so that a
 * disk on which they cannot fit is known to be full at once; not so where there are holes,
 * nor on btrfs, which would not compress what is written there.
 *
 * One `struct copier` for each thread; all share the rate. A whole file is
 *
 *	copy_content(&copier, &file, &side);
 *
 * and one that several threads copy
 *
 *	r = copy_begin(&copier, &file, &side);       // 1: that was all
 *	r = copy_part(&copier, &file, at, end, &side);   // by each, as often as it takes
 *	r = copy_finish(&file, ended, &side);
 *
 * Where the checksum of the content is wanted, one thread reads it from the beginning to
 * the end, also what it has reflinked.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "sys/sha256.h"

/* A thread's own count, which others may read meanwhile. */
struct tally {
	atomic_ullong n;
};

static inline void tally_add(struct tally *tally, uint64_t n)
{
	atomic_store_explicit(&tally->n,
			      atomic_load_explicit(&tally->n, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline uint64_t tally_read(struct tally *tally)
{
	return atomic_load_explicit(&tally->n, memory_order_relaxed);
}

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
	dev_t device;  /* that the following is about: the last file's */
	bool no_clone; /* given up */
	bool no_range; /* likewise */
	int cancel_fd; /* readable: stop; or -1 */
	size_t block;  /* so many zeros are left as a hole; 0: all are written */
	bool reserve;  /* room for large files */
	struct copy_rate *rate;
	bool summing; /* `sum` takes in what is copied */
	struct sha256 sum;
	struct tally done; /* bytes, with holes and what was reflinked */
};

enum copy_side {
	COPY_READING, /* the error is the source's */
	COPY_WRITING,
};

void copier_init(struct copier *copier, int cancel_fd, struct copy_rate *rate);
void copier_release(struct copier *copier);

bool copier_is_cancelled(const struct copier *copier);

/*
 * A file being copied. What it has grown by meanwhile is left; when it has shrunk, that
 * much is there.
 */
struct copy_file {
	int from;
	int to; /* empty; -1: it is only read */
	uint64_t size;
	dev_t device; /* of `from` */
	bool holes;   /* may be there, in the source or the copy */
};

/* `st` is what fstat() says of `from`. */
struct copy_file copy_file_init(const struct copier *copier, int from, int to,
				const struct stat *st);

/*
 * These return -errno, with the side whose error it is in `ret_side`; -ECANCELED: told to stop.
 *
 * copy_part(), which copies what is from `at` up to `end`, returns 1 when the file ended
 * before: if any did, it is to be said to copy_finish().
 */
int copy_content(struct copier *copier, const struct copy_file *file,
		 enum copy_side *ret_side);
int copy_summed(struct copier *copier, const struct copy_file *file,
		uint8_t ret_digest[SHA256_LEN], enum copy_side *ret_side);
int copy_begin(struct copier *copier, const struct copy_file *file,
	       enum copy_side *ret_side);
int copy_part(struct copier *copier, const struct copy_file *file, uint64_t at,
	      uint64_t end, enum copy_side *ret_side);
int copy_finish(const struct copy_file *file, bool ended, enum copy_side *ret_side);
