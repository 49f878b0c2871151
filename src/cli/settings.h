/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The configuration of this process: the environment and the files it names, checked as
 * a whole.
 */
#pragma once

#include "cli/command.h"
#include "model/config.h"

/*
 * Reads a command's options and the configuration, and takes over its time zone. Returns
 * -1 to go on, or the exit code to end with: --help was answered, or everything that is
 * wrong has been said on standard error.
 */
int settings_load(const struct command *command, int argc, char **argv,
		  const struct command_option *options, struct config *config);

/* Reads the configuration alone. A sentence for everything that is wrong in `errors`. */
void settings_read(struct config *config, struct strvec *errors);
