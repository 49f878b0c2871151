/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Runs a program to its end: an argument vector, never a shell; its output line by line;
 * a deadline; an end when we are asked to end ourselves.
 *
 * The child gets a process group of its own, is killed by the kernel if we die first,
 * starts with default signals and an empty standard input unless given one, and runs
 * with LC_ALL=C so that its messages can be understood. When time is up or `cancel_fd`
 * becomes readable the group gets SIGTERM and, ten seconds later, SIGKILL.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

enum process_stream {
	PROCESS_STDOUT,
	PROCESS_STDERR,
};

enum process_end {
	PROCESS_EXITED,	   /* code: exit status */
	PROCESS_SIGNALED,  /* code: the signal, not one we sent */
	PROCESS_TIMED_OUT, /* we ended it */
	PROCESS_CANCELLED, /* we ended it */
};

struct process {
	char *const *argv; /* argv[0] is looked up in PATH */
	int stdin_fd;	   /* -1: /dev/null */
	int keep_fd;	   /* inherited by the child (a lock it shares with us), or -1 */
	int cancel_fd;	   /* or -1 */
	double deadline;   /* seconds, 0: none */

	/*
	 * Called for each line, without its newline; longer ones than 64 KiB come in
	 * pieces. NULL: the output is read and thrown away.
	 */
	void (*on_line)(void *ctx, enum process_stream stream, const char *line,
			size_t len);
	void *ctx;
};

struct process_result {
	enum process_end end;
	int code;
};

/* -errno only when it could not be started (-ENOENT: no such program) or watched. */
int process_run(const struct process *p, struct process_result *ret, struct error *err);

/*
 * Opens /dev/null for each of the standard descriptors that is missing, so that no file
 * of ours gets its number. Ends the process when even that is not possible.
 */
void process_take_standard_descriptors(void);
