/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/priority.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WHO_PROCESS = 1 }; /* IOPRIO_WHO_PROCESS, which is a thread; 0 is ours */

int priority_set_nice(int nice)
{
	return setpriority(PRIO_PROCESS, 0, nice) < 0 ? -errno : 0;
}

int priority_set_io(int priority, int *ret_before)
{
	long before = syscall(SYS_ioprio_get, WHO_PROCESS, 0);

	if (before < 0 || syscall(SYS_ioprio_set, WHO_PROCESS, 0, priority) < 0)
		return -errno;
	if (ret_before)
		*ret_before = (int)before;
	return 0;
}
