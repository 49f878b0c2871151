/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "docker/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "sys/clock.h"

enum {
	ROUNDS = 10,
	ROUNDS_SECONDS = 20, /* what those take of an engine that answers */
	PAUSE_MS = 50,	     /* before the second round; doubled up to 2 s, with jitter */
	PAUSE_MAX_MS = 2000,
};

void service_release(struct service *service)
{
	free(service->id);
	free(service->name);
	json_decref(service->spec);
	*service = (struct service){0};
}

void services_release(struct services *services)
{
	for (size_t i = 0; i < services->n; i++)
		service_release(&services->v[i]);
	free(services->v);
	*services = (struct services)SERVICES_INIT;
}

/* False when something that every service has is missing. */
static bool read_service(const json_t *root, struct service *ret_service)
{
	const char *id = json_string_value(json_object_get(root, "ID"));
	const json_t *index = json_object_get(json_object_get(root, "Version"), "Index");
	json_t *spec = json_object_get(root, "Spec");
	const char *name = json_string_value(json_object_get(spec, "Name"));
	const char *state = json_string_value(
		json_object_get(json_object_get(root, "UpdateStatus"), "State"));
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;

	if (!id || !*id || strchr(id, '/') || !json_is_integer(index) ||
	    !json_is_object(spec))
		return false;
	strbuf_add_escaped(&shown, name ? name : id, strlen(name ? name : id));
	*ret_service = (struct service){
		.id = xstrdup(id),
		.name = strbuf_steal(&shown),
		.version = json_integer_value(index),
		.spec = json_incref(spec),
		.updating = state && (strcmp(state, "updating") == 0 ||
				      strcmp(state, "rollback_started") == 0),
		.paused = state && (strcmp(state, "paused") == 0 ||
				    strcmp(state, "rollback_paused") == 0),
	};
	return true;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct service *)a)->id, ((const struct service *)b)->id);
}

enum docker_trouble services_find(struct docker *docker, const char *label,
				  const char *value, struct services *ret_services,
				  struct error *err)
{
	CLEANUP(freep)
	char *wanted = value ? xasprintf("%s=%s", label, value) : xstrdup(label);
	const char *const values[] = {wanted};
	CLEANUP(freep) char *filter = docker_filter("label", values, 1);
	CLEANUP(json_freep) json_t *root = NULL;

	enum docker_trouble trouble = docker_get(docker, xasprintf("/services%s", filter),
						 "list services", &root, err);
	if (trouble != DOCKER_FINE)
		return trouble;
	if (!json_is_array(root)) {
		error_say(err, -EBADMSG, "list services: the answer is not understood");
		return DOCKER_FAILED;
	}
	for (size_t i = 0; i < json_array_size(root); i++) {
		struct service service;
		if (!read_service(json_array_get(root, i), &service)) {
			error_say(err, -EBADMSG,
				  "list services: one of them has no ID or spec");
			return DOCKER_FAILED;
		}
		const char *has = spec_label(service.spec, label);
		if (!has || (value && strcmp(has, value) != 0)) {
			service_release(&service);
			continue;
		}
		array_grow(ret_services->v, ret_services->n, ret_services->cap);
		ret_services->v[ret_services->n++] = service;
	}
	if (ret_services->n > 0)
		qsort(ret_services->v, ret_services->n, sizeof(*ret_services->v), by_id);
	return DOCKER_FINE;
}

/* From the answer to GET /services/ID. */
static enum docker_trouble take_service(const struct docker *docker,
					const struct http_request *request,
					struct service *ret_service, struct error *err)
{
	CLEANUP(json_freep) json_t *root = NULL;

	enum docker_trouble trouble =
		docker_judge(docker, request, "read a service", err);
	if (trouble != DOCKER_FINE)
		return trouble;
	root = docker_parse(&request->reply);
	if (read_service(root, ret_service))
		return DOCKER_FINE;
	error_say(err, -EBADMSG, "read a service: the answer is not understood");
	return DOCKER_FAILED;
}

enum docker_trouble service_read(struct docker *docker, const char *id,
				 struct service *ret_service, struct error *err)
{
	struct http_request request;

