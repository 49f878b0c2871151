/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "flow/metrics.h"
#include "sys/clock.h"

/* A line "Name:  what", escaped. */
static void print_line(const char *name, const struct strbuf *text)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add_escaped(&line, text->buf, text->len);
	printf("  %-14s %s\n", name, line.buf);
}

static void print_runs(const struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf good = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf bad = STRBUF_INIT;

	if (status->was_good) {
		health_add_when(&good, status->good.start, status->now);
		if (*status->good.snapshot)
			strbuf_addf(&good, ": %s", status->good.snapshot);
		print_line("last good run", &good);
	}
	if (status->was_bad) {
		health_add_when(&bad, status->bad.start, status->now);
		strbuf_addf(&bad, ": %s", report_result_name(status->bad.result));
		if (*status->bad.reason)
			strbuf_addf(&bad, ", %s", status->bad.reason);
		print_line("last bad run", &bad);
	}
}

static void print_verified(const struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (status->last_verified == 0)
		return;
	strbuf_addf(&text, "%u, the last ", status->verified);
	health_add_when(&text, clock_local(status->last_verified), status->now);
	for (size_t i = 0; i < status->damaged.n; i++)
		strbuf_addf(&text, "%s%s", i == 0 ? "; damaged: " : ", ",
			    status->damaged.v[i]);
	for (size_t i = 0; i < status->bad_manifests.n; i++)
		strbuf_addf(&text, "%s%s", i == 0 ? "; damaged manifest: " : ", ",
			    status->bad_manifests.v[i]);
	print_line("verified", &text);
}

static void print_snapshots(const struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf counts = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf size = STRBUF_INIT;
	char text[HUMAN_MAX];

	for (int i = 0; i < SNAPSHOT_TIERS; i++)
		strbuf_addf(&counts, "%s%u %s", i > 0 ? ", " : "", status->tiers[i],
			    snapshot_tier_name((enum snapshot_tier)i));
	if (status->incomplete > 0)
		strbuf_addf(&counts, "; not complete: %u", status->incomplete);
	print_line("snapshots", &counts);
	print_verified(status);
	if (!status->sized)
		return;
	strbuf_addf(&size, "%s, measured ", human_bytes(status->size, text));
	health_add_when(&size, clock_local(status->sized_at), status->now);
	print_line("on the disk", &size);
}

static void add_end(struct strbuf *out, const struct forecast *forecast)
{
	switch (forecast->kind) {
	case FORECAST_UNKNOWN:
		break;
	case FORECAST_NOT_FILLING:
		strbuf_addstr(out, ", not filling");
		break;
	case FORECAST_FILLING:
		strbuf_addf(out, ", full in about %.0f %s", forecast->days,
			    forecast->days < 1.5 && forecast->days >= 0.5 ? "day"
									  : "days");
		break;
	}
}

static void print_room(const struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf inodes = STRBUF_INIT;
	const struct destination_room *room = &status->room;
	char a[HUMAN_MAX], b[HUMAN_MAX];

	if (!status->has_room)
		return;
	strbuf_addf(&bytes, "%s of %s", human_bytes(room->free_bytes, a),
		    human_bytes(room->bytes, b));
	add_end(&bytes, &status->bytes_end);
	print_line("free space", &bytes);
	if (room->inodes == 0)
		return;
	strbuf_addf(&inodes, "%s of %s", human_count(room->free_inodes, a),
		    human_count(room->inodes, b));
	add_end(&inodes, &status->inodes_end);
	print_line("free inodes", &inodes);
}

static void print_services(const struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (status->services == STATUS_SERVICES_NONE)
		return;
	if (status->services == STATUS_SERVICES_UNKNOWN)
		strbuf_addf(&text, "not known: %s", status->services_error);
	else if (status->down.n == 0)
		strbuf_addstr(&text, "none");
	for (size_t i = 0; i < status->down.n; i++)
		strbuf_addf(&text, "%s%s", i > 0 ? ", " : "", status->down.v[i]);
	print_line("services down", &text);
}

/* The first line is all that a health check needs. */
static void print_text(const struct status *status)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
	const struct health *health = &status->health;

	strbuf_add_escaped(&line, health->why, strlen(health->why));
	printf("%s: %s\n", health->healthy ? "healthy" : "unhealthy", line.buf);
	print_runs(status);
	print_snapshots(status);
	print_room(status);
	print_services(status);
}

static json_t *run_json(bool was, const struct history_entry *entry, struct instant now)
{
	if (!was)
		return json_null();
	CLEANUP(freep) char *time = instant_rfc3339(&entry->start);

	return json_pack("{s:s, s:I, s:I, s:s, s:i, s:f, s:o, s:o}", "time", time,
			 "epoch", (json_int_t)entry->start.epoch, "age",
			 (json_int_t)(now.epoch - entry->start.epoch), "result",
			 report_result_name(entry->result), "exit", entry->exit_code,
			 "duration", entry->duration, "reason", json_text(entry->reason),
			 "snapshot",
			 *entry->snapshot ? json_text(entry->snapshot) : json_null());
}

static json_t *names_json(const struct strvec *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_text(names->v[i]));
	return list;
}

/* [{"name", "tier", "verified", "verdict"}] */
static json_t *each_json(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->each_n; i++) {
		const struct status_verified *v = &status->each[i];
		const bool was = v->verdict.time > 0;

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o}", "name", v->name, "tier",
					snapshot_tier_name(v->tier), "verified",
					was ? json_integer((json_int_t)v->verdict.time)
					    : json_null(),
					"verdict",
					was ? json_string(verdict_name(v->verdict.kind))
					    : json_null()));
	}
	return list;
}

