/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "mail/msmtprc.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"

enum {
	LINE_LONGEST = 499,
	PORT_SMTPS = 465, /* RFC 8314, 3.3 */
};

static int add_value(struct strbuf *out, const char *command, const char *key,
		     const char *value, struct error *err)
{
	size_t before = out->len;

	if (parse_line(value) < 0)
		return error_say(
			err, -EINVAL,
			"%s holds a control character, which no mail setting may", key);
	strbuf_addf(out, "%s \"%s\"\n", command, value);
	if (out->len - before - 1 > LINE_LONGEST)
		return error_say(
			err, -EINVAL, "%s is too long for msmtp%s", key,
			strcmp(key, "SMTP_PASS") == 0
				? ", unless it comes from a file (SMTP_PASS_FILE)"
				: "");
	return 0;
}

/* A shell's single quotes, which end only at the next one. */
static void add_quoted(struct strbuf *out, const char *s)
{
	strbuf_addch(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			strbuf_addstr(out, "'\\''");
		else
			strbuf_addch(out, *s);
	}
	strbuf_addch(out, '\'');
}

static int add_login(const struct config *config, const char *login, struct strbuf *out,
		     struct error *err)
{
	const char *file = config_value(config, "SMTP_PASS")->file;

	if (!*config->smtp_user) {
		strbuf_addstr(out, "auth off\n");
		return 0;
	}
	strbuf_addf(out, "auth %s\n", login);
	int r = add_value(out, "user", "SMTP_USER", config->smtp_user, err);
	if (r < 0)
		return r;
	if (!file)
		return add_value(out, "password", "SMTP_PASS", config->smtp_pass, err);

	CLEANUP(strbuf_release) struct strbuf command = STRBUF_INIT;
	strbuf_addstr(&command, "cat -- ");
	add_quoted(&command, file);
	return add_value(out, "passwordeval", "SMTP_PASS_FILE", command.buf, err);
}

const char *const *msmtprc_logins(const struct config *config)
{
	static const char *const in_the_clear[] = {"plain", "login", "cram-md5", "on",
						   NULL};
	static const char *const encrypted[] = {"on", NULL};

	return config->smtp_tls == CONFIG_TLS_OFF ? in_the_clear : encrypted;
}

bool msmtprc_is_implicit(const struct config *config)
{
	return config->smtp_tls == CONFIG_TLS_IMPLICIT ||
	       (config->smtp_tls == CONFIG_TLS_ON && config->smtp_port == PORT_SMTPS);
}

int msmtprc_text(const struct config *config, const char *login, const char *log,
		 struct strbuf *out, struct error *err)
{
	bool tls = config->smtp_tls != CONFIG_TLS_OFF;
	int r;

	strbuf_addstr(out, "# Made from the environment of backup-container.\n"
			   "account default\n");
	r = add_value(out, "host", "SMTP_SERVER", config->smtp_server, err);
	strbuf_addf(out, "port %" PRIu64 "\ntimeout %" PRId64 "\n", config->smtp_port,
		    config->smtp_timeout);
	strbuf_addf(out, "tls %s\n", tls ? "on" : "off");
	if (r >= 0 && tls) {
		strbuf_addf(out, "tls_starttls %s\n",
			    msmtprc_is_implicit(config) ? "off" : "on");
		r = add_value(out, "tls_trust_file", "SMTP_CA_FILE", config->smtp_ca_file,
			      err);
	}
	if (r >= 0)
		r = add_login(config, login, out, err);
	if (r >= 0)
		r = add_value(out, "from", "EMAIL_FROM", config->email_from, err);
	if (r >= 0 && log)
		r = add_value(out, "logfile", "MSMTP_LOG", log, err);
	return r;
}
