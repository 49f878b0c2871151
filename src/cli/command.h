/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The program's commands: one table, one file each.
 *
 * A command gets its own arguments, argv[0] being its name, and returns the program's
 * exit code. Answers go to standard output, talk to standard error (but `run`, which
 * logs to standard output, where docker logs looks).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strvec.h"

struct command {
	const char *name;
	const char *summary; /* one line, for the list of commands */
	const char *usage;   /* all of --help */
	int (*run)(const struct command *command, int argc, char **argv);
	bool mails; /* so that it does not begin while a setting of mail is wrong */
};

/* In the order of the help: X(name in C, name) for each. */
#define COMMANDS(X)               \
	X(run, "run")             \
	X(list, "list")           \
	X(status, "status")       \
	X(find, "find")           \
	X(ls, "ls")               \
	X(diff, "diff")           \
	X(restore, "restore")     \
	X(verify, "verify")       \
	X(pin, "pin")             \
	X(unpin, "unpin")         \
	X(forget, "forget")       \
	X(prune, "prune")         \
	X(recover, "recover")     \
	X(mail_test, "mail-test") \
	X(config, "config")       \
	X(version, "version")     \
	X(help, "help")

#define COMMAND_DECLARE(id, name) extern const struct command command_##id;
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

/* All of them; ends with NULL. */
extern const struct command *const commands[];

/* NULL when there is none of that name. */
const struct command *command_named(const char *name);

/* Says that there is no such command, which one may be meant, and returns EXIT_USAGE. */
int command_unknown(const char *name);

/* A command's options: each is a word after "--", and sets a flag or takes a value. */
struct command_option {
	const char *name;
	bool *flag;
	const char **value; /* NULL: it is a flag */
};

/*
 * Reads options (the list ends with a NULL name, and the usage text explains each of
 * them); --help, -h and command_manner()'s are always there, and after "--" nothing is
 * one. Returns -1 to go on, or the exit code to end with: --help was
 * answered, or something was wrong and has been said. Arguments that are no options go to
 * `ret_args`, which takes up to `max` of them.
 */
int command_options(const struct command *command, int argc, char **argv,
		    const struct command_option *options, size_t max,
		    struct strvec *ret_args);

/*
 * Takes an option that all commands have, and that may stand before the command, too:
 * --quiet, -q, --verbose, -v say how much is told. False: it is none of them.
 */
bool command_manner(const char *arg);

/* Says what is wrong with an argument, and returns EXIT_USAGE. */
int command_wrong(const struct command *command, const char *what, const char *arg);
