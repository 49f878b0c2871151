/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A library for LD_PRELOAD that counts the calls by which a program changes files, and
 * lets the n-th one meet with a misfortune. Told by the environment:
 *
 *	FAULT_PROGRAM  the process it is for, by its name in /proc/PID/comm
 *	FAULT_FORKS    set: also what it forks; else its children are left alone
 *	FAULT_THREADS  set: only calls of its threads, but not of the first
 *	FAULT_CALL     only calls of this name count: create mkdir rename unlink link symlink
 *	               mknod write range clone truncate chmod chown time setxattr fsync
 *	               syncfs; or one that changes nothing: open read stat readdir readlink
 *	               seek xattr xattrat lock; "change" is all of the former (the default),
 *	               "any" is all
 *	FAULT_NTH      which one, from 1; 0: every one
 *	FAULT_ERRNO    it fails with this number, or
 *	FAULT_COMMAND  sh runs this first, and then the call is made ($PPID is the process
 *	               it meets, $FAULT_TARGET the one it is for), or
 *	               (neither) the process gets SIGKILL before the call, and with
 *	               FAULT_FORKS so does the one that forked it, but for
 *	FAULT_ALONE    (set)
 *	FAULT_HIT      a file that is made when that happens
 *	FAULT_CLOCK    by so many seconds time(2) is ahead, in any process
 *
 * "open" is every open(2), "create" one with O_CREAT, "range" copy_file_range(2), "clone"
 * the ioctl FICLONE, "readdir" getdents64(2) and "xattrat" listxattrat(2) and the like,
 * which the program calls by number.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t target; /* 0: not this process */
static bool forks_too, threads_only;
static const char *wanted;
static long nth;
static atomic_long seen; /* by any thread */

__attribute__((constructor)) static void start(void)
{
	const char *program = getenv("FAULT_PROGRAM"), *n = getenv("FAULT_NTH");
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	if (!program || !n || strcmp(program, name) != 0)
		return;
	wanted = getenv("FAULT_CALL") ? getenv("FAULT_CALL") : "change";
	nth = strtol(n, NULL, 10);
	forks_too = getenv("FAULT_FORKS");
	threads_only = getenv("FAULT_THREADS");
	target = getpid();
}

/* The C library's syscall(); other libraries call us before our constructor is run. */
static __typeof__(syscall) *raw(void)
{
	static __typeof__(syscall) *next;

	if (!next)
		next = (__typeof__(syscall) *)dlsym(RTLD_NEXT, "syscall");
	return next;
}

static bool changes_nothing(const char *call)
{
	static const char *const calls[] = {"open",    "read",	   "stat",
					    "readdir", "readlink", "seek",
					    "xattr",   "xattrat",  "lock"};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(call, calls[i]) == 0)
			return true;
	return false;
}

static bool is_wanted(const char *call)
{
	if (threads_only && raw()(SYS_gettid) == getpid())
		return false;
	if (strcmp(wanted, "any") == 0 || strcmp(wanted, call) == 0)
		return true;
	if (strcmp(call, "create") == 0 && strcmp(wanted, "open") == 0)
		return true;
	return strcmp(wanted, "change") == 0 && !changes_nothing(call);
}

static void run_command(char *command)
{
	char sh[] = "sh", option[] = "-c";
	char *argv[] = {sh, option, command, NULL};
	pid_t me = target, pid;
	char number[16];

	snprintf(number, sizeof(number), "%ld", (long)me);
	setenv("FAULT_TARGET", number, 1);
	target = 0;
	unsetenv("LD_PRELOAD");
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0)
		waitpid(pid, NULL, 0);
	target = me;
}

/* Whether the call is to fail, with errno set. */
static bool meets_fault(const char *call)
{
	const char *hit = getenv("FAULT_HIT"), *number = getenv("FAULT_ERRNO");
	char *command = getenv("FAULT_COMMAND");

	if (!target || (target != getpid() && !forks_too) || !is_wanted(call))
		return false;
	if (atomic_fetch_add(&seen, 1) + 1 != nth && nth != 0)
		return false;
	if (hit)
		raw()(SYS_openat, AT_FDCWD, hit, O_WRONLY | O_CREAT, 0666);
	if (number) {
		errno = (int)strtol(number, NULL, 10);
		return true;
	}
	if (command)
		run_command(command);
	else {
		if (target != getpid() && !getenv("FAULT_ALONE"))
			kill(target, SIGKILL);
		kill(getpid(), SIGKILL);
	}
	return false;
}

#define INJECT(call, ...) (meets_fault(call) ? -1 : raw()(__VA_ARGS__))

