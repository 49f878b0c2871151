/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/suggest.h"
#include "model/report.h"

#define COMMAND_ADDRESS(id, name) &command_##id,
const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS) NULL};

const struct command *command_find(const char *name)
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

static int wrong(const struct command *command, const char *what, const char *arg)
{
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;

	strbuf_add_escaped(&shown, arg, strlen(arg));
	fprintf(stderr, "backup %s: %s '%s'; see 'backup %s --help'\n", command->name,
		what, shown.buf, command->name);
	return EXIT_USAGE;
}

int command_options(const struct command *command, int argc, char **argv,
		    const struct command_option *options, const char **ret_arg)
{
	for (int i = 1; i < argc; i++) {
		const struct command_option *option = options;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(command->usage, stdout);
			return EXIT_OK;
		}
		if (argv[i][0] != '-') {
			if (!ret_arg || *ret_arg)
				return wrong(command, "unexpected argument", argv[i]);
			*ret_arg = argv[i];
			continue;
		}
		while (option->name && (strncmp(argv[i], "--", 2) != 0 ||
					strcmp(argv[i] + 2, option->name) != 0))
			option++;
		if (!option->name)
			return wrong(command, "unknown option", argv[i]);
		*option->flag = true;
	}
	return -1;
}
