/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A mail as it goes to the mail server: RFC 5322, with MIME (RFC 2045, 2047) so that any
 * text arrives as it was. Every line ends with a newline alone, as sendmail's and msmtp's
 * standard input wants it, and none is longer than 78 characters but a header's whose
 * single address is.
 *
 * Pure. Nothing that is put in can begin a header of its own: addresses have been checked
 * (parse_address()), and control characters in the subject become blanks.
 */
#pragma once

#include "base/civil.h"
#include "base/strbuf.h"
#include "base/strvec.h"

struct message {
	const char *from;	 /* address of the From: line */
	const struct strvec *to; /* addresses */
	const char *subject;	 /* bytes that are not UTF-8 become U+FFFD */
	const char *body;	 /* likewise, and control characters but \n and \t */
	struct instant date;
	const char *id; /* makes the Message-ID unique: letters, digits, dots */
};

void message_write(const struct message *message, struct strbuf *out);
