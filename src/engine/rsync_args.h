/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* rsync's command line, and what of the user's may be in it. */
#pragma once

#include "base/error.h"
#include "base/strvec.h"
#include "engine/engine.h"

/*
 * The user's own options are refused (-EINVAL) where they would make something else of a
 * backup: words that are no options, and options that delete, skip the copy, or change
 * its report.
 */
int rsync_args_check(const struct strvec *args, struct error *err);

/* The argument vector. Rules of what to leave out are read from standard input. */
void rsync_args_build(const struct engine_job *job, const struct strvec *args,
		      struct strvec *ret_argv);
