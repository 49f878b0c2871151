/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/clock.h"
#include "sys/fs.h"

enum { JOBS = 256 };

struct hasher {
	struct pool pool;
	struct pool_item walk_item;
	hasher_walk *walk;
	hasher_sink *sink;
	void *ctx;
	struct error *err; /* the walker's, until all is over */
	int result;
	struct progress *progress; /* NULL: not wanted */
	atomic_ullong names, bytes, read;

	struct hasher_job
		jobs[JOBS]; /* a ring, of which only the walker knows the ends */
	size_t first, n;

	pthread_mutex_t lock; /* guards every job's `done` */
	pthread_cond_t changed;
};

static void count_read(void *ctx, uint64_t bytes)
{
	struct hasher_job *job = ctx;

	atomic_fetch_add(&job->owner->bytes, bytes - job->counted);
	atomic_fetch_add(&job->owner->read, bytes - job->counted);
	job->counted = bytes;
}

static void hash(void *ctx, unsigned worker, struct pool_item *item)
{
	struct hasher_job *job = (struct hasher_job *)(void *)item;
	struct hasher *hasher = job->owner;

	(void)ctx;
	(void)worker;
	/* at its beginning: whichever of names and bytes lags behind is told */
	atomic_fetch_add(&hasher->names, 1);
	job->result = sha256_file(job->fd, &hasher->pool.stop, count_read, job,
				  job->digest, &job->bytes);
	closep(&job->fd);
	job->fd = -1;
	if (job->result < 0 &&
	    job->counted < job->entry.size) /* as if it had been read */
		atomic_fetch_add(&hasher->bytes, job->entry.size - job->counted);
	pthread_mutex_lock(&hasher->lock);
	job->done = true;
	pthread_cond_signal(&hasher->changed);
	pthread_mutex_unlock(&hasher->lock);
}

static struct hasher_job *take_first(struct hasher *hasher)
{
	struct hasher_job *job = &hasher->jobs[hasher->first];

	pthread_mutex_lock(&hasher->lock);
	while (!job->done)
		pthread_cond_wait(&hasher->changed, &hasher->lock);
	pthread_mutex_unlock(&hasher->lock);
	hasher->first = (hasher->first + 1) % JOBS;
	hasher->n--;
	return job;
}

static int pass_first(struct hasher *hasher, struct error *err)
{
	struct hasher_job *job = take_first(hasher);

	if (atomic_load(&hasher->pool.stop))
		return error_say(err, -EINTR, "interrupted");
	return hasher->sink(hasher->ctx, job, err);
}

struct hasher_job *hasher_next(struct hasher *hasher, int *ret_r, struct error *err)
{
	int r = hasher->n < JOBS ? 0 : pass_first(hasher, err);

	if (r >= 0 && atomic_load(&hasher->pool.stop))
		r = error_say(err, -EINTR, "interrupted");
	if (r < 0) {
		*ret_r = r;
		return NULL;
	}
	struct hasher_job *job = &hasher->jobs[(hasher->first + hasher->n) % JOBS];
	job->fd = -1;
	job->result = 0;
	job->bytes = 0;
	return job;
}

void hasher_count(struct hasher *hasher, uint64_t bytes)
{
	atomic_fetch_add(&hasher->names, 1);
	atomic_fetch_add(&hasher->bytes, bytes);
}

void hasher_put(struct hasher *hasher, struct hasher_job *job)
{
	hasher->n++;
	job->owner = hasher;
	job->item.work = hash;
	job->done = job->fd < 0;
	job->counted = 0;
	if (job->fd >= 0)
		pool_push(&hasher->pool, &job->item);
	else if (!S_ISDIR(job->entry.mode))
		hasher_count(hasher, job->entry.size);
}

static void tick(void *ctx)
{
	struct hasher *hasher = ctx;
	const struct engine_progress is = {
		.files = atomic_load(&hasher->names),
		.bytes = atomic_load(&hasher->bytes),
		.copied = atomic_load(&hasher->read),
	};

	progress_update(hasher->progress, &is, clock_monotonic());
}

static void walk(void *ctx, unsigned worker, struct pool_item *item)
{
	struct hasher *hasher = ctx;

	(void)worker;
	(void)item;
	/* alone, nobody would read what it waits for */
	int r = hasher->pool.n > 1 ? hasher->walk(hasher->ctx, hasher, hasher->err)
				   : error_say(hasher->err, -EAGAIN,
					       "there are no threads to be had");
	while (r >= 0 && hasher->n > 0)
		r = pass_first(hasher, hasher->err);
	if (r < 0) /* what still waits is not worth reading */
		atomic_store(&hasher->pool.stop, true);
	while (hasher->n > 0)
		take_first(hasher);
	hasher->result = r;
}

int hasher_run(unsigned threads, hasher_walk *walk_all, hasher_sink *sink, void *ctx,
	       int cancel_fd, struct progress *progress, struct error *err)
{
	struct hasher *hasher = xcalloc(1, sizeof(*hasher));

	hasher->walk_item.work = walk;
	hasher->walk = walk_all;
	hasher->sink = sink;
	hasher->ctx = ctx;
	hasher->err = err;
	hasher->progress = progress;
	pthread_mutex_init(&hasher->lock, NULL);
	pthread_cond_init(&hasher->changed, NULL);
	for (size_t i = 0; i < JOBS; i++)
		hasher->jobs[i].entry = (struct manifest_entry)MANIFEST_ENTRY_INIT;

	int r = pool_start(&hasher->pool, 1 + (threads ? threads : pool_processors()),
			   hash, hasher, err);
	if (r >= 0) {
		hasher->pool.tick = progress ? tick : NULL;
		pool_push(&hasher->pool, &hasher->walk_item);
		pool_finish(&hasher->pool, cancel_fd);
		r = hasher->result;
	}
	for (size_t i = 0; i < JOBS; i++)
		manifest_entry_release(&hasher->jobs[i].entry);
	pthread_cond_destroy(&hasher->changed);
	pthread_mutex_destroy(&hasher->lock);
	free(hasher);
	return r;
}

int hasher_open(int dirfd, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	int fd = openat(dirfd, name, flags | O_NOATIME);

	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, flags);
	return fd < 0 ? -errno : fd;
}
