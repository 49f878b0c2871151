/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/courtesy.h"

#include <string.h>

#include "sys/priority.h"

void courtesy_begin(const struct config *config, struct log *log)
{
	int nice = config->nice;
	int r = nice ? priority_set_nice(nice) : 0;

	if (r < 0)
		log_warn(log,
			 "NICE=%d: %s; to go below what we were started with takes "
			 "CAP_SYS_NICE, going on without it",
			 nice, strerror(-r));
}

int courtesy_enter(const struct config *config, bool pre_pass, struct log *log)
{
	int wanted = config->io_priority, before = -1;

	if (wanted < 0)
		wanted = pre_pass ? PRIORITY_IO_IDLE : 0;
	int r = wanted ? priority_set_io(wanted, &before) : 0;
	if (r < 0 && config->io_priority > 0)
		log_warn(log, "IONICE: %s, ignoring", strerror(-r));
	else if (r < 0)
		log_info(log, "the pre-pass cannot be made idle: %s, ignoring",
			 strerror(-r));
	return before;
}

void courtesy_leave(int before, struct log *log)
{
	int r = before < 0 ? 0 : priority_set_io(before, NULL);

	if (r < 0)
		log_warn(log, "set the I/O priority back: %s, ignoring", strerror(-r));
}
