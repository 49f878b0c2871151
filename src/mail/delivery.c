/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "mail/delivery.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "mail/diagnosis.h"
#include "mail/msmtp.h"
#include "sys/clock.h"

enum {
	PROBLEM_MAX = 4096,
	TIMEOUTS_IN_ALL = 4,
	WAIT_MS =
		5000, /* before the second round; three times as long before each more */
};

struct work {
	const struct delivery *delivery;
	struct msmtp msmtp;
	double end; /* monotonic */
	bool last;  /* there is no further round */
	int reached;
	struct strvec waiting; /* for the next round, and why: one for each */
	struct strvec whys;
	struct strvec *problems;
};

static double seconds_in_all(const struct delivery *delivery)
{
	double seconds = TIMEOUTS_IN_ALL * (double)delivery->config->smtp_timeout,
	       wait = WAIT_MS;

	if (delivery->seconds > 0)
		return delivery->seconds;
	for (int i = 1; i < delivery->attempts; i++, wait *= 3)
		seconds += wait / 1000;
	return seconds;
}

/* Waits so long; false, and at once, when we are asked to end. */
static bool rest(const struct work *work, int ms)
{
	struct pollfd fd = {.fd = work->delivery->cancel_fd, .events = POLLIN};

	return poll(&fd, 1, ms) == 0;
}

static int attempt(struct work *work, char *const *to, size_t n, struct attempt *ret,
		   struct error *err)
{
	double left = work->end - clock_monotonic();
	double patience = (double)work->delivery->config->smtp_timeout;

	*ret = (struct attempt){.said = "", .code = -1};
	ret->interrupted = !rest(work, 0);
	ret->late = left < 1;
	if (ret->interrupted || ret->late)
		return 0;
	return msmtp_send(&work->msmtp, to, n, left < patience ? left : patience, ret,
			  err);
}

static void give_up(struct work *work, char *const *to, size_t n, const char *why)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT_MAX(PROBLEM_MAX);

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&words, "%s%s", i > 0 ? ", " : "", to[i]);
	strbuf_addf(&words, ": %s", why);
	strvec_push(work->problems, words.buf);
}

/* What becomes of recipients that were tried and not reached. */
static void put_off(struct work *work, char *const *to, size_t n,
		    const struct attempt *attempt)
{
	CLEANUP(strbuf_release) struct strbuf why = STRBUF_INIT_MAX(PROBLEM_MAX);

	diagnosis_words(attempt, work->delivery->config, &why);
	if (work->last || !diagnosis_is_temporary(attempt)) {
		give_up(work, to, n, why.buf);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		strvec_push(&work->waiting, to[i]);
		strvec_push(&work->whys, why.buf);
	}
}

static int try_each(struct work *work, char *const *to, size_t n, struct error *err)
{
	struct attempt got;

	for (size_t i = 0; i < n; i++) {
		int r = attempt(work, to + i, 1, &got, err);
		if (r < 0)
			return r;
		if (got.code == 0)
			work->reached++;
		else
			put_off(work, to + i, 1, &got);
	}
	return 0;
}

static int try_round(struct work *work, char *const *to, size_t n, struct error *err)
{
	struct attempt got;

	int r = attempt(work, to, n, &got, err);
	if (r < 0)
		return r;
	if (got.code == 0) {
		work->reached += (int)n;
		return 0;
	}
	/* who is just put off may be taken with the others a little later */
	if (n > 1 && diagnosis_is_recipient(&got) &&
	    (work->last || !diagnosis_is_temporary(&got)))
		return try_each(work, to, n, err);
	put_off(work, to, n, &got);
	return 0;
}

/* Rounds, until nobody waits for another one. */
static int try_all(struct work *work, struct error *err)
{
	const struct delivery *delivery = work->delivery;
	const struct strvec *all = &delivery->config->email_to;
	int wait = WAIT_MS;

	work->last = delivery->attempts <= 1;
	int r = try_round(work, all->v, all->n, err);
	for (int left = delivery->attempts - 1; r >= 0 && work->waiting.n > 0;
	     wait *= 3) {
		struct strvec to = work->waiting;
		struct strvec whys = work->whys;
		bool in_time = clock_monotonic() + wait / 1000.0 < work->end;

		work->waiting = work->whys = (struct strvec)STRVEC_INIT;
		work->last = --left < 1;
		if (in_time && rest(work, wait))
			r = try_round(work, to.v, to.n, err);
		else
			for (size_t i = 0; i < to.n; i++)
				give_up(work, to.v + i, 1, whys.v[i]);
		strvec_release(&to);
		strvec_release(&whys);
	}
	return r;
}

int deliver(const struct delivery *delivery, struct strvec *problems, struct error *err)
{
	struct work work = {
		.delivery = delivery,
		.end = clock_monotonic() + seconds_in_all(delivery),
		.problems = problems,
	};

	msmtp_open(&work.msmtp, delivery->config, delivery->message, delivery->cancel_fd);
	int r = try_all(&work, err);
	msmtp_close(&work.msmtp);
	strvec_release(&work.waiting);
	strvec_release(&work.whys);
	return r < 0 ? r : work.reached;
}
