/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Extended attributes of a file, and with them its ACLs: all that may be written where
 * the copy goes. Read as one string of bytes, in the order of their names, so that two
 * files have the same if the strings are the same.
 *
 * A file is told by its directory and name (no symbolic link is followed), by way of
 * listxattrat() and the like where the kernel has them (6.13), else of /proc/self/fd.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "sys/refusals.h"

/* What is copied; the rest does not exist. */
struct xattr_scope {
	bool user;		   /* user.*, and as root the others but system.* */
	bool acls;		   /* system.posix_acl_access and _default */
	bool all;		   /* security.* and trusted.* */
	struct refusals *refusals; /* of these, what is not taken; NULL: nothing is */
};

/*
 * Replaces `out` with all in scope. Nothing there, or not supported: "". Returns how many
 * are left out because of the refusals; -errno.
 */
int xattrs_read(int dirfd, const char *name, const struct xattr_scope *scope,
		struct strbuf *out);

/* The same of an open file. */
int xattrs_read_fd(int fd, const struct xattr_scope *scope, struct strbuf *out);

/* Who is told of each that a file does not take: its name, its size, and -errno. */
struct xattr_refused {
	void (*call)(void *ctx, const char *attribute, size_t size, int code);
	void *ctx;
};

/* Gives a new file, which has none, what xattrs_read() returned: all that it takes. */
void xattrs_write(int dirfd, const char *name, const struct strbuf *xattrs,
		  const struct xattr_refused *refused);
void xattrs_write_fd(int fd, const struct strbuf *xattrs,
		     const struct xattr_refused *refused);

/* Takes away what is in scope and not in `xattrs`. Returns the first error. */
int xattrs_remove_others_fd(int fd, const struct xattr_scope *scope,
			    const struct strbuf *xattrs);

/* Takes away an ACL that a new file got from its directory. */
void xattrs_disinherit(int dirfd, const char *name);