static json_t *snapshots_json(const struct status *status)
{
	json_t *object = json_object();

	for (int i = 0; i < SNAPSHOT_TIERS; i++)
		json_object_set_new(object, snapshot_tier_name((enum snapshot_tier)i),
				    json_integer(status->tiers[i]));
	json_object_set_new(object, "incomplete", json_integer(status->incomplete));
	json_object_set_new(object, "verified", json_integer(status->verified));
	json_object_set_new(object, "last_verified",
			    status->last_verified > 0
				    ? json_integer((json_int_t)status->last_verified)
				    : json_null());
	json_object_set_new(object, "damaged", names_json(&status->damaged));
	json_object_set_new(object, "bad_manifests", names_json(&status->bad_manifests));
	json_object_set_new(object, "each", each_json(status));
	return object;
}

static json_t *size_json(const struct status *status)
{
	if (!status->sized)
		return json_null();
	return json_pack("{s:I, s:I}", "bytes", (json_int_t)status->size, "measured",
			 (json_int_t)status->sized_at);
}

/* {"trend", "days"} */
static json_t *end_json(const struct forecast *forecast)
{
	static const char *const words[] = {
		[FORECAST_UNKNOWN] = "unknown",
		[FORECAST_NOT_FILLING] = "not filling",
		[FORECAST_FILLING] = "filling",
	};

	return json_pack("{s:s, s:o}", "trend", words[forecast->kind], "days",
			 forecast->kind == FORECAST_FILLING ? json_real(forecast->days)
							    : json_null());
}

static json_t *room_json(const struct status *status)
{
	const struct destination_room *room = &status->room;
	bool has = status->has_room, inodes = room->inodes > 0;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o}", "size_bytes",
		has ? json_integer((json_int_t)room->bytes) : json_null(), "free_bytes",
		has ? json_integer((json_int_t)room->free_bytes) : json_null(),
		"bytes_full", end_json(&status->bytes_end), "inodes",
		inodes ? json_integer((json_int_t)room->inodes) : json_null(),
		"free_inodes",
		inodes ? json_integer((json_int_t)room->free_inodes) : json_null(),
		"inodes_full", end_json(&status->inodes_end));
}

static void print_json(const struct status *status)
{
	const struct health *health = &status->health;
	CLEANUP(json_freep)
	json_t *object = json_pack(
		"{s:b, s:o, s:b, s:o, s:o, s:o, s:o, s:n, s:o, s:o, s:o, s:o, s:o}",
		"healthy", health->healthy, "why", json_text(health->why), "running",
		health->running, "holder",
		*health->holder ? json_text(health->holder) : json_null(), "last",
		run_json(health->ran, &health->last, status->now), "last_good",
		run_json(status->was_good, &status->good, status->now), "last_bad",
		run_json(status->was_bad, &status->bad, status->now), "next", "snapshots",
		snapshots_json(status), "size", size_json(status), "destination",
		room_json(status), "services_down",
		status->services == STATUS_SERVICES_UNKNOWN ? json_null()
							    : names_json(&status->down),
		"services_error",
		status->services_error ? json_text(status->services_error) : json_null());

	json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
}

static void print_prometheus(const struct status *status, const char *destination)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	metrics_print(status, destination, &text);
	fwrite(text.buf, 1, text.len, stdout);
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false, prometheus = false;
	const struct command_option options[] = {{"json", &json, NULL},
						 {"prometheus", &prometheus, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(status_release) struct status status = {0};
	struct error err;

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	if (json && prometheus)
		return command_wrong(command, "--json does not go with", "--prometheus");
	if (status_look(&config, clock_now(), &status, &err) < 0) {
		CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
		strbuf_add_escaped(&line, err.msg, strlen(err.msg));
		fprintf(stderr, "backup status: %s\n", line.buf);
		return EXIT_FAILED;
	}
	if (json)
		print_json(&status);
	else if (prometheus)
		print_prometheus(&status, config.dest);
	else
		print_text(&status);
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return status.health.healthy ? EXIT_OK : EXIT_FAILED;
}

const struct command command_status = {
	.name = "status",
	.summary =
		"tell whether backups are well, as a health check does, and how they are",
	.usage =
		"usage: backup status [--json | --prometheus]\n"
		"\n"
		"Says in its first line whether backups to BACKUP_DEST are well, and why. They\n"
		"are while a run is under way, for not longer than MAX_AGE, if that is set;\n"
		"otherwise when the last one succeeded, be it with warnings, and began not longer\n"
		"than MAX_AGE ago, no service is left down by a run that died, and the last\n"
		"verification of each snapshot found no damage. A partial run is not good: nothing\n"
		"is removed until the files that could not be read are back.\n"
		"\n"
		"Below it: the last good and the last bad run, the snapshots, what they take on\n"
		"the disk, as 'backup list --size' measured it last, and when that was, what is\n"
		"free there and, going by the last 30 days, in how many days it is full, and\n"
		"services that are down, unless SCALE=off. Writes nothing, and is in no run's way.\n"
		"\n"
		"  --json        the same and more, as an object\n"
		"  --prometheus  as metrics; METRICS_FILE has each run leave them in a file\n"
		"\n"
		"Exit codes: 0 well, 1 not, or not to be told, 2 wrong usage or configuration.\n"
		"\n"
		"example: MAX_AGE=26h backup status\n",
	.run = run,
};
