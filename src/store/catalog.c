/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "store/pin.h"
#include "sys/clock.h"
#include "sys/fs.h"

enum { TRIES = 10 };

void catalog_release(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n; i++) {
		free(catalog->v[i].name);
		record_release(&catalog->v[i].record);
	}
	free(catalog->v);
	strvec_release(&catalog->warnings);
	free(catalog->dest);
	*catalog = (struct catalog)CATALOG_INIT;
}

static int newest_first(const void *a, const void *b)
{
	const struct catalog_entry *x = a, *y = b;

	if (x->record.time.epoch != y->record.time.epoch)
		return x->record.time.epoch < y->record.time.epoch ? 1 : -1;
	int r = strverscmp(y->name, x->name); /* ".10" is later than ".2" */
	return r ? r : (int)x->tier - (int)y->tier;
}

/* What a verification found is not to be lost quietly. */
static void look_up_verdict(struct catalog *catalog, const struct store *store,
			    struct catalog_entry *entry)
{
	const struct record *record = &entry->record;
	struct error err;

	if (record->verified > 0)
		entry->verdict = (struct verdict){
			.kind = record->damaged ? VERDICT_DAMAGED : VERDICT_GOOD,
			.time = record->verified,
		};
	int r = verdict_read(store, entry->name, &entry->verdict, &err);
	if (r < 0 && r != -ENOENT)
		strvec_pushf(&catalog->warnings, "%s: verify '%s' again", err.msg,
			     entry->name);
}

static void add_entry(struct catalog *catalog, const struct store *store,
		      enum snapshot_tier tier, const char *name, const struct civil *c,
		      unsigned nth)
{
	struct catalog_entry entry = {.name = xstrdup(name), .tier = tier};
	struct error err;

	int r = record_read(store, name, &entry.record, &err);
	entry.recorded = r == 0;
	entry.pinned = pin_is_set(store, name) != 0;
	if (r < 0) {
		entry.record.time = clock_from_civil(c, nth > 1);
		entry.record.status = SNAPSHOT_COMPLETE;
		entry.record.host = xstrdup("");
		entry.record.source = xstrdup("");
		entry.record.engine = xstrdup("");
	}
	if (r < 0 && r != -ENOENT) {
		entry.record.status = SNAPSHOT_UNKNOWN;
		strvec_pushf(&catalog->warnings, "%s; '%s/%s' is kept and not counted",
			     err.msg, snapshot_tier_name(tier), name);
	}
	look_up_verdict(catalog, store, &entry);
	array_grow(catalog->v, catalog->n, catalog->cap);
	catalog->v[catalog->n++] = entry;
}

