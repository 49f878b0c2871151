/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/prepass.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/human.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/tree.h"

enum {
	LARGE_BYTES = 64 * 1024 * 1024,
	TICK_SECONDS = 2, /* the coarsest times of a file system, and a clock's slack */
};

bool prepass_is_worthwhile(const struct config *config, const struct quiesce *quiesce,
			   const struct catalog_entry *good)
{
	switch ((enum config_pre_pass)config->pre_pass) {
	case CONFIG_PRE_PASS_ON:
		return true;
	case CONFIG_PRE_PASS_OFF:
		return false;
	case CONFIG_PRE_PASS_AUTO:
		break;
	}
	if (!quiesce || quiesce_count(quiesce) == 0)
		return false;
	return !good || !good->recorded ||
	       good->record.counts.bytes_copied >= LARGE_BYTES;
}

/* Warnings are worth telling when services are down, and come again then. */
static void note_nothing(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	(void)warning;
	(void)text;
}

struct young {
	time_t since;
	struct snapshot_counts *counts; /* what the pass copied, less what is taken out */
};

static void uncount(struct snapshot_counts *counts, const struct stat *st)
{
	uint64_t bytes = st->st_size > 0 ? (uint64_t)st->st_size : 0;

	if (st->st_nlink > 1)
		return; /* a link to an earlier snapshot */
	if (counts->new_files > 0)
		counts->new_files--;
	else if (counts->changed > 0)
		counts->changed--;
	counts->bytes_copied -=
		bytes < counts->bytes_copied ? bytes : counts->bytes_copied;
}

static int forget_young(void *ctx, int fd, const struct strbuf *path,
			const struct strvec *names, struct strvec *subdirs)
{
	const struct young *young = ctx;
	struct stat st;

	(void)path;
	(void)subdirs;
	for (size_t i = 0; i < names->n; i++) {
		if (fstatat(fd, names->v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (st.st_mtime < young->since)
			continue;
		if (unlinkat(fd, names->v[i], 0) < 0)
			return -errno;
		uncount(young->counts, &st);
	}
	return 0;
}

static int forget_torn(const struct store *store, const char *name, struct young *young,
		       struct error *err)
{
	CLEANUP(closep) int fd = -1;
	struct tree_walk walk = {.visit = forget_young, .ctx = young};

	int r = fs_open_dir(store->building, name, &fd, err);
	if (r < 0)
		return r;
	r = tree_walk(fd, &walk, err);
	if (r >= 0 && walk.ret_unreadable > 0)
		r = -EACCES;
	return r < 0 ? error_set(err, r, "pre-pass: look through building/%s", name) : 0;
}

int prepass_copy(const struct engine *engine, struct engine_job *job,
		 const struct source *source, const struct store *store, const char *name,
		 struct log *log, struct snapshot_counts *ret_counts, struct error *err)
{
	double started = clock_monotonic();
	enum engine_outcome outcome;
	char took[HUMAN_MAX], bytes[HUMAN_MAX];

	if (syncfs(source->fd) < 0)
		log_info(log,
			 "the source cannot be synced before the pre-pass, ignoring");
	struct young young = {.since = time(NULL) - TICK_SECONDS, .counts = ret_counts};

	job->note = note_nothing;
	int r = engine->copy(engine, job, ret_counts, &outcome, err);
	if (r >= 0)
		r = forget_torn(store, name, &young, err);
	if (r < 0)
		return error_prefix(err, r, "pre-pass");
	log_info(log, "pre-pass while services are up: %s copied in %s",
		 human_bytes(ret_counts->bytes_copied, bytes),
		 human_duration(clock_monotonic() - started, took));
	return 0;
}
