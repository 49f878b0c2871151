/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Running programs: their ends, their output, and ours when we are asked to stop. */
#include "scratch.h"

#include <errno.h>
#include <signal.h>

#include "sys/clock.h"
#include "sys/process.h"

struct heard {
	struct strbuf text; /* "1:line\n" or "2:line\n", unless there are too many */
	size_t lines, bytes, longest;
};

static void hear(void *ctx, enum process_stream stream, const char *line, size_t len)
{
	struct heard *heard = ctx;

	assert_int_equal(line[len], '\0');
	heard->lines++;
	heard->bytes += len;
	if (len > heard->longest)
		heard->longest = len;
	if (heard->lines < 100) {
		strbuf_addf(&heard->text, "%d:", stream == PROCESS_STDERR ? 2 : 1);
		strbuf_add(&heard->text, line, len);
		strbuf_addch(&heard->text, '\n');
	}
}

static const struct process defaults = {.stdin_fd = -1, .keep_fd = -1, .cancel_fd = -1};

/* Runs a line of shell, with all else as in `p`. */
static struct process_result run_as(const struct process *p, const char *script,
				    struct heard *heard)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, xstrdup(script), NULL};
	struct process process = *p;
	struct process_result result = {.code = -1};
	struct error err = {.msg = ""};

	process.argv = argv;
	process.on_line = heard ? hear : NULL;
	process.ctx = heard;
	if (process_run(&process, &result, &err) < 0)
		fail_msg("%s", err.msg);
	free(argv[2]);
	return result;
}

static void ends(const struct process *p, const char *script, enum process_end end,
		 int code)
{
	struct process_result result = run_as(p, script, NULL);

	if (result.end != end || result.code != code)
		fail_msg("'%s' ended as %d with %d", script, (int)result.end,
			 result.code);
}

static void says(const struct process *p, const char *script, const char *text)
{
	struct heard heard = {.text = STRBUF_INIT};

	run_as(p, script, &heard);
	assert_string_equal(heard.text.buf, text);
	strbuf_release(&heard.text);
}

static void test_ends(void **state)
{
	(void)state;
	ends(&defaults, "exit 0", PROCESS_EXITED, 0);
	ends(&defaults, "exit 23", PROCESS_EXITED, 23);
	ends(&defaults, "exit 255", PROCESS_EXITED, 255);
	ends(&defaults, "kill -KILL $$", PROCESS_SIGNALED, SIGKILL);
	ends(&defaults, "kill -TERM $$", PROCESS_SIGNALED, SIGTERM);
	ends(&defaults, "echo x; echo y >&2", PROCESS_EXITED, 0);
	ends(&defaults, "exec >&- 2>&-; sleep 0.3; exit 4", PROCESS_EXITED, 4);
}

