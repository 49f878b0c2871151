/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Why a mail was not sent: msmtp's exit code and messages, put into words that say which
 * setting to look at. The messages were collected from msmtp 1.8.23, which Debian builds with
 * GnuTLS; those of Alpine's, built with OpenSSL, are in its mtls-openssl.c and in OpenSSL's
 * X509_verify_cert_error_string(3).
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "model/config.h"

/* What an attempt to send ended with. */
struct attempt {
	bool timed_out;	  /* it was ended by us */
	bool interrupted; /* likewise, because we were asked to end */
	bool late;	  /* there was no time left even to begin it */
	double seconds;	  /* it had; 0: SMTP_TIMEOUT */
	int code;	  /* msmtp's exit code (sysexits.h); -1: it was killed */
	const char *said; /* its standard error, a line after the other */
};

/* Whether the same may well succeed soon. What timed out may have been sent: it is not. */
bool diagnosis_is_temporary(const struct attempt *attempt);

/* Whether the server did not take a recipient, and so the others had to go without. */
bool diagnosis_is_recipient(const struct attempt *attempt);

/* Whether the server does not know the method by which to log in. */
bool diagnosis_is_method(const struct attempt *attempt);

/* Adds a sentence without a full stop. */
void diagnosis_words(const struct attempt *attempt, const struct config *config,
		     struct strbuf *out);
