/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/progress.h"

#include <string.h>

#include "base/human.h"
#include "sys/clock.h"

#define STATUS_EVERY 0.5
#define LINES_EVERY 30.0
#define LINES_APART 20.0 /* of the time since the beginning, one part */
#define MARKS_APART 10.0

enum { BAR_WIDTH = 20 };

void progress_begin(struct progress *progress, struct log *log,
		    const struct snapshot_counts *before, double now)
{
	*progress = (struct progress){
		.log = log,
		.before = before && before->files > 0 ? before : NULL,
		.started = now,
		.told = now,
		.marks = {{.time = now}, {.time = now}},
	};
}

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 1;
}

/* Of files or of bytes, whichever lags behind; there may be more of them than before. */
static double done(const struct progress *progress, const struct engine_progress *is)
{
	double files = share(is->files, progress->before->files);
	double bytes = share(is->bytes, progress->before->bytes);
	double least = files < bytes ? files : bytes;

	return least < 0.99 ? least : 0.99;
}

/* Bytes per second. */
static double measure(struct progress *progress, uint64_t copied, double now)
{
	double passed = now - progress->marks[0].time;
	double rate =
		passed > 0 ? (double)(copied - progress->marks[0].copied) / passed : 0;

	if (now - progress->marks[1].time >= MARKS_APART) {
		progress->marks[0] = progress->marks[1];
		progress->marks[1].time = now;
		progress->marks[1].copied = copied;
	}
	return rate;
}

static void add_bar(double part, struct strbuf *out)
{
	const unsigned filled = (unsigned)(part * BAR_WIDTH);

	strbuf_addf(out, "%3.0f %% [", part * 100);
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		strbuf_addstr(out, i < filled ? "=" : i == filled ? ">" : " ");
	strbuf_addstr(out, "] ");
}

static void compose(const struct progress *progress, const struct engine_progress *is,
		    double rate, double now, bool bar, struct strbuf *out)
{
	char a[HUMAN_MAX];
	const double part = progress->before ? done(progress, is) : 0;

	if (bar && progress->before)
		add_bar(part, out);
	if (bar && progress->what)
		strbuf_addf(out, "%s: ", progress->what);
	strbuf_addf(out, "%s %s", human_count(is->files, a),
		    human_noun(is->files, "file", "files"));
	if (is->bytes > 0 || (progress->before && progress->before->bytes > 0))
		strbuf_addf(out, ", %s", human_bytes(is->bytes, a));
	if (is->copied > 0)
		strbuf_addf(out, ", %s/s", human_bytes((uint64_t)rate, a));
	if (!progress->before)
		return;
	if (!bar)
		strbuf_addf(out, ", about %.0f %%", part * 100);
	if (part >= 0.01)
		strbuf_addf(
			out, ", %s left",
			human_duration((now - progress->started) * (1 - part) / part, a));
}

/* Whether it is time for the next. */
static bool is_due(const struct progress *progress, const struct engine_progress *is,
		   double now)
{
	double since = now - progress->told, from_start = now - progress->started;

	if (log_has_status(progress->log))
		return since >= STATUS_EVERY;
	return progress->in_log && since >= LINES_EVERY &&
	       since >= from_start / LINES_APART &&
	       memcmp(is, &progress->last, sizeof(*is)) != 0;
}

void progress_update(struct progress *progress, const struct engine_progress *is,
		     double now)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool in_place = log_has_status(progress->log);
	double rate = measure(progress, is->copied, now);

	if (!is_due(progress, is, now))
		return;
	compose(progress, is, rate, now, in_place, &text);
	if (in_place)
		log_status(progress->log, text.buf);
	else
		log_info(progress->log, "%s", text.buf);
	progress->told = now;
	progress->last = *is;
}

void progress_end(struct progress *progress)
{
	log_status(progress->log, "");
}

void progress_note(void *ctx, bool warning, const char *text)
{
	const struct progress *progress = ctx;

	if (warning)
		log_warn(progress->log, "%s", text);
	else
		log_info(progress->log, "%s", text);
}

void progress_show(void *ctx, const struct engine_progress *is)
{
	progress_update(ctx, is, clock_monotonic());
}
