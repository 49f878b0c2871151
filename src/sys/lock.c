/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/lock.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys/clock.h"

enum { POLL_MS = 100, LOOK_MS = 10, LOOK_SECONDS = 10 };

static int try_shared(int fd)
{
	int r;

	do
		r = flock(fd, LOCK_SH | LOCK_NB);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	flock(fd, LOCK_UN);
	return 0;
}

int lock_is_held(int fd, struct error *err)
{
	int r = try_shared(fd);

	if (r == -EWOULDBLOCK)
		return 1;
	return r < 0 ? error_set(err, r, "look at the lock") : 0;
}

int lock_take(int fd, double wait, int cancel_fd, struct error *err)
{
	double until = clock_monotonic() + wait;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_set(err, -errno, "lock");
		/* who only looks at the lock shares it, and must not turn us away */
		bool looked_at = try_shared(fd) == 0;
		if (clock_monotonic() >= until + (looked_at ? LOOK_SECONDS : 0))
			return -EWOULDBLOCK;
		struct pollfd poll_fd = {.fd = cancel_fd, .events = POLLIN};
		if (poll(&poll_fd, 1, looked_at ? LOOK_MS : POLL_MS) > 0)
			return error_say(err, -EINTR,
					 "interrupted while waiting for the lock");
	}
	return 0;
}

void lock_sign(int fd, const char *line)
{
	if (ftruncate(fd, 0) == 0 && line && pwrite(fd, line, strlen(line), 0) >= 0 &&
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
