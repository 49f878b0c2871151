/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Files by directory descriptor and one name: opening, reading, writing for good,
 * renaming without loss, syncing.
 *
 * All descriptors are close-on-exec and no call follows a symbolic link in `name`.
 * "For good" means: after success the content survives a power cut, and at any moment
 * before it the old content, or none, is there whole (write to a temporary name, fsync,
 * rename, fsync the directory; see LWN 457667, "Ensuring data reaches disk").
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"

/* For CLEANUP(): closes unless it is -1. */
void closep(int *fd);

/* Opens a directory for reading; `name` may be "." for a second, independent stream. */
int fs_open_dir(int dirfd, const char *name, int *ret_fd, struct error *err);

/*
 * Opens the directory in which the last name of `path` is, a path below `dirfd` of any
 * length; `ret_name` points to that name in `path`.
 */
int fs_open_parent(int dirfd, const char *path, int *ret_fd, const char **ret_name,
		   struct error *err);

/* Makes a directory; one that is there already is fine. */
int fs_make_dir(int dirfd, const char *name, mode_t mode, struct error *err);

/* Makes what is missing on the way to a directory, and that: like mkdir -p, links followed. */
int fs_make_path(const char *path, mode_t mode, struct error *err);

/* Names in a directory but "." and "..", in the kernel's order. */
int fs_list(int dirfd, struct strvec *ret_names, struct error *err);

/* Whether there is something, of whatever type, by that name; -errno when unknown. */
int fs_exists(int dirfd, const char *name);

/*
 * Whether the file system of an open file has no room for us, be it for blocks or for
 * inodes; true when that cannot be told. What a quota leaves is not known.
 */
bool fs_is_full(int fd);

/* Reads a regular file to its end; -EFBIG when it is larger than out->max. */
int fs_read_file(int dirfd, const char *name, struct strbuf *out, struct error *err);

/* Reads the end of a regular file, as much of it as out->max takes. */
int fs_read_tail(int dirfd, const char *name, struct strbuf *out, struct error *err);

/* Writes all of it, whatever the kernel takes at a time. */
int fs_write_all(int fd, const void *data, size_t len);

/*
 * A file that exists in memory alone, of mode 0600, with that content and read from its
 * beginning. `name` is for people who look at /proc.
 */
int fs_memory_file(const char *name, const void *data, size_t len, int *ret_fd,
		   struct error *err);

/*
 * An empty file without a name, to write to and read from, which is gone with its
 * descriptor: in TMPDIR, /var/tmp or /tmp, or else in memory.
 */
int fs_temp_file(int *ret_fd, struct error *err);

/* Likewise, as a stream, which is the caller's to close. */
int fs_temp_stream(FILE **ret_file, struct error *err);

/*
 * Replaces the file, or the link, `name` for good; -EISDIR or -EINVAL when it is something
 * else. The temporary name is `name` with ".tmp" behind. A mode that lets others in is not
 * narrowed by the umask.
 */
int fs_write_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		  struct error *err);

/* fsync of a directory (or file) descriptor; `what` names it in the error. */
int fs_sync(int fd, const char *what, struct error *err);

/*
 * Renames, and fails with -EEXIST rather than replace anything. A directory that its
 * unprivileged owner may not write to can be moved too: the kernel wants write
 * permission to change "..", so its owner's bit is lent for the moment of the rename.
 */
int fs_move(int from_dir, const char *from, int to_dir, const char *to,
	    struct error *err);
