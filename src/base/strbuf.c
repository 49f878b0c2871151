/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

char strbuf_empty[1];

/* Makes room for `len` more bytes and returns how many of them may be added. */
static size_t make_room(struct strbuf *sb, size_t len)
{
	if (len > sb->max - sb->len) {
		len = sb->max - sb->len;
		sb->truncated = true;
	}
	size_t need = sb->len + len + 1;
	if (need > sb->cap) {
		size_t cap = sb->cap ? sb->cap : 32;
		while (cap < need)
			cap *= 2;
		sb->buf = xreallocarray(sb->cap ? sb->buf : NULL, cap, 1);
		sb->cap = cap;
	}
	return len;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	len = make_room(sb, len);
	if (len)
		memcpy(sb->buf + sb->len, data, len);
	sb->len += len;
	sb->buf[sb->len] = '\0';
}

void strbuf_addstr(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addch(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		(void)xreallocarray(NULL, SIZE_MAX, 2); /* aborts: out of memory */
		return;
	}
	strbuf_add(sb, text, (size_t)n);
}

/* Length of the character at `s` if it may be printed, else 0; C1 controls may not. */
static size_t printable_length(const unsigned char *s, size_t len)
{
	if (s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && len > 1 && s[1] < 0xa0))
		return 0;
	return utf8_length(s, len);
}

void strbuf_add_escaped(struct strbuf *sb, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < len;) {
		size_t n = printable_length(p + i, len - i);
		if (n > sb->max - sb->len) {
			sb->truncated = true; /* no half of a character */
			return;
		}
		if (n > 0) {
			strbuf_add(sb, p + i, n);
			i += n;
			continue;
		}
		switch (p[i]) {
		case '\n':
			strbuf_addstr(sb, "\\n");
			break;
		case '\t':
			strbuf_addstr(sb, "\\t");
			break;
		case '\r':
			strbuf_addstr(sb, "\\r");
			break;
		default:
			strbuf_addf(sb, "\\x%02x", p[i]);
		}
		i++;
	}
}

void strbuf_cut(struct strbuf *sb, size_t len)
{
	assert(len <= sb->len);
	sb->len = len;
	if (sb->cap)
		sb->buf[len] = '\0';
}

void strbuf_drop_front(struct strbuf *sb, size_t n)
{
	assert(n <= sb->len);
	if (n == 0)
		return;
	memmove(sb->buf, sb->buf + n, sb->len - n + 1);
	sb->len -= n;
}

void strbuf_reset(struct strbuf *sb)
{
	strbuf_cut(sb, 0);
	sb->truncated = false;
}

void strbuf_release(struct strbuf *sb)
{
	if (sb->cap)
		free(sb->buf);
	*sb = (struct strbuf)STRBUF_INIT_MAX(sb->max);
}

char *strbuf_steal(struct strbuf *sb)
{
	char *s = sb->cap ? sb->buf : xstrdup("");

	*sb = (struct strbuf)STRBUF_INIT_MAX(sb->max);
	return s;
}
