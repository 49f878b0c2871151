/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/rsync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/detours.h"
#include "engine/markers.h"
#include "engine/redo.h"
#include "engine/rsync_args.h"
#include "engine/rsync_output.h"
#include "sys/fs.h"
#include "sys/process.h"

enum {
	RSYNC_PARTIAL = 23,
	RSYNC_VANISHED = 24,
	PROBE_SECONDS = 30,
	AGAIN_AT_ONCE = 100, /* paths: rsync tries each name against all of the rules */
	AGAIN_NOTES_MAX = 20,
};

static void first_line(void *ctx, enum process_stream stream, const char *line,
		       size_t len)
{
	struct strbuf *text = ctx;

	if (stream == PROCESS_STDOUT && text->len == 0)
		strbuf_add(text, line, len);
}

/* "rsync  version 3.2.7  protocol version 31", with a v before the number at times. */
static bool read_version(const char *line, unsigned long version[3])
{
	const char *s = strstr(line, "version ");

	if (!s)
		return false;
	s += strcspn(s, "0123456789");
	for (int i = 0; i < 3; i++) {
		char *end;
		version[i] = strtoul(s, &end, 10);
		if (end == s || (i < 2 && *end != '.'))
			return false;
		s = end + 1;
	}
	return true;
}

static int probe(const struct engine *engine, char **ret_version, struct strvec *warnings,
		 struct error *err)
{
	CLEANUP(strvec_release) struct strvec argv = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT_MAX(256);

	(void)engine;
	strvec_push(&argv, "rsync");
	strvec_push(&argv, "--version");
	struct process process = {
		.argv = argv.v,
		.stdin_fd = -1,
		.keep_fd = -1,
		.cancel_fd = -1,
		.deadline = PROBE_SECONDS,
		.on_line = first_line,
		.ctx = &line,
	};
	struct process_result result;
	unsigned long version[3];

	int r = process_run(&process, &result, err);
	if (r == -ENOENT)
		return error_say(err, r,
				 "rsync is not installed: install it, 3.2.7 or later");
	if (r < 0)
		return r;
	if (result.end != PROCESS_EXITED || result.code != 0 ||
	    !read_version(line.buf, version))
		return error_say(err, -EINVAL,
				 "'rsync --version' was not understood: '%s'", line.buf);
	CLEANUP(freep)
	char *name = xasprintf("rsync %lu.%lu.%lu", version[0], version[1], version[2]);
	unsigned long number = version[0] * 10000 + version[1] * 100 + version[2];
	if (number < 30207)
		return error_say(err, -EINVAL, "%s is too old: install 3.2.7 or later",
				 name);
	if (number < 30500)
		strvec_pushf(warnings,
			     "%s has security faults that 3.5.0 mended: upgrade it",
			     name);
	*ret_version = STEAL(name);
	return 0;
}

static void add_rules(struct strbuf *out, const struct strvec *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		strbuf_add(out, rules->v[i], strlen(rules->v[i]) + 1);
}

/* A file in memory with the rules, each ended by NUL, for rsync's standard input. */
static int write_rules(const struct engine_job *job, const struct strvec *rules,
		       int *ret_fd, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	add_rules(&text, rules);
	add_rules(&text, job->patterns);
	return fs_memory_file("rules", text.buf, text.len, ret_fd, err);
}

static void on_line(void *ctx, enum process_stream stream, const char *line, size_t len)
{
	rsync_output_line(ctx, stream == PROCESS_STDERR, line, len);
}

/* What rsync's end means. */
static int judge(const struct process_result *result, const struct rsync_output *out,
		 enum engine_outcome *ret_outcome, struct error *err)
{
	const char *why = out->no_room[0] ? out->no_room : out->last_error;

	switch (result->end) {
	case PROCESS_CANCELLED:
		return error_say(err, -EINTR, "the copy was interrupted");
	case PROCESS_TIMED_OUT:
		return error_say(err, -ETIMEDOUT, "rsync took too long");
	case PROCESS_SIGNALED:
		return error_say(err, -EIO, "rsync was killed by signal %d",
				 result->code);
	case PROCESS_EXITED:
		break;
	}
	if (out->no_room[0])
		return error_say(err, -out->no_room_errno,
				 "the destination cannot be written: %s", why);
	if (result->code != 0 && result->code != RSYNC_PARTIAL &&
	    result->code != RSYNC_VANISHED)
		return error_say(err, -EIO, "rsync failed with exit code %d: %s",
				 result->code, why[0] ? why : "it said nothing");
	if (!out->stats_seen)
		return error_say(err, -EIO, "rsync ended without saying what it did");
	*ret_outcome = result->code == RSYNC_PARTIAL ? ENGINE_PARTIAL : ENGINE_COMPLETE;
	return 0;
}

/* Runs rsync once. `rules` come before the user's patterns. */
static int run_rsync(const struct rsync_engine *rsync, const struct engine_job *job,
		     const struct strvec *rules, struct snapshot_counts *ret_counts,
		     enum engine_outcome *ret_outcome, struct error *err)
{
	CLEANUP(strvec_release) struct strvec argv = STRVEC_INIT;
	CLEANUP(closep) int rules_fd = -1;
	struct rsync_output out = {.job = job};
	struct process_result result;

