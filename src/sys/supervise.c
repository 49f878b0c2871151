/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t child;

/* Shared with the work: 0, or 1 more than what it settled. NULL: there is no supervisor. */
static volatile sig_atomic_t *settled;

static void pass_on(int signo)
{
	int saved = errno;

	if (child > 0)
		kill(child, signo);
	errno = saved;
}

static void set_handlers(void (*handler)(int))
{
	const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static void block(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(how, &set, NULL);
}

static void share(void)
{
	void *page = mmap(NULL, sizeof(*settled), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	settled = page == MAP_FAILED ? NULL : page;
}

void supervise_settle(int code)
{
	if (settled)
		*settled = code + 1;
}

int supervise_settled(void)
{
	return settled ? *settled - 1 : -1;
}

int supervise(int (*work)(void *ctx), void *ctx)
{
	pid_t parent = getpid();
	int status = 0;

	share();
	/* a signal that comes before the child is known waits until it is */
	block(SIG_BLOCK);
	set_handlers(pass_on);
	pid_t pid = fork();
	if (pid == 0) {
		set_handlers(SIG_DFL);
		block(SIG_UNBLOCK);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			raise(SIGTERM);
		exit(work(ctx));
	}
	child = pid;
	block(SIG_UNBLOCK);
	if (pid < 0)
		return work(ctx); /* no process to be had: go on without */

	for (;;) {
		pid_t ended = waitpid(-1, &status, 0);
		if (ended == pid && WIFSIGNALED(status))
			return -WTERMSIG(status);
		if (ended == pid)
			return WEXITSTATUS(status);
		if (ended < 0 && errno != EINTR)
			return EXIT_FAILURE;
	}
}
