/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/quiesce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"
#include "base/parse.h"
#include "flow/held.h"
#include "sys/clock.h"
#include "sys/host.h"
#include "sys/signals.h"

enum {
	SELECT_POLL_MS = 1000,
	STOP_TRIES = 5,
	GRACE_EXTRA = 30, /* seconds that STOP_TIMEOUT=auto adds to the tasks' own */
};

struct quiesce {
	struct docker *docker;
	const struct config *config;
	struct log *log;
	struct mark mark; /* destination and run */
	struct helds helds;
	struct helds idle;   /* at 0 already; their last tasks may still be ending */
	struct held **order; /* ascending by number, then by id */
	bool stopped;
};

int quiesce_connect(const struct config *config, enum config_scale scale, struct log *log,
		    struct docker **ret_docker, struct error *err)
{
	return quiesce_connect_within(config, scale, 0, log, ret_docker, err);
}

int quiesce_connect_within(const struct config *config, enum config_scale scale,
			   double seconds, struct log *log, struct docker **ret_docker,
			   struct error *err)
{
	const struct docker_options options = {
		.host = config->docker_host,
		.tls_verify = config->docker_tls_verify,
		.cert_path = config->docker_cert_path,
		.seconds = seconds,
	};
	enum docker_trouble trouble;

	if (scale == CONFIG_SCALE_OFF)
		return 0;
	int r = docker_open(ret_docker, &options, &trouble, err);
	/* a socket that the user named is one that should be there */
	if (r < 0 && scale == CONFIG_SCALE_AUTO &&
	    (trouble == DOCKER_NO_SWARM ||
	     (trouble == DOCKER_NO_SOCKET && !*config->docker_host))) {
		log_info(log, "no services are stopped: %s",
			 trouble == DOCKER_NO_SOCKET
				 ? "there is no Docker Engine here"
				 : "the Docker Engine is in no Swarm");
		return 0;
	}
	if (r < 0 && scale == CONFIG_SCALE_AUTO)
		return error_prefix(err, r,
				    "services cannot be stopped (SCALE=off goes on "
				    "without)");
	return r;
}

void quiesce_free(struct quiesce *quiesce)
{
	if (!quiesce)
		return;
	helds_release(&quiesce->helds);
	helds_release(&quiesce->idle);
	free(quiesce->order);
	free(quiesce);
}

void quiesce_freep(struct quiesce **quiesce)
{
	quiesce_free(*quiesce);
}

size_t quiesce_count(const struct quiesce *quiesce)
{
	return quiesce->helds.n;
}

static int64_t order_of(const struct quiesce *quiesce, const struct service *service)
{
	const char *key = quiesce->config->scale_order_label;
	const char *text = *key ? spec_label(service->spec, key) : NULL;
	uint64_t order = 0;

	if (text && parse_uint(text, 0, INT32_MAX, &order) < 0)
		log_warn(quiesce->log,
			 "service '%s': label %s='%s' is not a whole number, taken "
			 "as 0",
			 service->name, key, text);
	return (int64_t)order;
}

static bool is_ours_to_stop(const struct quiesce *quiesce, const struct service *service)
{
	enum spec_mode mode = spec_mode(service->spec);

	if (mode == SPEC_REPLICATED)
		return spec_replicas(service->spec) != 0;
	return mode == SPEC_GLOBAL && quiesce->config->scale_global;
}

/* Why a service keeps running, where a user might wonder. */
static void say_left_alone(const struct quiesce *quiesce, const struct service *service)
{
	switch (spec_mode(service->spec)) {
	case SPEC_REPLICATED:
		return;
	case SPEC_GLOBAL:
		log_warn(
			quiesce->log,
			"service '%s' is global and keeps running during the copy; to stop "
			"it, set SCALE_GLOBAL=on",
			service->name);
		return;
	case SPEC_JOB:
		log_info(quiesce->log, "service '%s' is a job and is left alone",
			 service->name);
		return;
	case SPEC_OTHER:
		break;
	}
	log_warn(quiesce->log, "service '%s' is of an unknown mode and is left alone",
		 service->name);
}

