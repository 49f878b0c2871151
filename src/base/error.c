/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct error *err, size_t at, const char *text)
{
	snprintf(err->msg + at, sizeof(err->msg) - at, "%s", text);
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;

	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);

	/* %m instead of strerror_r, whose two forms differ between glibc and musl */
	char meaning[128];
	int saved = errno;
	errno = -code;
	snprintf(meaning, sizeof(meaning), ": %m");
	errno = saved;
	append(err, strlen(err->msg), meaning);

	err->code = code;
	return code;
}

int error_say(struct error *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;

	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

int error_prefix(struct error *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;

	char was[sizeof(err->msg)];
	memcpy(was, err->msg, sizeof(was));

	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, strlen(err->msg), ": ");
	append(err, strlen(err->msg), was);
	err->code = code;
	return code;
}
