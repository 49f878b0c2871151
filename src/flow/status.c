/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/status.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "docker/service.h"
#include "flow/quiesce.h"
#include "model/mark.h"
#include "store/catalog.h"
#include "store/sizes.h"

#define DOCKER_SECONDS 3.0 /* for each request: a health check does not wait long */

void status_release(struct status *status)
{
	health_release(&status->health);
	history_entry_release(&status->good);
	history_entry_release(&status->bad);
	strvec_release(&status->down);
	strvec_release(&status->damaged);
	strvec_release(&status->bad_manifests);
	for (size_t i = 0; i < status->each_n; i++)
		free(status->each[i].name);
	free(status->each);
	free(status->services_error);
	*status = (struct status){0};
}

static bool is_good(enum report_result result)
{
	return result == REPORT_OK || result == REPORT_WARNINGS;
}

/* What the history tells, the last run first. */
struct past {
	struct status *status;
	struct forecast_sample *bytes, *inodes;
	size_t bytes_n, bytes_cap, inodes_n, inodes_cap;
};

static bool look_back(void *ctx, const struct history_entry *entry)
{
	struct past *past = ctx;
	struct status *status = past->status;
	int64_t end = entry->start.epoch + (int64_t)entry->duration;

	if (entry->free_bytes >= 0) {
		array_grow(past->bytes, past->bytes_n, past->bytes_cap);
		past->bytes[past->bytes_n++] =
			(struct forecast_sample){end, (uint64_t)entry->free_bytes};
	}
	if (entry->free_inodes >= 0) {
		array_grow(past->inodes, past->inodes_n, past->inodes_cap);
		past->inodes[past->inodes_n++] =
			(struct forecast_sample){end, (uint64_t)entry->free_inodes};
	}
	if (entry->exit_code == EXIT_LOCKED)
		return true;
	if (is_good(entry->result) && !status->was_good) {
		status->was_good = true;
		history_entry_copy(&status->good, entry);
	}
	if (!is_good(entry->result) && !status->was_bad) {
		status->was_bad = true;
		history_entry_copy(&status->bad, entry);
	}
	return true;
}

static int look_at_past(struct status *status, const struct store *store,
			struct error *err)
{
	struct past past = {.status = status};
	const struct destination_room *room = &status->room;

	status->has_room = destination_room(store, &status->room);
	int r = history_each(store, look_back, &past, err);
	if (r >= 0 && status->has_room)
		status->bytes_end = forecast_end(past.bytes, past.bytes_n,
						 status->now.epoch, room->free_bytes);
	if (r >= 0 && room->inodes > 0)
		status->inodes_end = forecast_end(past.inodes, past.inodes_n,
						  status->now.epoch, room->free_inodes);
	free(past.bytes);
	free(past.inodes);
	return r;
}

static void look_at_verified(struct status *status, const struct catalog_entry *entry)
{
	const struct verdict *verdict = &entry->verdict;

	status->each[status->each_n++] =
		(struct status_verified){xstrdup(entry->name), entry->tier, *verdict};
	if (verdict->kind == VERDICT_GOOD || verdict->kind == VERDICT_DAMAGED)
		status->verified++;
	if (verdict->time > status->last_verified)
		status->last_verified = verdict->time;
	if (verdict->kind == VERDICT_DAMAGED)
		strvec_push(&status->damaged, entry->name);
	if (verdict->kind == VERDICT_BAD_MANIFEST)
		strvec_push(&status->bad_manifests, entry->name);
}

static int look_at_snapshots(struct status *status, const struct store *store,
			     struct error *err)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(sizes_release) struct sizes sizes = {0};

	int r = catalog_load(&catalog, store, err);
	if (r < 0)
		return r;
	status->listed = true;
	status->each = xcalloc(catalog.n + 1, sizeof(*status->each));
	for (size_t i = 0; i < catalog.n; i++) {
		status->tiers[catalog.v[i].tier]++;
		status->incomplete += catalog.v[i].record.status != SNAPSHOT_COMPLETE;
		look_at_verified(status, &catalog.v[i]);
	}
	if (sizes_read(store, &sizes, NULL) >= 0) {
		status->sized = true;
		status->size = sizes.total;
		status->sized_at = sizes.time;
	}
	return 0;
}

static int find_marked(struct status *status, const struct config *config,
		       const char *destination, struct error *err)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(docker_closep) struct docker *docker = NULL;
	CLEANUP(services_release) struct services services = SERVICES_INIT;
	struct mark mark;

	int r = quiesce_connect_within(config, (enum config_scale)config->scale,
				       DOCKER_SECONDS, log, &docker, err);
	if (r < 0 || !docker)
		return r;
	if (services_find(docker, MARK_LABEL, NULL, &services, err) != DOCKER_FINE)
		return -EREMOTEIO;
	status->services = STATUS_SERVICES_KNOWN;
	for (size_t i = 0; i < services.n; i++) {
		const char *text = spec_label(services.v[i].spec, MARK_LABEL);
		if (text && mark_parse(text, &mark) &&
		    strcmp(mark.destination, destination) == 0)
			strvec_push(&status->down, services.v[i].name);
	}
	return 0;
}

