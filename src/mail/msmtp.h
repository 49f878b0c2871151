/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * msmtp, run once for each attempt to send one mail. Nothing touches a disk on the way:
 * it gets the message and its configuration in files that exist in memory alone.
 *
 * Without TLS msmtp has to be told how to log in, and a server offers what it likes: when
 * it does not know the method, the next one is tried in the same attempt, and remembered.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "mail/diagnosis.h"
#include "model/config.h"

struct msmtp {
	const struct config *config;
	const struct strbuf *message;
	int cancel_fd; /* readable: end at once; or -1 */

	/* its own */
	const char *const *login; /* the method to log in by */
	struct strbuf said;
	int log; /* -1: it cannot be written */
};

void msmtp_open(struct msmtp *msmtp, const struct config *config,
		const struct strbuf *message, int cancel_fd);

/* For CLEANUP(). */
void msmtp_close(struct msmtp *msmtp);

/*
 * Tries to send it to these recipients; after so many seconds msmtp is ended with all that
 * it has started. What it said is in `ret` until the next attempt. -errno when it could
 * not be run at all.
 */
int msmtp_send(struct msmtp *msmtp, char *const *recipients, size_t n, double seconds,
	       struct attempt *ret, struct error *err);
