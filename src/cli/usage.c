/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/usage.h"

#include <string.h>

bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.len && memcmp(span.s, text, span.len) == 0;
}

bool span_word(struct span *rest, const char *separators, struct span *ret_word)
{
	const char *end = rest->s + rest->len, *from = rest->s, *to;

	while (from < end && strchr(separators, *from))
		from++;
	for (to = from; to < end && !strchr(separators, *to);)
		to++;
	*rest = (struct span){to, (size_t)(end - to)};
	*ret_word = (struct span){from, (size_t)(to - from)};
	return to > from;
}

static const char *end_of_line(const char *s)
{
	return s + strcspn(s, "\n");
}

static const char *next_line(const char *s)
{
	const char *end = end_of_line(s);

	return end + (*end == '\n');
}

/* A line "  --NAME VALUE  words"; the value and the words may be missing. */
static void read_option(const char *line, struct usage_option *ret)
{
	const char *end = end_of_line(line);
	const char *name = line + strlen("  --");
	size_t len = strcspn(name, "= \n");
	const char *rest = name + len;

	*ret = (struct usage_option){.name = {name, len}, .value = {rest, 0}};
	if (*rest == '=' || (*rest == ' ' && rest[1] != ' ' && rest + 1 < end)) {
		ret->value.s = rest + 1;
		ret->value.len = strcspn(rest + 1, " \n");
		rest = ret->value.s + ret->value.len;
	}
	while (*rest == ' ')
		rest++;
	for (end = next_line(rest); strncmp(end, "   ", 3) == 0;)
		end = next_line(end);
	ret->words = (struct span){rest, (size_t)(end - rest)};
}

bool usage_next_option(const char **text, struct usage_option *ret_option)
{
	for (const char *line = *text; *line; line = next_line(line)) {
		if (strncmp(line, "  --", 4) != 0)
			continue;
		read_option(line, ret_option);
		*text = ret_option->words.s + ret_option->words.len;
		return true;
	}
	return false;
}

bool usage_find_option(const char *usage, struct span name,
		       struct usage_option *ret_option)
{
	struct usage_option option;

	while (usage_next_option(&usage, &option)) {
		if (option.name.len != name.len ||
		    memcmp(option.name.s, name.s, name.len) != 0)
			continue;
		*ret_option = option;
		return true;
	}
	return false;
}

struct span usage_synopsis(const char *usage)
{
	const char *from = usage + strlen("usage: ");
	const char *end = strstr(from, "\n\n");

	return (struct span){from, end ? (size_t)(end - from) : strcspn(from, "\n")};
}

/* A word of the synopsis; "|" is one, but inside of an option. */
static bool synopsis_word(struct span *rest, struct span *ret_word)
{
	const char *end = rest->s + rest->len;

	if (!span_word(rest, " []\n", ret_word))
		return false;
	const char *bar =
		ret_word->s[0] == '-' ? NULL : memchr(ret_word->s, '|', ret_word->len);
	if (bar)
		ret_word->len = bar == ret_word->s ? 1 : (size_t)(bar - ret_word->s);
	rest->s = ret_word->s + ret_word->len;
	rest->len = (size_t)(end - rest->s);
	return true;
}

/* Where in the synopsis we are. */
struct place {
	size_t n;      /* arguments met */
	bool is_same;  /* "|" came: the next word is one more for the same argument */
	bool is_value; /* an option came that takes one */
};

/* Whether the word stands for an argument; `place` is that one then. */
static bool is_argument(const char *usage, const char *command, struct span word,
			struct place *place)
{
	struct usage_option option;

	if (span_is(word, "|")) {
		place->is_same = true;
		return false;
	}
	if (word.s[0] == '-') {
		struct span name = {word.s + 2, word.len > 2 ? word.len - 2 : 0};
		const char *equals = memchr(name.s, '=', name.len);
		place->is_value = !equals && usage_find_option(usage, name, &option) &&
				  option.value.len > 0;
		place->is_same = false;
		return false;
	}
	if (span_is(word, "backup")) { /* of the next line */
		*place = (struct place){0};
		return false;
	}
	if (place->is_value || span_is(word, command)) {
		place->is_value = false;
		return false;
	}
	place->n += !place->is_same;
	place->is_same = false;
	return true;
}

bool usage_argument(const char *usage, const char *command, size_t nth, size_t *next,
		    struct span *ret_word)
{
	struct span rest = usage_synopsis(usage), word;
	struct place place = {0};
	size_t met = 0;

	while (synopsis_word(&rest, &word)) {
		bool repeats =
			word.len > 3 && memcmp(word.s + word.len - 3, "...", 3) == 0;
		if (!is_argument(usage, command, word, &place))
			continue;
		if (place.n != nth + 1 && !(repeats && place.n <= nth))
			continue;
		if (met++ < *next)
			continue;
		*next = met;
		word.len -= repeats ? 3 : 0;
		*ret_word = word;
		return true;
	}
	return false;
}
