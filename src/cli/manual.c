/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/manual.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/usage.h"
#include "model/config.h"

/* Prints text so that nothing in it means something to scdoc. */
static void print_text(struct span text)
{
	bool start = true;

	for (size_t i = 0; i < text.len; i++) {
		const char c = text.s[i];
		/* a full stop is its business: escaped, it would be a request of roff */
		if (strchr("\\*_", c) || (start && strchr("#;-[]|`", c)))
			putchar('\\');
		putchar(c);
		start = c == '\n';
	}
}

static void print_string(const char *s)
{
	print_text((struct span){s, strlen(s)});
}

/* Its words, with one space between, so that no line begins with one. */
static void print_words(struct span text)
{
	struct span word;
	const char *between = "";

	while (span_word(&text, " \n", &word)) {
		fputs(between, stdout);
		print_text(word);
		between = " ";
	}
}

static void print_option(const struct usage_option *option)
{
	fputs("*--", stdout);
	print_text(option->name);
	putchar('*');
	if (option->value.len > 0) {
		fputs(" _", stdout);
		print_text(option->value);
		putchar('_');
	}
	fputs("\n\t", stdout);
	print_words(option->words);
	puts("\n");
}

/* Examples and the like: as they are. */
static void print_literal(struct span text)
{
	printf("```\n%.*s\n```\n\n", (int)text.len, text.s);
}

static void print_paragraph(struct span text)
{
	if (strncmp(text.s, "  --", 4) == 0) {
		struct usage_option option;
		const char *rest = text.s;
		while (rest < text.s + text.len && usage_next_option(&rest, &option))
			print_option(&option);
	} else if (text.s[0] == ' ' || strncmp(text.s, "example", 7) == 0) {
		print_literal(text);
	} else {
		print_words(text);
		puts("\n");
	}
}

/* Each of its lines, the first words of which are the program's and the command's. */
static void print_synopsis(struct span text)
{
	struct span line;
	bool first = true;

	while (span_word(&text, "\n", &line)) {
		while (line.len > 0 && *line.s == ' ') {
			line.s++;
			line.len--;
		}
		fputs(first ? "*" : " ++\n*", stdout);
		print_text(line);
		putchar('*');
		first = false;
	}
	puts("\n");
}

static void print_command(const struct command *command)
{
	const struct span synopsis = usage_synopsis(command->usage);

	printf("## %s\n\n", command->name);
	print_synopsis(synopsis);
	for (const char *s = synopsis.s + synopsis.len; *s;) {
		const char *end = strstr(s, "\n\n");
		size_t len = end ? (size_t)(end - s) : strlen(s) - 1;
		if (len > 0)
			print_paragraph((struct span){s, len});
		s += len;
		s += strspn(s, "\n");
	}
}

void manual_commands(void)
{
	for (const struct command *const *c = commands; *c; c++)
		print_command(*c);
}

void manual_variables(void)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
		config_accepted(&keys[i], &accepted);
		putchar('*');
		print_string(keys[i].name);
		fputs("*=\"", stdout);
		print_string(keys[i].fallback);
		fputs("\"\n\t", stdout);
		print_string(keys[i].help);
		fputs(". Takes ", stdout);
		print_string(accepted.buf);
		puts(".\n");
	}
}
