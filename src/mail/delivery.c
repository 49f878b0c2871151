/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "mail/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "mail/diagnosis.h"
#include "mail/msmtprc.h"
#include "sys/fs.h"
#include "sys/process.h"
#include "sys/signals.h"

enum {
	SAID_MAX = 4096,
	SECRET_SHORTEST = 4,
	WAIT_MS =
		5000, /* before the second attempt; three times as long each further one */
};

/* msmtp's output: what went wrong, and the line for its log. */
struct output {
	struct strbuf said;
	int log;	    /* -1: it cannot be written */
	const char *secret; /* a server may repeat it */
};

/* Adds the line without the password, if that is long enough to be told from other words. */
static void add_hidden(struct strbuf *out, const char *line, size_t len,
		       const char *secret)
{
	const char *end = line + len, *hit;
	size_t n = strlen(secret);

	while (n >= SECRET_SHORTEST &&
	       (hit = memmem(line, (size_t)(end - line), secret, n)) != NULL) {
		strbuf_add(out, line, (size_t)(hit - line));
		strbuf_addstr(out, "(hidden)");
		line = hit + n;
	}
	strbuf_add(out, line, (size_t)(end - line));
}

static void take_line(void *ctx, enum process_stream stream, const char *line, size_t len)
{
	struct output *output = ctx;

	if (stream == PROCESS_STDERR) {
		add_hidden(&output->said, line, len, output->secret);
		strbuf_addch(&output->said, '\n');
		return;
	}
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	add_hidden(&text, line, len, output->secret);
	strbuf_addch(&text, '\n');
	if (output->log >= 0 && fs_write_all(output->log, text.buf, text.len) < 0) {
		/* the mail is what counts, and where it ended is in our own log */
	}
}

/*
 * Runs msmtp once. It would keep its log itself, but crashes after it sent a mail when the
 * log's file system is full (1.8.23); so it prints the line.
 */
static int run_msmtp(const struct delivery *delivery, char *const *recipients, size_t n,
		     struct output *output, struct attempt *ret, struct error *err)
{
	const struct config *config = delivery->config;
	CLEANUP(strbuf_release) struct strbuf rc = STRBUF_INIT;
	CLEANUP(strvec_release) struct strvec argv = STRVEC_INIT;
	CLEANUP(closep) int rc_fd = -1;
	CLEANUP(closep) int message_fd = -1;
	double patience = (double)config->smtp_timeout;
	struct process_result result;
	int r;

	if ((r = msmtprc_text(config, "-", &rc, err)) < 0 ||
	    (r = fs_memory_file("msmtprc", rc.buf, rc.len, &rc_fd, err)) < 0 ||
	    (r = fs_memory_file("mail", delivery->message->buf, delivery->message->len,
				&message_fd, err)) < 0)
		return r;
	strvec_push(&argv, "msmtp");
	strvec_push(&argv, "-C");
	strvec_pushf(&argv, "/proc/self/fd/%d", rc_fd);
	strvec_push(&argv, "--");
	for (size_t i = 0; i < n; i++)
		strvec_push(&argv, recipients[i]);

	if (delivery->patience > 0 && delivery->patience < patience)
		patience = delivery->patience;
	const struct process process = {
		.argv = argv.v,
		.stdin_fd = message_fd,
		.keep_fd = rc_fd,
		.cancel_fd = delivery->cancel_fd,
		.deadline = patience,
		.on_line = take_line,
		.ctx = output,
	};
	strbuf_reset(&output->said);
	r = process_run(&process, &result, err);
	if (r < 0)
		return r == -ENOENT ? error_say(err, r, "msmtp is not installed") : r;
	*ret = (struct attempt){
		.timed_out = result.end == PROCESS_TIMED_OUT,
		.interrupted = result.end == PROCESS_CANCELLED,
		.code = result.end == PROCESS_EXITED ? result.code : -1,
		.said = output->said.buf,
	};
	return 0;
}

/* To some recipients at once; returns how many got it. */
static int send_to(const struct delivery *delivery, char *const *recipients, size_t n,
		   struct output *output, struct strvec *problems, struct error *err)
{
	struct attempt attempt = {.said = ""};
	int wait = WAIT_MS;

	for (int left = delivery->attempts;; wait *= 3) {
		int r = run_msmtp(delivery, recipients, n, output, &attempt, err);
		if (r < 0)
			return r;
		if (attempt.code == 0)
			return (int)n;
		if (--left < 1 || !diagnosis_is_temporary(&attempt) ||
		    !signals_sleep(wait))
			break;
	}
	if (n > 1 && diagnosis_is_recipient(&attempt)) {
		int reached = 0;
		for (size_t i = 0; i < n; i++) {
			int r = send_to(delivery, recipients + i, 1, output, problems,
					err);
			if (r < 0)
				return r;
			reached += r;
		}
		return reached;
	}

	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT_MAX(SAID_MAX);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&words, "%s%s", i > 0 ? ", " : "", recipients[i]);
	strbuf_addstr(&words, ": ");
	diagnosis_words(&attempt, delivery->config, &words);
	strvec_push(problems, words.buf);
	return 0;
}

int deliver(const struct delivery *delivery, struct strvec *problems, struct error *err)
{
	const struct config *config = delivery->config;
	const struct strvec *to = &config->email_to;
	struct output output = {
		.said = STRBUF_INIT_MAX(SAID_MAX),
		.secret = config->smtp_pass,
		.log = *config->msmtp_log ? open(config->msmtp_log,
						 O_WRONLY | O_APPEND | O_CREAT |
							 O_CLOEXEC | O_NONBLOCK,
						 0600)
					  : -1,
	};

	int r = send_to(delivery, to->v, to->n, &output, problems, err);
	closep(&output.log);
	strbuf_release(&output.said);
	return r;
}
