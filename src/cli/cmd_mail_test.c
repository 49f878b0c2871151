/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "flow/notify.h"
#include "model/report.h"
#include "sys/host.h"
#include "sys/signals.h"

static void complain(const char *what, const char *why)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add_escaped(&line, why, strlen(why));
	fprintf(stderr, "backup: mail was not sent%s%s\n", what, line.buf);
}

static int send_test(const struct config *config)
{
	CLEANUP(strvec_release) struct strvec problems = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT;
	struct error err;

	host_name(&host);
	CLEANUP(freep) char *subject = xasprintf("[%s] backup test mail", host.buf);
	int reached = notify_send(config, subject,
				  "This is what `backup mail-test` sends: mail from here "
				  "arrives.\n",
				  1, &problems, &err);
	if (reached < 0)
		complain(": ", err.msg);
	for (size_t i = 0; i < problems.n; i++)
		complain(" to ", problems.v[i]);
	if (reached > 0)
		printf("mail sent to %d of %zu\n", reached, config->email_to.n);
	return reached == (int)config->email_to.n ? EXIT_OK : EXIT_FAILED;
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct command_option options[] = {{NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	signals_catch();
	if (!config_has_mail(&config)) {
		fputs("backup: no mail server is set: set SMTP_SERVER and EMAIL_TO\n",
		      stderr);
		return EXIT_FAILED;
	}
	return send_test(&config);
}

const struct command command_mail_test = {
	.name = "mail-test",
	.summary = "send a test mail, and say what is wrong if it cannot be sent",
	.usage =
		"usage: backup mail-test\n"
		"\n"
		"Sends a short mail to EMAIL_TO in the way in which runs send theirs. If the\n"
		"mail server does not take it, says why, and which variable to look at.\n"
		"\n"
		"example: SMTP_SERVER=mail.example.net EMAIL_TO=me@example.net backup mail-test\n",
	.run = run,
	.mails = true,
};
