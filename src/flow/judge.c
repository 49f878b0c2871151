/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/judge.h"

#include "base/human.h"
#include "sys/fs.h"
#include "sys/tree.h"

static int count_names(void *ctx, int fd, const struct strbuf *path,
		       const struct strvec *names, struct strvec *subdirs)
{
	uint64_t *files = ctx;

	(void)fd;
	(void)path;
	(void)subdirs;
	*files += names->n;
	return 0;
}

/* How many files a snapshot holds; trees that the shell scripts made must be walked. */
static uint64_t files_in(const struct store *store, const struct catalog_entry *entry)
{
	CLEANUP(closep) int fd = -1;
	uint64_t files = 0;
	struct tree_walk walk = {.visit = count_names, .ctx = &files};

	if (entry->recorded)
		return entry->record.counts.files;
	if (fs_open_dir(store->tiers[entry->tier], entry->name, &fd, NULL) < 0 ||
	    tree_walk(fd, &walk, NULL) < 0)
		return 0;
	return files;
}

enum snapshot_status judge_copy(const struct store *store, const struct catalog *catalog,
				const struct config *config,
				const struct snapshot_counts *counts, struct log *log)
{
	const struct catalog_entry *good = catalog_newest_good(catalog, INT64_MAX);
	enum snapshot_status status = SNAPSHOT_COMPLETE;
	unsigned limit = (unsigned)config->shrink_limit;
	char a[HUMAN_MAX], b[HUMAN_MAX];

	if (!good)
		return status;
	uint64_t before = files_in(store, good);
	uint64_t files =
		counts->files > counts->vanished ? counts->files - counts->vanished : 0;
	if (snapshot_shrank(before, files, limit)) {
		status = SNAPSHOT_SHRUNK;
		log_warn(
			log,
			"the source has %s %s and had %s: more than SHRINK_LIMIT=%u %% are "
			"gone, so nothing is removed; if that is right, run once with "
			"SHRINK_LIMIT=100",
			human_count(files, a), human_noun(files, "file", "files"),
			human_count(before, b), limit);
	}
	if (good->recorded && snapshot_links_collapsed(&good->record.counts, counts))
		log_warn(
			log,
			"only %s of %s files are unchanged since %s: was the source restored, or "
			"its owners or times changed?",
			human_count(counts->linked, a), human_count(counts->files, b),
			good->name);
	return status;
}
