/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/progress.h"

#include <string.h>

#include "base/human.h"

#define STATUS_EVERY 0.5
#define LINES_EVERY 30.0
#define LINES_APART 20.0 /* of the time since the beginning, one part */
#define MARKS_APART 10.0

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

static void compose(const struct progress *progress, const struct engine_progress *is,
		    double rate, double now, struct strbuf *out)
{
	char a[HUMAN_MAX], b[HUMAN_MAX];

	strbuf_addf(out, "%s %s, %s", human_count(is->files, a),
		    human_noun(is->files, "file", "files"), human_bytes(is->bytes, b));
	if (is->copied > 0)
		strbuf_addf(out, ", %s/s", human_bytes((uint64_t)rate, a));
	if (!progress->before)
		return;
	double part = done(progress, is);
	strbuf_addf(out, ", about %.0f %%", part * 100);
	if (part >= 0.01)
		strbuf_addf(
			out, ", %s left",
			human_duration((now - progress->started) * (1 - part) / part, a));
}

void progress_update(struct progress *progress, const struct engine_progress *is,
		     double now)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool in_place = log_has_status(progress->log);
	double since = now - progress->told, from_start = now - progress->started;
	double rate = measure(progress, is->copied, now);

	if (in_place ? since < STATUS_EVERY
		     : since < LINES_EVERY || since < from_start / LINES_APART)
		return;
	if (!in_place && memcmp(is, &progress->last, sizeof(*is)) == 0)
		return;
	compose(progress, is, rate, now, &text);
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
