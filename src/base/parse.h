/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Values as people write them in environment variables.
 *
 * Each function returns 0, or -EINVAL (not of the form) or -ERANGE (too large or too
 * small) and leaves the output alone. Nothing is skipped: "7 " is not a number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "base/strvec.h"

/* on/off, true/false, yes/no, 1/0, in any case. */
int parse_bool(const char *s, bool *ret_value);

/* Decimal digits only, `min` <= value <= `max`. */
int parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value);

/*
 * Seconds, from numbers with a unit each, largest first or not: "24h", "1d12h", "90s",
 * "0". Units are s, m, h, d, w; a lone number is seconds.
 */
int parse_duration(const char *s, int64_t *ret_seconds);

/*
 * A rate as rsync's --bwlimit takes it: a number, with a fraction if need be, and a
 * unit: K, M, G (of 1024), B for bytes; none is K. Returned as bytes per second; "0" is
 * 0, anything else under 512 is refused (rsync does likewise).
 */
int parse_rate(const char *s, uint64_t *ret_bytes);

/*
 * Splits like a POSIX shell does before expansion: blanks separate, '...' and "..." and
 * backslash quote. Nothing is expanded. -EINVAL: an open quote or a trailing backslash.
 */
int parse_words(const char *s, struct strvec *words);

/*
 * Splits a list at newlines and commas; "\," is a comma; blanks around an item are cut
 * and empty items left out.
 */
void parse_list(const char *s, struct strvec *items);

/*
 * A path below some directory, however it is written: "/a//./b/" adds "a/b" to the string,
 * "/" nothing. -EINVAL: "..", which leads out.
 */
int parse_inner_path(const char *s, struct strbuf *path);

/* Text of one line: no control characters (C0, DEL). */
int parse_line(const char *s);

/* A host's name or IP address; nothing that only looks like one with a port behind. */
int parse_host(const char *s);

/*
 * A mail address local@domain, in the dot-atom form of RFC 5322, 3.4.1, or with a domain
 * literal; at most 254 characters (RFC 5321, 4.5.3.1.3). No quoted local parts, no
 * display names, ASCII only.
 */
int parse_address(const char *s);

/* Addresses with commas between, at least one; each is kept once. */
int parse_addresses(const char *s, struct strvec *addresses);
