/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What a file system can hold, found out by asking it rather than by its name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct fscaps {
	bool hard_links;
	bool xattrs;	  /* user.* */
	bool acls;	  /* POSIX ACLs */
	bool nanoseconds; /* times are kept exactly */
	/* seconds since 1970: times beyond become these; both 0: that is not known */
	int64_t oldest, newest;
};

/*
 * What can be read there, without changing anything. Hard links are not looked at, and
 * nanoseconds are told by the directory's own time, which one in a thousand belies.
 */
void fscaps_look(int dirfd, struct fscaps *ret);

/* What can be written there, hard links apart, tried on a file that nobody needs. */
int fscaps_try_file(int fd, struct fscaps *ret, struct error *err);

/*
 * What can be written there, tried on a file "probe.tmp" that is removed again. An error means that
 * not even that file could be made, or that it did not work for now.
 */
int fscaps_try(int dirfd, struct fscaps *ret, struct error *err);
