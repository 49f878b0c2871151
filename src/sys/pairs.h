/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Two directory trees side by side (or one alone), each name met once, in the order of
 * the bytes of the names in a directory, a directory before what is in it. No symbolic
 * link is followed; the trees may be as deep as they like, and directories as large.
 * Memory grows with the depth alone.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"

enum pair_side {
	PAIR_OLD,
	PAIR_NEW,
	PAIR_SIDES,
};

/* A name, and what it is on both sides. */
struct pair {
	const struct strbuf *path; /* where it is, as the walk was told its beginning */
	const char *name;
	int dirs[PAIR_SIDES];		   /* the directories that it is in; -1: none */
	const struct stat *st[PAIR_SIDES]; /* NULL: it is not there */
};

struct pair_walk {
	/*
	 * 1: enter what of it is a directory; 0: do not. A negative value ends the walk with
	 * it; the error is its own to set.
	 */
	int (*visit)(void *ctx, const struct pair *pair);
	/* May be NULL. After each that was to be entered, once all below it was visited; or a
	 * negative value. */
	int (*leave)(void *ctx);
	/* What could not be read (`code` is -errno) is passed over, on both sides. */
	void (*unreadable)(void *ctx, const struct strbuf *path, int code);
	void *ctx;
};

/*
 * Begins with what `name` (of one component, "." too) is in these directories, of which
 * one may be -1, and calls it `path`. -ENOENT: it is in neither.
 */
int pair_walk(const struct pair_walk *walk, const int dirs[PAIR_SIDES], const char *name,
	      const char *path, struct error *err);