static void test_cannot_start(void **state)
{
	char *missing[] = {(char[]){"no-such-program-anywhere"}, NULL};
	char *directory[] = {(char[]){"/tmp"}, NULL};
	struct process process = defaults;
	struct process_result result = {.code = 4711};
	struct error err = {.msg = ""};

	(void)state;
	process.argv = missing;
	assert_int_equal(process_run(&process, &result, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "'no-such-program-anywhere'"));
	assert_int_equal(result.code, 4711);
	process.argv = directory;
	assert_int_equal(process_run(&process, &result, &err), -EACCES);
	/* nothing stays behind: no child to wait for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_lines(void **state)
{
	(void)state;
	says(&defaults, "", "");
	says(&defaults, "echo a; echo b", "1:a\n1:b\n");
	says(&defaults, "printf 'a\\n\\nb'", "1:a\n1:\n1:b\n");
	says(&defaults, "printf 'no end'", "1:no end\n");
	says(&defaults, "printf 'one '; sleep 0.2; printf 'li'; sleep 0.2; echo ne",
	     "1:one line\n");
	says(&defaults, "echo problem >&2", "2:problem\n");
	says(&defaults, "printf 'a\\033\\377\\n'", "1:a\033\377\n");
}

/* Output that nobody listens to must not block the program. */
static void test_large_output(void **state)
{
	struct heard heard = {.text = STRBUF_INIT};

	(void)state;
	scratch_alarm(60);
	ends(&defaults, "yes | head -c 5000000; exit 5", PROCESS_EXITED, 5);
	run_as(&defaults, "yes abc | head -n 300000; yes def | head -n 200000 >&2",
	       &heard);
	assert_int_equal(heard.lines, 500000);
	assert_int_equal(heard.bytes, 1500000);
	strbuf_release(&heard.text);
	scratch_alarm(0);
}

static void test_endless_line(void **state)
{
	struct heard heard = {.text = STRBUF_INIT};

	(void)state;
	run_as(&defaults, "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end",
	       &heard);
	assert_int_equal(heard.bytes, 1000003);
	assert_true(heard.longest >= 64 * 1024 && heard.longest < 100 * 1024);
	assert_true(heard.lines > 10 && heard.lines < 20);
	assert_string_equal(heard.text.buf + heard.text.len - 6, "1:end\n");
	strbuf_release(&heard.text);
}

static void test_surroundings(void **state)
{
	struct process process = defaults;

	(void)state;
	says(&defaults, "cat; echo $?", "1:0\n");
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	says(&defaults, "echo $LC_ALL", "1:C\n");
	unsetenv("LC_ALL");
	/* default signals, although we ignore one and block another */
	sigset_t block;
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* of the first 31; 32 and 33 are the C library's own, whoever set them */
	says(&defaults,
	     "grep -E '^Sig(Ign|Blk)' /proc/$$/status | "
	     "while read key value; do echo $key $((0x$value & 0x7fffffff)); done",
	     "1:SigBlk: 0\n1:SigIgn: 0\n");
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	/* a group of its own */
	says(&defaults, "[ \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ ] && echo leads",
	     "1:leads\n");
	scratch_write(scratch_fd(), "in", "from a file\n");
	CLEANUP(closep) int fd = openat(scratch_fd(), "in", O_RDONLY | O_CLOEXEC);
	process.stdin_fd = fd;
	says(&process, "cat", "1:from a file\n");
}

/* Descriptors are ours alone, but for the one that is to be kept. */
static void test_keep_fd(void **state)
{
	struct process process = defaults;
	char script[80];

	(void)state;
	scratch_write(scratch_fd(), "kept", "x");
	CLEANUP(closep) int kept = openat(scratch_fd(), "kept", O_RDWR | O_CLOEXEC);
	CLEANUP(closep) int other = openat(scratch_fd(), "kept", O_RDWR | O_CLOEXEC);
	assert_true(kept >= 0 && other >= 0);
	process.keep_fd = kept;
	snprintf(script, sizeof(script),
		 "for fd in /proc/$$/fd/*; do [ ${fd##*/} -lt 3 ] || readlink $fd; done");
	CLEANUP(freep) char *line = xasprintf("1:%s/kept\n", scratch_path());
	says(&process, script, line);
	says(&defaults, script, "");
	assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
}

static void test_deadline(void **state)
{
	struct process process = defaults;
	double start = clock_monotonic();

	(void)state;
	process.deadline = 0.5;
	ends(&process, "exec sleep 60", PROCESS_TIMED_OUT, SIGTERM);
	assert_true(clock_monotonic() - start < 5);
	/* a program that tidies up and ends by itself has timed out all the same */
	ends(&process, "trap 'exit 7' TERM; sleep 60 & wait", PROCESS_TIMED_OUT, 7);
	ends(&process, "exit 3", PROCESS_EXITED, 3);
}

/* The whole group goes, what the program itself started too. */
static void test_deadline_kills_the_group(void **state)
{
	struct process process = defaults;
	char script[200];

	(void)state;
	process.deadline = 0.5;
	snprintf(script, sizeof(script),
		 "(sleep 3; touch %s/survived) & (sleep 3; touch %s/survived) & wait",
		 scratch_path(), scratch_path());
	ends(&process, script, PROCESS_TIMED_OUT, SIGTERM);
	sleep(4);
	assert_false(scratch_has(scratch_fd(), "survived"));
}

/* SIGTERM ignored: SIGKILL after ten seconds. */
static void test_deadline_ignored(void **state)
{
	struct process process = defaults;
	double start = clock_monotonic();

	(void)state;
	process.deadline = 0.2;
	ends(&process, "trap '' TERM; while :; do sleep 1; done", PROCESS_TIMED_OUT,
	     SIGKILL);
	double took = clock_monotonic() - start;
	assert_true(took > 9 && took < 15);
}

static void test_cancel(void **state)
{
	struct process process = defaults;
	double start = clock_monotonic();
	int wake[2];

	(void)state;
	assert_int_equal(pipe2(wake, O_CLOEXEC), 0);
	process.cancel_fd = wake[0];
	ends(&process, "exit 2", PROCESS_EXITED, 2); /* not readable: nothing happens */
	assert_int_equal(write(wake[1], "!", 1), 1);
	ends(&process, "exec sleep 60", PROCESS_CANCELLED, SIGTERM);
	ends(&process, "exec sleep 60 >/dev/null 2>&1", PROCESS_CANCELLED, SIGTERM);
	assert_true(clock_monotonic() - start < 5);
	close(wake[0]);
	close(wake[1]);
}

/* What was left running with our pipes open does not keep us. */
static void test_left_behind(void **state)
{
	double start = clock_monotonic();

	(void)state;
	ends(&defaults, "sleep 60 & echo started; exit 6", PROCESS_EXITED, 6);
	assert_true(clock_monotonic() - start < 10);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* The child ends when we do, however we end. */
static void test_dies_with_us(void **state)
{
	int pipe_fd[2];
	char line[32] = "";

	(void)state;
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct process process = defaults;
		process.keep_fd = pipe_fd[1];
		char script[80];
		snprintf(script, sizeof(script), "echo $$ >&%d; exec sleep 60",
			 pipe_fd[1]);
		run_as(&process, script, NULL);
		_exit(0);
	}
	close(pipe_fd[1]);
	assert_true(read(pipe_fd[0], line, sizeof(line) - 1) > 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	scratch_alarm(10);
	assert_int_equal(read(pipe_fd[0], line, sizeof(line)),
			 0); /* the last one is gone */
	scratch_alarm(0);
	close(pipe_fd[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ends),
		TEST(test_cannot_start),
		TEST(test_lines),
		TEST(test_large_output),
		TEST(test_endless_line),
		TEST(test_surroundings),
		TEST(test_keep_fd),
		TEST(test_deadline),
		TEST(test_deadline_kills_the_group),
		TEST(test_deadline_ignored),
		TEST(test_cancel),
		TEST(test_left_behind),
		TEST(test_dies_with_us),
	};

	/* what we were started with is not our doing */
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	setenv("PATH", "/usr/bin:/bin", 1);
	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
