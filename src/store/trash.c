/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/trash.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strvec.h"
#include "sys/fs.h"

enum { NAMES_TRIED = 1000 };

int trash_put(const struct store *store, int from_dir, const char *name,
	      struct error *err)
{
	int r = fs_move(from_dir, name, store->trash, name, err);

	for (unsigned i = 2; r == -EEXIST && i < NAMES_TRIED; i++) {
		CLEANUP(freep) char *other = xasprintf("%s.trash-%u", name, i);
		r = fs_move(from_dir, name, store->trash, other, err);
	}
	if (r >= 0)
		r = fs_sync(from_dir, "directory", err);
	if (r >= 0)
		r = fs_sync(store->trash, "trash", err);
	return r;
}

int trash_snapshot(const struct store *store, const struct catalog_entry *entry,
		   struct error *err)
{
	int r = trash_put(store, store->tiers[entry->tier], entry->name, err);

	if (r < 0 || !entry->recorded)
		return r;
	return record_remove(store, entry->name, err);
}

int trash_count(const struct store *store, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	int r = store->trash >= 0 ? fs_list(store->trash, &names, err) : 0;

	return r < 0 ? r : (int)names.n;
}

/*
 * A run that was killed while it removed a snapshot left the record behind: once the
 * tree is gone from the trash as well, nothing would tell whose it was.
 */
static int remove_stray_record(const struct store *store, const char *in_trash,
			       struct error *err)
{
	const char *suffix = strstr(in_trash, ".trash-");
	CLEANUP(freep)
	char *name = suffix ? xstrndup(in_trash, (size_t)(suffix - in_trash))
			    : xstrdup(in_trash);
	struct civil c;
	unsigned nth;

	if (!snapshot_name_parse(name, &c, &nth))
		return 0;
	for (int i = 0; i < SNAPSHOT_TIERS; i++)
		if (fs_exists(store->tiers[i], name) != 0)
			return 0;
	return record_remove(store, name, err);
}

int trash_empty(const struct store *store, unsigned threads, int cancel_fd,
		struct error *err)
{
	const struct removal_manner manner = {.threads = threads};

	return trash_empty_so(store, &manner, cancel_fd, err);
}

int trash_empty_so(const struct store *store, const struct removal_manner *manner,
		   int cancel_fd, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	struct error why; /* a record cannot be removed, which keeps nothing else */
	int stray = 0;

	int r = fs_list(store->trash, &names, err);
	for (size_t i = 0; r >= 0 && stray >= 0 && i < names.n; i++)
		stray = remove_stray_record(store, names.v[i], &why);
	if (r >= 0 && names.n > 0)
		r = removal_empty_so(store->trash, manner, cancel_fd, err);
	if (r >= 0 && stray < 0) {
		if (err)
			*err = why;
		r = stray;
	}
	return r < 0 ? error_prefix(err, r, "'%s/.backup/trash'", store->path) : 0;
}
