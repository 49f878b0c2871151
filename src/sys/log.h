/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Where a run tells what it does: lines "[YYYY-MM-DD HH:MM:SS] text" to a stream, to a
 * file kept across runs, to a file of this run alone, and to memory.
 *
 * Control characters in the text are escaped, so that a file's name cannot forge a line.
 * A destination that cannot be written is given up, said once on the others, and never
 * an error: a backup is worth more than its log. Not for threads.
 *
 * Where the stream is a terminal it may have a line at its end that is rewritten in place,
 * and warnings and errors have colours.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

struct log;

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

/*
 * How much is told from now on, by all logs of this process. LOG_QUIET: streams get
 * warnings and errors alone, and no line in place; files and memory still get all.
 * LOG_VERBOSE: everybody gets log_detail(), too.
 */
void log_set_level(enum log_level to);

/* Logs to `stream` (borrowed; NULL: to memory only). */
struct log *log_new(FILE *stream);
void log_free(struct log *log); /* also removes this run's own file */
void log_freep(struct log **log);

/*
 * Also appends to `path`. When it reaches 10 MiB it becomes path.1, path.1 becomes
 * path.2, and so on; three old ones are kept.
 */
int log_add_file(struct log *log, const char *path, struct error *err);

/*
 * Also writes DIR/backup_run_<PID>.log, mode 0600, which is ours alone and removed by
 * log_free(). What an earlier process of the same number left there is replaced if it is
 * a plain file of our own; anything else by that name is refused.
 */
int log_add_run_file(struct log *log, const char *dir, pid_t pid, struct error *err);

/*
 * Takes the run file that process `pid` left in `dir` when it was killed into memory, so
 * that log_text() begins with it, and removes it.
 */
void log_adopt_run_file(struct log *log, const char *dir, pid_t pid);

/* What only those want to know who asked for more. */
void log_detail(struct log *log, const char *fmt, ...) PRINTF(2, 3);
void log_info(struct log *log, const char *fmt, ...) PRINTF(2, 3);
void log_warn(struct log *log, const char *fmt, ...)
	PRINTF(2, 3); /* "WARNING: " before */
void log_error(struct log *log, const char *fmt, ...) PRINTF(2, 3); /* "ERROR: " before */

/* Whether log_status() has anywhere to show it. */
bool log_has_status(const struct log *log);

/*
 * Shows the text in place of the one before, below all lines, as far as the terminal is
 * wide. "": takes it away, also one that another process left there when it was killed.
 */
void log_status(struct log *log, const char *text);

/* How many warnings there were. */
unsigned log_warnings(const struct log *log);

/* The last error logged, or NULL: what a report calls the reason. */
const char *log_last_error(const struct log *log);

/* The run so far; where there was too much of it, its beginning and its end. */
void log_text(const struct log *log, struct strbuf *out);
