/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/pool.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"

enum {
	STACK = 256 * 1024,
	PROCESSORS_MAX = 4, /* more do not make one device faster */
	TICK = 250,	    /* milliseconds */
};

struct start {
	struct pool *pool;
	unsigned worker;
};

unsigned pool_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	unsigned n = (unsigned)CPU_COUNT(&set);
	return n < 1 ? 1 : n > PROCESSORS_MAX ? PROCESSORS_MAX : n;
}

static void tell_done(struct pool *pool)
{
	pool->closed = true;
	pthread_cond_broadcast(&pool->changed);
	eventfd_write(pool->done_fd, 1);
}

static void *run_thread(void *arg)
{
	CLEANUP(freep) struct start *start = arg;
	struct pool *pool = start->pool;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (!pool->top && !pool->closed)
			pthread_cond_wait(&pool->changed, &pool->lock);
		if (!pool->top)
			break;
		struct pool_item *item = pool->top;
		pool->top = item->next;
		pool->waiting--;
		pool->busy++;
		pthread_mutex_unlock(&pool->lock);
		(item->work ? item->work : pool->work)(pool->ctx, start->worker, item);
		pthread_mutex_lock(&pool->lock);
		pool->busy--;
		if (!pool->top && pool->busy == 0)
			tell_done(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int start_thread(struct pool *pool, const pthread_attr_t *attr)
{
	struct start *start = xmalloc(sizeof(*start));

	*start = (struct start){.pool = pool, .worker = pool->n};
	int r = pthread_create(&pool->threads[pool->n], attr, run_thread, start);
	if (r != 0) {
		free(start);
		return -r;
	}
	pool->n++;
	return 0;
}

int pool_start(struct pool *pool, unsigned n, pool_work *work, void *ctx,
	       struct error *err)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r = 0;

	*pool = (struct pool){
		.work = work, .ctx = ctx, .done_fd = eventfd(0, EFD_CLOEXEC)};
	if (pool->done_fd < 0)
		return error_set(err, -errno, "start threads");
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	pool->threads = xcalloc(n, sizeof(*pool->threads));

	/* signals are the main thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	while (r == 0 && pool->n < n)
		r = start_thread(pool, &attr);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pool->n > 0)
		return 0;
	pool_finish(pool, -1);
	return error_set(err, r, "start threads");
}

void pool_push(struct pool *pool, struct pool_item *item)
{
	pthread_mutex_lock(&pool->lock);
	item->next = pool->top;
	pool->top = item;
	pool->waiting++;
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

size_t pool_waiting(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	size_t waiting = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}

void pool_finish(struct pool *pool, int cancel_fd)
{
	struct pollfd fds[] = {
		{.fd = pool->done_fd, .events = POLLIN},
		{.fd = cancel_fd, .events = POLLIN},
	};

	while (pool->n > 0 && !fds[0].revents) {
		if (poll(fds, 2, pool->tick ? TICK : -1) < 0)
			continue;
		if (pool->tick && !fds[0].revents)
			pool->tick(pool->ctx);
		if (fds[1].revents) {
			atomic_store(&pool->stop, true);
			fds[1].fd = -1;
		}
	}
	for (unsigned i = 0; i < pool->n; i++)
		pthread_join(pool->threads[i], NULL);
	free(pool->threads);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	close(pool->done_fd);
}
