/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What came of a run: for the log's last lines, the history, and whoever else is told.
 */
#pragma once

#include <stddef.h>

#include "base/civil.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "model/snapshot.h"

enum report_result {
	REPORT_OK,
	REPORT_WARNINGS, /* done, and something needs a look */
	REPORT_PARTIAL,	 /* a snapshot without the files that could not be read */
	REPORT_FAILED,
	REPORT_INTERRUPTED, /* by a signal */
};

/* Exit codes of the program; 128 + n when signal n ended the run. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PARTIAL = 3,
	EXIT_LOCKED = 75, /* EX_TEMPFAIL of sysexits.h: try again later */
	EXIT_SIGNAL = 128,
};

/* A service that was down during the copy. */
struct report_service {
	char *name;
	int64_t replicas; /* -1: global */
	double downtime;  /* seconds from its update to all of its tasks running again */
	char *error;	  /* why it is not back; NULL when it is */
};

struct report {
	enum report_result result;
	int exit_code;
	const char *reason; /* of a failure; borrowed; NULL when there is none */
	bool dry_run;
	struct instant start;
	double duration; /* seconds */
	char *snapshot;	 /* its name, NULL when none was published; owned */
	struct snapshot_counts counts;
	unsigned warnings;
	unsigned removed; /* snapshots */
	unsigned kept;
	unsigned damaged;     /* snapshots found damaged by what it read again */
	uint64_t free_bytes;  /* left on the destination, 0: unknown */
	uint64_t free_inodes; /* likewise */
	struct report_service *services; /* owned */
	size_t services_n, services_cap;
};

void report_release(struct report *report);

/* Copies the strings; `error` may be NULL. */
void report_add_service(struct report *report, const char *name, int64_t replicas,
			double downtime, const char *error);

/* [{"name", "replicas", "downtime", "error"}], or NULL when no service was stopped. */
json_t *report_services_json(const struct report *report);

const char *report_result_name(enum report_result result);

/* The result of that name; false when there is none. */
bool report_result_parse(const char *name, enum report_result *ret_result);

/* "succeeded", "succeeded with warnings", "is partial", "failed", "was interrupted". */
const char *report_result_words(enum report_result result);

/*
 * Lines for the end of the log, such as
 *
 *	1,204 files, 310 directories, 1.2 GiB
 *	3 new, 2 changed: 4.5 MiB copied
 *	1,199 linked: 1.2 GiB, 99.6 % of all
 */
void report_summary(const struct report *report, struct strvec *ret_lines);

/* All of it in lines "Name:  what", those left out of which there is nothing to say. */
void report_overview(const struct report *report, struct strbuf *out);
