/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/vis.h"

#include <errno.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && !strchr("\\#=\"'*?[", c);
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

int vis_read(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned value = 0;

		if (s[i] != '\\') {
			strbuf_addch(out, s[i]);
			continue;
		}
		if (len - i < 4 || s[i + 1] > '3')
			return -EINVAL;
		for (size_t j = 1; j <= 3; j++) {
			if (s[i + j] < '0' || s[i + j] > '7')
				return -EINVAL;
			value = value * 8 + (unsigned)(s[i + j] - '0');
		}
		if (value == 0) /* no name has it */
			return -EINVAL;
		strbuf_addch(out, (char)value);
		i += 3;
	}
	return 0;
}
