/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/environment.h"
#include "model/report.h"

int settings_load(const struct command *command, int argc, char **argv,
		  const struct command_option *options, struct config *config)
{
	return settings_load_with(command, argc, argv, options, 0, NULL, config);
}

static void say(const char *what, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add_escaped(&line, text, strlen(text));
	fprintf(stderr, "backup: %s%s\n", what, line.buf);
}

/* Whether what is wrong lets the command begin. What keeps it from that is said, all of it. */
static bool is_usable(const struct command *command, const struct strvec *errors,
		      const struct strvec *mail_errors)
{
	for (size_t i = 0; i < errors->n; i++)
		say("", errors->v[i]);
	for (size_t i = 0; command->mails && i < mail_errors->n; i++)
		say("", mail_errors->v[i]);
	if (errors->n > 0 || (command->mails && mail_errors->n > 0))
		return false;
	if (mail_errors->n > 0)
		say("WARNING: no run begins while this is wrong: ", mail_errors->v[0]);
	return true;
}

int settings_load_with(const struct command *command, int argc, char **argv,
		       const struct command_option *options, size_t max,
		       struct strvec *ret_args, struct config *config)
{
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec mail_errors = STRVEC_INIT;

	int r = command_options(command, argc, argv, options, max, ret_args);
	if (r >= 0)
		return r;
	environment_read(config, &errors, &mail_errors);
	if (!is_usable(command, &errors, &mail_errors))
		return EXIT_USAGE;
	if (*config->tz)
		setenv("TZ", config->tz, 1);
	else
		unsetenv("TZ");
	tzset();
	return -1;
}
