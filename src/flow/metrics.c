/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "sys/clock.h"
#include "sys/outfile.h"

/* A label's value: UTF-8, with a backslash before what would end it. */
static void add_escaped(struct strbuf *out, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT;
	const size_t len = strlen(text);
	bool valid = true;

	for (size_t i = 0, n; valid && i < len; i += n) {
		n = utf8_length((const unsigned char *)text + i, len - i);
		valid = n > 0;
	}
	if (valid)
		strbuf_add(&plain, text, len);
	else
		strbuf_add_escaped(&plain, text, len);
	for (const char *c = plain.buf; *c; c++) {
		if (*c == '\\' || *c == '"')
			strbuf_addch(out, '\\');
		if (*c == '\n')
			strbuf_addstr(out, "\\n");
		else
			strbuf_addch(out, *c);
	}
}

struct page {
	struct strbuf *out;
	char *destination; /* escaped */
	const char *name;  /* of the metric that is begun */
};

static void begin(struct page *page, const char *name, const char *help)
{
	page->name = name;
	strbuf_addf(page->out, "# HELP backup_%s %s\n# TYPE backup_%s gauge\n", name,
		    help, name);
}

/* `label` and its value are words of ours; NULL: none. */
static void add(const struct page *page, const char *label, const char *value,
		double number)
{
	strbuf_addf(page->out, "backup_%s{destination=\"%s\"", page->name,
		    page->destination);
	if (label)
		strbuf_addf(page->out, ",%s=\"%s\"", label, value);
	strbuf_addf(page->out, "} %.*f\n", number == (double)(int64_t)number ? 0 : 6,
		    number);
}

static void add_one(struct page *page, const char *name, const char *help, double number)
{
	begin(page, name, help);
	add(page, NULL, NULL, number);
}

static void add_runs(struct page *page, const struct status *status)
{
	const struct history_entry *last = &status->health.last;

	if (status->health.ran) {
		add_one(page, "last_run_timestamp_seconds", "When the last run began.",
			(double)last->start.epoch);
		add_one(page, "last_run_duration_seconds", "How long it took.",
			last->duration);
		begin(page, "last_run_status",
		      "What came of it: 1 for that, 0 for all else.");
		for (int i = 0; i <= REPORT_INTERRUPTED; i++)
			add(page, "status", report_result_name((enum report_result)i),
			    (int)last->result == i);
		add_one(page, "last_run_exit_code", "The exit code it ended with.",
			last->exit_code);
		add_one(page, "last_run_files", "Files in its snapshot.",
			(double)last->files);
		add_one(page, "last_run_size_bytes", "Their length.",
			(double)last->bytes);
		add_one(page, "last_run_copied_bytes",
			"Length of those that were copied.", (double)last->bytes_copied);
	}
	if (status->was_good)
		add_one(page, "last_success_timestamp_seconds",
			"When the last run began that succeeded.",
			(double)status->good.start.epoch);
	if (status->was_bad)
		add_one(page, "last_failure_timestamp_seconds",
			"When the last run began that did not succeed.",
			(double)status->bad.start.epoch);
}

static void add_snapshots(struct page *page, const struct status *status)
{
	if (status->listed) {
		begin(page, "snapshots", "Snapshots there are.");
		for (int i = 0; i < SNAPSHOT_TIERS; i++)
			add(page, "tier", snapshot_tier_name((enum snapshot_tier)i),
			    status->tiers[i]);
		add_one(page, "snapshots_incomplete", "Snapshots that are not complete.",
			status->incomplete);
		add_one(page, "snapshots_verified",
			"Snapshots that were compared with their manifests.",
			status->verified);
		add_one(page, "snapshots_damaged",
			"Snapshots that were not equal to theirs.",
			(double)status->damaged.n);
		add_one(page, "snapshots_bad_manifest",
			"Snapshots whose manifests could not be read.",
			(double)status->bad_manifests.n);
	}
	if (status->last_verified > 0)
		add_one(page, "last_verified_timestamp_seconds",
			"When a snapshot was last compared with its manifest.",
			(double)status->last_verified);
	if (status->sized)
		add_one(page, "snapshots_size_bytes",
			"What all of them took on the disk when it was measured last.",
			(double)status->size);
}

static void add_end(const struct page *page, const char *what,
		    const struct forecast *forecast)
{
	const double day = 24 * 60 * 60;

	if (forecast->kind == FORECAST_FILLING)
		add(page, "resource", what, forecast->days * day);
	else if (forecast->kind == FORECAST_NOT_FILLING)
		strbuf_addf(page->out,
			    "backup_%s{destination=\"%s\",resource=\"%s\"} +Inf\n",
			    page->name, page->destination, what);
}

static void add_room(struct page *page, const struct status *status)
{
	const struct destination_room *room = &status->room;

	if (!status->has_room)
		return;
	add_one(page, "destination_size_bytes", "Size of the destination's file system.",
		(double)room->bytes);
	add_one(page, "destination_free_bytes", "What may still be written there.",
		(double)room->free_bytes);
	if (room->inodes > 0) {
		add_one(page, "destination_inodes", "Inodes of that file system.",
			(double)room->inodes);
		add_one(page, "destination_free_inodes", "Those that are free.",
			(double)room->free_inodes);
	}
	if (status->bytes_end.kind == FORECAST_UNKNOWN &&
	    status->inodes_end.kind == FORECAST_UNKNOWN)
		return;
	begin(page, "destination_full_in_seconds",
	      "In how long nothing is left there, going by the last 30 days.");
	add_end(page, "bytes", &status->bytes_end);
	add_end(page, "inodes", &status->inodes_end);
}

void metrics_print(const struct status *status, const char *destination,
		   struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf escaped = STRBUF_INIT;
	struct page page = {.out = out};

	add_escaped(&escaped, destination);
	page.destination = escaped.buf;
	begin(&page, "build_info", "Version of the program.");
	add(&page, "version", VERSION, 1);
	add_one(&page, "healthy",
		"Whether backups are well: the exit code of backup status.",
		status->health.healthy);
	add_one(&page, "running", "Whether a run holds the destination.",
		status->health.running);
	add_runs(&page, status);
	add_snapshots(&page, status);
	add_room(&page, status);
	if (status->services == STATUS_SERVICES_KNOWN)
		add_one(&page, "services_down",
			"Services that a run stopped and nobody brought back.",
			(double)status->down.n);
}

void metrics_leave(const struct config *config, const struct store *store,
		   const struct report *report, struct log *log)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(status_release) struct status status = {0};
	struct error err;

	if (!*config->metrics_file || config->dry_run)
		return;
	status_after_run(config, store, report, clock_now(), &status);
	metrics_print(&status, config->dest, &text);
	if (outfile_write(config->metrics_file, &text, 0644, false, &err) < 0)
		log_warn(log, "METRICS_FILE '%s': %s, ignoring", config->metrics_file,
			 err.msg);
}
