/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

int parse_bool(const char *s, bool *ret_value)
{
	static const char *const yes[] = {"on", "true", "yes", "1"};
	static const char *const no[] = {"off", "false", "no", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(s, yes[i]) == 0) {
			*ret_value = true;
			return 0;
		}
		if (strcasecmp(s, no[i]) == 0) {
			*ret_value = false;
			return 0;
		}
	}
	return -EINVAL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits and moves on behind them. */
static int read_digits(const char **s, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**s - '0'), &value))
			return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;

	int r = read_digits(&s, &value);
	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

int parse_duration(const char *s, int64_t *ret_seconds)
{
	const int64_t most = INT64_C(100) * 366 * 86400; /* a century */
	int64_t sum = 0;

	if (!*s)
		return -EINVAL;
	for (bool first = true; *s; first = false) {
		uint64_t value;
		int r = read_digits(&s, &value);
		if (r < 0)
			return r;
		int64_t unit = unit_seconds(*s);
		if (unit)
			s++;
		else if (first && !*s)
			unit = 1;
		else
			return -EINVAL;
		if (value > (uint64_t)(most / unit))
			return -ERANGE;
		sum += (int64_t)value * unit;
		if (sum > most)
			return -ERANGE;
	}
	*ret_seconds = sum;
	return 0;
}

int parse_rate(const char *s, uint64_t *ret_bytes)
{
	uint64_t whole, unit = 1024;
	double fraction = 0;

	int r = read_digits(&s, &whole);
	if (r < 0)
		return r;
	if (*s == '.') {
		double digit = 0.1;
		if (!is_digit(s[1]))
			return -EINVAL;
		for (s++; is_digit(*s); s++, digit /= 10)
			fraction += digit * (*s - '0');
	}
	switch (*s) {
	case '\0':
		break;
	case 'b':
	case 'B':
		unit = 1;
		s++;
		break;
	case 'k':
	case 'K':
		s++;
		break;
	case 'm':
	case 'M':
		unit = UINT64_C(1) << 20;
		s++;
		break;
	case 'g':
	case 'G':
		unit = UINT64_C(1) << 30;
		s++;
		break;
	default:
		return -EINVAL;
	}
	if (*s)
		return -EINVAL;
	if (whole > (UINT64_C(1) << 50) / unit)
		return -ERANGE;
	uint64_t bytes = whole * unit + (uint64_t)(fraction * (double)unit);
	if (bytes < 512 && (whole > 0 || fraction > 0))
		return -ERANGE;
	*ret_bytes = bytes;
	return 0;
}

int parse_words(const char *s, struct strvec *words)
{
	CLEANUP(strbuf_release) struct strbuf word = STRBUF_INIT;
	bool in_word = false;
	char quote = 0;

	for (; *s; s++) {
		if (quote == '\'') {
			if (*s == '\'')
				quote = 0;
			else
				strbuf_addch(&word, *s);
		} else if (quote == '"') {
			if (*s == '"')
				quote = 0;
			else if (*s == '\\' && s[1] == '\n')
				s++;
			else if (*s == '\\' && s[1] && strchr("$`\"\\", s[1]))
				strbuf_addch(&word, *++s);
			else
				strbuf_addch(&word, *s);
		} else if (*s == '\\') {
			if (!s[1])
				return -EINVAL;
			if (*++s == '\n')
				continue; /* the line goes on */
			strbuf_addch(&word, *s);
			in_word = true;
		} else if (*s == '\'' || *s == '"') {
			quote = *s;
			in_word = true;
		} else if (isspace((unsigned char)*s)) {
			if (in_word)
				strvec_push(words, word.buf);
			strbuf_reset(&word);
			in_word = false;
		} else {
			strbuf_addch(&word, *s);
			in_word = true;
		}
	}
	if (quote)
		return -EINVAL;
	if (in_word)
		strvec_push(words, word.buf);
	return 0;
}

static void push_item(struct strbuf *item, struct strvec *items)
{
	size_t start = 0;

	while (item->len && isspace((unsigned char)item->buf[item->len - 1]))
		strbuf_cut(item, item->len - 1);
	while (isspace((unsigned char)item->buf[start]))
		start++;
	if (item->len > start)
		strvec_push(items, item->buf + start);
	strbuf_reset(item);
}

void parse_list(const char *s, struct strvec *items)
{
	CLEANUP(strbuf_release) struct strbuf item = STRBUF_INIT;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == ',')
			strbuf_addch(&item, *++s);
		else if (*s == ',' || *s == '\n')
			push_item(&item, items);
		else
			strbuf_addch(&item, *s);
	}
	push_item(&item, items);
}

int parse_inner_path(const char *s, struct strbuf *path)
{
	while (*s) {
		const size_t len = strcspn(s, "/");
		if (len == 2 && memcmp(s, "..", 2) == 0)
			return -EINVAL;
		if (len > 0 && !(len == 1 && *s == '.')) {
			if (path->len > 0)
				strbuf_addch(path, '/');
			strbuf_add(path, s, len);
		}
		s += len + (s[len] == '/');
	}
	return 0;
}

int parse_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return -EINVAL;
	return 0;
}

int parse_host(const char *s)
{
	const char *colon = strchr(s, ':');

	if (*s == '\0' || *s == '-' || (colon && !strchr(colon + 1, ':')))
		return -EINVAL;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-._:%", *s) &&
		    (unsigned char)*s < 0x80)
			return -EINVAL;
	return 0;
}

enum { ADDRESS_LONGEST = 254 };

/* One or more of the characters, in groups with single dots between. */
static bool is_dotted(const char *s, size_t len, const char *others)
{
	bool after_dot = true;

	for (size_t i = 0; i < len; i++) {
		bool dot = s[i] == '.';
		if (dot ? after_dot
			: !isalnum((unsigned char)s[i]) && !strchr(others, s[i]))
			return false;
		after_dot = dot;
	}
	return !after_dot;
}

int parse_address(const char *s)
{
	const char *at = strchr(s, '@');
	size_t len = strlen(s);

	if (!at || len > ADDRESS_LONGEST ||
	    !is_dotted(s, (size_t)(at - s), "!#$%&'*+/=?^_`{|}~-"))
		return -EINVAL;

	const char *domain = at + 1;
	size_t domain_len = len - (size_t)(domain - s);
	if (domain_len > 2 && *domain == '[' && domain[domain_len - 1] == ']')
		return strspn(domain + 1, "0123456789abcdefABCDEFIPv.:") == domain_len - 2
			       ? 0
			       : -EINVAL;
	return is_dotted(domain, domain_len, "-_") ? 0 : -EINVAL;
}

int parse_addresses(const char *s, struct strvec *addresses)
{
	CLEANUP(strvec_release) struct strvec items = STRVEC_INIT;

	if (parse_line(s) < 0)
		return -EINVAL;
	parse_list(s, &items);
	for (size_t i = 0; i < items.n; i++)
		if (parse_address(items.v[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < items.n; i++)
		if (!strvec_has(addresses, items.v[i]))
			strvec_push(addresses, items.v[i]);
	return items.n > 0 ? 0 : -EINVAL;
}
