/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "mail/msmtp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/strvec.h"
#include "mail/msmtprc.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/process.h"

enum {
	SAID_MAX = 4096,
	SECRET_SHORTEST = 4,
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
	struct msmtp *msmtp = ctx;
	const char *secret = msmtp->config->smtp_pass; /* a server may repeat it */

	if (stream == PROCESS_STDERR) {
		add_hidden(&msmtp->said, line, len, secret);
		strbuf_addch(&msmtp->said, '\n');
		return;
	}
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	add_hidden(&text, line, len, secret);
	strbuf_addch(&text, '\n');
	if (msmtp->log >= 0 && fs_write_all(msmtp->log, text.buf, text.len) < 0) {
		/* the mail is what counts, and where it ended is in our own log */
	}
}

void msmtp_open(struct msmtp *msmtp, const struct config *config,
		const struct strbuf *message, int cancel_fd)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;

	*msmtp = (struct msmtp){
		.config = config,
		.message = message,
		.cancel_fd = cancel_fd,
		.login = msmtprc_logins(config),
		.said = STRBUF_INIT_MAX(SAID_MAX),
		.log = *config->msmtp_log ? open(config->msmtp_log, flags, 0600) : -1,
	};
}

void msmtp_close(struct msmtp *msmtp)
{
	closep(&msmtp->log);
	strbuf_release(&msmtp->said);
}

/*
 * It would keep its log itself, but crashes after it sent a mail when the log's file system
 * is full (1.8.23); so it prints the line.
 */
static int run_once(struct msmtp *msmtp, char *const *recipients, size_t n,
		    double seconds, struct process_result *ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf rc = STRBUF_INIT;
	CLEANUP(strvec_release) struct strvec argv = STRVEC_INIT;
	CLEANUP(closep) int rc_fd = -1;
	CLEANUP(closep) int message_fd = -1;
	int r;

	if ((r = msmtprc_text(msmtp->config, *msmtp->login, "-", &rc, err)) < 0 ||
	    (r = fs_memory_file("msmtprc", rc.buf, rc.len, &rc_fd, err)) < 0 ||
	    (r = fs_memory_file("mail", msmtp->message->buf, msmtp->message->len,
				&message_fd, err)) < 0)
		return r;
	strvec_push(&argv, "msmtp");
	strvec_push(&argv, "-C");
	strvec_pushf(&argv, "/proc/self/fd/%d", rc_fd);
	strvec_push(&argv, "--");
	for (size_t i = 0; i < n; i++)
		strvec_push(&argv, recipients[i]);

	const struct process process = {
		.argv = argv.v,
		.stdin_fd = message_fd,
		.keep_fd = rc_fd,
		.cancel_fd = msmtp->cancel_fd,
		.deadline = seconds,
		.on_line = take_line,
		.ctx = msmtp,
	};
	strbuf_reset(&msmtp->said);
	r = process_run(&process, ret, err);
	return r == -ENOENT ? error_say(err, r, "msmtp is not installed") : r;
}

int msmtp_send(struct msmtp *msmtp, char *const *recipients, size_t n, double seconds,
	       struct attempt *ret, struct error *err)
{
	double end = clock_monotonic() + seconds, left = seconds;
	struct process_result result;

	for (;; msmtp->login++) {
		int r = run_once(msmtp, recipients, n, left, &result, err);
		if (r < 0)
			return r;
		*ret = (struct attempt){
			.timed_out = result.end == PROCESS_TIMED_OUT,
			.interrupted = result.end == PROCESS_CANCELLED,
			.code = result.end == PROCESS_EXITED ? result.code : -1,
			.said = msmtp->said.buf,
			.seconds = seconds,
		};
		left = end - clock_monotonic();
		if (!diagnosis_is_method(ret) || !msmtp->login[1] || left <= 0)
			return 0;
	}
}
