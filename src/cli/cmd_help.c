/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"
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
	puts("\n'backup COMMAND --help' tells more, 'backup help config' lists the variables.");
}

static void print_config(void)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	puts("Each variable may instead be given as NAME_FILE, the path of a file that holds\n"
	     "the value. An empty one counts as not set. SMTP_USER and SMTP_PASS are also read\n"
	     "from secrets, see SECRETS_DIR.");
	for (size_t i = 0; i < n; i++) {
		CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
		config_accepted(&keys[i], &accepted);
		printf("\n%s%s%s\n  %s\n  Takes %s.\n", keys[i].name,
		       *keys[i].fallback ? "=" : "", keys[i].fallback, keys[i].help,
		       accepted.buf);
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

static int run(const struct command *command, int argc, char **argv)
{
	bool markdown = false;
	const struct command_option options[] = {{"markdown", &markdown, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;

	int r = command_options(command, argc, argv, options, 1, &args);
	if (r >= 0)
		return r;
	const char *topic = args.n > 0 ? args.v[0] : NULL;
	if (!topic) {
		print_overview();
	} else if (strcmp(topic, "config") == 0) {
		if (markdown)
			print_markdown();
		else
			print_config();
	} else if (strcmp(topic, "man") == 0) {
		manual_print();
	} else {
		const struct command *about = command_named(topic);
		if (!about)
			return command_unknown(topic);
		fputs(about->usage, stdout);
	}
	return EXIT_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "explain a command, or the variables (help config)",
	.usage =
		"usage: backup help [COMMAND | config [--markdown] | man]\n"
		"\n"
		"Explains a command, or what each variable is for. 'man' prints all of it as\n"
		"a manual page.\n",
	.run = run,
};