static int do_open(int dirfd, const char *path, int flags, va_list more)
{
	bool creates = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
	mode_t mode = creates ? va_arg(more, mode_t) : 0;

	return (int)INJECT(creates ? "create" : "open", SYS_openat, dirfd, path, flags,
			   mode);
}

/*
 * The functions have names of their own in C, so that the headers' declarations, which
 * may rename them (open to open64) or be macros, are not in the way.
 */
#define EXPORT(symbol) __asm__(symbol) __attribute__((visibility("default")))
#define CALL(type, symbol, ...)                          \
	type fake_##symbol(__VA_ARGS__) EXPORT(#symbol); \
	type fake_##symbol(__VA_ARGS__)

#define OPEN(symbol)                                           \
	CALL(int, symbol, const char *path, int flags, ...)    \
	{                                                      \
		va_list more;                                  \
		va_start(more, flags);                         \
		int fd = do_open(AT_FDCWD, path, flags, more); \
		va_end(more);                                  \
		return fd;                                     \
	}
#define OPENAT(symbol)                                                 \
	CALL(int, symbol, int dirfd, const char *path, int flags, ...) \
	{                                                              \
		va_list more;                                          \
		va_start(more, flags);                                 \
		int fd = do_open(dirfd, path, flags, more);            \
		va_end(more);                                          \
		return fd;                                             \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

CALL(int, mkdir, const char *path, mode_t mode)
{
	return (int)INJECT("mkdir", SYS_mkdirat, AT_FDCWD, path, mode);
}

CALL(int, mkdirat, int dirfd, const char *path, mode_t mode)
{
	return (int)INJECT("mkdir", SYS_mkdirat, dirfd, path, mode);
}

CALL(int, rename, const char *from, const char *to)
{
	return (int)INJECT("rename", SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

CALL(int, renameat, int from_dir, const char *from, int to_dir, const char *to)
{
	return (int)INJECT("rename", SYS_renameat2, from_dir, from, to_dir, to, 0);
}

CALL(int, unlink, const char *path)
{
	return (int)INJECT("unlink", SYS_unlinkat, AT_FDCWD, path, 0);
}

CALL(int, unlinkat, int dirfd, const char *path, int flags)
{
	return (int)INJECT("unlink", SYS_unlinkat, dirfd, path, flags);
}

CALL(int, linkat, int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return (int)INJECT("link", SYS_linkat, from_dir, from, to_dir, to, flags);
}

CALL(int, symlinkat, const char *target_path, int dirfd, const char *path)
{
	return (int)INJECT("symlink", SYS_symlinkat, target_path, dirfd, path);
}

CALL(ssize_t, write, int fd, const void *data, size_t len)
{
	return INJECT("write", SYS_write, fd, data, len);
}

#define PWRITE(symbol)                                                            \
	CALL(ssize_t, symbol, int fd, const void *data, size_t len, off_t offset) \
	{                                                                         \
		return INJECT("write", SYS_pwrite64, fd, data, len, offset);      \
	}
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(symbol)                                               \
	CALL(int, symbol, int fd, off_t len)                            \
	{                                                               \
		return (int)INJECT("truncate", SYS_ftruncate, fd, len); \
	}
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

CALL(int, chmod, const char *path, mode_t mode)
{
	return (int)INJECT("chmod", SYS_fchmodat, AT_FDCWD, path, mode);
}

CALL(int, fchmod, int fd, mode_t mode)
{
	return (int)INJECT("chmod", SYS_fchmod, fd, mode);
}

CALL(int, fsync, int fd)
{
	return (int)INJECT("fsync", SYS_fsync, fd);
}

CALL(int, syncfs, int fd)
{
	return (int)INJECT("syncfs", SYS_syncfs, fd);
}

CALL(int, flock, int fd, int operation)
{
	return (int)INJECT("lock", SYS_flock, fd, operation);
}

CALL(int, mknodat, int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return (int)INJECT("mknod", SYS_mknodat, dirfd, path, mode, dev);
}

CALL(int, fchown, int fd, uid_t uid, gid_t gid)
{
	return (int)INJECT("chown", SYS_fchown, fd, uid, gid);
}

CALL(int, fchownat, int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return (int)INJECT("chown", SYS_fchownat, dirfd, path, uid, gid, flags);
}

CALL(int, futimens, int fd, const struct timespec *times)
{
	return (int)INJECT("time", SYS_utimensat, fd, NULL, times, 0);
}

CALL(int, utimensat, int dirfd, const char *path, const struct timespec *times, int flags)
{
	return (int)INJECT("time", SYS_utimensat, dirfd, path, times, flags);
}

CALL(ssize_t, copy_file_range, int from, off_t *from_at, int to, off_t *to_at, size_t len,
     unsigned flags)
{
	return INJECT("range", SYS_copy_file_range, from, from_at, to, to_at, len, flags);
}

CALL(int, ioctl, int fd, unsigned long request, void *arg)
{
	if (request == FICLONE && meets_fault("clone"))
		return -1;
	return (int)raw()(SYS_ioctl, fd, request, arg);
}

CALL(ssize_t, read, int fd, void *data, size_t len)
{
	return INJECT("read", SYS_read, fd, data, len);
}

#define PREAD(symbol)                                                       \
	CALL(ssize_t, symbol, int fd, void *data, size_t len, off_t offset) \
	{                                                                   \
		return INJECT("read", SYS_pread64, fd, data, len, offset);  \
	}
PREAD(pread)
PREAD(pread64)

#define LSEEK(symbol)                                                 \
	CALL(off_t, symbol, int fd, off_t offset, int whence)         \
	{                                                             \
		return INJECT("seek", SYS_lseek, fd, offset, whence); \
	}
LSEEK(lseek)
LSEEK(lseek64)

CALL(ssize_t, readlinkat, int dirfd, const char *path, char *data, size_t size)
{
	return INJECT("readlink", SYS_readlinkat, dirfd, path, data, size);
}

/* What the C library does with its own idea of a struct, it goes on doing. */
#define PASS_ON(type, name, symbol, parameters, ...)                          \
	type fake_##symbol parameters EXPORT(#symbol);                        \
	type fake_##symbol parameters                                         \
	{                                                                     \
		static type(*next) parameters;                                \
		if (!next)                                                    \
			next = (type(*) parameters)dlsym(RTLD_NEXT, #symbol); \
		return meets_fault(name) ? -1 : next(__VA_ARGS__);            \
	}
#define STAT(symbol) \
	PASS_ON(int, "stat", symbol, (const char *path, struct stat *st), path, st)
#define FSTAT(symbol) PASS_ON(int, "stat", symbol, (int fd, struct stat *st), fd, st)
#define FSTATAT(symbol)                                                                 \
	PASS_ON(int, "stat", symbol,                                                    \
		(int dirfd, const char *path, struct stat *st, int flags), dirfd, path, \
		st, flags)
STAT(stat)
STAT(stat64)
STAT(lstat)
STAT(lstat64)
FSTAT(fstat)
FSTAT(fstat64)
FSTATAT(fstatat)
FSTATAT(fstatat64)
PASS_ON(int, "stat", statx,
	(int dirfd, const char *path, int flags, unsigned mask, struct statx *st), dirfd,
	path, flags, mask, st)
PASS_ON(int, "chmod", fchmodat, (int dirfd, const char *path, mode_t mode, int flags),
	dirfd, path, mode, flags)
PASS_ON(ssize_t, "xattr", flistxattr, (int fd, char *list, size_t size), fd, list, size)
PASS_ON(ssize_t, "xattr", llistxattr, (const char *path, char *list, size_t size), path,
	list, size)
PASS_ON(ssize_t, "xattr", fgetxattr, (int fd, const char *name, void *v, size_t size), fd,
	name, v, size)
PASS_ON(ssize_t, "xattr", lgetxattr,
	(const char *path, const char *name, void *v, size_t size), path, name, v, size)
PASS_ON(int, "setxattr", fsetxattr,
	(int fd, const char *name, const void *v, size_t size, int flags), fd, name, v,
	size, flags)
PASS_ON(int, "setxattr", lsetxattr,
	(const char *path, const char *name, const void *v, size_t size, int flags), path,
	name, v, size, flags)

CALL(time_t, time, time_t *ret)
{
	const char *ahead = getenv("FAULT_CLOCK");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += ahead ? strtol(ahead, NULL, 10) : 0;
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

/* What the C library has no function for. */
static const char *name_of(long number)
{
	switch (number) {
	case SYS_renameat2:
		return "rename";
	case SYS_getdents64:
		return "readdir";
	case SYS_statx:
		return "stat";
	case 464: /* getxattrat */
	case 465: /* listxattrat */
		return "xattrat";
	default:
		return NULL;
	}
}

CALL(long, syscall, long number, long a, long b, long c, long d, long e, long f)
{
	const char *name = name_of(number);

	return name && meets_fault(name) ? -1 : raw()(number, a, b, c, d, e, f);
}
