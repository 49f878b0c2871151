/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Sending a mail, by msmtp. Nothing touches a disk on the way: msmtp gets the message and
 * its configuration in files that exist in memory alone.
 *
 *	attempt all recipients ──sent──────────────────────────────▶ done
 *	   │        ▲   └─temporary─▶ wait ─┐
 *	   │        └───────────────────────┘ (ATTEMPTS in all)
 *	   └─one of several is refused─▶ each alone, in the same way
 *
 * msmtp gives a mail to nobody when the server refuses one recipient. SMTP_TIMEOUT ends
 * an attempt with all processes of it; such a mail may have been sent, so it is not tried
 * again. All attempts carry one Message-ID.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "model/config.h"

struct delivery {
	const struct config *config;
	const struct strbuf *message; /* see message.h */
	int attempts;	 /* how often at most for each recipient, at least 1 */
	double patience; /* seconds for an attempt, if less than SMTP_TIMEOUT */
	int cancel_fd;	 /* readable: end at once; or -1 */
};

/*
 * Sends to all of EMAIL_TO. Who could not be reached is told in `problems`, a sentence
 * each. Returns how many recipients the server took the mail for; -errno when msmtp could
 * not be run at all.
 */
int deliver(const struct delivery *delivery, struct strvec *problems, struct error *err);
