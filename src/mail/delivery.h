/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Sending a mail, by msmtp (mail/msmtp.h), in rounds:
 *
 *	all who wait, at once ──sent──────────────────────────────▶ done
 *	   ▲         └─one of several is refused─▶ each alone ──sent─▶ done
 *	   │         │                                 │
 *	   └─ wait ──┴──────── for the moment only ────┘ (`attempts` rounds)
 *
 * msmtp gives a mail to nobody when the server refuses one recipient. SMTP_TIMEOUT ends
 * an attempt with all processes of it; such a mail may have been sent, so it is not tried
 * again. All attempts carry one Message-ID. However many recipients there are, there is
 * one time for all of it, and who was not reached by then is told of.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "model/config.h"

struct delivery {
	const struct config *config;
	const struct strbuf *message; /* see message.h */
	int attempts;	/* how often at most for each recipient, at least 1 */
	double seconds; /* for all of it; 0: four times SMTP_TIMEOUT, and the waiting */
	int cancel_fd;	/* readable: end at once; or -1 */
};

/*
 * Sends to all of EMAIL_TO. Who could not be reached is told in `problems`, a sentence
 * each. Returns how many recipients the server took the mail for; -errno when msmtp could
 * not be run at all.
 */
int deliver(const struct delivery *delivery, struct strvec *problems, struct error *err);
