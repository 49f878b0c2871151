/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sys/clock.h"
#include "sys/fs.h"

enum {
	LINE_LIMIT = 64 * 1024,
	TICK_MS = 200, /* how often a child that closed its output is looked at */
	GRACE_SECONDS = 10,
	DRAIN_SECONDS = 2, /* for output kept open by what the child left behind */
};

struct output {
	int fd; /* -1 once it ended */
	struct strbuf line;
};

struct running {
	const struct process *p;
	pid_t pid;
	struct output out[2]; /* by enum process_stream */
	bool reaped;
	int status;
	enum process_end end;
	double kill_at; /* 0: not asked to end yet */
};

static void become_child(const struct process *p, int out, int errors, int report,
			 pid_t parent)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigemptyset(&action.sa_mask);
	for (int signo = 1; signo < NSIG; signo++)
		sigaction(signo, &action, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("LC_ALL", "C", 1);

	int in = p->stdin_fd >= 0 ? p->stdin_fd : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(errors, 2) >= 0 &&
	    (p->keep_fd < 0 || fcntl(p->keep_fd, F_SETFD, 0) == 0))
		execvp(p->argv[0], p->argv);

	int code = errno;
	if (write(report, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * Forks and waits until the program itself runs: `report` is closed by a successful
 * exec, and carries the errno of a failed one.
 */
static int start(struct running *run, struct error *err)
{
	int out[2] = {-1, -1}, errors[2] = {-1, -1}, report[2] = {-1, -1};
	pid_t parent = getpid();
	int code = 0;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 ||
	    pipe2(report, O_CLOEXEC) < 0) {
		code = errno;
	} else {
		run->pid = fork();
		if (run->pid == 0)
			become_child(run->p, out[1], errors[1], report[1], parent);
		if (run->pid < 0)
			code = errno;
	}
	closep(&out[1]);
	closep(&errors[1]);
	closep(&report[1]);
	if (code == 0) {
		setpgid(run->pid, run->pid); /* whoever is first, the group is there */
		ssize_t n;
		do
			n = read(report[0], &code, sizeof(code));
		while (n < 0 && errno == EINTR);
		if (n > 0)
			waitpid(run->pid, NULL, 0);
	}
	closep(&report[0]);
	if (code != 0) {
		closep(&out[0]);
		closep(&errors[0]);
		return error_set(err, -code, "start '%s'", run->p->argv[0]);
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(errors[0], F_SETFL, O_NONBLOCK);
	run->out[PROCESS_STDOUT].fd = out[0];
	run->out[PROCESS_STDERR].fd = errors[0];
	return 0;
}

static void tell_line(struct running *run, enum process_stream stream, const char *line,
		      size_t len)
{
	if (run->p->on_line)
		run->p->on_line(run->p->ctx, stream, line, len);
}

static void read_output(struct running *run, enum process_stream stream)
{
	struct output *o = &run->out[stream];
	char chunk[16384];
	ssize_t n = read(o->fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		if (o->line.len > 0)
			tell_line(run, stream, o->line.buf, o->line.len);
		strbuf_reset(&o->line);
		close(o->fd);
		o->fd = -1;
		return;
	}
	const char *p = chunk, *end = chunk + n;
	for (const char *nl; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
		strbuf_add(&o->line, p, (size_t)(nl - p));
		tell_line(run, stream, o->line.buf, o->line.len);
		strbuf_reset(&o->line);
	}
	strbuf_add(&o->line, p, (size_t)(end - p));
	if (o->line.len >= LINE_LIMIT) {
		tell_line(run, stream, o->line.buf, o->line.len);
		strbuf_reset(&o->line);
	}
}

static void ask_to_end(struct running *run, enum process_end why)
{
	if (run->kill_at > 0)
		return;
	run->end = why;
	run->kill_at = clock_monotonic() + GRACE_SECONDS;
	kill(-run->pid, SIGTERM);
}

static void reap(struct running *run)
{
	if (!run->reaped && waitpid(run->pid, &run->status, WNOHANG) == run->pid)
		run->reaped = true;
}

/* Until the child is reaped and its output has ended, or nearly so. */
static void watch(struct running *run)
{
	double stop_at = run->p->deadline > 0 ? clock_monotonic() + run->p->deadline : 0;
	double drain_until = 0;

	for (;;) {
		bool open_output = run->out[0].fd >= 0 || run->out[1].fd >= 0;
		double now = clock_monotonic();

		reap(run);
		if (run->reaped && drain_until == 0)
			drain_until = now + DRAIN_SECONDS;
		if (run->reaped && (!open_output || now > drain_until))
			return;
		if (stop_at > 0 && now > stop_at)
			ask_to_end(run, PROCESS_TIMED_OUT);
		if (run->kill_at > 0 && now > run->kill_at && !run->reaped)
			kill(-run->pid, SIGKILL);

		struct pollfd fds[] = {
			{.fd = run->out[0].fd, .events = POLLIN},
			{.fd = run->out[1].fd, .events = POLLIN},
			{.fd = run->kill_at > 0 ? -1 : run->p->cancel_fd,
			 .events = POLLIN},
		};
		int tick = open_output ? TICK_MS : TICK_MS / 20;
		if (poll(fds, ARRAY_SIZE(fds), tick) <= 0)
			continue;
		if (fds[0].revents)
			read_output(run, PROCESS_STDOUT);
		if (fds[1].revents)
			read_output(run, PROCESS_STDERR);
		if (fds[2].revents && !run->reaped)
			ask_to_end(run, PROCESS_CANCELLED);
	}
}

int process_run(const struct process *p, struct process_result *ret, struct error *err)
{
	struct running run = {
		.p = p,
		.out = {{.fd = -1, .line = STRBUF_INIT_MAX(2 * LINE_LIMIT)},
			{.fd = -1, .line = STRBUF_INIT_MAX(2 * LINE_LIMIT)}},
		.end = PROCESS_EXITED,
	};

	int r = start(&run, err);
	if (r < 0)
		return r;
	watch(&run);
	for (int i = 0; i < 2; i++) {
		closep(&run.out[i].fd);
		strbuf_release(&run.out[i].line);
	}
	if (run.end != PROCESS_EXITED)
		kill(-run.pid, SIGKILL); /* what the group left behind */

	ret->end = run.end;
	ret->code =
		WIFEXITED(run.status) ? WEXITSTATUS(run.status) : WTERMSIG(run.status);
	if (run.end == PROCESS_EXITED && WIFSIGNALED(run.status))
		ret->end = PROCESS_SIGNALED;
	return 0;
}

void process_take_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0) {
		fprintf(stderr, "ERROR: open '/dev/null': %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
	close(fd);
}
