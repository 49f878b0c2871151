/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"
#include "flow/held.h"
#include "sys/clock.h"
#include "sys/signals.h"

enum {
	GONE_POLL_MS = 300,
	RUNNING_POLL_MS = 500,
};

static void ids_of(struct held **helds, size_t n, struct strvec *ret_ids)
{
	for (size_t i = 0; i < n; i++)
		strvec_push(ret_ids, helds[i]->id);
}

static const char *name_of(struct held **helds, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(helds[i]->id, id) == 0)
			return helds[i]->name;
	return id;
}

/* Says what is left, the first few by name. */
static void say_left(struct docker *docker, struct held **helds, size_t n,
		     const struct tasks *tasks, struct strbuf *out)
{
	unsigned said = 0, left = 0;
	bool ask = true; /* not again where it failed: services are down meanwhile */

	for (size_t i = 0; i < tasks->n; i++) {
		const struct task *task = &tasks->v[i];
		if (task_has_ended(task))
			continue;
		left++;
		if (said >= 5)
			continue;
		CLEANUP(freep)
		char *node = ask ? task_node_name(docker, task) : xstrdup(task->node_id);
		ask = strcmp(node, task->node_id) != 0;
		strbuf_addf(out, "%stask %.12s of '%s' on %s is %s", said++ ? ", " : "",
			    task->id, name_of(helds, n, task->service_id), node,
			    task->state);
	}
	if (left > said)
		strbuf_addf(out, " and %u more", left - said);
}

static size_t count_left(const struct tasks *tasks)
{
	size_t left = 0;

	for (size_t i = 0; i < tasks->n; i++)
		left += !task_has_ended(&tasks->v[i]);
	return left;
}

int held_wait_gone(struct docker *docker, struct held **helds, size_t n, double seconds,
		   struct error *err)
{
	CLEANUP(strvec_release) struct strvec ids = STRVEC_INIT;
	double until = clock_monotonic() + seconds;
	char waited[HUMAN_MAX];

	ids_of(helds, n, &ids);
	for (int gone = 0; gone < 2;) {
		CLEANUP(tasks_release) struct tasks tasks = TASKS_INIT;
		CLEANUP(strbuf_release) struct strbuf left = STRBUF_INIT_MAX(800);

		enum docker_trouble trouble = tasks_list(docker, &ids, &tasks, err);
		gone = trouble == DOCKER_FINE && count_left(&tasks) == 0 ? gone + 1 : 0;
		if (gone < 2 && clock_monotonic() > until) {
			if (trouble != DOCKER_FINE)
				return -ETIMEDOUT;
			say_left(docker, helds, n, &tasks, &left);
			return error_say(
				err, -ETIMEDOUT,
				"services did not stop within %s (STOP_TIMEOUT): %s",
				human_duration(seconds, waited), left.buf);
		}
		if (gone < 2 && !signals_sleep(GONE_POLL_MS))
			return error_say(err, -EINTR,
					 "interrupted while services stopped");
	}
	return 0;
}

/* What ended with an error says more than what is on its way, and the latest the most. */
static bool tells_more(const struct task *task, const struct task *than)
{
	if (!than || task->wanted != than->wanted)
		return !than || !task->wanted;
	return task->changed > than->changed;
}

/* How many of its tasks run: of each slot the newest that is wanted counts. */
static size_t count_running(const struct tasks *tasks, const struct held *held,
			    const struct task **ret_trouble)
{
	size_t running = 0;

	*ret_trouble = NULL;
	for (size_t i = 0; i < tasks->n; i++) {
		const struct task *task = &tasks->v[i];
		bool newest = true;

		if (strcmp(task->service_id, held->id) != 0)
			continue;
		bool failed = strcmp(task->state, "failed") == 0 ||
			      strcmp(task->state, "rejected") == 0;
		if ((task->wanted ? !task_is_running(task) : failed) &&
		    tells_more(task, *ret_trouble))
			*ret_trouble = task;
		if (!task->wanted)
			continue;
		for (size_t j = 0; j < tasks->n && task->slot > 0 && newest; j++)
			newest = j == i ||
				 strcmp(tasks->v[j].service_id, held->id) != 0 ||
				 !tasks->v[j].wanted || tasks->v[j].slot != task->slot ||
				 tasks->v[j].changed < task->changed;
		running += newest && task_is_running(task);
	}
	return running;
}

