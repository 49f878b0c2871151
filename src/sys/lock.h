/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * One writer at a time, by flock(2): the kernel lets go of it when the last process
 * that holds the descriptor ends, however it ends. A child that still writes must hold
 * it too (struct process, keep_fd).
 *
 * flock works across containers and, since Linux 2.6.12, across NFS clients.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Locks an open file, waiting up to `wait` seconds or until `cancel_fd` (-1: none) is
 * readable. Returns 0; -EWOULDBLOCK when somebody else has it; -EINTR when cancelled.
 */
int lock_take(int fd, double wait, int cancel_fd, struct error *err);

/*
 * Whether somebody has taken it, looked at with a shared lock that lasts for a moment; a
 * file open for reading will do. lock_take() waits for that moment to pass, whatever its
 * `wait`. 1, 0 or -errno.
 */
int lock_is_held(int fd, struct error *err);

/*
 * Leaves a line about us in the locked file, for others to read. What cannot be written
 * (a full disk) is left out: the line is for people, the lock is what counts. NULL takes it
 * away.
 */
void lock_sign(int fd, const char *line);

/* What the holder wrote, escaped for printing; "" when nothing. */
void lock_holder(int fd, struct strbuf *ret_line);
