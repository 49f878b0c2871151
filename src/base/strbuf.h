/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A string that grows, always terminated, with a ceiling for what comes from outside.
 *
 * Invariants: `buf` is never NULL after STRBUF_INIT (it may point to a shared empty
 * string, so never write to it before an add), buf[len] is '\0', len <= max. What does
 * not fit under `max` is left out and `truncated` is set; nothing else fails.
 *
 *	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;
 *	strbuf_addf(&sb, "%d files", n);
 *	puts(sb.buf);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct strbuf {
	char *buf;
	size_t len;
	size_t cap; /* 0: buf is the shared empty string */
	size_t max; /* bytes of content, the terminator apart */
	bool truncated;
};

extern char strbuf_empty[1];

#define STRBUF_INIT STRBUF_INIT_MAX(SIZE_MAX / 4)
#define STRBUF_INIT_MAX(limit)                      \
	{                                           \
		.buf = strbuf_empty, .max = (limit) \
	}

void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF(2, 3);

/*
 * Adds text so that it can be printed on one line of a log or terminal: control
 * characters and bytes that are not UTF-8 become \n, \t, \xNN; a backslash stays.
 */
void strbuf_add_escaped(struct strbuf *sb, const char *s, size_t len);

/* Makes it `len` bytes long, which must not be more than it is. */
void strbuf_cut(struct strbuf *sb, size_t len);

/* Removes the first `n` bytes. */
void strbuf_drop_front(struct strbuf *sb, size_t n);

/* Empties it and keeps the memory. */
void strbuf_reset(struct strbuf *sb);

/* Frees the memory and leaves it as STRBUF_INIT does. */
void strbuf_release(struct strbuf *sb);

/* Hands the string to the caller, who frees it, and leaves an empty buffer. */
char *strbuf_steal(struct strbuf *sb);
