/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The names in a directory in the order of their bytes, however many there are: about a
 * mebibyte of them is held in memory, and more go, sorted, to a file without a name.
 *
 *	CLEANUP(names_release) struct names names = NAMES_INIT;
 *	r = names_read(&names, fd);
 *	while (r >= 0 && (r = names_next(&names, &name)) > 0)
 *		...
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/strbuf.h"

/* A sorted part of them in the file. */
struct names_run {
	off_t start;
	off_t at, end; /* what is not read yet */
	char *chunk;   /* owned */
	size_t pos, len;
};

struct names {
	struct strbuf text;  /* each with its NUL */
	const char **sorted; /* into it; owned */
	size_t n, next;
	int file; /* -1: all are in memory */
	struct names_run *runs;
	size_t runs_n, runs_cap;
	struct names_run *taken; /* of which the last name was */
};

#define NAMES_INIT                              \
	{                                       \
		.text = STRBUF_INIT, .file = -1 \
	}

/* Reads all but "." and ".."; the descriptor's place in the directory is used up. -errno. */
int names_read(struct names *names, int fd);

/* By hand: adds one, as often as need be; after the last, sorts them. -errno. */
int names_add(struct names *names, const char *name);
int names_sort(struct names *names);

/* Begins anew with the first one. */
void names_rewind(struct names *names);

/* The next one, valid until the next call: 1; 0: that was all; -errno. */
int names_next(struct names *names, const char **ret_name);

void names_release(struct names *names);
