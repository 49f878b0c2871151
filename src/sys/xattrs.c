/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/xattrs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"

/* Linux 6.13, include/uapi/linux/xattr.h and asm-generic/unistd.h */
enum {
	NR_SETXATTRAT = 463,
	NR_GETXATTRAT = 464,
	NR_LISTXATTRAT = 465,
	LIST_MAX = 64 * 1024,  /* XATTR_LIST_MAX */
	VALUE_MAX = 64 * 1024, /* XATTR_SIZE_MAX */
	PATH_OF_FD = 4096,     /* PATH_MAX: what is longer the kernel does not take */
};

struct at_args {
	_Alignas(8) uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* Set once they turned out to be missing. */
static atomic_bool no_at_calls;

/* A file: by descriptor alone (name NULL), or by directory and name. */
struct target {
	int fd;
	const char *name;
};

/* NULL, and ENAMETOOLONG: the name does not fit. */
static const char *proc_path(const struct target *t, char buf[PATH_OF_FD])
{
	int n = snprintf(buf, PATH_OF_FD, "/proc/self/fd/%d/%s", t->fd, t->name);

	if (n < PATH_OF_FD)
		return buf;
	errno = ENAMETOOLONG;
	return NULL;
}

static bool is_missing(long r)
{
	if (r >= 0 || (errno != ENOSYS && errno != EPERM))
		return false;
	/* an old seccomp profile says EPERM to calls that it does not know */
	atomic_store(&no_at_calls, true);
	return true;
}

static ssize_t list(const struct target *t, char *buf, size_t size)
{
	char path[PATH_OF_FD];

	if (!t->name)
		return flistxattr(t->fd, buf, size);
	if (!atomic_load_explicit(&no_at_calls, memory_order_relaxed)) {
		long r = syscall(NR_LISTXATTRAT, t->fd, t->name, AT_SYMLINK_NOFOLLOW, buf,
				 size);
		if (!is_missing(r))
			return r;
	}
	return proc_path(t, path) ? llistxattr(path, buf, size) : -1;
}

static ssize_t get(const struct target *t, const char *name, char *buf, size_t size)
{
	char path[PATH_OF_FD];

	if (!t->name)
		return fgetxattr(t->fd, name, buf, size);
	if (!atomic_load_explicit(&no_at_calls, memory_order_relaxed)) {
		struct at_args args = {.value = (uintptr_t)buf, .size = (uint32_t)size};
		long r = syscall(NR_GETXATTRAT, t->fd, t->name, AT_SYMLINK_NOFOLLOW, name,
				 &args, sizeof(args));
		if (!is_missing(r))
			return r;
	}
	return proc_path(t, path) ? lgetxattr(path, name, buf, size) : -1;
}

static int set(const struct target *t, const char *name, const void *value, size_t size)
{
	char path[PATH_OF_FD];

	if (!t->name)
		return fsetxattr(t->fd, name, value, size, 0);
	return proc_path(t, path) ? lsetxattr(path, name, value, size, 0) : -1;
}

static bool in_scope(const char *name, const struct xattr_scope *scope)
{
	if (strncmp(name, "user.", 5) == 0)
		return scope->user;
	if (strcmp(name, "system.posix_acl_access") == 0 ||
	    strcmp(name, "system.posix_acl_default") == 0)
		return scope->acls;
	/* XFS shows ACLs by these names, too */
	if (strncmp(name, "trusted.SGI_ACL_", 16) == 0)
		return false;
	return scope->all && strncmp(name, "system.", 7) != 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is in scope whatever the kind of file system, or is looked at by fscaps.h. */
static bool is_plain(const char *name)
{
	return strncmp(name, "user.", 5) == 0 || strncmp(name, "system.", 7) == 0;
}

/* Each as name, NUL, four bytes of length, value. 1: it is left out. */
static int add_value(const struct target *t, const char *name,
		     const struct xattr_scope *scope, struct strbuf *out)
{
	CLEANUP(freep) char *value = xmalloc(VALUE_MAX);
	ssize_t n = get(t, name, value, VALUE_MAX);

	if (n < 0 && errno == ENODATA) /* removed in between */
		return 0;
	if (n < 0)
		return -errno;
	if (scope->refusals && !is_plain(name) &&
	    refusals_has(scope->refusals, name, value, (size_t)n))
		return 1;
	uint32_t len = (uint32_t)n;
	strbuf_add(out, name, strlen(name) + 1);
	strbuf_add(out, &len, sizeof(len));
	strbuf_add(out, value, (size_t)n);
	return 0;
}

static int read_all(const struct target *t, const struct xattr_scope *scope,
		    struct strbuf *out)
{
	char few[1024];
	CLEANUP(freep) char *many = NULL;
	char *names = few;

	strbuf_reset(out);
	ssize_t n = list(t, few, sizeof(few));
	if (n < 0 && errno == ERANGE) {
		names = many = xmalloc(LIST_MAX);
		n = list(t, many, LIST_MAX);
	}
	if (n <= 0)
		return n == 0 || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;

	CLEANUP(freep) const char **sorted = NULL;
	size_t count = 0, cap = 0;
	for (const char *s = names; s < names + n; s += strlen(s) + 1) {
		if (!in_scope(s, scope))
			continue;
		array_grow(sorted, count, cap);
		sorted[count++] = s;
	}
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_name);
	int left_out = 0;
	for (size_t i = 0; i < count; i++) {
		int r = add_value(t, sorted[i], scope, out);
		if (r < 0)
			return r;
		left_out += r;
	}
	return left_out;
}

static void write_all(const struct target *t, const struct strbuf *xattrs,
		      const struct xattr_refused *refused)
{
	for (size_t at = 0; at < xattrs->len;) {
		const char *name = xattrs->buf + at;
		uint32_t len;
		at += strlen(name) + 1;
		memcpy(&len, xattrs->buf + at, sizeof(len));
		at += sizeof(len);
		if (set(t, name, xattrs->buf + at, len) < 0)
			refused->call(refused->ctx, name, len, -errno);
		at += len;
	}
}

int xattrs_read(int dirfd, const char *name, const struct xattr_scope *scope,
		struct strbuf *out)
{
	return read_all(&(struct target){dirfd, name}, scope, out);
}

int xattrs_read_fd(int fd, const struct xattr_scope *scope, struct strbuf *out)
{
	return read_all(&(struct target){fd, NULL}, scope, out);
}

void xattrs_write(int dirfd, const char *name, const struct strbuf *xattrs,
		  const struct xattr_refused *refused)
{
	write_all(&(struct target){dirfd, name}, xattrs, refused);
}

void xattrs_write_fd(int fd, const struct strbuf *xattrs,
		     const struct xattr_refused *refused)
{
	write_all(&(struct target){fd, NULL}, xattrs, refused);
}

/* What follows the one at `at` in what xattrs_read() returned. */
static size_t next_xattr(const struct strbuf *xattrs, size_t at)
{
	uint32_t len;

	at += strlen(xattrs->buf + at) + 1;
	memcpy(&len, xattrs->buf + at, sizeof(len));
	return at + sizeof(len) + len;
}

static bool has_xattr(const struct strbuf *xattrs, const char *name)
{
	for (size_t at = 0; at < xattrs->len; at = next_xattr(xattrs, at))
		if (strcmp(xattrs->buf + at, name) == 0)
			return true;
	return false;
}

int xattrs_remove_others_fd(int fd, const struct xattr_scope *scope,
			    const struct strbuf *xattrs)
{
	CLEANUP(strbuf_release) struct strbuf has = STRBUF_INIT;
	int r = xattrs_read_fd(fd, scope, &has);
	int first = r < 0 ? r : 0;

	for (size_t at = 0; at < has.len; at = next_xattr(&has, at))
		if (!has_xattr(xattrs, has.buf + at) &&
		    fremovexattr(fd, has.buf + at) < 0 && first == 0)
			first = -errno;
	return first;
}

void xattrs_disinherit(int dirfd, const char *name)
{
	char path[PATH_OF_FD];

	if (proc_path(&(struct target){dirfd, name}, path))
		lremovexattr(path, "system.posix_acl_access");
}
