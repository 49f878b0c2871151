/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/notify.h"

#include <inttypes.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "mail/delivery.h"
#include "mail/message.h"
#include "sys/clock.h"
#include "sys/host.h"
#include "sys/signals.h"

enum {
	ATTEMPTS = 3,
	HASTE_SECONDS = 5,
};

static const char *sender(const struct config *config)
{
	return config_value(config, "EMAIL_FROM")->origin == CONFIG_FROM_DEFAULT
		       ? "backup@example.com"
		       : config->email_from;
}

int notify_send(const struct config *config, const char *subject, const char *body,
		int attempts, struct strvec *problems, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct instant now = clock_now();
	uint64_t unique = 0;
	bool haste = signals_caught();

	if (getrandom(&unique, sizeof(unique), GRND_NONBLOCK) < 0)
		unique = 0; /* time and process tell mails apart, too */
	CLEANUP(freep)
	char *id = xasprintf("%" PRId64 ".%ld.%016" PRIx64, now.epoch, (long)getpid(),
			     unique);
	const struct message message = {
		.from = sender(config),
		.to = &config->email_to,
		.subject = subject,
		.body = body,
		.date = now,
		.id = id,
	};
	message_write(&message, &text);
	const struct delivery delivery = {
		.config = config,
		.message = &text,
		.attempts = haste ? 1 : attempts,
		.seconds = haste ? HASTE_SECONDS : 0,
		.cancel_fd = haste ? -1 : signals_fd(),
	};
	return deliver(&delivery, problems, err);
}

static char *make_subject(const struct report *report)
{
	CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT;
	struct civil c = civil_from_epoch(report->start.epoch, report->start.offset);
	const char *words = report->exit_code == EXIT_OK && report->damaged > 0
				    ? "succeeded and found damage"
			    : report->exit_code == EXIT_OK
				    ? report_result_words(report->result)
			    : report->result == REPORT_PARTIAL ? "succeeded with warnings"
							       : "failed";

	host_name(&host);
	return xasprintf("%s[%s] backup %s %04d-%02d-%02d %02d:%02d",
			 report->dry_run ? "[DRY-RUN] " : "", host.buf, words, c.year,
			 c.month, c.day, c.hour, c.minute);
}

/* `reached` is what notify_send() returned. What is wrong, or NULL. */
static char *what_failed(int reached, const struct error *err,
			 const struct strvec *problems, struct log *log)
{
	if (reached < 0)
		log_warn(log, "mail was not sent: %s", err->msg);
	for (size_t i = 0; i < problems->n; i++)
		log_warn(log, "mail was not sent to %s", problems->v[i]);
	if (reached < 0)
		return xstrdup(err->msg);
	return problems->n > 0 ? xstrdup(problems->v[0]) : NULL;
}

char *notify(const struct report *report, bool alarm, const struct config *config,
	     struct log *log)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;
	CLEANUP(strvec_release) struct strvec problems = STRVEC_INIT;
	struct error err;

	if (!config_has_mail(config) ||
	    !(alarm ? config->email_on_failure : config->email_on_success))
		return NULL;

	CLEANUP(freep) char *subject = make_subject(report);
	report_overview(report, &body);
	strbuf_addch(&body, '\n');
	log_text(log, &body);

	int reached = notify_send(config, subject, body.buf, ATTEMPTS, &problems, &err);
	char *failed = what_failed(reached, &err, &problems, log);
	if (reached > 0)
		log_info(log, "mail sent to %d of %zu", reached, config->email_to.n);
	return failed;
}

void notify_announce(const struct config *config, struct log *log)
{
	if (!config_has_mail(config) &&
	    (config->email_on_success || config->email_on_failure))
		log_info(
			log,
			"no mail will tell of this run: set SMTP_SERVER and EMAIL_TO, or "
			"EMAIL_ON_FAILURE=off if none is wanted");
}
