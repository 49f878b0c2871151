/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/lock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys/clock.h"

enum { POLL_MS = 100 };

int lock_take(int fd, double wait, int cancel_fd, struct error *err)
{
	double until = clock_monotonic() + wait;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_set(err, -errno, "lock");
		if (clock_monotonic() >= until)
			return -EWOULDBLOCK;
		struct pollfd poll_fd = {.fd = cancel_fd, .events = POLLIN};
		if (poll(&poll_fd, 1, POLL_MS) > 0)
			return error_say(err, -EINTR,
					 "interrupted while waiting for the lock");
	}
	return 0;
}

void lock_sign(int fd, const char *line)
{
	if (ftruncate(fd, 0) == 0 && pwrite(fd, line, strlen(line), 0) >= 0 &&
	    pwrite(fd, "\n", 1, (off_t)strlen(line)) >= 0)
		return;
}

void lock_holder(int fd, struct strbuf *ret_line)
{
	char line[256];
	ssize_t n = pread(fd, line, sizeof(line), 0);

	while (n > 0 && line[n - 1] == '\n')
		n--;
	if (n > 0)
		strbuf_add_escaped(ret_line, line, (size_t)n);
}
