/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/history.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/signals.h"
#include "sys/tree.h"

struct verifying {
	const struct config *config;
	const struct store *store;
	struct log *log;
	struct verified *now;
	const struct snapshot_counts *counts; /* the snapshot's */
	const char *known;  /* the snapshot whose content is known; NULL: none */
	uint64_t *suspects; /* inodes, in order */
	size_t n, cap;
	size_t sorted; /* so many of them, those of newer snapshots */
	bool too_many; /* all are */
};

/* Faults of an inode: all its names have them. */
enum {
	INODE_FAULTS = VERIFY_SIZE | VERIFY_CONTENT | VERIFY_MODE | VERIFY_OWNER |
		       VERIFY_TIME | VERIFY_UNREADABLE
};

const char *verify_verdict_name(enum verify_verdict verdict)
{
	static const char *const names[] = {
		[VERIFY_GOOD] = "good",
		[VERIFY_DAMAGED] = "damaged",
		[VERIFY_NO_MANIFEST] = "no manifest",
		[VERIFY_BAD_MANIFEST] = "bad manifest",
		[VERIFY_GONE] = "removed",
	};

	return names[verdict];
}

static void forget_damages(struct verified *verified)
{
	for (size_t i = 0; i < verified->n; i++) {
		free(verified->damages[i].path);
		strvec_release(&verified->damages[i].also);
	}
	verified->n = 0;
}

void verification_release(struct verification *verification)
{
	for (size_t i = 0; i < verification->n; i++) {
		forget_damages(&verification->v[i]);
		free(verification->v[i].damages);
		free(verification->v[i].name);
		free(verification->v[i].why);
	}
	free(verification->v);
	*verification = (struct verification){0};
}

