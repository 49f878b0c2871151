/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/conclude.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/human.h"
#include "flow/destination.h"
#include "flow/metrics.h"
#include "flow/notify.h"
#include "store/history.h"
#include "sys/signals.h"
#include "sys/supervise.h"

static void set_result(struct report *report, int r, const struct error *err,
		       enum snapshot_status status, struct log *log)
{
	report->warnings = log_warnings(log);
	if (signals_caught()) {
		report->result = REPORT_INTERRUPTED;
		report->exit_code = EXIT_SIGNAL + signals_caught();
		log_error(log, "interrupted by %s%s", signals_name(signals_caught()),
			  report->snapshot ? ", after the snapshot was published" : "");
	} else if (r < 0) {
		report->result = REPORT_FAILED;
		report->exit_code = r == -EWOULDBLOCK ? EXIT_LOCKED : EXIT_FAILED;
		log_error(log, "%s%s", err->msg, destination_advice(r));
	} else if (status == SNAPSHOT_PARTIAL) {
		report->result = REPORT_PARTIAL;
		report->exit_code = EXIT_PARTIAL;
		log_error(log,
			  "some files could not be read, see the warnings above; all "
			  "others are in the snapshot");
	} else {
		report->result = report->warnings ? REPORT_WARNINGS : REPORT_OK;
		report->exit_code = EXIT_OK;
	}
	report->reason = log_last_error(log);
}

static void say_end(const struct report *report, struct log *log)
{
	const char *words = report_result_words(report->result);
	char took[HUMAN_MAX], room[HUMAN_MAX];

	if (report->result == REPORT_FAILED || report->result == REPORT_INTERRUPTED)
		log_info(log, "%s %s after %s%s", report->dry_run ? "dry run" : "backup",
			 words, human_duration(report->duration, took),
			 report->removed ? "" : "; no earlier snapshot was changed");
	else
		log_info(log, "%s %s in %s, %s free",
			 report->dry_run ? "dry run" : "backup", words,
			 human_duration(report->duration, took),
			 human_bytes(report->free_bytes, room));
}

/* Not a matter of this snapshot, and so of no exit code. */
static void say_damage(const struct report *report, struct log *log)
{
	if (report->damaged > 0)
		log_info(log,
			 "DAMAGED: %u %s, see the warnings above; 'backup verify --all' "
			 "says what is",
			 report->damaged,
			 human_noun(report->damaged, "snapshot", "snapshots"));
}

static void look_at_room(struct report *report, const struct store *store)
{
	struct destination_room room;

	destination_room(store, &room);
	report->free_bytes = room.free_bytes;
	report->free_inodes = room.free_inodes;
}

static bool has_history(const struct config *config, const struct store *store)
{
	return !config->dry_run && store->path && store_is_ours(store);
}

static void sync_history(const struct store *store, struct log *log)
{
	struct error err;

	if (history_sync(store, &err) < 0)
		log_warn(log, "%s, ignoring", err.msg);
}

/* Also what failed before the destination was looked at, such as a missing source. */
void conclude_write_down(struct report *report, const struct config *config,
			 struct store *store, struct log *log)
{
	struct error err;

	if (!store->path && !config->dry_run)
		store_open(store, config->dest, NULL);
	look_at_room(report, store);
	int r = has_history(config, store) ? history_append(store, report, &err) : 0;
	if (r < 0)
		log_warn(log, "%s, ignoring", err.msg);
	supervise_settle(report->exit_code);
	if (r >= 0 && has_history(config, store))
		sync_history(store, log);
	metrics_leave(config, store, report, log);
}

void conclude_tell(const struct report *report, bool alarm, const struct config *config,
		   const struct store *store, struct log *log)
{
	CLEANUP(freep) char *failed = notify(report, alarm, config, log);
	struct error err;

	if (!failed || !has_history(config, store))
		return;
	if (history_amend(store, report, failed, &err) < 0)
		log_warn(log, "%s, ignoring", err.msg);
	else
		sync_history(store, log);
}

void conclude(struct report *report, int r, const struct error *err,
	      enum snapshot_status status, const struct config *config,
	      struct store *store, struct log *log)
{
	notify_announce(config, log);
	set_result(report, r, err, status, log);
	look_at_room(report, store);
	say_damage(report, log);
	say_end(report, log);
	conclude_write_down(report, config, store, log);
	conclude_tell(report,
		      report->exit_code != EXIT_OK || status == SNAPSHOT_SHRUNK ||
			      report->damaged > 0,
		      config, store, log);
}
