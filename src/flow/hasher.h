/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Checksums of many files by all threads, handed out in the order in which they were asked
 * for. One walks a tree and puts in what it meets, others read.
 *
 *	int walk(void *ctx, struct hasher *hasher, struct error *err)
 *		if (!(job = hasher_next(hasher, &r, err)))
 *			return r;
 *		... fill job->entry, and open job->fd if it is to be read ...
 *		hasher_put(hasher, job);
 *	hasher_run(threads, walk, sink, ctx, signals_fd(), &err);
 *
 * So many wait at a time, and no more: memory does not grow with the tree.
 */
#pragma once

#include "base/error.h"
#include "flow/progress.h"
#include "store/manifest.h"
#include "sys/pool.h"

struct hasher;

struct hasher_job {
	struct pool_item item; /* the hasher's, as are `owner` and `done` */
	struct hasher *owner;
	bool done;
	uint64_t counted; /* bytes, for the progress */

	struct manifest_entry
		entry;		    /* the walker's; its memory is used again and again */
	int fd;			    /* -1: nothing is to be read; else it gets closed */
	int result;		    /* 0; or -errno of reading, or what the walker says */
	uint64_t bytes;		    /* read */
	uint8_t digest[SHA256_LEN]; /* of them */
};

/* Called in a thread of its own; what fails there ends all. */
typedef int hasher_walk(void *ctx, struct hasher *hasher, struct error *err);

/* Called in the walker's thread, for each job, in order. */
typedef int hasher_sink(void *ctx, struct hasher_job *job, struct error *err);

/*
 * `threads` 0: as many as suit the machine. -EINTR: stopped by `cancel_fd`. `progress`
 * (NULL: nobody wants to know) has begun; it is told in the caller's thread.
 */
int hasher_run(unsigned threads, hasher_walk *walk, hasher_sink *sink, void *ctx,
	       int cancel_fd, struct progress *progress, struct error *err);

/*
 * For the progress: a name was met that is not put in, with so many bytes of content. Those
 * that are put in count by themselves: their bytes as they are read.
 */
void hasher_count(struct hasher *hasher, uint64_t bytes);

/* A free job, or NULL: `ret_r` says why, and the walk is to end with it. */
struct hasher_job *hasher_next(struct hasher *hasher, int *ret_r, struct error *err);
void hasher_put(struct hasher *hasher, struct hasher_job *job);

/* Opens a file to be read and compared; its access time stays as it is, if it can. */
int hasher_open(int dirfd, const char *name);