static void found(void *ctx, const struct verify_finding *finding)
{
	struct verifying *all = ctx;
	struct verified *now = all->now;
	const bool of_inode = S_ISREG(finding->type) && (finding->faults & INODE_FAULTS);

	if (of_inode && all->n < VERIFY_DAMAGES_MAX) {
		array_grow(all->suspects, all->n, all->cap);
		all->suspects[all->n++] = finding->ino;
	} else if (of_inode) {
		all->too_many = true;
	}
	if (now->n == VERIFY_DAMAGES_MAX)
		return;
	array_grow(now->damages, now->n, now->cap);
	now->damages[now->n++] = (struct verify_damage){
		.path = xstrdup(finding->path),
		.faults = finding->faults,
		.ino = of_inode ? finding->ino : 0,
	};
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of inodes that were found before the present snapshot. */
static bool is_suspect(void *ctx, uint64_t ino)
{
	const struct verifying *all = ctx;

	for (size_t low = 0, high = all->sorted; low < high;) {
		const size_t middle = low + (high - low) / 2;
		if (all->suspects[middle] == ino)
			return true;
		if (all->suspects[middle] < ino)
			low = middle + 1;
		else
			high = middle;
	}
	return all->too_many;
}

/* A run may have moved it to another tier since the catalog was read. */
static int open_tree(const struct store *store, const char *name, int *ret_fd,
		     struct error *err)
{
	int r = -ENOENT;

	for (int i = 0; r == -ENOENT && i < SNAPSHOT_TIERS; i++)
		r = store->tiers[i] < 0 ? -ENOENT
					: fs_open_dir(store->tiers[i], name, ret_fd, err);
	return r;
}

static bool is_gone(const struct store *store, const char *name)
{
	CLEANUP(closep) int fd = -1;

	return open_tree(store, name, &fd, NULL) == -ENOENT;
}

static int compare_tree(struct verifying *all, int tree, struct manifest *manifest,
			struct error *err)
{
	CLEANUP(manifest_freep) struct manifest *known = NULL;
	struct progress progress;
	struct verify_options options = {
		.progress = &progress,
		.owners = true,
		.nanoseconds = true,
		.top = true,
		.threads = (unsigned)all->config->threads,
		.cancel_fd = signals_fd(),
		.suspect = is_suspect,
		.found = found,
		.ctx = all,
	};

	if (all->known)
		manifest_open(all->store, all->known, &known, NULL);
	options.known = known;
	if (all->n > 0)
		qsort(all->suspects, all->n, sizeof(*all->suspects), by_number);
	all->sorted = all->n;
	progress_begin(&progress, all->log, all->counts, clock_monotonic());
	int r = verify_tree(tree, manifest, &options, &all->now->result, err);
	progress_end(&progress);
	return r;
}

/* 0: there is a verdict. */
static int verify_one(struct verifying *all, struct error *err)
{
	struct verified *now = all->now;
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(closep) int tree = -1;
	const struct manifest_entry *first;

	int r = open_tree(all->store, now->name, &tree, err);
	if (r == -ENOENT) {
		now->verdict = VERIFY_GONE;
		return 0;
	}
	if (r >= 0)
		r = manifest_open(all->store, now->name, &manifest, err);
	if (r == -ENOENT) {
		now->verdict =
			is_gone(all->store, now->name) ? VERIFY_GONE : VERIFY_NO_MANIFEST;
		return 0;
	}
	if (r >= 0)
		r = compare_tree(all, tree, manifest, err);
	if (r == -EINTR)
		return r;
	if (r < 0 && manifest && manifest_peek(manifest, &first, NULL) < 0) {
		now->verdict = VERIFY_BAD_MANIFEST;
		now->why = xstrdup(err->msg);
		forget_damages(now);
		return 0;
	}
	if (r < 0)
		return r;
	now->verdict = now->result.findings > 0 ? VERIFY_DAMAGED : VERIFY_GOOD;
	if (now->verdict == VERIFY_DAMAGED && is_gone(all->store, now->name)) {
		now->verdict = VERIFY_GONE;
		now->result.findings = 0;
		forget_damages(now);
		return 0;
	}
	all->known = now->result.same_inodes ? now->name : NULL;
	return 0;
}

/* --- who shares what is damaged --- */

struct sharing {
	struct verify_damage **by_ino; /* in order of inodes */
	size_t n;
	const char *snapshot; /* TIER/NAME */
};

static int by_ino(const void *a, const void *b)
{
	const struct verify_damage *const *x = a, *const *y = b;

	return by_number(&(*x)->ino, &(*y)->ino);
}

static void note_sharing(struct sharing *sharing, uint64_t ino)
{
	size_t low = 0;

	for (size_t high = sharing->n; low < high;) {
		const size_t middle = low + (high - low) / 2;
		if (sharing->by_ino[middle]->ino < ino)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < sharing->n && sharing->by_ino[low]->ino == ino; low++)
		if (!strvec_has(&sharing->by_ino[low]->also, sharing->snapshot))
			strvec_push(&sharing->by_ino[low]->also, sharing->snapshot);
}

static int look_for_shared(void *ctx, int fd, const struct strbuf *path,
			   const struct strvec *names, struct strvec *subdirs)
{
	struct stat st;

	(void)path;
	(void)subdirs;
	if (signals_caught())
		return -EINTR;
	for (size_t i = 0; i < names->n; i++)
		if (fstatat(fd, names->v[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			note_sharing(ctx, st.st_ino);
	return 0;
}

static int find_shared(const struct store *store, const struct catalog *catalog,
		       struct verified *verified, struct error *err)
{
	CLEANUP(freep)
	struct verify_damage **list =
		xcalloc(verified->n + 1, sizeof(struct verify_damage *));
	struct sharing sharing = {.by_ino = list};
	struct tree_walk walk = {.visit = look_for_shared, .ctx = &sharing};
	int r = 0;

	for (size_t i = 0; i < verified->n; i++)
		if (verified->damages[i].ino != 0)
			list[sharing.n++] = &verified->damages[i];
	if (sharing.n == 0)
		return 0;
	qsort(list, sharing.n, sizeof(struct verify_damage *), by_ino);
	for (size_t i = 0; r >= 0 && i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];
		CLEANUP(closep) int tree = -1;

		if (strcmp(entry->name, verified->name) == 0 ||
		    open_tree(store, entry->name, &tree, NULL) < 0)
			continue;
		CLEANUP(freep)
		char *snapshot =
			xasprintf("%s/%s", snapshot_tier_name(entry->tier), entry->name);
		sharing.snapshot = snapshot;
		r = tree_walk(tree, &walk, err);
	}
	return r == -EINTR ? error_say(err, r, "interrupted") : r;
}

/* --- all of it --- */

static bool is_asked_for(const struct strvec *wanted, const char *name)
{
	return !wanted || strvec_has(wanted, name);
}

static int pick_all(const struct catalog *catalog, const struct strvec *names,
		    struct strvec *ret_wanted, struct error *err)
{
	const struct catalog_entry *entry;
	const int64_t now = clock_now().epoch;
	int r = names->n == 0 ? catalog_pick(catalog, "latest", now, &entry, err) : 0;

	if (names->n == 0 && r >= 0)
		strvec_push(ret_wanted, entry->name);
	for (size_t i = 0; r >= 0 && i < names->n; i++) {
		r = catalog_pick(catalog, names->v[i], now, &entry, err);
		if (r >= 0)
			strvec_push(ret_wanted, entry->name);
	}
	return r;
}

static enum verdict_kind kind_of(enum verify_verdict verdict)
{
	switch (verdict) {
	case VERIFY_GOOD:
		return VERDICT_GOOD;
	case VERIFY_DAMAGED:
		return VERDICT_DAMAGED;
	case VERIFY_BAD_MANIFEST:
		return VERDICT_BAD_MANIFEST;
	case VERIFY_NO_MANIFEST:
	case VERIFY_GONE:
		break;
	}
	return VERDICT_NONE;
}

/* Needs no lock. One that cannot be kept does not keep others from it. */
static void remember(const struct verifying *all)
{
	const struct verified *now = all->now;
	const struct verdict verdict = {
		.kind = kind_of(now->verdict),
		.time = clock_now().epoch,
		.compared = now->result.names,
		.read = now->result.read,
		.findings = now->result.findings,
	};
	struct error err;

	if (all->config->dry_run || verdict.kind == VERDICT_NONE)
		return;
	if (verdict_write(all->store, now->name, &verdict, &err) < 0)
		log_warn(all->log, "what was found of %s is not remembered: %s",
			 now->name, err.msg);
	else if (is_gone(all->store, now->name))
		verdict_remove(all->store, now->name);
}

static void tell_history(const struct config *config, const struct store *store,
			 const struct verification *verification, struct log *log)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	unsigned damaged = 0;
	struct error err;

	for (size_t i = 0; i < verification->n; i++) {
		const struct verified *v = &verification->v[i];
		const enum verdict_kind kind = kind_of(v->verdict);

		if (kind != VERDICT_NONE)
			strvec_push(&names, v->name);
		damaged += kind == VERDICT_DAMAGED || kind == VERDICT_BAD_MANIFEST;
	}
	if (!config->dry_run && names.n > 0 &&
	    history_append_verified(store, clock_now(), &names, damaged, &err) < 0)
		log_warn(log, "%s, ignoring", err.msg);
}

static int verify_all(struct verifying *all, const struct catalog *catalog,
		      const struct strvec *wanted, struct verification *verification,
		      struct error *err)
{
	int r = 0;

	/* names stay where they are: `known` is one */
	verification->v = xcalloc(catalog->n + 1, sizeof(*verification->v));
	for (size_t i = 0; r >= 0 && i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];

		if (!is_asked_for(wanted, entry->name))
			continue;
		all->now = &verification->v[verification->n++];
		*all->now = (struct verified){.name = xstrdup(entry->name),
					      .tier = entry->tier};
		all->counts = &entry->record.counts;
		r = verify_one(all, err);
		if (r >= 0)
			remember(all);
		if (r < 0) { /* there is no verdict */
			error_prefix(err, r, "%s", entry->name);
			forget_damages(all->now);
			free(all->now->damages);
			free(all->now->name);
			verification->n--;
		}
	}
	return r;
}

int flow_verify(const struct config *config, const struct strvec *names, bool all,
		struct log *log, struct verification *ret_verification, struct error *err)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strvec_release) struct strvec wanted = STRVEC_INIT;
	struct verifying verifying = {.config = config, .store = &store, .log = log};

	*ret_verification = (struct verification){0};
	int r = store_open(&store, config->dest, err);
	if (r >= 0)
		r = catalog_load(&catalog, &store, err);
	if (r >= 0 && all && catalog.n == 0)
		r = catalog_none(&catalog, err);
	else if (r >= 0 && !all)
		r = pick_all(&catalog, names, &wanted, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < catalog.warnings.n; i++)
		log_warn(log, "%s", catalog.warnings.v[i]);
	r = verify_all(&verifying, &catalog, all ? NULL : &wanted, ret_verification, err);
	free(verifying.suspects);
	for (size_t i = 0; r >= 0 && i < ret_verification->n; i++)
		r = find_shared(&store, &catalog, &ret_verification->v[i], err);
	tell_history(config, &store, ret_verification, log);
	return r;
}