	int r = write_rules(job, rules, &rules_fd, err);
	if (r < 0)
		return r;
	rsync_args_build(job, rsync->args, &argv);
	struct process process = {
		.argv = argv.v,
		.stdin_fd = rules_fd,
		.keep_fd = job->lock_fd,
		.cancel_fd = job->cancel_fd,
		.on_line = on_line,
		.ctx = &out,
	};
	r = process_run(&process, &result, err);
	if (r < 0)
		return r;
	rsync_output_finish(&out);
	*ret_counts = out.counts;
	return judge(&result, &out, ret_outcome, err);
}

static void note_again(const struct engine_job *job, const struct strvec *paths)
{
	for (size_t i = 0; i < paths->n && i < AGAIN_NOTES_MAX; i++) {
		CLEANUP(freep)
		char *text = xasprintf("'%s' was found behind what was a symbolic link "
				       "in a snapshot before: copying it in full",
				       paths->v[i]);
		job->note(job->note_ctx, false, text);
	}
	if (paths->n > AGAIN_NOTES_MAX) {
		CLEANUP(freep)
		char *text =
			xasprintf("... and %zu more of them", paths->n - AGAIN_NOTES_MAX);
		job->note(job->note_ctx, false, text);
	}
}

/* Copies so many paths again, linked to nothing; `counts` and `outcome` are corrected. */
static int copy_again(const struct rsync_engine *rsync, const struct engine_job *job,
		      const struct strvec *markers, char *const *paths, size_t n,
		      struct snapshot_counts *counts, enum engine_outcome *outcome,
		      struct error *err)
{
	CLEANUP(redo_release) struct redo redo = REDO_INIT;
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT, none = STRVEC_INIT;
	struct snapshot_counts again;
	enum engine_outcome how = ENGINE_COMPLETE;

	detours_add_rules(paths, n, &rules);
	for (size_t i = 0; i < markers->n; i++)
		strvec_push(&rules, markers->v[i]);
	int r = redo_begin(&redo, job->target, err);
	if (r < 0)
		return r;
	struct engine_job part = *job;
	part.target = redo.path;
	part.bases = &none;
	part.unfinished = 0;
	r = run_rsync(rsync, &part, &rules, &again, &how, err);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		bool found = true;
		r = redo_replace(&redo, paths[i], counts, &found, err);
		if (r < 0 || found)
			continue;
		CLEANUP(freep)
		char *text = xasprintf("'%s' went away before it was copied", paths[i]);
		job->note(job->note_ctx, true, text);
		how = ENGINE_PARTIAL;
	}
	if (r >= 0)
		r = redo_end(&redo, err);
	if (r < 0)
		return r;
	counts->new_files += again.new_files + again.changed;
	counts->bytes_copied += again.bytes_copied;
	counts->vanished += again.vanished;
	counts->unreadable += again.unreadable;
	if (how == ENGINE_PARTIAL)
		*outcome = ENGINE_PARTIAL;
	return 0;
}

static int mend_detours(const struct rsync_engine *rsync, const struct engine_job *job,
			const struct strvec *markers, struct snapshot_counts *counts,
			enum engine_outcome *outcome, struct error *err)
{
	CLEANUP(strvec_release) struct strvec paths = STRVEC_INIT;

	int r = detours_find(job, &paths, err);
	if (r < 0)
		return error_prefix(err, r, "look for links that were followed");
	note_again(job, &paths);
	for (size_t i = 0, n; r >= 0 && i < paths.n; i += n) {
		n = paths.n - i < AGAIN_AT_ONCE ? paths.n - i : AGAIN_AT_ONCE;
		r = copy_again(rsync, job, markers, paths.v + i, n, counts, outcome, err);
	}
	return r;
}

static int copy(const struct engine *engine, const struct engine_job *job,
		struct snapshot_counts *ret_counts, enum engine_outcome *ret_outcome,
		struct error *err)
{
	const struct rsync_engine *rsync = engine->impl;
	CLEANUP(strvec_release) struct strvec markers = STRVEC_INIT, bases = STRVEC_INIT;
	struct engine_job with = *job;

	int r = markers_find(job, &markers, err);
	if (r < 0)
		return error_prefix(err, r, "excludes");
	r = detours_choose_bases(job, &bases, err);
	if (r < 0)
		return error_prefix(err, r, "choose what to link to");
	with.unfinished = bases.n - (job->bases->n - job->unfinished);
	with.bases = &bases;
	r = run_rsync(rsync, &with, &markers, ret_counts, ret_outcome, err);
	if (r < 0 || job->dry_run)
		return r;
	return mend_detours(rsync, &with, &markers, ret_counts, ret_outcome, err);
}

void rsync_engine_init(struct rsync_engine *rsync, const struct strvec *args)
{
	*rsync = (struct rsync_engine){
		.engine = {.name = "rsync", .probe = probe, .copy = copy, .impl = rsync},
		.args = args,
	};
}
