/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "docker/spec.h"

#include <string.h>

static const double nanoseconds = 1e9;

enum spec_mode spec_mode(const json_t *spec)
{
	const json_t *mode = json_object_get(spec, "Mode");

	if (json_is_object(json_object_get(mode, "Replicated")))
		return SPEC_REPLICATED;
	if (json_is_object(json_object_get(mode, "Global")))
		return SPEC_GLOBAL;
	if (json_object_get(mode, "ReplicatedJob") || json_object_get(mode, "GlobalJob"))
		return SPEC_JOB;
	return SPEC_OTHER;
}

const char *spec_label(const json_t *spec, const char *key)
{
	return json_string_value(json_object_get(json_object_get(spec, "Labels"), key));
}

/* The object by that name, made where there is none. */
static json_t *object_in(json_t *parent, const char *name)
{
	json_t *object = json_object_get(parent, name);

	if (json_is_object(object))
		return object;
	json_object_set_new(parent, name, json_object());
	return json_object_get(parent, name);
}

void spec_set_label(json_t *spec, const char *key, const char *value)
{
	json_object_set_new(object_in(spec, "Labels"), key, json_text(value));
}

void spec_remove_label(json_t *spec, const char *key)
{
	json_object_del(json_object_get(spec, "Labels"), key);
}

int64_t spec_replicas(const json_t *spec)
{
	const json_t *replicated =
		json_object_get(json_object_get(spec, "Mode"), "Replicated");
	const json_t *count = json_object_get(replicated, "Replicas");

	return json_is_integer(count) ? json_integer_value(count) : -1;
}

void spec_set_replicas(json_t *spec, int64_t replicas)
{
	json_t *replicated = object_in(object_in(spec, "Mode"), "Replicated");

	if (replicas < 0)
		json_object_del(replicated, "Replicas");
	else
		json_object_set_new(replicated, "Replicas", json_integer(replicas));
}

static json_t *constraints_of(const json_t *spec)
{
	const json_t *template = json_object_get(spec, "TaskTemplate");

	return json_object_get(json_object_get(template, "Placement"), "Constraints");
}

/* Where it stands in the list; its size when it does not. */
static size_t find_constraint(const json_t *list, const char *constraint)
{
	size_t i, n = json_array_size(list);

	for (i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text && strcmp(text, constraint) == 0)
			break;
	}
	return i;
}

bool spec_has_constraint(const json_t *spec, const char *constraint)
{
	const json_t *list = constraints_of(spec);

	return find_constraint(list, constraint) < json_array_size(list);
}

void spec_add_constraint(json_t *spec, const char *constraint)
{
	json_t *placement = object_in(object_in(spec, "TaskTemplate"), "Placement");

	if (!json_is_array(json_object_get(placement, "Constraints")))
		json_object_set_new(placement, "Constraints", json_array());
	json_array_append_new(json_object_get(placement, "Constraints"),
			      json_text(constraint));
}

void spec_remove_constraint(json_t *spec, const char *constraint)
{
	json_t *list = constraints_of(spec);
	size_t at = find_constraint(list, constraint);

	if (at < json_array_size(list))
		json_array_remove(list, at);
	/* the engine leaves an empty list out, and so do we */
	if (list && json_array_size(list) == 0)
		json_object_del(json_object_get(json_object_get(spec, "TaskTemplate"),
						"Placement"),
				"Constraints");
}

static double seconds_at(const json_t *object, const char *name, double otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? (double)json_integer_value(value) / nanoseconds
				      : otherwise;
}

double spec_grace(const json_t *spec)
{
	const json_t *template = json_object_get(spec, "TaskTemplate");

	return seconds_at(json_object_get(template, "ContainerSpec"), "StopGracePeriod",
			  10);
}

double spec_monitor(const json_t *spec)
{
	double monitor = seconds_at(json_object_get(spec, "UpdateConfig"), "Monitor", 5);

	return monitor > 0 ? monitor : 5;
}
