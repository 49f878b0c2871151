/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "mail/diagnosis.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "mail/msmtprc.h"

static const char not_trusted[] =
	"no certificate in SMTP_CA_FILE vouches for the server's; if it has a private one, "
	"set SMTP_CA_FILE to that of its issuer";
static const char other_name[] =
	"the server's certificate is for another name; SMTP_SERVER must be the name in it";
static const char no_tls_yet[] =
	"the server does not speak TLS from the start on this port; set SMTP_TLS=starttls";
static const char bad_trust[] = "SMTP_CA_FILE cannot be read, or holds no certificates";
static const char no_login[] =
	"the server lets nobody log in here; most do only with TLS: set SMTP_TLS=on, or "
	"leave SMTP_USER empty";

/* Of the first row whose text is in what msmtp said: with GnuTLS, or with OpenSSL. */
static const struct {
	const char *said;
	const char *words;
} causes[] = {
	{"authentication failed",
	 "the server refuses the user or the password; check SMTP_USER and SMTP_PASS"},
	{"cannot locate host",
	 "there is no such host; check SMTP_SERVER, and the DNS here"},
	{"cannot connect to",
	 "nothing answers there; check SMTP_SERVER and SMTP_PORT, and firewalls between"},
	{"issuer is unknown", not_trusted},
	{"issuer certificate", not_trusted},
	{"self-signed certificate", not_trusted},
	{"self signed certificate", not_trusted}, /* before OpenSSL 3 */
	{"unable to verify the first certificate", not_trusted},
	{"does not match the expected", other_name},
	{"does not match hostname", other_name},
	{"expired", "the server's certificate has expired, or the clock here is wrong"},
	{"not yet valid",
	 "the server's certificate is not valid yet, or the clock here is wrong"},
	{"certificate verification failed", "the server's certificate is not good"},
	{"via the STARTTLS",
	 "the server does not offer STARTTLS on this port; set SMTP_TLS=implicit where TLS "
	 "comes first (port 465, mostly)"},
	{"unexpected TLS packet", no_tls_yet},
	{"wrong version number", no_tls_yet},
	{"packet length too long", no_tls_yet},
	{"TLS handshake failed", "the server and msmtp do not agree on how to use TLS"},
	{"does not support authentication", no_login},
	{"cannot find a usable authentication method", no_login},
	{"cannot use a secure authentication method", no_login},
	{"X509 trust file", bad_trust},
	{"cannot load trust file", bad_trust},
	{"envelope from address",
	 "the server refuses the sender; set EMAIL_FROM to an address that it takes"},
	{"recipient address", "the server refuses the recipient; check EMAIL_TO"},
	{"not accept mail data", "the server refuses the mail"},
	{"not accept the mail", "the server refuses the mail"},
	{"cannot get initial OK", "the server refuses to talk to this host"},
	{"invalid reply", "what answers there is no mail server; check SMTP_PORT"},
	{"empty reply",
	 "the server closes the connection; if it wants TLS from the start, set "
	 "SMTP_TLS=implicit"},
	{"/etc/msmtprc", "msmtp reads that file too, and something in it is wrong"},
	{"cannot read output of", "the file with the password cannot be read"},
};

static const char before_reply[] = "msmtp: server message: ";

/* The server's reply, from its first digit on, or "". */
static const char *find_reply(const char *said)
{
	const char *reply = strstr(said, before_reply);

	return reply ? reply + sizeof(before_reply) - 1 : "";
}

/* Whether `text` is in what msmtp said itself: a server may say anything. */
static bool says(const struct attempt *attempt, const char *text)
{
	const char *line = attempt->said;

	for (size_t len; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (strncmp(line, before_reply, sizeof(before_reply) - 1) != 0 &&
		    memmem(line, len, text, strlen(text)))
			return true;
	}
	return false;
}

static bool has_timed_out(const struct attempt *attempt)
{
	return attempt->timed_out || says(attempt, "the operation timed out");
}

bool diagnosis_is_temporary(const struct attempt *attempt)
{
	const char *reply = find_reply(attempt->said);

	if (attempt->interrupted || attempt->late || has_timed_out(attempt))
		return false;
	if (*reply)
		return *reply == '4'; /* RFC 5321, 4.2.1 */
	return attempt->code == EX_NOHOST || attempt->code == EX_IOERR ||
	       attempt->code == EX_TEMPFAIL || attempt->code == EX_PROTOCOL;
}

bool diagnosis_is_recipient(const struct attempt *attempt)
{
	return says(attempt, "recipient address");
}

bool diagnosis_is_method(const struct attempt *attempt)
{
	return says(attempt, "does not support authentication method");
}

static void add_said(struct strbuf *out, const char *said)
{
	static const char program[] = "msmtp: ";
	bool first = true;

	for (size_t len; *said; said += len + (said[len] == '\n')) {
		len = strcspn(said, "\n");
		const char *line = said;
		size_t n = len;
		if (strncmp(line, program, sizeof(program) - 1) == 0) {
			line += sizeof(program) - 1;
			n -= sizeof(program) - 1;
		}
		if (n == 0 || strncmp(line, "could not send mail", 19) == 0 ||
		    strncmp(line, "log info was", 12) == 0)
			continue;
		strbuf_addstr(out, first ? " (" : "; ");
		strbuf_add(out, line, n);
		first = false;
	}
	if (!first)
		strbuf_addch(out, ')');
}

static const char *find_words(const struct attempt *attempt)
{
	if (diagnosis_is_recipient(attempt) && diagnosis_is_temporary(attempt))
		return "the server puts the recipient off, for the time being";
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (says(attempt, causes[i].said))
			return causes[i].words;
	return NULL;
}

static void add_silence(const struct attempt *attempt, const struct config *config,
			struct strbuf *out)
{
	double seconds = (double)config->smtp_timeout;

	if (attempt->timed_out && attempt->seconds > 0 && attempt->seconds < seconds)
		strbuf_addf(out,
			    "the server fell silent for %.0f s, and there was no more "
			    "time",
			    attempt->seconds);
	else
		strbuf_addf(out, "the server fell silent for %.0f s (SMTP_TIMEOUT)",
			    seconds);
	if (!msmtprc_is_implicit(config))
		strbuf_addstr(out, "; where it waits for TLS from the start, set "
				   "SMTP_TLS=implicit");
}

void diagnosis_words(const struct attempt *attempt, const struct config *config,
		     struct strbuf *out)
{
	const char *words = find_words(attempt);

	strbuf_addf(out, "%s port %" PRIu64 ": ", config->smtp_server, config->smtp_port);
	if (attempt->interrupted)
		strbuf_addstr(out, "interrupted before the server took it");
	else if (attempt->late)
		strbuf_addstr(out, "no time was left to try");
	else if (has_timed_out(attempt))
		add_silence(attempt, config, out);
	else if (words)
		strbuf_addstr(out, words);
	else if (attempt->code < 0)
		strbuf_addstr(out, "msmtp was killed");
	else
		strbuf_addf(out, "msmtp ended with %d", attempt->code);
	add_said(out, attempt->said);
}
