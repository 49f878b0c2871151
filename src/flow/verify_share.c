/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/verify_share.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/human.h"
#include "base/json.h"
#include "base/vis.h"
#include "flow/verify_tree.h"
#include "store/catalog.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/signals.h"

static const char file[] = "verify.json";

enum {
	FILE_MAX = 1024 * 1024, /* a path of any length that there is */
	TOLD_MAX = 20,		/* findings of one snapshot */
};

struct round {
	const struct config *config;
	const struct store *store;
	struct log *log;
	struct manifest_entry from; /* the last that was read; of mode 0: none */
	struct manifest_entry to;   /* likewise of this run; of mode 0: to the end */
	int64_t since;
	uint64_t enough;   /* bytes */
	const char *known; /* the snapshot of which all in this stretch is good */
	struct strvec findings;
	uint64_t files, bytes;
	unsigned damaged; /* snapshots */
};

/* What cannot be read is as if it were not there: a new round begins. */
static void load(struct round *round)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(FILE_MAX);
	CLEANUP(json_freep) json_t *root = NULL;
	const char *path = "";
	json_int_t since = 0;
	int dir = 0;

	round->since = clock_now().epoch;
	if (fs_read_file(round->store->meta, file, &text, NULL) < 0)
		return;
	root = json_loadb(text.buf, text.len, 0, NULL);
	if (!root ||
	    json_unpack(root, "{s:s, s:b, s:I}", "path", &path, "dir", &dir, "since",
			&since) < 0 ||
	    vis_read(&round->from.path, path, strlen(path)) < 0)
		return;
	round->since = since;
	if (round->from.path.len > 0)
		round->from.mode = dir ? S_IFDIR : S_IFREG;
}

static int save(const struct round *round, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	const bool ended = round->to.mode == 0;

	if (!ended)
		vis_add(&path, round->to.path.buf, round->to.path.len);
	CLEANUP(json_freep)
	json_t *root = json_pack("{s:s, s:b, s:I}", "path", path.buf, "dir",
				 S_ISDIR(round->to.mode), "since",
				 (json_int_t)(ended ? clock_now().epoch : round->since));
	CLEANUP(freep) char *text = json_dumps(root, JSON_COMPACT);
	return fs_write_file(round->store->meta, file, text, strlen(text), 0600, err);
}

static void found(void *ctx, const struct verify_finding *finding)
{
	struct round *round = ctx;
	CLEANUP(strbuf_release) struct strbuf faults = STRBUF_INIT;

	verify_add_faults(&faults, finding->faults);
	if (round->findings.n < TOLD_MAX)
		strvec_pushf(&round->findings, "%s: %s", finding->path, faults.buf);
}

/* What is known is of a snapshot without any finding. */
static bool is_suspect(void *ctx, uint64_t ino)
{
	(void)ctx;
	(void)ino;
	return false;
}

static void keep(const struct round *round, const char *name, enum verdict_kind kind,
		 uint64_t findings)
{
	const struct verdict verdict = {
		.kind = kind, .time = clock_now().epoch, .findings = findings};
	struct error err;

	if (verdict_write(round->store, name, &verdict, &err) < 0)
		log_warn(round->log, "%s, ignoring", err.msg);
}

static void tell(struct round *round, const struct catalog_entry *entry,
		 const struct verify_result *result)
{
	round->files += result->read;
	round->bytes += result->bytes;
	if (result->findings == 0)
		return;
	round->damaged++;
	log_warn(round->log, "%s/%s is DAMAGED: %llu %s, see 'backup verify %s'",
		 snapshot_tier_name(entry->tier), entry->name,
		 (unsigned long long)result->findings,
		 human_noun(result->findings, "finding", "findings"), entry->name);
	for (size_t i = 0; i < round->findings.n; i++)
		log_info(round->log, "  %s", round->findings.v[i]);
	keep(round, entry->name, VERDICT_DAMAGED, result->findings);
}

/* Its manifest cannot be read. */
static void tell_of_manifest(struct round *round, const struct catalog_entry *entry,
			     const struct error *why)
{
	log_warn(round->log, "%s/%s was not verified: %s",
		 snapshot_tier_name(entry->tier), entry->name, why->msg);
	round->damaged += entry->verdict.kind != VERDICT_BAD_MANIFEST; /* was told */
	keep(round, entry->name, VERDICT_BAD_MANIFEST, 0);
}

