/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * msmtp's configuration, made from ours. See msmtp(1); how values are read was measured
 * with msmtp 1.8.23: the outer pair of double quotes is taken off and nothing between has
 * a meaning, a line has at most 499 bytes, and a newline begins the next command, so none
 * may be in a value.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "model/config.h"

/*
 * How to log in, as msmtp's "auth" has it, one after the other until the server knows it;
 * ends with NULL. Without TLS "on" takes no method that shows the password, nor CRAM-MD5,
 * and most servers have none but such.
 */
const char *const *msmtprc_logins(const struct config *config);

/*
 * Adds the configuration, to log in by `login`. `log` is the log's path or "-" for standard output; NULL: none.
 * A password that came from a file is not copied: msmtp is told to read the file.
 * -EINVAL, and the error names the variable, when a value cannot be written.
 */
int msmtprc_text(const struct config *config, const char *login, const char *log,
		 struct strbuf *out, struct error *err);

/* Whether TLS is spoken from the first byte, with no STARTTLS before. */
bool msmtprc_is_implicit(const struct config *config);