static int load_tier(struct catalog *catalog, const struct store *store,
		     enum snapshot_tier tier, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	struct civil c;
	struct stat st;
	unsigned nth;

	if (store->tiers[tier] < 0)
		return 0;
	int r = fs_list(store->tiers[tier], &names, err);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		if (!snapshot_name_parse(names.v[i], &c, &nth))
			continue;
		if (fstatat(store->tiers[tier], names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set(err, -errno, "look at '%s/%s'",
					 snapshot_tier_name(tier), names.v[i]);
		if (S_ISDIR(st.st_mode))
			add_entry(catalog, store, tier, names.v[i], &c, nth);
		else
			strvec_pushf(&catalog->warnings,
				     "'%s/%s' is not a directory, left alone",
				     snapshot_tier_name(tier), names.v[i]);
	}
	if (r < 0)
		return error_prefix(err, r, "list '%s/%s'", store->path,
				    snapshot_tier_name(tier));
	return 0;
}

static int load(struct catalog *catalog, const struct store *store, struct error *err)
{
	for (int tier = 0; tier < SNAPSHOT_TIERS; tier++) {
		int r = load_tier(catalog, store, (enum snapshot_tier)tier, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int catalog_load(struct catalog *catalog, const struct store *store, struct error *err)
{
	int r = load(catalog, store, err);

	/* a reader holds no lock: what a run moved or removed meanwhile is found again */
	for (int tries = 1; r == -ENOENT && tries < TRIES; tries++) {
		catalog_release(catalog);
		r = load(catalog, store, err);
	}
	if (r >= 0)
		catalog->dest = store->path ? xstrdup(store->path) : NULL;
	if (r >= 0 && catalog->n > 0)
		qsort(catalog->v, catalog->n, sizeof(*catalog->v), newest_first);
	return r;
}

static const struct catalog_entry *newest_of(const struct catalog *catalog, int64_t now,
					     enum snapshot_status status,
					     enum snapshot_status or_status)
{
	for (size_t i = 0; i < catalog->n; i++) {
		const struct record *record = &catalog->v[i].record;
		if ((record->status == status || record->status == or_status) &&
		    record->time.epoch <= now)
			return &catalog->v[i];
	}
	return NULL;
}

const struct catalog_entry *catalog_newest_good(const struct catalog *catalog,
						int64_t now)
{
	return newest_of(catalog, now, SNAPSHOT_COMPLETE, SNAPSHOT_COMPLETE);
}

const struct catalog_entry *catalog_newest_whole(const struct catalog *catalog,
						 int64_t now)
{
	return newest_of(catalog, now, SNAPSHOT_COMPLETE, SNAPSHOT_SHRUNK);
}

static bool is_day(const char *text)
{
	for (size_t i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	return text[10] == '\0';
}

/* An age has a unit: a number alone is the beginning of a name. */
static bool is_age(const char *text, int64_t *ret_seconds)
{
	const size_t len = strlen(text);

	return len > 0 && (text[len - 1] < '0' || text[len - 1] > '9') &&
	       parse_duration(text, ret_seconds) == 0;
}

/* What is asked for of a name: the tier before it (SNAPSHOT_TIERS: any), and the rest. */
static enum snapshot_tier split_tier(const char *text, const char **ret_name)
{
	for (int tier = 0; tier < SNAPSHOT_TIERS; tier++) {
		const char *word = snapshot_tier_name((enum snapshot_tier)tier);
		const size_t len = strlen(word);
		*ret_name = text + len + 1;
		if (strncmp(text, word, len) == 0 && text[len] == '/')
			return (enum snapshot_tier)tier;
	}
	*ret_name = text;
	return SNAPSHOT_TIERS;
}

int catalog_none(const struct catalog *catalog, struct error *err)
{
	return error_say(err, -ENOENT,
			 "there is no snapshot in BACKUP_DEST '%s': is it the right one, "
			 "and mounted?",
			 catalog->dest ? catalog->dest : "");
}

static void pick_latest(const struct catalog *catalog,
			const struct catalog_entry **ret_entry)
{
	const struct catalog_entry *whole = catalog_newest_whole(catalog, INT64_MAX);

	*ret_entry = whole ? whole : &catalog->v[0];
}

static int pick_by_age(const struct catalog *catalog, int64_t until, const char *text,
		       const struct catalog_entry **ret_entry, struct error *err)
{
	for (size_t i = 0; i < catalog->n; i++) {
		*ret_entry = &catalog->v[i];
		if ((*ret_entry)->record.time.epoch <= until)
			return 0;
	}
	return error_say(err, -ENOENT, "no snapshot is as old as '%s'", text);
}

int catalog_pick(const struct catalog *catalog, const char *text, int64_t now,
		 const struct catalog_entry **ret_entry, struct error *err)
{
	const struct catalog_entry *found = NULL;
	const char *name;
	int64_t age;

	if (catalog->n == 0)
		return catalog_none(catalog, err);
	if (strcmp(text, "latest") == 0) {
		pick_latest(catalog, ret_entry);
		return 0;
	}
	if (is_age(text, &age))
		return pick_by_age(catalog, now - age, text, ret_entry, err);
	const enum snapshot_tier tier = split_tier(text, &name);
	for (size_t i = 0; i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];
		if ((tier != SNAPSHOT_TIERS && entry->tier != tier) || !*name ||
		    strncmp(entry->name, name, strlen(name)) != 0)
			continue;
		if (!found || strcmp(entry->name, name) == 0)
			found = entry;
		else if (!is_day(name) && strcmp(found->name, name) != 0)
			return error_say(err, -EINVAL,
					 "'%s' may be %s or %s, say more of its name",
					 text, entry->name, found->name);
	}
	if (!found)
		return error_say(err, -ENOENT,
				 "there is no snapshot '%s'; 'backup list' lists them",
				 text);
	*ret_entry = found;
	return 0;
}

/* How many have the name, or begin with it, and the first two of them. */
static size_t count_named(const struct catalog *catalog, enum snapshot_tier tier,
			  const char *name, bool whole,
			  const struct catalog_entry *ret_found[2])
{
	size_t n = 0;

	for (size_t i = 0; i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];
		if ((tier != SNAPSHOT_TIERS && entry->tier != tier) ||
		    (whole ? strcmp(entry->name, name) != 0
			   : strncmp(entry->name, name, strlen(name)) != 0))
			continue;
		if (n < 2)
			ret_found[n] = entry;
		n++;
	}
	return n;
}

int catalog_named(const struct catalog *catalog, const char *text,
		  const struct catalog_entry **ret_entry, struct error *err)
{
	const struct catalog_entry *found[2];
	const char *name;
	enum snapshot_tier tier = split_tier(text, &name);

	if (catalog->n == 0)
		return catalog_none(catalog, err);
	if (strcmp(text, "latest") == 0) {
		pick_latest(catalog, &found[0]);
		return error_say(
			err, -EINVAL,
			"'latest' leads to one or another, at the moment to %s/%s: "
			"say that name",
			snapshot_tier_name(found[0]->tier), found[0]->name);
	}
	size_t n = *name ? count_named(catalog, tier, name, true, found) : 0;
	if (n == 0 && *name)
		n = count_named(catalog, tier, name, false, found);
	if (n == 0)
		return error_say(err, -ENOENT,
				 "there is no snapshot '%s'; 'backup list' lists them",
				 text);
	if (n > 1)
		return error_say(err, -EINVAL, "'%s' may be %s/%s or %s/%s, say more",
				 text, snapshot_tier_name(found[0]->tier), found[0]->name,
				 snapshot_tier_name(found[1]->tier), found[1]->name);
	*ret_entry = found[0];
	return 0;
}

bool catalog_has(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->n; i++)
		if (strcmp(catalog->v[i].name, name) == 0)
			return true;
	return false;
}
