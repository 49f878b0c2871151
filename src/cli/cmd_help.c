/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/manual.h"
#include "model/config.h"
#include "model/report.h"

static void print_overview(void)
{
	puts("usage: backup [COMMAND] [OPTIONS]\n"
	     "\n"
	     "Snapshots of a directory that look like full copies and cost only what\n"
	     "changed. Configured by environment variables.\n");
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-9s %s\n", (*c)->name, (*c)->summary);
	puts("\n"
	     "  -h, --help     explain the command\n"
	     "  -q, --quiet    tell warnings and errors alone; logs and mails are complete\n"
	     "  -v, --verbose  tell more\n"
	     "\n"
	     "'backup COMMAND --help' tells more, 'backup help config' lists the variables,\n"
	     "'backup help VARIABLE' explains one.");
}

static void print_variable(const struct config_key *key)
{
	CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;

	config_accepted(key, &accepted);
	printf("%s%s%s\n  %s\n  Takes %s.\n", key->name, *key->fallback ? "=" : "",
	       key->fallback, key->help, accepted.buf);
}

static void print_config(void)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	puts("Each variable may instead be given as NAME_FILE, the path of a file that holds\n"
	     "the value. An empty one counts as not set. SMTP_USER and SMTP_PASS are also read\n"
	     "from secrets, see SECRETS_DIR.");
	for (size_t i = 0; i < n; i++) {
		putchar('\n');
		print_variable(&keys[i]);
	}
}

/* The table in README.md. */
static void print_markdown(void)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	puts("| Variable | Default | Meaning |\n| --- | --- | --- |");
	for (size_t i = 0; i < n; i++)
		printf("| `%s` | %s%s%s | %s |\n", keys[i].name,
		       *keys[i].fallback ? "`" : "", keys[i].fallback,
		       *keys[i].fallback ? "`" : "", keys[i].help);
}

/* A command or a variable. */
static int explain(const char *topic)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);
	const struct command *command = command_named(topic);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(keys[i].name, topic) == 0) {
			print_variable(&keys[i]);
			return EXIT_OK;
		}
	}
	if (!command)
		return command_unknown(topic);
	fputs(command->usage, stdout);
	return EXIT_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool markdown = false, scdoc = false, complete = false;
	const struct command_option options[] = {{"markdown", &markdown, NULL},
						 {"scdoc", &scdoc, NULL},
						 {"complete", &complete, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;

	int r = command_options(command, argc, argv, options, SIZE_MAX, &args);
	if (r >= 0)
		return r;
	if (complete) {
		complete_print(&args);
		return EXIT_OK;
	}
	if (args.n > 1)
		return command_wrong(command, "unexpected argument", args.v[1]);
	const char *topic = args.n > 0 ? args.v[0] : "";
	bool config = strcmp(topic, "config") == 0;
	if (config && scdoc)
		manual_variables();
	else if (config && markdown)
		print_markdown();
	else if (config)
		print_config();
	else if (*topic)
		return explain(topic);
	else if (scdoc)
		manual_commands();
	else
		print_overview();
	return EXIT_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "explain a command, or the variables (help config)",
	.usage =
		"usage: backup help [COMMAND | config | VARIABLE] [--markdown | --scdoc]\n"
		"       backup help --complete -- WORD...\n"
		"\n"
		"Explains a command, or what each variable is for, or one of them.\n"
		"\n"
		"  --markdown  the variables as the table in README.md\n"
		"  --scdoc     the commands, or the variables, as a part of the manual, for scdoc\n"
		"  --complete  what the last of the WORDs may become, for the completion of shells\n"
		"\n"
		"examples: backup help restore\n"
		"          backup help DAILY_COUNT\n",
	.run = run,
};
