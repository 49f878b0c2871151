/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/parts.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

enum {
	LARGE = 256 * 1024 * 1024,
	PART = 16 * 1024 * 1024,
};

struct helper {
	struct pool_item item;
	struct parts *parts;
};

/* Counted: by the worker and by each helper. */
struct parts {
	const struct copy_file *file; /* the worker's, until `over` */
	pthread_mutex_t lock;	      /* guards what follows */
	pthread_cond_t left;	      /* by a helper */
	uint64_t next;		      /* where no part has begun */
	unsigned holders;
	unsigned helping;
	bool over;  /* who comes now is too late */
	bool ended; /* the file did, before its size */
	int result; /* -errno of the first that failed */
	enum copy_side side;
	struct helper helpers[];
};

/* By who has the lock, which is gone afterwards. */
static void drop(struct parts *parts)
{
	bool last = --parts->holders == 0;

	pthread_mutex_unlock(&parts->lock);
	if (!last)
		return;
	pthread_cond_destroy(&parts->left);
	pthread_mutex_destroy(&parts->lock);
	free(parts);
}

/* The next part begins where there is data: holes may be of any length. */
static bool take(struct parts *parts, struct copier *copier, uint64_t *ret_at,
		 uint64_t *ret_end)
{
	const struct copy_file *file = parts->file;
	uint64_t left = 0;

	pthread_mutex_lock(&parts->lock);
	if (file->holes && parts->next < file->size) {
		off_t data = lseek(file->from, (off_t)parts->next, SEEK_DATA);
		uint64_t next = data < 0 ? parts->next : (uint64_t)data;
		if ((data < 0 && errno == ENXIO) || next > file->size)
			next = file->size;
		tally_add(&copier->done, next - parts->next);
		parts->next = next;
	}
	if (parts->next < file->size && parts->result == 0) {
		left = file->size - parts->next;
		*ret_at = parts->next;
		parts->next += left < PART ? left : PART;
		*ret_end = parts->next;
	}
	pthread_mutex_unlock(&parts->lock);
	return left > 0;
}

static void copy_parts(struct pass *pass, struct worker *worker, struct parts *parts)
{
	enum copy_side side = COPY_READING;
	uint64_t at, end;

	while (take(parts, &worker->copier, &at, &end)) {
		int r = pass_stopped(pass)
				? -ECANCELED
				: copy_part(&worker->copier, parts->file, at, end, &side);
		if (r == 0)
			continue;
		pthread_mutex_lock(&parts->lock);
		if (r < 0 && parts->result == 0) {
			parts->result = r;
			parts->side = side;
		}
		parts->ended |= r == 1;
		pthread_mutex_unlock(&parts->lock);
	}
}

static void help(void *ctx, unsigned worker, struct pool_item *item)
{
	struct pass *pass = ctx;
	struct parts *parts = ((struct helper *)item)->parts;

	pthread_mutex_lock(&parts->lock);
	if (!parts->over) {
		parts->helping++;
		pthread_mutex_unlock(&parts->lock);
		copy_parts(pass, &pass->workers[worker], parts);
		pthread_mutex_lock(&parts->lock);
		parts->helping--;
		pthread_cond_signal(&parts->left);
	}
	drop(parts);
}

static struct parts *ask_for_help(struct pass *pass, const struct copy_file *file)
{
	unsigned n = pass->pool.n - 1;
	struct parts *parts = xcalloc(1, sizeof(*parts) + n * sizeof(parts->helpers[0]));

	pthread_mutex_init(&parts->lock, NULL);
	pthread_cond_init(&parts->left, NULL);
	parts->file = file;
	parts->holders = n + 1;
	for (unsigned i = 0; i < n; i++) {
		parts->helpers[i] = (struct helper){.item.work = help, .parts = parts};
		pool_push(&pass->pool, &parts->helpers[i].item);
	}
	return parts;
}

int parts_copy(struct pass *pass, struct worker *worker, const struct copy_file *file,
	       enum copy_side *ret_side)
{
	/* when the names that were put off are copied, the pool has ended */
	if (file->size < LARGE || pass->pool.n < 2 || pass->late)
		return copy_content(&worker->copier, file, ret_side);
	int r = copy_begin(&worker->copier, file, ret_side);
	if (r != 0)
		return r < 0 ? r : 0;

	struct parts *parts = ask_for_help(pass, file);
	copy_parts(pass, worker, parts);
	pthread_mutex_lock(&parts->lock);
	parts->over = true;
	while (parts->helping > 0)
		pthread_cond_wait(&parts->left, &parts->lock);
	bool ended = parts->ended;
	r = parts->result;
	*ret_side = parts->side;
	drop(parts);
	return r < 0 ? r : copy_finish(file, ended, ret_side);
}
