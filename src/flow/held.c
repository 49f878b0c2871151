/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/held.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "sys/clock.h"

void helds_release(struct helds *helds)
{
	for (size_t i = 0; i < helds->n; i++) {
		free(helds->v[i].id);
		free(helds->v[i].name);
		free(helds->v[i].error);
	}
	free(helds->v);
	*helds = (struct helds)HELDS_INIT;
}

struct held *helds_add(struct helds *helds, const struct service *service)
{
	array_grow(helds->v, helds->n, helds->cap);
	struct held *held = &helds->v[helds->n++];

	*held = (struct held){
		.id = xstrdup(service->id),
		.name = xstrdup(service->name),
		.replicas = spec_replicas(service->spec),
		.global = spec_mode(service->spec) == SPEC_GLOBAL,
		.ran = SIZE_MAX,
		.grace = spec_grace(service->spec),
		.monitor = spec_monitor(service->spec),
	};
	return held;
}

static bool same_mark(const struct mark *a, const struct mark *b)
{
	return strcmp(a->destination, b->destination) == 0 && strcmp(a->run, b->run) == 0;
}

/* What keeps a service from being stopped now; CHANGE_PENDING: nothing. */
static enum change_result check_stoppable(const struct service *service,
					  const struct mark *ours, struct error *err)
{
	const char *text = spec_label(service->spec, MARK_LABEL);
	struct mark mark;

	if (text && mark_parse(text, &mark) && same_mark(&mark, ours))
		return CHANGE_NEEDLESS; /* the answer to our update was lost */
	if (text) {
		error_say(err, -EBUSY, "service '%s' is held by another backup (%s)",
			  service->name, text);
		return CHANGE_REFUSED;
	}
	if (service->paused) {
		error_say(
			err, -EPERM,
			"service '%s' has a paused update, which stopping it would resume: "
			"finish it or roll it back",
			service->name);
		return CHANGE_REFUSED;
	}
	if (service->updating) {
		error_say(err, -EAGAIN, "service '%s' is being updated", service->name);
		return CHANGE_REFUSED;
	}
	return CHANGE_PENDING;
}

static enum change_result decide_stop(struct change *change, struct service *service,
				      struct error *err)
{
	struct held *held = change->ctx;
	enum change_result result = check_stoppable(service, &held->mark, err);

	if (result == CHANGE_NEEDLESS) {
		held->down = true;
		held->stopped_at = clock_monotonic();
	}
	if (result != CHANGE_PENDING)
		return result;

	held->replicas = spec_replicas(service->spec);
	held->mark.replicas = held->replicas;
	held->mark.global = held->global;
	if (!held->global && held->replicas == 0)
		return CHANGE_NEEDLESS; /* somebody was first: 0 stays 0 */

	CLEANUP(freep) char *text = mark_format(&held->mark);
	spec_set_label(service->spec, MARK_LABEL, text);
	if (held->global)
		spec_add_constraint(service->spec, MARK_CONSTRAINT);
	else
		spec_set_replicas(service->spec, 0);
	held->down = true; /* from here on it may be: a lost answer is no answer */
	return CHANGE_PENDING;
}

void held_stop(struct docker *docker, struct held **helds, struct change *changes,
	       size_t n)
{
	const double patient = 30;

	for (size_t i = 0; i < n; i++)
		changes[i] = (struct change){
			.id = helds[i]->id,
			.decide = decide_stop,
			.ctx = helds[i],
		};
	services_change(docker, changes, n, patient);
	for (size_t i = 0; i < n; i++)
		if (changes[i].result == CHANGE_SENT)
			helds[i]->stopped_at = changes[i].sent_at;
}

/* A count that is not said means 1, and the engine may come to say so. */
static bool same_count(int64_t a, int64_t b)
{
	return (a < 0 ? 1 : a) == (b < 0 ? 1 : b);
}

static enum change_result decide_start(struct change *change, struct service *service,
				       struct error *err)
{
	struct held *held = change->ctx;
	const char *text = spec_label(service->spec, MARK_LABEL);
	struct mark mark;

	(void)err;
	if (!text || !mark_parse(text, &mark) || !same_mark(&mark, &held->mark)) {
		/*
		 * Done already (the answer was lost), or somebody else set the spec: even
		 * to the count it had, it was not at 0 all the time.
		 */
		held->other_decided =
			!held->sent_back ||
			!same_count(spec_replicas(service->spec), held->mark.replicas);
		return CHANGE_NEEDLESS;
	}
	spec_remove_label(service->spec, MARK_LABEL);
	if (mark.global)
		spec_remove_constraint(service->spec, MARK_CONSTRAINT);
	else if (spec_replicas(service->spec) == 0)
		spec_set_replicas(service->spec, mark.replicas);
	else
		held->other_decided = true;
	held->sent_back = true;
	return CHANGE_PENDING;
}

static void say_started(struct held *held, const struct change *change, struct log *log)
{
	switch (change->result) {
	case CHANGE_GONE:
		log_warn(log, "service '%s' was removed while it was down", held->name);
		held->down = false;
		return;
	case CHANGE_SENT:
	case CHANGE_NEEDLESS:
		break;
	case CHANGE_PENDING:
	case CHANGE_REFUSED:
	case CHANGE_FAILED:
		free(held->error);
		held->error = xstrdup(change->err.msg);
		log_error(
			log,
			"service '%s' could not be brought back: %s; 'backup recover' tries "
			"again",
			held->name, held->error);
		return;
	}
	if (change->result == CHANGE_NEEDLESS && held->stopped_at == 0 &&
	    !held->sent_back) {
		held->down = false; /* it never was */
		return;
	}
	if (held->other_decided)
		log_warn(
			log,
			"service '%s' was scaled by somebody else while it was down, and "
			"stays as it is; its files may have changed during the copy",
			held->name);
	else if (held->global || held->mark.replicas < 0)
		log_info(log, "started service '%s'", held->name);
	else
		log_info(log, "started service '%s': %" PRId64 " replica%s", held->name,
			 held->mark.replicas, held->mark.replicas == 1 ? "" : "s");
	held->started_at = change->sent_at;
}

void held_start(struct docker *docker, struct held **helds, size_t n, double patient,
		struct log *log)
{
	CLEANUP(freep) struct change *changes = xcalloc(n, sizeof(*changes));

	for (size_t i = 0; i < n; i++)
		changes[i] = (struct change){
			.id = helds[i]->id,
			.decide = decide_start,
			.ctx = helds[i],
		};
	services_change(docker, changes, n, patient);
	for (size_t i = 0; i < n; i++)
		say_started(helds[i], &changes[i], log);
}
