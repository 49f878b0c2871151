/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "mail/message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
	BODY_MAX = 75,	  /* a line of the body, but for its = (RFC 2045, 6.7) */
	ENCODED_MAX = 76, /* a line with encoded words (RFC 2047, 2) */
	HEADER_MAX = 78,  /* any header's line (RFC 5322, 2.1.1) */
};

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static void add_date(struct strbuf *out, struct instant date)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu",
					   "Fri", "Sat", "Sun"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c = civil_from_epoch(date.epoch, date.offset);
	int64_t day = civil_day_of(date.epoch, date.offset);
	int minutes = abs(date.offset) / 60;

	strbuf_addf(out, "Date: %s, %d %s %04d %02d:%02d:%02d %c%02d%02d\n",
		    days[day - civil_week_start(day)], c.day, months[c.month - 1], c.year,
		    c.hour, c.minute, c.second, date.offset < 0 ? '-' : '+', minutes / 60,
		    minutes % 60);
}

static void add_recipients(struct strbuf *out, const struct strvec *to)
{
	size_t column = strlen("To:");

	strbuf_addstr(out, "To:");
	for (size_t i = 0; i < to->n; i++) {
		size_t len = strlen(to->v[i]) + 2; /* blank before, comma behind */
		if (i > 0 && column + len > HEADER_MAX) {
			strbuf_addstr(out, "\n");
			column = 0;
		}
		strbuf_addf(out, " %s%s", to->v[i], i + 1 < to->n ? "," : "");
		column += len;
	}
	strbuf_addch(out, '\n');
}

/* The next character of `*s`, moved past: it, or what stands in for it. */
static const char *next_character(const char **s, size_t *ret_len)
{
	const char *p = *s;
	size_t n = utf8_length((const unsigned char *)p, strlen(p));

	*s += n > 0 ? n : 1;
	*ret_len = n > 0 ? n : sizeof(replacement) - 1;
	return n > 0 ? p : replacement;
}

static void add_hex(struct strbuf *out, const char *c, size_t len)
{
	for (size_t i = 0; i < len; i++)
		strbuf_addf(out, "=%02X", (unsigned char)c[i]);
}

/* The subject in encoded words of the Q kind, each of whole characters. */
static void add_encoded_words(struct strbuf *out, const char *s)
{
	static const char before[] = " =?UTF-8?Q?", after[] = "?=";
	size_t column = strlen("Subject:") + strlen(before);

	strbuf_addstr(out, before);
	while (*s) {
		size_t len;
		const char *c = next_character(&s, &len);
		bool literal = isalnum((unsigned char)*c) || strchr("!*+-/", *c);
		bool blank = (unsigned char)*c <= ' ' || *c == 0x7f;
		size_t width = literal || blank ? 1 : 3 * len;

		if (column + width + strlen(after) > ENCODED_MAX) {
			strbuf_addf(out, "%s\n%s", after, before);
			column = strlen(before);
		}
		column += width;
		if (blank)
			strbuf_addch(out, '_');
		else if (literal)
			strbuf_addch(out, *c);
		else
			add_hex(out, c, len);
	}
	strbuf_addstr(out, after);
}

static void add_subject(struct strbuf *out, const char *subject)
{
	size_t plain = 0;

	while (subject[plain] >= ' ' && subject[plain] <= '~')
		plain++;
	strbuf_addstr(out, "Subject:");
	if (subject[plain] == '\0' && !strstr(subject, "=?") &&
	    plain + strlen("Subject: ") <= HEADER_MAX)
		strbuf_addf(out, " %s", subject);
	else
		add_encoded_words(out, subject);
	strbuf_addch(out, '\n');
}

/* Whether a character may stand for itself in quoted-printable text. */
static bool is_literal(const char *c, const char *next, size_t column)
{
	if (*c == ' ' || *c == '\t')
		return *next != '\n' && *next != '\0';
	if (column == 0 &&
	    (*c == '.' || *c == 'F')) /* ends SMTP's data; mbox's "From " */
		return false;
	return *c > ' ' && *c < 0x7f && *c != '=';
}

/* Quoted-printable, RFC 2045, 6.7. */
static void add_body(struct strbuf *out, const char *s)
{
	size_t column = 0;

	while (*s) {
		size_t len;
		const char *c = next_character(&s, &len);

		if (*c == '\n') {
			strbuf_addch(out, '\n');
			column = 0;
			continue;
		}
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) {
			c = replacement;
			len = sizeof(replacement) - 1;
		}
		bool literal = is_literal(c, s, column);
		size_t width = literal ? 1 : 3 * len;
		if (column + width > BODY_MAX) {
			strbuf_addstr(out, "=\n");
			column = 0;
			literal = is_literal(c, s, column);
			width = literal ? 1 : 3 * len;
		}
		column += width;
		if (literal)
			strbuf_addch(out, *c);
		else
			add_hex(out, c, len);
	}
	if (column > 0)
		strbuf_addch(out, '\n');
}

void message_write(const struct message *message, struct strbuf *out)
{
	const char *domain = strrchr(message->from, '@');

	add_date(out, message->date);
	strbuf_addf(out, "From: %s\n", message->from);
	add_recipients(out, message->to);
	add_subject(out, message->subject);
	strbuf_addf(out, "Message-ID: <%s%s>\n", message->id,
		    domain ? domain : "@localhost");
	strbuf_addstr(out, "Auto-Submitted: auto-generated\n"
			   "MIME-Version: 1.0\n"
			   "Content-Type: text/plain; charset=utf-8\n"
			   "Content-Transfer-Encoding: quoted-printable\n"
			   "\n");
	add_body(out, message->body);
}
