/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/manual.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "model/config.h"

/* Prints text so that nothing in it is a request or an escape of roff. */
static void print_text(const char *s)
{
	for (bool start = true; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		if (*s == '\\' || *s == '-')
			fputs(*s == '-' ? "\\-" : "\\e", stdout);
		else
			putchar(*s);
		start = *s == '\n';
	}
}

static void print_commands(void)
{
	puts(".SH COMMANDS");
	for (const struct command *const *c = commands; *c; c++) {
		printf(".SS ");
		print_text((*c)->name);
		printf("\n.nf\n");
		print_text((*c)->usage);
		puts(".fi");
	}
}

static void print_variables(void)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	puts(".SH ENVIRONMENT\n"
	     "Each variable may instead be given as NAME_FILE, the path of a file that holds "
	     "the\nvalue. An empty one counts as not set.");
	for (size_t i = 0; i < n; i++) {
		CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
		config_accepted(&keys[i], &accepted);
		printf(".TP\n.BR %s =\"", keys[i].name);
		print_text(keys[i].fallback);
		printf("\"\n");
		print_text(keys[i].help);
		printf(".\nTakes ");
		print_text(accepted.buf);
		printf(".\n");
	}
}

void manual_print(void)
{
	puts(".TH BACKUP 1 \"\" \"backup-container " VERSION "\" \"User Commands\"\n"
	     ".SH NAME\n"
	     "backup \\- snapshots of a directory that look like full copies\n"
	     ".SH SYNOPSIS\n"
	     ".B backup\n"
	     "[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...\n"
	     ".SH DESCRIPTION\n"
	     "Makes snapshots of a directory in a destination on which each looks like a full\n"
	     "copy and costs only what changed, because unchanged files are hard links to the\n"
	     "snapshot before. Labelled Docker Swarm services are stopped while files are\n"
	     "copied, older snapshots are rotated grandfather\\-father\\-son, and the log is\n"
	     "mailed. It is configured by its environment.");
	print_commands();
	print_variables();
	puts(".SH FILES\n"
	     ".TP\n"
	     ".I BACKUP_DEST/daily, weekly, monthly\n"
	     "The snapshots, by tier; each is a plain directory tree.\n"
	     ".TP\n"
	     ".I BACKUP_DEST/latest\n"
	     "A symbolic link to the newest.\n"
	     ".TP\n"
	     ".I BACKUP_DEST/.backup\n"
	     "Lock, records, history, and what is being made or deleted.\n"
	     ".SH SEE ALSO\n"
	     ".BR rsync (1),\n"
	     ".BR msmtp (1)");
}
