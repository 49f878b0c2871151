/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * .backup/history.jsonl: a line of JSON for each run, failed ones too. What turns out later
 * is added in a line of its own, which whoever reads runs passes over, as it has no result:
 *
 *	{"time":1795402800,"utc_offset":3600,"result":"ok","exit":0,...}
 *	{"time":1795402800,"utc_offset":3600,"mail_error":"..."}    of the run of that time
 *
 * Likewise what each 'backup verify' came to:
 *
 *	{"time":1795404800,"utc_offset":3600,"verified":["..."],"damaged":0}
 */
#pragma once

#include "base/civil.h"
#include "base/error.h"
#include "model/report.h"
#include "store/store.h"

/* Appends a line of a run; history_sync() brings it to the disk. */
int history_append(const struct store *store, const struct report *report,
		   struct error *err);

/* Likewise a line that amends the run's: not everybody was told of it by mail. */
int history_amend(const struct store *store, const struct report *report,
		  const char *mail_error, struct error *err);
int history_sync(const struct store *store, struct error *err);

/*
 * A line, which comes to the disk, and without the lock: these snapshots were verified, so
 * many are damaged.
 */
int history_append_verified(const struct store *store, struct instant time,
			    const struct strvec *names, unsigned damaged,
			    struct error *err);

/* What a line says of a run. */
struct history_entry {
	struct instant start;
	enum report_result result;
	int exit_code;
	double duration; /* seconds */
	char *reason;	 /* of a failure, or "" */
	char *snapshot;	 /* its name, or "" */
	int64_t files, bytes, bytes_copied;
	int64_t free_bytes, free_inodes; /* left when it ended; -1: not known */
};

/* For CLEANUP(). */
void history_entry_release(struct history_entry *entry);

/* Makes `to`, which was released or is zeroed, the same with strings of its own. */
void history_entry_copy(struct history_entry *to, const struct history_entry *from);

/*
 * Calls `visit` for each run, the last one first, until it returns false: as far back as
 * the last MiB of the file reaches. What it is given lasts as long as the call. Lines that
 * are none are passed over.
 */
int history_each(const struct store *store,
		 bool (*visit)(void *ctx, const struct history_entry *entry), void *ctx,
		 struct error *err);

/*
 * The last run that there was: 1, or 0 when there was none, or -errno. A line that a
 * crash cut short does not count, nor does a run that found the destination held by
 * another one, since it did not get to do anything.
 */
int history_last(const struct store *store, struct history_entry *ret_entry,
		 struct error *err);
