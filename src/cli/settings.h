/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What a command begins with: its options and the configuration. */
#pragma once

#include "cli/command.h"
#include "model/config.h"

/*
 * Reads a command's options and the configuration, and takes over its time zone. Returns
 * -1 to go on, or the exit code to end with: --help was answered, or everything that is
 * wrong has been said on standard error. A wrong setting of mail is no more than a warning
 * for a command that sends none: services come back and files are restored without.
 */
int settings_load(const struct command *command, int argc, char **argv,
		  const struct command_option *options, struct config *config);

/* Likewise, of a command that takes up to `max` arguments. */
int settings_load_with(const struct command *command, int argc, char **argv,
		       const struct command_option *options, size_t max,
		       struct strvec *ret_args, struct config *config);