/*
 * What to wait for before anything is stopped: another backup, an update. 1: wait,
 * `err` says for what; 0: nothing; -errno: it cannot be waited for.
 */
static int must_wait(const struct quiesce *quiesce, const struct services *services,
		     struct error *err)
{
	for (size_t i = 0; i < services->n; i++) {
		const struct service *service = &services->v[i];
		const char *text = spec_label(service->spec, MARK_LABEL);

		/* what another backup holds is at 0, and was not before */
		if (!is_ours_to_stop(quiesce, service) &&
		    !(text && spec_mode(service->spec) == SPEC_REPLICATED))
			continue;
		if (text) {
			error_say(err, -EBUSY,
				  "service '%s' is held by another backup (%s)",
				  service->name, text);
			return 1;
		}
		if (service->paused)
			return error_say(
				err, -EPERM,
				"service '%s' has a paused update, which stopping it would "
				"resume: finish it or roll it back",
				service->name);
		if (service->updating) {
			error_say(err, -EAGAIN, "service '%s' is being updated",
				  service->name);
			return 1;
		}
	}
	return 0;
}

static int say_still_held(struct error *err)
{
	CLEANUP(freep) char *why = xstrdup(err->msg);

	if (err->code == -EBUSY)
		error_say(
			err, -EBUSY,
			"%s; should that one be dead, 'backup recover --all' brings it back",
			why);
	return -EBUSY;
}

/* Lists the labelled services until none is in the way, or time is up. */
static int list_ready(const struct quiesce *quiesce, struct services *ret_services,
		      struct error *err)
{
	const struct config *config = quiesce->config;
	int64_t seconds = config->start_timeout > config->lock_wait
				  ? config->start_timeout
				  : config->lock_wait;
	double until = clock_monotonic() + (double)seconds;

	for (bool said = false;; said = true) {
		services_release(ret_services);
		if (services_find(quiesce->docker, config->scale_label,
				  config->scale_value, ret_services, err) != DOCKER_FINE)
			return -EREMOTEIO;
		int r = must_wait(quiesce, ret_services, err);
		if (r <= 0)
			return r;
		if (clock_monotonic() > until)
			return say_still_held(err);
		if (!said)
			log_info(quiesce->log, "%s, waiting", err->msg);
		if (!signals_sleep(SELECT_POLL_MS))
			return error_say(err, -EINTR, "interrupted");
	}
}

