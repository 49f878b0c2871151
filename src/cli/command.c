/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/suggest.h"
#include "cli/usage.h"
#include "model/report.h"
#include "sys/log.h"

#define COMMAND_ADDRESS(id, name) &command_##id,
const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS) NULL};

const struct command *command_named(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

int command_unknown(const char *name)
{
	const char *names[32] = {NULL};
	size_t n = 0;

	for (const struct command *const *c = commands; *c && n < ARRAY_SIZE(names) - 1;
	     c++)
		names[n++] = (*c)->name;
	const char *nearest = suggest_nearest(name, names);

	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;
	strbuf_add_escaped(&shown, name, strlen(name));
	fprintf(stderr, "backup: there is no command '%s'", shown.buf);
	if (nearest)
		fprintf(stderr, "; did you mean '%s'?\n", nearest);
	else
		fprintf(stderr, "; 'backup help' lists them\n");
	return EXIT_USAGE;
}

int command_wrong(const struct command *command, const char *what, const char *arg)
{
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;

	strbuf_add_escaped(&shown, arg, strlen(arg));
	fprintf(stderr, "backup %s: %s '%s'; see 'backup %s --help'\n", command->name,
		what, shown.buf, command->name);
	return EXIT_USAGE;
}

bool command_manner(const char *arg)
{
	bool quiet = strcmp(arg, "--quiet") == 0 || strcmp(arg, "-q") == 0;

	if (!quiet && strcmp(arg, "--verbose") != 0 && strcmp(arg, "-v") != 0)
		return false;
	log_set_level(quiet ? LOG_QUIET : LOG_VERBOSE);
	return true;
}

/* The usage text is what completion and the manual are made of. */
static void check_usage(const struct command *command,
			const struct command_option *options)
{
	struct usage_option said;

	for (; options->name; options++) {
		const struct span name = {options->name, strlen(options->name)};
		assert(usage_find_option(command->usage, name, &said));
		assert((said.value.len == 0) == (options->flag != NULL));
	}
}

/* The option, and in `ret_value` what follows "=" in it; NULL: there is none of the name. */
static const struct command_option *find_option(const struct command_option *options,
						const char *arg, const char **ret_value)
{
	const size_t len = strcspn(arg + 2, "=");

	*ret_value = arg[2 + len] ? arg + 2 + len + 1 : NULL;
	for (; options->name; options++)
		if (strlen(options->name) == len &&
		    strncmp(options->name, arg + 2, len) == 0)
			return options->flag && *ret_value ? NULL : options;
	return NULL;
}

int command_options(const struct command *command, int argc, char **argv,
		    const struct command_option *options, size_t max,
		    struct strvec *ret_args)
{
	bool ended = false;

	check_usage(command, options);
	for (int i = 1; i < argc; i++) {
		const char *value;

		if (ended || argv[i][0] != '-') {
			if (max == 0 || ret_args->n >= max)
				return command_wrong(command, "unexpected argument",
						     argv[i]);
			strvec_push(ret_args, argv[i]);
			continue;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(command->usage, stdout);
			return EXIT_OK;
		}
		ended = strcmp(argv[i], "--") == 0 && max > 0;
		if (ended)
			continue;
		const struct command_option *option =
			strncmp(argv[i], "--", 2) == 0
				? find_option(options, argv[i], &value)
				: NULL;
		if (!option && command_manner(argv[i]))
			continue;
		if (!option)
			return command_wrong(command, "unknown option", argv[i]);
		if (option->flag) {
			*option->flag = true;
			continue;
		}
		if (!value && i + 1 == argc)
			return command_wrong(command, "nothing follows the option",
					     argv[i]);
		*option->value = value ? value : argv[++i];
	}
	return -1;
}
