/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What was found, in the order in which it is told, however much it is: a few mebibytes are
 * held in memory, and more go, sorted, to a file without a name.
 *
 *	CLEANUP(hits_release) struct hits hits = HITS_INIT;
 *	hits_add(&hits, &hit, err), ...
 *	r = hits_end(&hits, err);
 *	while (r >= 0 && (r = hits_next(&hits, &hit, err)) > 0)
 *		...
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

/* What is found of a name in a snapshot. */
struct hit {
	const char *path;
	uint64_t ino, size;
	int64_t mtime;
	uint32_t mtime_ns, mode;
	uint32_t snapshot; /* its index in the catalog */
};

/* A sorted part of them in the file. */
struct hits_run {
	off_t at, end; /* what is not read yet */
	char *chunk;   /* owned */
	size_t pos, len, cap;
};

struct hits {
	struct strbuf held;  /* as in the file */
	const char **sorted; /* into it; owned */
	size_t n, next;
	FILE *file; /* NULL: all are in memory */
	struct hits_run *runs;
	size_t runs_n, runs_cap;
	size_t *heap; /* of the runs that are not at their end, the least first */
	size_t heap_n;
};

#define HITS_INIT                   \
	{                           \
		.held = STRBUF_INIT \
	}

/*
 * By path, its newest version first, of each the oldest snapshot first (the catalog's last).
 * Directories, of which there are no versions, come behind all else of their name.
 */
int hits_add(struct hits *hits, const struct hit *hit, struct error *err);

/* Nothing more comes. */
int hits_end(struct hits *hits, struct error *err);

/* The next one, valid until the next call: 1; 0: that was all; -errno. */
int hits_next(struct hits *hits, struct hit *ret_hit, struct error *err);

/* 0: the same version of the same path; else which comes first. */
int hits_compare_versions(const struct hit *a, const struct hit *b);

void hits_release(struct hits *hits);
