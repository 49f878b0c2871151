/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What may stand on the command line: the shells' completion asks the program, so that it
 * knows the commands, options, snapshots and variables there are.
 */
#pragma once

#include "base/strvec.h"

/*
 * Prints what the last of the words after "backup" may become, one a line, with what it
 * means after a tab; or ":files" or ":directories", which the shell knows better. Never
 * an error: where there is nothing, or no destination, it prints nothing.
 */
void complete_print(const struct strvec *words);
