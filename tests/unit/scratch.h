/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A directory of its own for each test, to be given to cmocka_unit_test_setup_teardown():
 * scratch_path() is where, scratch_fd() a descriptor of it. Everybody may enter it, so
 * that a child of another user can.
 *
 * And children: scratch_as_other() calls a function in a child that is not root, which
 * owns the directory; it returns what the function returned.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"
#include "sys/removal.h"

enum { SCRATCH_OTHER = 65534 /* nobody */ };

static char scratch_dir[64];
static int scratch_dirfd = -1;

static inline const char *scratch_path(void)
{
	return scratch_dir;
}

static inline int scratch_fd(void)
{
	return scratch_dirfd;
}

static inline int scratch_setup(void **state)
{
	(void)state;
	snprintf(scratch_dir, sizeof(scratch_dir), "/tmp/backup-unit-XXXXXX");
	if (!mkdtemp(scratch_dir) || chmod(scratch_dir, 0755) < 0)
		return -1;
	scratch_dirfd = open(scratch_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch_dirfd < 0 ? -1 : 0;
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	if (removal_empty(scratch_dirfd, 0, -1, NULL) < 0)
		return -1;
	close(scratch_dirfd);
	return rmdir(scratch_dir);
}

/* Makes, or replaces the content of, a file. */
static inline void scratch_write(int dirfd, const char *name, const char *text)
{
	CLEANUP(closep)
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
}

/* Fails unless the file is there and holds just that. */
static inline void scratch_holds(int dirfd, const char *name, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct error err = {.msg = ""};

	if (fs_read_file(dirfd, name, &sb, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(sb.buf, text);
}

static inline bool scratch_has(int dirfd, const char *name)
{
	return fs_exists(dirfd, name) == 1;
}

static inline mode_t scratch_mode(int dirfd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

/* Makes a directory below another and returns a descriptor of it. */
static inline int scratch_mkdir(int dirfd, const char *name)
{
	int fd = -1;

	assert_int_equal(fs_make_dir(dirfd, name, 0755, NULL), 0);
	assert_int_equal(fs_open_dir(dirfd, name, &fd, NULL), 0);
	return fd;
}

/* A chain of directories, each with a file "f" and a long name; returns the deepest. */
static inline int scratch_chain(int dirfd, int levels)
{
	char name[21];
	int fd = dup(dirfd);

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < levels; i++) {
		int next = scratch_mkdir(fd, name);
		close(fd);
		fd = next;
		scratch_write(fd, "f", "x");
	}
	return fd;
}

/* Ends a hanging test program: what is waited for never takes that long. */
static inline void scratch_alarm(unsigned seconds)
{
	alarm(seconds);
}

static inline int scratch_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("a child was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* `f` returns 0 for success or a small number, such as the place of what was wrong. */
static inline int scratch_as_other(int (*f)(void))
{
	bool root = geteuid() == 0;

	if (root)
		assert_int_equal(chown(scratch_dir, SCRATCH_OTHER, SCRATCH_OTHER), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		if (root && (setgid(SCRATCH_OTHER) < 0 || setuid(SCRATCH_OTHER) < 0))
			_exit(99);
		_exit(f());
	}
	return scratch_wait(pid);
}
