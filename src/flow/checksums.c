/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/checksums.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/human.h"
#include "flow/hasher.h"
#include "flow/verify_share.h"
#include "store/catalog.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/signals.h"
#include "sys/tree.h"

struct making {
	int tree;
	struct manifest *previous; /* NULL: there is none, or it cannot be used */
	struct manifest_writer *writer;
	struct strbuf *why_not; /* the previous one could not be used */
	bool previous_bad;	/* it cannot be read */

	struct hasher *hasher;
	struct error *err; /* of the walk */
	uint64_t taken, read, bytes;
	uint64_t sparse; /* files with so large holes that they have no checksum */
	uint64_t failed; /* files that could not be read */
	struct strbuf first_failed;
	uint64_t unreadable; /* directories */
};

/* Whether the manifest before has the checksum of the very same file. */
static bool take_over(struct making *m, struct manifest_entry *entry)
{
	const struct manifest_entry *old;
	struct error err;

	int r = m->previous ? manifest_find(m->previous, entry, &old, &err) : 0;
	if (r < 0) {
		strbuf_addstr(m->why_not, err.msg);
		m->previous_bad = true;
		manifest_freep(&m->previous);
	}
	if (r <= 0 || !old->hashed || old->ino != entry->ino ||
	    old->size != entry->size || old->mtim.tv_sec != entry->mtim.tv_sec ||
	    old->mtim.tv_nsec != entry->mtim.tv_nsec)
		return false;
	memcpy(entry->digest, old->digest, sizeof(entry->digest));
	entry->hashed = true;
	m->taken++;
	return true;
}

