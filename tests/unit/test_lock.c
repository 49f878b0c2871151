/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* One writer at a time, between real processes. */
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>

#include "sys/clock.h"
#include "sys/lock.h"

static int open_lock(void)
{
	int fd = openat(scratch_fd(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

/* A child that holds the lock for `ms`; returns when it has it. */
static pid_t hold(int ms)
{
	int ready[2];
	char c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open_lock();
		if (lock_take(fd, 0, -1, NULL) < 0)
			_exit(1);
		lock_sign(fd, "process 42\x1b on host");
		if (write(ready[1], "!", 1) < 0)
			_exit(1);
		usleep((useconds_t)ms * 1000);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void test_refused(void **state)
{
	CLEANUP(closep) int fd = open_lock();
	CLEANUP(strbuf_release) struct strbuf holder = STRBUF_INIT;
	pid_t pid = hold(60000);
	double start = clock_monotonic();

	(void)state;
	assert_int_equal(lock_take(fd, 0, -1, NULL), -EWOULDBLOCK);
	assert_true(clock_monotonic() - start < 1);
	assert_int_equal(lock_take(fd, 0.5, -1, NULL), -EWOULDBLOCK);
	assert_true(clock_monotonic() - start >= 0.5);
	lock_holder(fd, &holder);
	assert_string_equal(holder.buf, "process 42\\x1b on host");
	/* the kernel lets go of it, however the holder ends */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(lock_take(fd, 0, -1, NULL), 0);
}

static void test_wait(void **state)
{
	CLEANUP(closep) int fd = open_lock();
	pid_t pid = hold(700);
	double start = clock_monotonic();

	(void)state;
	assert_int_equal(lock_take(fd, 20, -1, NULL), 0);
	double took = clock_monotonic() - start;
	assert_true(took > 0.4 && took < 10);
	assert_int_equal(scratch_wait(pid), 0);
}

static void test_cancel(void **state)
{
	CLEANUP(closep) int fd = open_lock();
	struct error err = {.msg = ""};
	int wake[2];
	pid_t pid = hold(60000);
	double start = clock_monotonic();

	(void)state;
	assert_int_equal(pipe2(wake, O_CLOEXEC), 0);
	assert_int_equal(write(wake[1], "!", 1), 1);
	assert_int_equal(lock_take(fd, 30, wake[0], &err), -EINTR);
	assert_true(clock_monotonic() - start < 5);
	assert_true(err.msg[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* one that is free is taken, cancelled or not */
	assert_int_equal(lock_take(fd, 0, wake[0], &err), 0);
	close(wake[0]);
	close(wake[1]);
}

/* A child that inherits the descriptor holds the lock with us. */
static void test_inherited(void **state)
{
	CLEANUP(closep) int other = open_lock();
	int fd = open_lock();

	(void)state;
	assert_int_equal(lock_take(fd, 0, -1, NULL), 0);
	assert_int_equal(lock_take(other, 0, -1, NULL), -EWOULDBLOCK);
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	close(fd);
	assert_int_equal(lock_take(other, 0, -1, NULL), -EWOULDBLOCK);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(lock_take(other, 0, -1, NULL), 0);
}

static void test_sign(void **state)
{
	CLEANUP(closep) int fd = open_lock();
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
	char text[1000];

	(void)state;
	lock_holder(fd, &line);
	assert_string_equal(line.buf, "");
	lock_sign(fd, "a long name of a process");
	lock_sign(fd, "short");
	lock_holder(fd, &line);
	assert_string_equal(line.buf, "short");
	scratch_holds(scratch_fd(), "lock", "short\n");
	/* whatever others wrote there comes out bounded and printable */
	memset(text, '\n', sizeof(text));
	assert_int_equal(pwrite(fd, text, sizeof(text), 0), sizeof(text));
	strbuf_reset(&line);
	lock_holder(fd, &line);
	assert_string_equal(line.buf, "");
	memset(text, '\1', sizeof(text));
	assert_int_equal(pwrite(fd, text, sizeof(text), 0), sizeof(text));
	lock_holder(fd, &line);
	assert_true(line.len > 0 && line.len <= 4 * 256);
	assert_null(strchr(line.buf, '\1'));
	assert_int_equal(lock_take(-1, 0, -1, NULL), -EBADF);
}

static void test_look(void **state)
{
	CLEANUP(closep) int fd = openat(scratch_fd(), "lock", O_RDONLY | O_CREAT, 0600);
	CLEANUP(closep) int other = open_lock();
	struct error err = {.msg = ""};

	(void)state;
	assert_int_equal(lock_is_held(fd, &err), 0);
	/* it was let go of */
	assert_int_equal(lock_take(other, 0, -1, NULL), 0);
	assert_int_equal(lock_is_held(fd, &err), 1);
	closep(&other);
	assert_int_equal(lock_is_held(fd, &err), 0);
	assert_int_equal(lock_is_held(-1, &err), -EBADF);
	assert_true(err.msg[0]);
}

/* Who looks is not taken for somebody who has it, however slow he is. */
static void test_looked_at(void **state)
{
	CLEANUP(closep) int fd = open_lock();
	double start = clock_monotonic();

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		int mine = open_lock();
		if (flock(mine, LOCK_SH) < 0)
			_exit(1);
		usleep(700000);
		_exit(0);
	}
	while (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		flock(fd, LOCK_UN);
		usleep(1000);
	}
	assert_int_equal(lock_is_held(fd, NULL), 0);
	assert_int_equal(lock_take(fd, 0, -1, NULL), 0);
	double took = clock_monotonic() - start;
	assert_true(took > 0.4 && took < 8);
	assert_int_equal(scratch_wait(pid), 0);
}

/* Many look all the time, and two want it: both get it. */
static void test_many_look(void **state)
{
	pid_t lookers[4], takers[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lookers); i++) {
		lookers[i] = fork();
		if (lookers[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			int fd = open_lock();
			for (;;)
				if (lock_is_held(fd, NULL) < 0)
					_exit(1);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++) {
		takers[i] = fork();
		if (takers[i] == 0) {
			for (int n = 0; n < 50; n++) {
				int fd = open_lock();
				/* the other one may have it */
				if (lock_take(fd, i == 0 ? 30 : 0, -1, NULL) < 0 &&
				    i == 0)
					_exit(1);
				close(fd);
			}
			_exit(0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		assert_int_equal(scratch_wait(takers[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lookers); i++) {
		kill(lookers[i], SIGKILL);
		waitpid(lookers[i], NULL, 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refused),   TEST(test_wait),	    TEST(test_cancel),
		TEST(test_inherited), TEST(test_sign),	    TEST(test_look),
		TEST(test_looked_at), TEST(test_many_look),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
