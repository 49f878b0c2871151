/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * How the kernel serves this thread among others, and all threads and processes that it
 * starts from then on.
 */
#pragma once

/* For good: without privilege a nice value can only rise. -errno. */
int priority_set_nice(int nice);

/*
 * The I/O priority, class and level as in ioprio_set(2), which only some schedulers of
 * block devices look at. What it was goes to `ret_before`, to be set again (NULL: it does
 * not matter). -errno.
 */
int priority_set_io(int priority, int *ret_before);

enum { PRIORITY_IO_IDLE = 3 << 13 };