static int by_order(const void *a, const void *b)
{
	const struct held *x = *(struct held *const *)a, *y = *(struct held *const *)b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void drop_own(struct quiesce *quiesce, const char *own_service)
{
	struct helds *helds = &quiesce->helds;

	for (size_t i = 0; own_service && i < helds->n; i++) {
		if (strcmp(helds->v[i].id, own_service) != 0)
			continue;
		log_info(quiesce->log,
			 "service '%s' is this backup's own and is left alone",
			 helds->v[i].name);
		free(helds->v[i].id);
		free(helds->v[i].name);
		memmove(&helds->v[i], &helds->v[i + 1],
			(helds->n - i - 1) * sizeof(helds->v[0]));
		helds->n--;
		return;
	}
}

static int select_services(struct quiesce *quiesce, struct error *err)
{
	CLEANUP(services_release) struct services services = SERVICES_INIT;
	CLEANUP(strbuf_release) struct strbuf container = STRBUF_INIT;
	CLEANUP(freep) char *own_service = NULL;

	helds_release(&quiesce->helds);
	helds_release(&quiesce->idle);
	free(STEAL(quiesce->order));
	int r = list_ready(quiesce, &services, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < services.n; i++) {
		if (!is_ours_to_stop(quiesce, &services.v[i])) {
			say_left_alone(quiesce, &services.v[i]);
			if (spec_mode(services.v[i].spec) == SPEC_REPLICATED)
				helds_add(&quiesce->idle, &services.v[i]);
			continue;
		}
		struct held *held = helds_add(&quiesce->helds, &services.v[i]);
		held->order = order_of(quiesce, &services.v[i]);
		held->mark = quiesce->mark;
	}
	host_container_id(&container);
	r = held_look(quiesce->docker, &quiesce->helds, container.buf, &own_service, err);
	if (r < 0)
		return r;
	drop_own(quiesce, own_service);

	quiesce->order = xcalloc(quiesce->helds.n, sizeof(struct held *));
	for (size_t i = 0; i < quiesce->helds.n; i++)
		quiesce->order[i] = &quiesce->helds.v[i];
	qsort(quiesce->order, quiesce->helds.n, sizeof(struct held *), by_order);
	return 0;
}

int quiesce_select(struct docker *docker, const struct config *config, struct log *log,
		   const char *destination, const char *run, struct quiesce **ret_quiesce,
		   struct error *err)
{
	CLEANUP(quiesce_freep) struct quiesce *quiesce = xcalloc(1, sizeof(*quiesce));

	quiesce->docker = docker;
	quiesce->config = config;
	quiesce->log = log;
	snprintf(quiesce->mark.destination, sizeof(quiesce->mark.destination), "%s",
		 destination);
	snprintf(quiesce->mark.run, sizeof(quiesce->mark.run), "%s", run);
	int r = select_services(quiesce, err);
	if (r < 0)
		return r;
	if (quiesce->helds.n == 0)
		log_info(log, "no service has the label %s=%s", config->scale_label,
			 config->scale_value);
	*ret_quiesce = STEAL(quiesce);
	return 0;
}

void quiesce_preview(const struct quiesce *quiesce)
{
	for (size_t i = 0; i < quiesce->helds.n; i++) {
		const struct held *held = quiesce->order[i];
		if (held->global)
			log_info(quiesce->log,
				 "would drain global service '%s' and bring it back",
				 held->name);
		else
			log_info(quiesce->log,
				 "would scale service '%s' from %" PRId64
				 " to 0 and back",
				 held->name, held->replicas < 0 ? 1 : held->replicas);
	}
}

/* The end of the group of equal order that begins at `at`. */
static size_t group_end(const struct quiesce *quiesce, size_t at)
{
	size_t end = at + 1;

	while (end < quiesce->helds.n &&
	       quiesce->order[end]->order == quiesce->order[at]->order)
		end++;
	return end;
}

static int wait_gone(struct quiesce *quiesce, struct held **group, size_t n,
		     struct error *err)
{
	double grace = 0;

	for (size_t i = 0; i < n; i++)
		if (group[i]->grace > grace)
			grace = group[i]->grace;
	return held_wait_gone(quiesce->docker, group, n,
			      quiesce->config->stop_timeout >= 0
				      ? (double)quiesce->config->stop_timeout
				      : grace + GRACE_EXTRA,
			      err);
}

/* Before anything is stopped, so that nothing is down meanwhile. */
static int wait_idle(struct quiesce *quiesce, struct error *err)
{
	size_t n = quiesce->idle.n;

	if (n == 0)
		return 0;
	CLEANUP(freep) struct held **group = xcalloc(n, sizeof(struct held *));
	for (size_t i = 0; i < n; i++)
		group[i] = &quiesce->idle.v[i];
	return wait_gone(quiesce, group, n, err);
}

static int stop_group(struct quiesce *quiesce, size_t from, size_t to, struct error *err)
{
	struct held **group = quiesce->order + from;
	size_t n = to - from;
	CLEANUP(freep) struct change *changes = xcalloc(n, sizeof(*changes));

	held_stop(quiesce->docker, group, changes, n);
	for (size_t i = 0; i < n; i++) {
		if (group[i]->stopped_at > 0)
			log_info(quiesce->log, "stopping service '%s'", group[i]->name);
		else if (changes[i].result == CHANGE_GONE)
			log_warn(quiesce->log, "service '%s' was removed",
				 group[i]->name);
	}
	for (size_t i = 0; i < n; i++) {
		if (changes[i].result != CHANGE_REFUSED &&
		    changes[i].result != CHANGE_FAILED)
			continue;
		*err = changes[i].err;
		int r = err->code < 0 ? err->code : -EIO;
		return changes[i].result == CHANGE_REFUSED
			       ? r
			       : error_prefix(err, r, "service '%s'", group[i]->name);
	}
	return wait_gone(quiesce, group, n, err);
}

static int stop_all(struct quiesce *quiesce, struct error *err)
{
	int r = wait_idle(quiesce, err);

	if (r < 0)
		return r;
	quiesce->stopped = true;
	for (size_t at = 0; r >= 0 && at < quiesce->helds.n;) {
		size_t end = group_end(quiesce, at);
		r = stop_group(quiesce, at, end, err);
		at = end;
	}
	if (r < 0) {
		struct error ignored; /* it is in the log */
		log_warn(quiesce->log, "%s: all services are started again", err->msg);
		if (quiesce_start(quiesce, &ignored) < 0)
			return -EREMOTEIO; /* our own mark would look like another's */
	}
	return r;
}

int quiesce_stop(struct quiesce *quiesce, struct error *err)
{
	double started = clock_monotonic();
	char took[HUMAN_MAX];

	int r = stop_all(quiesce, err);
	/* another backup, or an update, came between looking and stopping: wait for it */
	for (int tries = 1; (r == -EBUSY || r == -EAGAIN) && tries < STOP_TRIES;
	     tries++) {
		r = select_services(quiesce, err);
		if (r < 0)
			return r;
		r = stop_all(quiesce, err);
	}
	if (r >= 0 && quiesce->helds.n > 0)
		log_info(quiesce->log, "%zu service%s stopped in %s", quiesce->helds.n,
			 quiesce->helds.n == 1 ? "" : "s",
			 human_duration(clock_monotonic() - started, took));
	return r;
}

/* Of one group; those that never went down are passed over. */
static void start_group(struct quiesce *quiesce, size_t from, size_t to)
{
	CLEANUP(freep) struct held **group = xcalloc(to - from, sizeof(struct held *));
	double seconds = (double)quiesce->config->start_timeout;
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		if (quiesce->order[i]->down)
			group[n++] = quiesce->order[i];
	held_start(quiesce->docker, group, n, seconds, quiesce->log);
	if (!signals_caught())
		held_wait_running(quiesce->docker, group, n, seconds);
}

int quiesce_start(struct quiesce *quiesce, struct error *err)
{
	char down[HUMAN_MAX];
	size_t failed = 0;

	if (!quiesce->stopped)
		return 0;
	quiesce->stopped = false;
	for (size_t end = quiesce->helds.n; end > 0;) {
		size_t at = end - 1;
		while (at > 0 &&
		       quiesce->order[at - 1]->order == quiesce->order[at]->order)
			at--;
		start_group(quiesce, at, end);
		end = at;
	}
	for (size_t i = 0; i < quiesce->helds.n; i++) {
		const struct held *held = quiesce->order[i];
		if (held->error) {
			failed++;
			log_error(quiesce->log, "service '%s' is not back: %s",
				  held->name, held->error);
		} else if (held->removed) {
			log_warn(quiesce->log,
				 "service '%s' was removed while it started", held->name);
		} else if (held->stopped_at > 0 && held->started_at > held->stopped_at) {
			log_info(quiesce->log, "service '%s' was down for %s", held->name,
				 human_duration(held->started_at - held->stopped_at,
						down));
		}
	}
	if (failed > 0)
		return error_say(err, -EIO, "%zu of %zu services did not come back",
				 failed, quiesce->helds.n);
	return 0;
}

void quiesce_report(const struct quiesce *quiesce, struct report *report)
{
	for (size_t i = 0; i < quiesce->helds.n; i++) {
		const struct held *held = quiesce->order[i];
		double downtime =
			held->stopped_at > 0 && held->started_at > held->stopped_at
				? held->started_at - held->stopped_at
				: 0;
		report_add_service(report, held->name,
				   held->global		? -1
				   : held->replicas < 0 ? 1
							: held->replicas,
				   downtime, held->error);
	}
}
