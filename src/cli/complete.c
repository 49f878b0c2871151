/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/complete.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/environment.h"
#include "cli/usage.h"
#include "store/catalog.h"

enum { PATIENCE = 2 }; /* seconds */

struct completion {
	const char *begun;  /* what is there of the word */
	struct span before; /* stands before each candidate: "--to=" */
};

/* Offers a word, with the first line of what it means. */
static void offer(const struct completion *c, const char *prefix, struct span word,
		  struct span meaning)
{
	CLEANUP(strbuf_release) struct strbuf whole = STRBUF_INIT;
	const char *end = memchr(meaning.s, '\n', meaning.len);

	strbuf_addstr(&whole, prefix);
	strbuf_add(&whole, word.s, word.len);
	if (strncmp(whole.buf, c->begun, strlen(c->begun)) == 0)
		printf("%.*s%s\t%.*s\n", (int)c->before.len, c->before.s, whole.buf,
		       end ? (int)(end - meaning.s) : (int)meaning.len, meaning.s);
}

static void offer_text(const struct completion *c, const char *word, const char *meaning)
{
	offer(c, "", (struct span){word, strlen(word)},
	      (struct span){meaning, strlen(meaning)});
}

static void offer_commands(const struct completion *c)
{
	for (const struct command *const *command = commands; *command; command++)
		offer_text(c, (*command)->name, (*command)->summary);
}

static void offer_variables(const struct completion *c)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++)
		offer_text(c, keys[i].name, keys[i].help);
}

/* A file server that does not answer must not hold up somebody's shell. */
static void offer_snapshots(const struct completion *c)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct error err; /* of no interest */

	alarm(PATIENCE);
	environment_read(&config, &errors, &errors);
	if (!config.dest || store_open(&store, config.dest, &err) < 0 ||
	    catalog_load(&catalog, &store, &err) < 0)
		return;
	if (catalog.n > 0)
		offer_text(c, "latest", "the newest");
	for (size_t i = 0; i < catalog.n; i++) {
		const struct catalog_entry *entry = &catalog.v[i];
		char meaning[64];

		snprintf(meaning, sizeof(meaning), "%s, %s",
			 snapshot_tier_name(entry->tier),
			 snapshot_status_name(entry->record.status));
		offer_text(c, entry->name, meaning);
	}
}

static bool is_lower(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.s[i] >= 'A' && word.s[i] <= 'Z')
			return false;
	return true;
}

/* What a word of a usage text stands for. */
static void offer_what(const struct completion *c, struct span word)
{
	static const char *const snapshots[] = {"SNAPSHOT", "NAME", "A", "B", NULL};
	struct span choice;

	for (size_t i = 0; snapshots[i]; i++)
		if (span_is(word, snapshots[i]))
			offer_snapshots(c);
	if (span_is(word, "COMMAND"))
		offer_commands(c);
	if (span_is(word, "VARIABLE"))
		offer_variables(c);
	if (span_is(word, "DIR"))
		puts(":directories");
	if (span_is(word, "FILE"))
		puts(":files");
	while (is_lower(word) && span_word(&word, "|", &choice))
		offer(c, "", choice, (struct span){"", 0});
}

static void offer_options(const struct completion *c, const struct command *command)
{
	const char *text = command->usage;
	struct usage_option option;

	while (usage_next_option(&text, &option))
		offer(c, "--", option.name, option.words);
	offer_text(c, "--help", "explain the command");
	offer_text(c, "--quiet", "tell warnings and errors alone");
	offer_text(c, "--verbose", "tell more");
}

static void offer_arguments(const struct completion *c, const struct command *command,
			    size_t nth)
{
	struct span word;
	size_t next = 0;

	while (usage_argument(command->usage, command->name, nth, &next, &word))
		offer_what(c, word);
}

/* The words from `i` on are the command's. */
static void complete_command(const struct command *command, const struct strvec *words,
			     size_t i)
{
	const char *last = words->v[words->n - 1];
	struct completion c = {.begun = last, .before = {"", 0}};
	struct usage_option option;
	bool ended = false, is_value = false;
	size_t arguments = 0;

	for (; i + 1 < words->n; i++) {
		const char *word = words->v[i];
		if (is_value) {
			is_value = false;
		} else if (ended || word[0] != '-') {
			arguments++;
		} else if (strcmp(word, "--") == 0) {
			ended = true;
		} else if (strncmp(word, "--", 2) == 0) {
			const struct span name = {word + 2, strlen(word + 2)};
			is_value = usage_find_option(command->usage, name, &option) &&
				   option.value.len > 0;
		}
	}
	const char *equals =
		ended || strncmp(last, "--", 2) != 0 ? NULL : strchr(last, '=');
	if (!is_value && equals) {
		const struct span name = {last + 2, (size_t)(equals - last) - 2};
		is_value = usage_find_option(command->usage, name, &option) &&
			   option.value.len > 0;
		if (!is_value)
			return;
		c.begun = equals + 1;
		c.before = (struct span){last, (size_t)(equals + 1 - last)};
	}
	if (is_value)
		offer_what(&c, option.value);
	else if (!ended && last[0] == '-')
		offer_options(&c, command);
	else
		offer_arguments(&c, command, arguments);
}

void complete_print(const struct strvec *words)
{
	size_t i = 0;

	while (i + 1 < words->n && command_manner(words->v[i]))
		i++;
	if (words->n == 0)
		return;
	const char *first = words->v[i];
	const struct completion c = {.begun = first, .before = {"", 0}};
	if (i + 1 == words->n) {
		if (first[0] != '-') {
			offer_commands(&c);
			return;
		}
		offer_text(&c, "--version", "print the version");
	}
	if (first[0] == '-') { /* options of the default command */
		complete_command(&command_run, words, i);
		return;
	}
	const struct command *command = command_named(first);
	if (command)
		complete_command(command, words, i + 1);
}
