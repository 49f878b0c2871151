/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What differs between two trees, in the order in which it is told: kept in a file without
 * a name until all is known, because only then it shows which of the names that are gone
 * is the old one of which that is new.
 *
 *	CLEANUP(changes_release) struct changes changes = CHANGES_INIT;
 *	r = changes_begin(&changes, err);
 *	changes_add(&changes, &change), ...
 *	r = changes_end(&changes, err);
 *	while (r >= 0 && (r = changes_next(&changes, &change, err)) > 0)
 *		...
 *
 * Memory: 16 bytes for each name that may have been moved, of 2 x 1,048,576 of them. What
 * comes after those is not looked for, and told as one name gone and another new.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "sys/pairs.h"

enum change_kind {
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_CHANGED,
	CHANGE_MOVED, /* the same inode by another name */
	CHANGE_KINDS,
};

/* In what. */
enum change_how {
	CHANGE_TYPE = 1 << 0,
	CHANGE_CONTENT = 1 << 1, /* of a link its target, of a device its number */
	CHANGE_MODE = 1 << 2,
	CHANGE_OWNER = 1 << 3,
	CHANGE_TIME = 1 << 4,
	CHANGE_XATTRS = 1 << 5,
	CHANGE_ACL = 1 << 6,
};

/* What is kept of a name on one side. */
struct change_side {
	uint64_t ino, size;
	int64_t mtime;
	uint32_t mtime_ns, mode, uid, gid;
};

struct change {
	enum change_kind kind;
	unsigned how; /* of what changed */
	struct change_side
		side[PAIR_SIDES]; /* of what was added or removed, one is zero */
	bool linked;		  /* when added or removed: the inode has other names */
	bool withdrawn;		  /* not to be told */
	const char *path;
	const char *from; /* when moved: the path before */
};

/* A name that may have been moved. */
struct change_mark {
	uint64_t ino;
	int64_t at; /* in the file; later, by the new name's: where the old one's is */
};

struct change_marks {
	struct change_mark *v;
	size_t n, cap;
};

struct changes {
	FILE *file;
	int64_t at; /* its end, later where it is read */
	struct change_marks marks[PAIR_SIDES];
	size_t next[PAIR_SIDES]; /* of the marks, while the file is read */
	struct strbuf path, from;
	bool capped; /* not all that were moved were found */
};

#define CHANGES_INIT                                     \
	{                                                \
		.path = STRBUF_INIT, .from = STRBUF_INIT \
	}

int changes_begin(struct changes *changes, struct error *err);

/* Returns where it is, for changes_tell(); -errno. `from` is not looked at. */
int64_t changes_add(struct changes *changes, const struct change *change,
		    struct error *err);

/* One that was added as withdrawn is to be told after all. */
int changes_tell(struct changes *changes, int64_t at, struct error *err);

/* Nothing more comes. */
int changes_end(struct changes *changes, struct error *err);

/* The next one, valid until the next call: 1; 0: that was all; -errno. */
int changes_next(struct changes *changes, struct change *ret_change, struct error *err);

void changes_release(struct changes *changes);
