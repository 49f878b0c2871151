/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/vis.h"

#include <errno.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
	switch (c) {
	case '\\':
	case '#':
	case '=':
	case '"':
	case '\'':
	case '*':
	case '?':
	case '[':
		return false;
	default:
		return c > ' ' && c < 0x7f;
	}
}

void vis_add(struct strbuf *out, const char *s, size_t len)
{
	size_t plain = 0;

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)s[i];
		const char octal[] = {'\\', (char)('0' + (c >> 6)),
				      (char)('0' + (c >> 3 & 7)), (char)('0' + (c & 7))};

		if (is_plain(c))
			continue;
		strbuf_add(out, s + plain, i - plain);
		strbuf_add(out, octal, sizeof(octal));
		plain = i + 1;
	}
	strbuf_add(out, s + plain, len - plain);
}

/* Behind a backslash: three octal digits. */
static int read_escaped(struct strbuf *out, const char *s, size_t len)
{
	unsigned value = 0;

	if (len < 3 || s[0] > '3')
		return -EINVAL;
	for (size_t i = 0; i < 3; i++) {
		if (s[i] < '0' || s[i] > '7')
			return -EINVAL;
		value = value * 8 + (unsigned)(s[i] - '0');
	}
	if (value == 0) /* no name has it */
		return -EINVAL;
	strbuf_addch(out, (char)value);
	return 0;
}

int vis_read(struct strbuf *out, const char *s, size_t len)
{
	const char *const end = s + len;

	for (const char *escape; (escape = memchr(s, '\\', (size_t)(end - s)));) {
		strbuf_add(out, s, (size_t)(escape - s));
		if (read_escaped(out, escape + 1, (size_t)(end - escape - 1)) < 0)
			return -EINVAL;
		s = escape + 4;
	}
	strbuf_add(out, s, (size_t)(end - s));
	return 0;
}
