/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The configuration of this process: the environment and the files it names. */
#pragma once

#include "base/strvec.h"
#include "model/config.h"

/*
 * Adds a sentence for everything that is wrong, taken as a whole, to `errors`; to
 * `mail_errors` where it only keeps mail from being sent.
 */
void environment_read(struct config *config, struct strvec *errors,
		      struct strvec *mail_errors);
