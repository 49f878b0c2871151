/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Threads that work on items of which each may lead to more. The newest item is taken
 * first, so that a tree is walked in depth and few items wait.
 *
 *	pool_start(&pool, 2, work, ctx);
 *	pool_push(&pool, &first->item);
 *	pool_finish(&pool, cancel_fd);   // work() has been called for every item
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct pool_item;

typedef void pool_work(void *ctx, unsigned worker, struct pool_item *item);

/* Embedded in what is worked on, by whom it is owned. */
struct pool_item {
	struct pool_item *next;
	pool_work *work; /* NULL: the pool's */
};

struct pool {
	pool_work *work;
	void *ctx;
	pthread_t *threads;
	unsigned n;
	int done_fd;		 /* readable once there is nothing left to do */
	void (*tick)(void *ctx); /* see pool_finish(); NULL: none */
	atomic_bool
		stop; /* set: items are still given out, and work() should drop them */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct pool_item *top;
	size_t waiting; /* items on the stack */
	unsigned busy;	/* threads at work */
	bool closed;	/* no thread may wait any longer */
};

/* How many threads are worth while: as many as there are processors for us, at most 4. */
unsigned pool_processors(void);

/* Starts `n` threads, or as many as can be had, but at least one. */
int pool_start(struct pool *pool, unsigned n, pool_work *work, void *ctx,
	       struct error *err);

/* May be called from work(), or before pool_finish() by the one who started the pool. */
void pool_push(struct pool *pool, struct pool_item *item);

/* How many items wait: to tell whether it is wise to add more. */
size_t pool_waiting(struct pool *pool);

/*
 * Waits until all is done, and ends the threads. When `cancel_fd` (-1: none) becomes
 * readable, `stop` is set on the way. What was put into `tick` after pool_start() is
 * called a few times a second.
 */
void pool_finish(struct pool *pool, int cancel_fd);
