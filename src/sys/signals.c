/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static int wake[2] = {-1, -1};

static void on_signal(int signo)
{
	int saved = errno;

	if (!caught) {
		caught = signo;
		if (write(wake[1], "!", 1) < 0) {
			/* nothing can be done here, and the flag is set */
		}
	}
	errno = saved;
}

static void end_at_once(int signo)
{
	_exit(128 + signo);
}

void signals_end_as_init(void)
{
	const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = end_at_once};

	if (getpid() != 1)
		return;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

void signals_catch(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		abort();
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

int signals_caught(void)
{
	return caught;
}

const char *signals_name(int signo)
{
	switch (signo) {
	case SIGTERM:
		return "SIGTERM";
	case SIGINT:
		return "SIGINT";
	case SIGHUP:
		return "SIGHUP";
	default:
		return "a signal";
	}
}

bool signals_sleep(int ms)
{
	struct pollfd fd = {.fd = wake[0], .events = POLLIN};

	poll(&fd, 1, ms);
	return !caught;
}

int signals_fd(void)
{
	return wake[0];
}