/* -EINTR: a signal came; what else is wrong was said. */
static int verify_one(struct round *round, const struct catalog_entry *entry, bool newest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(manifest_freep) struct manifest *known = NULL;
	CLEANUP(closep) int tree = -1;
	const struct manifest_entry *first;
	struct verify_result result;
	struct error err;
	struct verify_options options = {
		.after = round->from.mode ? &round->from : NULL,
		.until = !newest && round->to.mode ? &round->to : NULL,
		.enough = newest ? round->enough : 0,
		.stopped_at = &round->to,
		.owners = true,
		.nanoseconds = true,
		.top = true,
		.threads = (unsigned)round->config->threads,
		.cancel_fd = signals_fd(),
		.suspect = is_suspect,
		.found = found,
		.ctx = round,
	};

	int r = manifest_open(round->store, entry->name, &manifest, &err);
	if (r == -ENOENT)
		return r;
	if (r >= 0)
		r = fs_open_dir(round->store->tiers[entry->tier], entry->name, &tree,
				&err);
	if (r >= 0 && round->known)
		manifest_open(round->store, round->known, &known, NULL);
	options.known = known;
	strvec_release(&round->findings);
	if (r >= 0)
		r = verify_tree(tree, manifest, &options, &result, &err);
	if (r < 0 && r != -EINTR && manifest && manifest_peek(manifest, &first, NULL) < 0)
		tell_of_manifest(round, entry, &err);
	else if (r < 0 && r != -EINTR)
		log_warn(round->log, "%s/%s was not verified: %s",
			 snapshot_tier_name(entry->tier), entry->name, err.msg);
	if (r < 0)
		return r;
	tell(round, entry, &result);
	round->known = result.same_inodes && result.findings == 0 ? entry->name : NULL;
	return 0;
}

/* The round is over: what was there all the time has been read. */
static void note_verified(const struct round *round, const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];
		struct verdict now = entry->verdict;

		verdict_read(round->store, entry->name, &now, NULL);
		if (entry->record.time.epoch <= round->since &&
		    manifest_exists(round->store, entry->name) > 0 &&
		    (now.kind == VERDICT_NONE || now.kind == VERDICT_GOOD))
			keep(round, entry->name, VERDICT_GOOD, 0);
	}
}

static int go_round(struct round *round, const struct catalog *catalog)
{
	bool newest = true;

	for (size_t i = 0; i < catalog->n; i++) {
		int r = verify_one(round, &catalog->v[i], newest);
		if (r == -EINTR)
			return r;
		if (r >= 0)
			newest = false;
	}
	return newest ? -ENOENT : 0;
}

unsigned verify_share(const struct config *config, const struct store *store,
		      struct log *log)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct round round = {
		.config = config,
		.store = store,
		.log = log,
		.from = MANIFEST_ENTRY_INIT,
		.to = MANIFEST_ENTRY_INIT,
	};
	char files[HUMAN_MAX], bytes[HUMAN_MAX];
	struct error err;

	if (config->verify_share == 0 || signals_caught())
		return 0;
	int r = catalog_load(&catalog, store, &err);
	load(&round);
	if (r >= 0 && catalog.n > 0) {
		/* 100 is all of it, in any case */
		round.enough =
			catalog.v[0].record.counts.bytes / 100 * config->verify_share +
			config->verify_share;
		r = go_round(&round, &catalog);
		if (r >= 0 && round.to.mode == 0)
			note_verified(&round, &catalog);
		if (r >= 0)
			r = save(&round, &err);
		if (r >= 0)
			log_info(log, "read %s %s (%s) again: %s",
				 human_count(round.files, files),
				 human_noun(round.files, "file", "files"),
				 human_bytes(round.bytes, bytes),
				 round.damaged > 0 ? "damaged, see above" : "good");
	}
	if (r < 0 && r != -EINTR && r != -ENOENT)
		log_warn(log, "%s, ignoring", err.msg);
	strvec_release(&round.findings);
	manifest_entry_release(&round.from);
	manifest_entry_release(&round.to);
	return round.damaged;
}
