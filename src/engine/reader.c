/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "sys/clock.h"

enum {
	LEASE_WAIT = 60, /* seconds */
	AGAIN = 20,	 /* milliseconds between two attempts */
};

static int open_once(struct pass *pass, int dirfd, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;

	if (!atomic_load_explicit(&pass->no_noatime, memory_order_relaxed)) {
		int fd = openat(dirfd, name, flags | O_NOATIME);
		if (fd >= 0 || errno != EPERM)
			return fd;
		if (geteuid() != 0) /* some files are others' */
			return openat(dirfd, name, flags);
		atomic_store(&pass->no_noatime, true);
	}
	return openat(dirfd, name, flags);
}

int reader_open(struct pass *pass, int dirfd, const char *name)
{
	double until = 0;

	for (;;) {
		int fd = open_once(pass, dirfd, name);
		if (fd >= 0 || errno != EWOULDBLOCK)
			return fd;
		struct pollfd cancel = {.fd = pass->job->cancel_fd, .events = POLLIN};
		double now = clock_monotonic();
		if (until == 0)
			until = now + LEASE_WAIT;
		if (now > until) {
			errno = EWOULDBLOCK;
			return -1;
		}
		if (poll(&cancel, 1, AGAIN) > 0 || pass_stopped(pass)) {
			errno = ECANCELED;
			return -1;
		}
	}
}