	docker_request(docker, &request, "GET", xasprintf("/services/%s", id), NULL);
	docker_perform(docker, &request, 1);
	enum docker_trouble trouble = take_service(docker, &request, ret_service, err);
	http_request_release(&request);
	return trouble;
}

static bool is_lasting(enum docker_trouble trouble)
{
	return trouble != DOCKER_NO_ANSWER && trouble != DOCKER_NOBODY &&
	       trouble != DOCKER_NO_SOCKET && trouble != DOCKER_SEQUENCE;
}

static void settle(struct change *change, enum docker_trouble trouble)
{
	if (trouble == DOCKER_GONE)
		change->result = CHANGE_GONE;
	else if (is_lasting(trouble))
		change->result = CHANGE_FAILED;
}

/* The changes that are still pending, as places in the array. */
static size_t pending_of(const struct change *changes, size_t n, size_t *ret_at)
{
	size_t pending = 0;

	for (size_t i = 0; i < n; i++)
		if (changes[i].result == CHANGE_PENDING)
			ret_at[pending++] = i;
	return pending;
}

/* Reads every pending one afresh and asks what to send; fills `updates`. */
static size_t decide_all(struct docker *docker, struct change *changes, const size_t *at,
			 size_t n, struct http_request *updates)
{
	CLEANUP(freep) struct http_request *reads = xcalloc(n, sizeof(*reads));
	size_t sending = 0;

	for (size_t i = 0; i < n; i++)
		docker_request(docker, &reads[i], "GET",
			       xasprintf("/services/%s", changes[at[i]].id), NULL);
	docker_perform(docker, reads, n);

	for (size_t i = 0; i < n; i++) {
		struct change *change = &changes[at[i]];
		struct service service = {0};

		enum docker_trouble trouble =
			take_service(docker, &reads[i], &service, &change->err);
		if (trouble != DOCKER_FINE) {
			settle(change, trouble);
		} else {
			change->result = change->decide(change, &service, &change->err);
		}
		if (trouble == DOCKER_FINE && change->result == CHANGE_PENDING) {
			struct http_request *update = &updates[sending++];
			docker_request(docker, update, "POST",
				       xasprintf("/services/%s/update?version=%" PRId64,
						 change->id, service.version),
				       docker_dump(service.spec));
			update->ctx = change;
		}
		service_release(&service);
		http_request_release(&reads[i]);
	}
	return sending;
}

static void send_all(struct docker *docker, struct http_request *updates, size_t n)
{
	docker_perform(docker, updates, n);
	for (size_t i = 0; i < n; i++) {
		struct change *change = updates[i].ctx;
		enum docker_trouble trouble = docker_judge(
			docker, &updates[i], "update a service", &change->err);

		if (trouble == DOCKER_FINE) {
			change->result = CHANGE_SENT;
			change->sent_at = clock_monotonic();
		} else {
			settle(change, trouble);
		}
		http_request_release(&updates[i]);
	}
}

static void pause_with_jitter(int round)
{
	unsigned ms = round < 6 ? PAUSE_MS << round : PAUSE_MAX_MS;
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	ms = (ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS) / 2 + random % (ms / 2 + 1);
	struct timespec pause = {.tv_sec = ms / 1000,
				 .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&pause, NULL);
}

void services_change(struct docker *docker, struct change *changes, size_t n,
		     double patient)
{
	CLEANUP(freep) size_t *at = xcalloc(n, sizeof(*at));
	CLEANUP(freep) struct http_request *updates = xcalloc(n, sizeof(*updates));
	double begun = clock_monotonic();
	double longest = patient > ROUNDS_SECONDS ? patient : ROUNDS_SECONDS;
	size_t pending;

	for (int round = 0; (pending = pending_of(changes, n, at)) > 0; round++) {
		double passed = clock_monotonic() - begun;
		/* after silence one more look tells whether the update took effect */
		if ((round >= ROUNDS && passed > patient) ||
		    (round > 1 && passed > longest))
			break;
		if (round > 0)
			pause_with_jitter(round);
		size_t sending = decide_all(docker, changes, at, pending, updates);
		send_all(docker, updates, sending);
	}
	for (size_t i = 0; i < n; i++)
		if (changes[i].result == CHANGE_PENDING)
			changes[i].result = CHANGE_FAILED;
}
