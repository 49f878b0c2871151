/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* One writer at a time, between real processes. */
#include "scratch.h"

#include <errno.h>
#include <signal.h>

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refused),   TEST(test_wait), TEST(test_cancel),
		TEST(test_inherited), TEST(test_sign),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
