/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/environment.h"

#include <fcntl.h>
#include <stdlib.h>

#include "engine/rsync_args.h"
#include "mail/msmtprc.h"
#include "sys/fs.h"
#include "sys/zone.h"

static const char *get_env(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

/* A KEY_FILE may be a link (Docker's secrets and configs are), so it is followed. */
static int read_file(void *ctx, const char *path, struct strbuf *out, struct error *err)
{
	CLEANUP(freep) char *real = realpath(path, NULL);

	(void)ctx;
	return fs_read_file(AT_FDCWD, real ? real : path, out, err);
}

static bool is_zone(void *ctx, const char *zone)
{
	(void)ctx;
	return zone_known(zone);
}

static void nearest_zone(void *ctx, const char *zone, struct strbuf *out)
{
	(void)ctx;
	zone_nearest(zone, out);
}

void environment_read(struct config *config, struct strvec *errors,
		      struct strvec *mail_errors)
{
	const struct config_source source = {
		.get = get_env,
		.read_file = read_file,
		.zone_known = is_zone,
		.zone_nearest = nearest_zone,
	};
	CLEANUP(strbuf_release) struct strbuf msmtprc = STRBUF_INIT;
	struct error err;

	int r = config_load(config, &source, errors, mail_errors);
	if (rsync_args_check(&config->rsync_args, &err) < 0)
		strvec_push(errors, err.msg);
	if (r >= 0 && msmtprc_text(config, *msmtprc_logins(config), config->msmtp_log,
				   &msmtprc, &err) < 0)
		strvec_push(mail_errors, err.msg);
}
