/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Why something failed, in words.
 *
 * A function that can fail for reasons worth telling takes `struct error *err` as its
 * last argument and returns 0 or -errno. Success leaves the error alone. The caller owns
 * it, may pass NULL when only the code matters, and adds context on the way up:
 *
 *	int store_open(..., struct error *err)
 *	{
 *		if (fd < 0)
 *			return error_set(err, -errno, "open '%s'", path);
 *	...
 *	r = store_open(..., err);
 *	if (r < 0)
 *		return error_prefix(err, r, "destination");
 *
 * Messages may hold any byte of a path; whoever prints them escapes (log does).
 */
#pragma once

#include "base/cleanup.h"

struct error {
	int code;	/* -errno, or 0 when nothing was set */
	char msg[1024]; /* cut when longer */
};

/* Sets "text: what the errno means". `code` is a negative errno and is returned. */
int error_set(struct error *err, int code, const char *fmt, ...) PRINTF(3, 4);

/* Sets the text alone, where the errno would add nothing. Returns `code`. */
int error_say(struct error *err, int code, const char *fmt, ...) PRINTF(3, 4);

/* Puts "text: " before what is there. Returns `code`. */
int error_prefix(struct error *err, int code, const char *fmt, ...) PRINTF(3, 4);
