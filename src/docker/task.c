/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "docker/task.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

enum { SERVICES_PER_REQUEST = 20 };

void tasks_release(struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->n; i++) {
		struct task *task = &tasks->v[i];
		free(task->id);
		free(task->service_id);
		free(task->node_id);
		free(task->container_id);
		free(task->state);
		free(task->message);
	}
	free(tasks->v);
	*tasks = (struct tasks)TASKS_INIT;
}

static char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return xstrdup(text ? text : "");
}

static void add_task(struct tasks *tasks, const json_t *root)
{
	const json_t *status = json_object_get(root, "Status");
	const char *desired = json_string_value(json_object_get(root, "DesiredState"));
	CLEANUP(freep) char *error = text_at(status, "Err");

	array_grow(tasks->v, tasks->n, tasks->cap);
	tasks->v[tasks->n++] = (struct task){
		.id = text_at(root, "ID"),
		.service_id = text_at(root, "ServiceID"),
		.node_id = text_at(root, "NodeID"),
		.container_id = text_at(json_object_get(status, "ContainerStatus"),
					"ContainerID"),
		.state = text_at(status, "State"),
		.message = *error ? STEAL(error) : text_at(status, "Message"),
		.slot = json_integer_value(json_object_get(root, "Slot")),
		.changed = json_integer_value(
			json_object_get(json_object_get(root, "Version"), "Index")),
		.wanted = desired && strcmp(desired, "running") == 0,
	};
}

/*
 * A service that was removed is no filter any more (404), and its tasks may still run:
 * then all tasks are asked for.
 */
static enum docker_trouble get_tasks(struct docker *docker, const char *const *ids,
				     size_t n, json_t **ret_root, struct error *err)
{
	CLEANUP(freep) char *filter = docker_filter("service", ids, n);

	enum docker_trouble trouble = docker_get(docker, xasprintf("/tasks%s", filter),
						 "list tasks", ret_root, err);
	if (trouble == DOCKER_GONE)
		trouble = docker_get(docker, xstrdup("/tasks"), "list tasks", ret_root,
				     err);
	if (trouble == DOCKER_FINE && !json_is_array(*ret_root)) {
		error_say(err, -EBADMSG, "list tasks: the answer is not understood");
		return DOCKER_FAILED;
	}
	return trouble;
}

static bool is_of(const json_t *task, const char *const *ids, size_t n)
{
	const char *id = json_string_value(json_object_get(task, "ServiceID"));

	for (size_t i = 0; id && i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

enum docker_trouble tasks_list(struct docker *docker, const struct strvec *service_ids,
			       struct tasks *ret_tasks, struct error *err)
{
	for (size_t at = 0; at < service_ids->n; at += SERVICES_PER_REQUEST) {
		const char *const *ids = (const char *const *)service_ids->v + at;
		size_t left = service_ids->n - at;
		size_t n = left < SERVICES_PER_REQUEST ? left : SERVICES_PER_REQUEST;
		CLEANUP(json_freep) json_t *root = NULL;

		enum docker_trouble trouble = get_tasks(docker, ids, n, &root, err);
		if (trouble != DOCKER_FINE)
			return trouble;
		for (size_t i = 0; i < json_array_size(root); i++)
			if (is_of(json_array_get(root, i), ids, n))
				add_task(ret_tasks, json_array_get(root, i));
	}
	return DOCKER_FINE;
}

bool task_has_ended(const struct task *task)
{
	static const char *const ends[] = {"complete", "shutdown", "failed", "rejected",
					   "remove"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (strcmp(task->state, ends[i]) == 0)
			return true;
	return false;
}

bool task_is_running(const struct task *task)
{
	return strcmp(task->state, "running") == 0;
}

char *task_node_name(struct docker *docker, const struct task *task)
{
	CLEANUP(json_freep) json_t *root = NULL;

	if (!*task->node_id)
		return xstrdup("no node");
	if (docker_get(docker, xasprintf("/nodes/%s", task->node_id), "look at a node",
		       &root, NULL) == DOCKER_FINE) {
		const char *name = json_string_value(json_object_get(
			json_object_get(root, "Description"), "Hostname"));
		if (name)
			return xstrdup(name);
	}
	return xstrdup(task->node_id);
}
