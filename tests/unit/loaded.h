/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A configuration as config_load() makes it of some variables: {"NAME", "value", ...,
 * NULL}. Files are not there, but for one: LOADED_FILE holds "from a file\n".
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "model/config.h"

#define LOADED_FILE "/it's a \"file\""

static const char *loaded_get(void *ctx, const char *name)
{
	for (const char *const *v = ctx; *v; v += 2)
		if (strcmp(v[0], name) == 0)
			return v[1];
	return NULL;
}

static int loaded_read(void *ctx, const char *path, struct strbuf *out, struct error *err)
{
	(void)ctx;
	if (strcmp(path, LOADED_FILE) != 0)
		return error_set(err, -ENOENT, "open '%s'", path);
	strbuf_addstr(out, "from a file\n");
	return 0;
}

static bool loaded_zone(void *ctx, const char *zone)
{
	(void)ctx;
	return *zone == '\0';
}

static inline void loaded(struct config *config, const char **variables)
{
	const struct config_source source = {
		.ctx = variables,
		.get = loaded_get,
		.read_file = loaded_read,
		.zone_known = loaded_zone,
	};
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;

	*config = (struct config){0};
	if (config_load(config, &source, &errors, &errors) < 0)
		fail_msg("%s", errors.v[0]);
}
