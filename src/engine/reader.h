/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Opens files of the source, and of bases, to read them: without following a link, without
 * leaving a trace where that is allowed (O_NOATIME), and without waiting for the other end
 * of a FIFO that has come in place of a file.
 *
 * Whom somebody holds a lease on (fcntl(2), F_SETLEASE; file servers do) is waited for:
 * the kernel asks the holder to give it up and takes it away after
 * /proc/sys/fs/lease-break-time, which is 45 seconds unless somebody changed it.
 */
#pragma once

#include "engine/pass.h"

/* The descriptor, or -1 with errno; ECANCELED: told to stop meanwhile. */
int reader_open(struct pass *pass, int dirfd, const char *name);