/* Services are down by right while somebody holds the destination. */
static void look_at_services(struct status *status, const struct config *config,
			     const struct store *store)
{
	CLEANUP(strbuf_release) struct strbuf holder = STRBUF_INIT;
	struct error err;

	if (status->health.running || !store_is_ours(store) ||
	    config->scale == CONFIG_SCALE_OFF)
		return;
	if (find_marked(status, config, store->id, &err) < 0) {
		status->services = STATUS_SERVICES_UNKNOWN;
		status->services_error = xstrdup(err.msg);
	} else if (status->down.n > 0 && store_is_locked(store, &holder, NULL) != 0) {
		strvec_release(&status->down); /* a run began meanwhile */
		status->services = STATUS_SERVICES_NONE;
	}
}

static void add_down(const struct status *status, struct strbuf *why)
{
	strbuf_addf(why, "service '%s'", status->down.v[0]);
	if (status->down.n > 1)
		strbuf_addf(why, " and %zu more", status->down.n - 1);
	strbuf_addf(
		why,
		" %s left down by a run that died; 'backup recover' brings back what is",
		status->down.n > 1 ? "are" : "is");
}

static void add_names(const struct strvec *names, struct strbuf *why)
{
	strbuf_addstr(why, names->v[0]);
	if (names->n > 1)
		strbuf_addf(why, " and %zu more", names->n - 1);
}

/* Whether a verification found any. */
static bool add_damaged(const struct status *status, struct strbuf *why)
{
	const struct strvec *damaged = &status->damaged, *bad = &status->bad_manifests;

	if (damaged->n > 0) {
		strbuf_addstr(why, "snapshot ");
		add_names(damaged, why);
		strbuf_addf(why, " %s damaged; 'backup verify' says what is",
			    damaged->n > 1 ? "are" : "is");
	} else if (bad->n > 0) {
		strbuf_addstr(why, "the manifest of snapshot ");
		add_names(bad, why);
		strbuf_addstr(why,
			      " was damaged; the next run makes it anew, and 'backup "
			      "verify' then tells");
	}
	return damaged->n > 0 || bad->n > 0;
}

/* A run in progress must not be ended for it, but it shows. */
static void judge_beside_run(struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf why = STRBUF_INIT;

	strbuf_addf(&why, "%s; ", status->health.why);
	if (!add_damaged(status, &why))
		return;
	free(status->health.why);
	status->health.why = strbuf_steal(&why);
}

/* What is wrong whatever the last run came to. */
static void judge_rest(struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf why = STRBUF_INIT;

	if (status->health.running)
		judge_beside_run(status);
	if (status->health.running || !status->health.healthy)
		return;
	if (status->down.n > 0)
		add_down(status, &why);
	else if (!add_damaged(status, &why))
		return;
	status->health.healthy = false;
	free(status->health.why);
	status->health.why = strbuf_steal(&why);
}

int status_look(const struct config *config, struct instant now,
		struct status *ret_status, struct error *err)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(status_release) struct status status = {.now = now};

	int r = store_open(&store, config->dest, err);
	if (r >= 0)
		r = health_look(&store, config, now, &status.health, err);
	if (r >= 0)
		r = look_at_past(&status, &store, err);
	if (r >= 0)
		r = look_at_snapshots(&status, &store, err);
	if (r < 0)
		return r;
	look_at_services(&status, config, &store);
	judge_rest(&status);
	*ret_status = status;
	status = (struct status){0};
	return 0;
}

/* A report as the history would tell it; the caller releases it. */
static struct history_entry entry_of(const struct report *report)
{
	return (struct history_entry){
		.start = report->start,
		.result = report->result,
		.exit_code = report->exit_code,
		.duration = report->duration,
		.reason = xstrdup(report->reason ? report->reason : ""),
		.snapshot = xstrdup(report->snapshot ? report->snapshot : ""),
		.files = (int64_t)report->counts.files,
		.bytes = (int64_t)report->counts.bytes,
		.bytes_copied = (int64_t)report->counts.bytes_copied,
		.free_bytes = -1,
		.free_inodes = -1,
	};
}

static void look_at_report(struct status *status, const struct config *config,
			   const struct report *report)
{
	CLEANUP(history_entry_release) struct history_entry entry = entry_of(report);
	bool good = is_good(report->result);

	status->health.ran = true;
	history_entry_copy(&status->health.last, &entry);
	history_entry_copy(good ? &status->good : &status->bad, &entry);
	status->was_good |= good;
	status->was_bad |= !good;
	/* of a run that ended before its services were looked at nothing is known */
	if (config->scale != CONFIG_SCALE_OFF && (good || report->services_n > 0))
		status->services = STATUS_SERVICES_KNOWN;
	for (size_t i = 0; i < report->services_n; i++)
		if (report->services[i].error)
			strvec_push(&status->down, report->services[i].name);
}

void status_after_run(const struct config *config, const struct store *store,
		      const struct report *report, struct instant now,
		      struct status *ret_status)
{
	struct status *status = ret_status;

	*status = (struct status){.now = now};
	if (store->fd >= 0) {
		look_at_past(status, store, NULL);
		look_at_snapshots(status, store, NULL);
	}
	if (report->exit_code == EXIT_LOCKED) {
		/* the one that holds it is the one to tell of */
		health_look(store, config, now, &status->health, NULL);
		return;
	}
	look_at_report(status, config, report);
	health_judge(&status->health, config->max_age, now);
	judge_rest(status);
}