static int put(struct making *m, int fd, const char *dir, const char *name)
{
	struct stat st;
	int r = 0;

	if (fstatat(fd, *name ? name : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(m->err, -errno, "look at '%s/%s'", dir, name);
	struct hasher_job *job = hasher_next(m->hasher, &r, m->err);
	if (!job)
		return r;
	r = manifest_entry_set(&job->entry, fd, dir, name, &st);
	if (r < 0)
		return error_set(m->err, r, "read link '%s'", job->entry.path.buf);
	if (S_ISREG(st.st_mode) && !take_over(m, &job->entry)) {
		job->fd = hasher_open(fd, name);
		if (job->fd < 0)
			job->result = job->fd;
	}
	hasher_put(m->hasher, job);
	return 0;
}

static int meet(void *ctx, int fd, const struct strbuf *path, const char *name)
{
	return put(ctx, fd, path->buf, name);
}

static int walk(void *ctx, struct hasher *hasher, struct error *err)
{
	struct making *m = ctx;
	struct tree_walk tree = {.meet = meet, .ctx = m};

	m->hasher = hasher;
	m->err = err;
	int r = tree_walk(m->tree, &tree, err);
	m->unreadable = tree.ret_unreadable;
	return r;
}

static int sink(void *ctx, struct hasher_job *job, struct error *err)
{
	struct making *m = ctx;
	struct manifest_entry *entry = &job->entry;

	if (job->result == -EFBIG) {
		m->sparse++;
	} else if (job->result < 0) {
		if (m->failed++ == 0)
			strbuf_addf(&m->first_failed, "%s: %s", entry->path.buf,
				    strerror(-job->result));
	} else if (S_ISREG(entry->mode) && !entry->hashed) {
		memcpy(entry->digest, job->digest, sizeof(entry->digest));
		entry->hashed = true;
		m->read++;
		m->bytes += job->bytes;
	}
	return manifest_add(m->writer, entry, err);
}

static void summarise(const struct making *m, const char *name, double seconds,
		      struct log *log)
{
	char read[HUMAN_MAX], bytes[HUMAN_MAX], taken[HUMAN_MAX], took[HUMAN_MAX];

	if (m->why_not->len > 0)
		log_warn(log, "%s: all files were read", m->why_not->buf);
	if (m->failed > 0)
		log_warn(log, "%llu %s could not be read for the manifest, the first: %s",
			 (unsigned long long)m->failed,
			 human_noun(m->failed, "file", "files"), m->first_failed.buf);
	if (m->sparse > 0)
		log_info(log, "%llu %s more than 64 GiB of holes and no checksum",
			 (unsigned long long)m->sparse,
			 human_noun(m->sparse, "file has", "files have"));
	if (m->unreadable > 0)
		log_warn(log, "%llu %s could not be read for the manifest",
			 (unsigned long long)m->unreadable,
			 human_noun(m->unreadable, "directory", "directories"));
	log_info(log,
		 "manifest of %s: checksums of %s %s (%s) made, of %s taken over, in %s",
		 name, human_count(m->read, read), human_noun(m->read, "file", "files"),
		 human_bytes(m->bytes, bytes), human_count(m->taken, taken),
		 human_duration(seconds, took));
}

static void note_bad(const struct store *store, const char *name, struct log *log)
{
	const struct verdict verdict = {VERDICT_BAD_MANIFEST, .time = clock_now().epoch};
	struct error err;

	if (verdict_write(store, name, &verdict, &err) < 0)
		log_warn(log, "%s, ignoring", err.msg);
}

/* `ret_damaged` is one more when the manifest before turns out to be. */
static int make(const struct config *config, const struct store *store,
		const struct catalog_entry *entry, const struct catalog_entry *previous,
		struct log *log, unsigned *ret_damaged, struct error *err)
{
	CLEANUP(closep) int tree = -1;
	CLEANUP(manifest_freep) struct manifest *old = NULL;
	CLEANUP(manifest_writer_freep) struct manifest_writer *writer = NULL;
	CLEANUP(strbuf_release) struct strbuf why_not = STRBUF_INIT;
	struct making m = {.why_not = &why_not, .first_failed = STRBUF_INIT};
	struct progress progress;
	double started = clock_monotonic();

	int r = fs_open_dir(store->tiers[entry->tier], entry->name, &tree, err);
	if (r >= 0)
		r = manifest_create(store, entry->name, &writer, err);
	if (r < 0)
		return r;
	if (previous)
		manifest_open(store, previous->name, &old, NULL);
	progress_begin(&progress, log, &entry->record.counts, started);
	progress.in_log = true;
	m.tree = tree;
	m.writer = writer;
	m.previous = STEAL(old);
	r = hasher_run((unsigned)config->threads, walk, sink, &m, signals_fd(), &progress,
		       err);
	progress_end(&progress);
	manifest_freep(&m.previous);
	if (previous && m.previous_bad) {
		note_bad(store, previous->name, log);
		++*ret_damaged;
	}
	if (r >= 0)
		r = manifest_commit(writer, err);
	if (r >= 0)
		summarise(&m, entry->name, clock_monotonic() - started, log);
	strbuf_release(&m.first_failed);
	return r;
}

/* The first that has one, counted from the snapshot at `first` on. */
static size_t skip_missing(const struct store *store, const struct catalog *catalog,
			   size_t first)
{
	while (first < catalog->n && manifest_exists(store, catalog->v[first].name) <= 0)
		first++;
	return first;
}

/* From its beginning to its end. */
static bool is_readable(const struct store *store, const char *name)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	const struct manifest_entry *entry;

	int r = manifest_open(store, name, &manifest, NULL);
	if (r < 0)
		return false;
	while ((r = manifest_peek(manifest, &entry, NULL)) > 0 && !signals_caught())
		manifest_skip(manifest);
	return r >= 0;
}

/* Those of which a verification or a run found that they cannot be read, and still cannot. */
static bool is_to_be_mended(const struct store *store, const struct catalog_entry *entry,
			    struct log *log)
{
	if (entry->verdict.kind != VERDICT_BAD_MANIFEST || signals_caught() ||
	    is_readable(store, entry->name))
		return false;
	log_warn(
		log,
		"the manifest of %s is damaged and made anew: its checksums are those of "
		"the content as it is now, so damage before this is not found any more",
		entry->name);
	return true;
}

/* Also what is damaged. The older before the newer, which take from them. */
static int make_missing(const struct config *config, const struct store *store,
			const char *name, struct log *log, unsigned *ret_damaged,
			struct error *err)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	size_t first = 0;

	int r = catalog_load(&catalog, store, err);
	while (first < catalog.n && strcmp(catalog.v[first].name, name) != 0)
		first++;
	if (r < 0 || first == catalog.n)
		return r;
	const size_t missing = skip_missing(store, &catalog, first);
	for (size_t i = catalog.n; i-- > first && r >= 0;) {
		const struct catalog_entry *entry = &catalog.v[i];

		if (!entry->recorded || /* who removes it would leave the manifest */
		    (i >= missing && !is_to_be_mended(store, entry, log)))
			continue;
		r = make(config, store, entry, i + 1 < catalog.n ? entry + 1 : NULL, log,
			 ret_damaged, err);
		if (r < 0)
			error_prefix(err, r, "manifest of %s", entry->name);
	}
	return r;
}

unsigned checksums_update(const struct config *config, const struct store *store,
			  const char *name, struct log *log)
{
	unsigned damaged = 0;
	struct error err;

	int r = config->manifest && !signals_caught()
			? make_missing(config, store, name, log, &damaged, &err)
			: 0;
	if (r < 0 && r != -EINTR)
		log_warn(log, "%s, ignoring; a later run makes it", err.msg);
	return damaged + verify_share(config, store, log);
}