static size_t wanted_of(const struct held *held)
{
	size_t count = held->global		 ? (held->ran == SIZE_MAX ? 1 : held->ran)
		       : held->mark.replicas < 0 ? 1
						 : (size_t)held->mark.replicas;

	return held->ran < count ? held->ran : count;
}

static void say_not_running(struct docker *docker, struct held *held, size_t running,
			    const struct task *trouble, double seconds)
{
	CLEANUP(freep) char *node = trouble ? task_node_name(docker, trouble) : NULL;
	char waited[HUMAN_MAX];

	free(held->error);
	held->error = xasprintf(
		"%zu of %zu tasks run after %s (START_TIMEOUT)%s%s%s%s%s%s", running,
		wanted_of(held), human_duration(seconds, waited), trouble ? "; on " : "",
		trouble ? node : "", trouble ? " one is " : "",
		trouble ? trouble->state : "", trouble && *trouble->message ? ": " : "",
		trouble ? trouble->message : "");
}

static bool is_removed(struct docker *docker, const struct held *held)
{
	struct service service = {0};

	enum docker_trouble trouble = service_read(docker, held->id, &service, NULL);
	service_release(&service);
	return trouble == DOCKER_GONE;
}

/* A service whose tasks are waited for. */
struct watch {
	struct held *held;
	double since; /* all have been running since then; 0: they are not */
	bool done;
	size_t running;
};

/* Looks once; returns how many are not done. */
static size_t look(struct docker *docker, struct watch *watches, size_t n,
		   const struct tasks *tasks, double now, bool last, double seconds)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct watch *watch = &watches[i];
		const struct task *trouble;

		if (watch->done)
			continue;
		watch->running = count_running(tasks, watch->held, &trouble);
		if (watch->running < wanted_of(watch->held))
			watch->since = 0;
		else if (watch->since == 0)
			watch->since = now;
		watch->done = watch->since > 0 &&
			      (last || now - watch->since >= watch->held->monitor);
		if (watch->done)
			watch->held->started_at = watch->since;
		else if (last && is_removed(docker, watch->held))
			watch->held->removed = true;
		else if (last)
			say_not_running(docker, watch->held, watch->running, trouble,
					seconds);
		left += !watch->done;
	}
	return left;
}

void held_wait_running(struct docker *docker, struct held **helds, size_t n,
		       double seconds)
{
	CLEANUP(freep) struct watch *watches = xcalloc(n, sizeof(*watches));
	CLEANUP(strvec_release) struct strvec ids = STRVEC_INIT;
	double until = clock_monotonic() + seconds;
	size_t left = n;

	ids_of(helds, n, &ids);
	for (size_t i = 0; i < n; i++) {
		watches[i].held = helds[i];
		watches[i].done = helds[i]->error || !helds[i]->down ||
				  helds[i]->other_decided || wanted_of(helds[i]) == 0;
		left -= watches[i].done;
	}
	while (left > 0) {
		CLEANUP(tasks_release) struct tasks tasks = TASKS_INIT;
		double now = clock_monotonic();
		bool last = now > until;
		struct error err = {0};

		if (tasks_list(docker, &ids, &tasks, &err) == DOCKER_FINE)
			left = look(docker, watches, n, &tasks, now, last, seconds);
		for (size_t i = 0; last && i < n; i++)
			if (!watches[i].done && !watches[i].held->removed &&
			    !watches[i].held->error)
				watches[i].held->error = xstrdup(err.msg);
		if (last || (left > 0 && !signals_sleep(RUNNING_POLL_MS)))
			return;
	}
}

int held_look(struct docker *docker, struct helds *helds, const char *own_container,
	      char **ret_own_service, struct error *err)
{
	CLEANUP(tasks_release) struct tasks tasks = TASKS_INIT;
	CLEANUP(strvec_release) struct strvec ids = STRVEC_INIT;
	const struct task *trouble;

	for (size_t i = 0; i < helds->n; i++)
		strvec_push(&ids, helds->v[i].id);
	if (tasks_list(docker, &ids, &tasks, err) != DOCKER_FINE)
		return -EREMOTEIO;
	for (size_t i = 0; i < helds->n; i++)
		helds->v[i].ran = count_running(&tasks, &helds->v[i], &trouble);
	for (size_t i = 0; i < tasks.n; i++)
		if (*own_container && strcmp(tasks.v[i].container_id, own_container) == 0)
			*ret_own_service = xstrdup(tasks.v[i].service_id);
	return 0;
}
