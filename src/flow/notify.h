/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Telling people of a run by mail: a summary and the run's log. A mail that cannot be
 * sent is a warning; it never changes what the run came to.
 */
#pragma once

#include "base/error.h"
#include "base/strvec.h"
#include "model/config.h"
#include "model/report.h"
#include "sys/log.h"

/* Says that no mail will be sent, and what to set, where mail is wanted. */
void notify_announce(const struct config *config, struct log *log);

/*
 * Sends the mail if it is due: EMAIL_ON_FAILURE when it is an `alarm`, else
 * EMAIL_ON_SUCCESS. A failure is a warning in the log, and the first reason is returned,
 * the caller's to free; NULL: everybody was told, or nobody was to be. After a signal it is
 * tried once and for a few seconds, since whoever sent the signal may not wait.
 */
char *notify(const struct report *report, bool alarm, const struct config *config,
	     struct log *log);

/*
 * Sends any mail, trying at most `attempts` times; see deliver().
 */
int notify_send(const struct config *config, const char *subject, const char *body,
		int attempts, struct strvec *problems, struct error *err);
