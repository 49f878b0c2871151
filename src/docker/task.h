/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Tasks of services: whether they have really ended, whether they really run.
 *
 * States as swarmkit has them: new, pending, assigned, accepted, preparing, ready,
 * starting, running come before the end; complete, shutdown, failed, rejected, remove are
 * one; orphaned means that nobody knows. After scaling down a task's desired state is
 * "remove" while its state stays "running" through its whole grace period, and then it
 * vanishes.
 */
#pragma once

#include "base/strvec.h"
#include "docker/docker.h"

struct task {
	char *id;
	char *service_id;
	char *node_id;
	char *container_id; /* or "" */
	char *state;
	char *message;	 /* its error, or "" */
	int64_t slot;	 /* 0 for tasks of global services */
	int64_t changed; /* a number that grows: Version.Index */
	bool wanted;	 /* desired state is running */
};

struct tasks {
	struct task *v;
	size_t n, cap;
};

#define TASKS_INIT \
	{          \
		0  \
	}
void tasks_release(struct tasks *tasks);

/* All tasks of the services by these ids, of those that were removed too. */
enum docker_trouble tasks_list(struct docker *docker, const struct strvec *service_ids,
			       struct tasks *ret_tasks, struct error *err);

/* Whether it cannot be writing to anything any more. */
bool task_has_ended(const struct task *task);

bool task_is_running(const struct task *task);

/* The node's name where we may ask, else its id; "no node" when it has none. Frees: caller. */
char *task_node_name(struct docker *docker, const struct task *task);
