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

int settings_load_with(const struct command *command, int argc, char **argv,
		       const struct command_option *options, size_t max,
		       struct strvec *ret_args, struct config *config)
{
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;

	int r = command_options(command, argc, argv, options, max, ret_args);
	if (r >= 0)
		return r;
	environment_read(config, &errors);
	for (size_t i = 0; i < errors.n; i++) {
		CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
		strbuf_add_escaped(&line, errors.v[i], strlen(errors.v[i]));
		fprintf(stderr, "backup: %s\n", line.buf);
	}
	if (errors.n > 0)
		return EXIT_USAGE;
	if (*config->tz)
		setenv("TZ", config->tz, 1);
	else
		unsetenv("TZ");
	tzset();
	return -1;
}
