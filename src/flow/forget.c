/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/forget.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/human.h"
#include "model/report.h"
#include "store/catalog.h"
#include "store/latest.h"
#include "store/trash.h"
#include "sys/clock.h"
#include "sys/signals.h"

/* What goes: flags by place in the catalog. */
struct choice {
	struct catalog catalog;
	bool *goes;
	struct strvec places; /* "daily/NAME" of each that does */
};

static void choice_release(struct choice *choice)
{
	catalog_release(&choice->catalog);
	free(choice->goes);
	strvec_release(&choice->places);
	*choice = (struct choice){.catalog = CATALOG_INIT};
}

/* Also one that cannot be told to be good or not counts as lost when it goes. */
static int check_good(const struct choice *choice, int64_t now, struct error *err)
{
	bool any_left = false, good_left = false, good_goes = false;

	for (size_t i = 0; i < choice->catalog.n; i++) {
		const struct record *record = &choice->catalog.v[i].record;
		if (choice->goes[i]) {
			good_goes = good_goes || record->status == SNAPSHOT_COMPLETE ||
				    record->status == SNAPSHOT_UNKNOWN;
			continue;
		}
		any_left = true;
		good_left = good_left || (record->status == SNAPSHOT_COMPLETE &&
					  record->time.epoch <= now);
	}
	if (any_left && (good_left || !good_goes))
		return 0;
	return error_say(err, -EPERM,
			 "nothing was removed: no good snapshot would be left; --force "
			 "removes it all the same");
}

/* Finds them in what is there now, and refuses what may not go. */
static int choose(struct choice *choice, const struct store *store,
		  const struct strvec *names, bool force, struct error *err)
{
	struct catalog *catalog = &choice->catalog;
	const struct catalog_entry *entry = NULL;

	choice_release(choice);
	int r = catalog_load(catalog, store, err);
	choice->goes = xcalloc(catalog->n + 1, sizeof(bool));
	for (size_t i = 0; r >= 0 && i < names->n; i++) {
		r = catalog_named(catalog, names->v[i], &entry, err);
		if (r >= 0 && entry->pinned)
			r = error_say(err, -EPERM,
				      "nothing was removed: %s is pinned; 'backup unpin "
				      "%s' lets it go",
				      entry->name, entry->name);
		if (r >= 0)
			choice->goes[entry - catalog->v] = true;
	}
	for (size_t i = 0; r >= 0 && i < catalog->n; i++)
		if (choice->goes[i])
			strvec_pushf(&choice->places, "%s/%s",
				     snapshot_tier_name(catalog->v[i].tier),
				     catalog->v[i].name);
	if (r >= 0 && !force)
		r = check_good(choice, clock_now().epoch, err);
	return r;
}

/* Where `latest` leads to one that goes: to the newest that holds all its source had. */
static int move_latest(const struct store *store, const struct choice *choice,
		       struct error *err)
{
	CLEANUP(freep) char *target = latest_target(store);
	int64_t now = clock_now().epoch;

	if (!target || !strvec_has(&choice->places, target))
		return 0;
	for (size_t i = 0; i < choice->catalog.n; i++) {
		const struct catalog_entry *entry = &choice->catalog.v[i];
		const enum snapshot_status status = entry->record.status;
		if (!choice->goes[i] && entry->record.time.epoch <= now &&
		    (status == SNAPSHOT_COMPLETE || status == SNAPSHOT_SHRUNK))
			return latest_set(store, entry->tier, entry->name, err);
	}
	return latest_remove(store, err);
}

static int lock(struct store *store, const struct config *config, struct error *err)
{
	CLEANUP(freep)
	char *sign = xasprintf("process %ld, removing snapshots", (long)getpid());

	int r = store_lock(store, (double)config->lock_wait, signals_fd(), sign, true,
			   err);
	return r >= 0 ? store_make_dirs(store, err) : r;
}

static int remove_all(const struct config *config, const struct store *store,
		      const struct choice *choice, struct log *log, struct error *err)
{
	int r = move_latest(store, choice, err);

	for (size_t i = 0; r >= 0 && i < choice->catalog.n; i++) {
		const struct catalog_entry *entry = &choice->catalog.v[i];
		const char *tier = snapshot_tier_name(entry->tier);

		if (!choice->goes[i])
			continue;
		if (signals_caught())
			return error_say(err, -EINTR, "%s ended it",
					 signals_name(signals_caught()));
		r = trash_snapshot(store, entry, err);
		if (r < 0)
			return error_prefix(err, r, "remove %s/%s", tier, entry->name);
		log_info(log, "removed %s/%s", tier, entry->name);
	}
	return r < 0 ? r
		     : trash_empty(store, (unsigned)config->threads, signals_fd(), err);
}

static int forget_snapshots(const struct config *config, const struct forget *forget,
			    struct log *log, struct error *err)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(choice_release) struct choice choice = {.catalog = CATALOG_INIT};
	CLEANUP(strvec_release) struct strvec shown = STRVEC_INIT;

	/* first without the lock, which is not held while somebody thinks */
	int r = store_open(&store, config->dest, err);
	if (r >= 0)
		r = choose(&choice, &store, forget->names, forget->force, err);
	if (r < 0)
		return r;
	for (size_t i = 0; config->dry_run && i < choice.places.n; i++)
		log_info(log, "would remove %s", choice.places.v[i]);
	if (config->dry_run)
		return 0;
	if (forget->confirm && !forget->confirm(&choice.places))
		return error_say(err, -ECANCELED, "nothing was removed");

	for (size_t i = 0; i < choice.places.n; i++)
		strvec_push(&shown, choice.places.v[i]);
	r = lock(&store, config, err);
	if (r >= 0) /* no other than those shown, and if they may still go */
		r = choose(&choice, &store, &shown, forget->force, err);
	return r >= 0 ? remove_all(config, &store, &choice, log, err) : r;
}

int flow_forget(const struct config *config, const struct forget *forget, struct log *log)
{
	struct error err;

	int r = forget_snapshots(config, forget, log, &err);
	if (r >= 0)
		return EXIT_OK;
	log_error(log, "%s", err.msg);
	if (signals_caught())
		return EXIT_SIGNAL + signals_caught();
	return r == -EWOULDBLOCK ? EXIT_LOCKED : EXIT_FAILED;
}
