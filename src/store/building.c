/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/building.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "store/trash.h"
#include "sys/fs.h"

enum {
	SALVAGE_MAX = 4,
	MARKER_MAX = 4096,
	NTH_MAX = 9999, /* behind a name */
};

/* Raises `nth` to the highest of that second's in a directory of snapshots or records. */
static int raise_nth(int dirfd, const char *second, unsigned *nth)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	struct civil civil;
	unsigned n;

	int r = dirfd < 0 ? 0 : fs_list(dirfd, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *name = names.v[i], *suffix = strstr(name, ".json");
		if (suffix && suffix[strlen(".json")] == '\0')
			*suffix = '\0';
		if (strncmp(name, second, strlen(second)) == 0 &&
		    snapshot_name_parse(name, &civil, &n) && n > *nth)
			*nth = n;
	}
	return r;
}

int building_pick_name(const struct store *store, const struct civil *start,
		       char **ret_name, struct error *err)
{
	const int dirs[] = {store->records,  store->building, store->trash,
			    store->tiers[0], store->tiers[1], store->tiers[2]};
	char name[SNAPSHOT_NAME_MAX];
	unsigned nth = 0;

	snapshot_name(start, 1, name);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r = raise_nth(dirs[i], name, &nth);
		if (r < 0)
			return error_set(err, r, "look for '%s' in '%s'", name,
					 store->path);
	}
	if (nth >= NTH_MAX)
		return error_say(err, -EEXIST, "every name like '%s' is taken in '%s'",
				 name, store->path);
	snapshot_name(start, nth + 1, name);
	*ret_name = xstrdup(name);
	return 0;
}

int building_begin(const struct store *store, const char *name, const char *boot,
		   struct error *err)
{
	CLEANUP(freep) char *marker = xasprintf("%s.json", name);
	CLEANUP(json_freep) json_t *root = json_pack("{s:s}", "boot", boot);
	CLEANUP(freep) char *text = root ? json_dumps(root, 0) : NULL;

	int r = fs_write_file(store->building, marker, text ? text : "",
			      text ? strlen(text) : 0, 0600, err);
	if (r < 0)
		return r;
	if (mkdirat(store->building, name, 0700) < 0)
		return error_set(err, -errno, "create '%s/.backup/building/%s'",
				 store->path, name);
	return 0;
}

static bool marker_matches(const struct store *store, const char *name, const char *boot)
{
	CLEANUP(freep) char *marker = xasprintf("%s.json", name);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(MARKER_MAX);
	CLEANUP(json_freep) json_t *root = NULL;
	const char *marked = "";

	if (!*boot || fs_read_file(store->building, marker, &text, NULL) < 0)
		return false;
	root = json_loadb(text.buf, text.len, 0, NULL);
	return root && json_unpack(root, "{s:s}", "boot", &marked) == 0 &&
	       strcmp(marked, boot) == 0;
}

static int remove_beside(const struct store *store, const char *name, const char *suffix,
			 struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s%s", name, suffix);

	if (unlinkat(store->building, file, 0) < 0 && errno != ENOENT)
		return error_set(err, -errno, "remove '%s'", file);
	return 0;
}

int building_discard(const struct store *store, const char *name, struct error *err)
{
	/* the marker goes first: without it, what is left is trusted by nobody */
	int r = remove_beside(store, name, ".json", err);

	if (r >= 0)
		r = remove_beside(store, name, ".table", err);
	if (r < 0)
		return r;
	return trash_put(store, store->building, name, err);
}

/* Whether the file is one of a snapshot's, by its suffix; the caller frees the name. */
static bool is_beside(const char *file, const char *const suffixes[], char **ret_name)
{
	const char *suffix = strchr(file, '.');
	struct civil c;
	unsigned nth;

	/* a name may have a dot, too: NAME.2.json */
	for (; suffix; suffix = strchr(suffix + 1, '.')) {
		for (size_t i = 0; suffixes[i]; i++) {
			if (strcmp(suffix, suffixes[i]) != 0)
				continue;
			*ret_name = xstrndup(file, (size_t)(suffix - file));
			if (snapshot_name_parse(*ret_name, &c, &nth))
				return true;
			free(*ret_name);
			*ret_name = NULL;
		}
	}
	return false;
}

/* Removes a marker, its temporary file, or a table whose tree is not there (any more). */
static int sweep(const struct store *store, const char *file, struct error *err)
{
	static const char *const suffixes[] = {".json", ".json.tmp", ".table", NULL};
	CLEANUP(freep) char *name = NULL;

	if (!is_beside(file, suffixes, &name) || fs_exists(store->building, name) != 0)
		return 0;
	return remove_beside(store, file, "", err);
}

static int later_name_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

int building_salvage(const struct store *store, const struct catalog *catalog,
		     const char *boot, struct strvec *ret_names, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	struct civil c;
	struct stat st;
	unsigned nth;

	int r = fs_list(store->building, &names, err);
	if (r < 0)
		return error_prefix(err, r, "'%s/.backup/building'", store->path);
	if (names.n > 0)
		qsort(names.v, names.n, sizeof(*names.v), later_name_first);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		const char *name = names.v[i];

		if (!snapshot_name_parse(name, &c, &nth)) {
			r = sweep(store, name, err);
			continue;
		}
		if (fstatat(store->building, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set(err, -errno, "look at 'building/%s'", name);
		if (!catalog_has(catalog, name))
			r = record_remove(store, name, err);
		if (r < 0)
			break;
		if (S_ISDIR(st.st_mode) && ret_names->n < SALVAGE_MAX &&
		    marker_matches(store, name, boot))
			strvec_push(ret_names, name);
		else
			r = building_discard(store, name, err);
	}
	return r;
}

/* Never an error: without a table the next run takes longer. */
static void publish_table(const struct store *store, const char *name)
{
	static const char *const suffixes[] = {".table", NULL};
	CLEANUP(freep) char *mine = xasprintf("%s.table", name);
	CLEANUP(strvec_release) struct strvec files = STRVEC_INIT;

	unlinkat(store->records, mine, 0); /* of one that had the name before */
	fs_move(store->building, mine, store->records, mine, NULL);
	if (fs_list(store->records, &files, NULL) < 0)
		return;
	for (size_t i = 0; i < files.n; i++) {
		CLEANUP(freep) char *of = NULL;
		if (is_beside(files.v[i], suffixes, &of) && strcmp(of, name) != 0)
			unlinkat(store->records, files.v[i], 0);
	}
}

int building_publish(const struct store *store, const char *name,
		     const struct record *record, struct error *err)
{
	int daily = store->tiers[SNAPSHOT_DAILY];

	int r = record_write(store, name, record, err);
	if (r >= 0)
		r = fs_move(store->building, name, daily, name, err);
	if (r >= 0)
		r = fs_sync(daily, "daily", err);
	if (r >= 0)
		r = fs_sync(store->building, "building", err);
	if (r < 0)
		return error_prefix(err, r, "publish '%s'", name);
	publish_table(store, name);
	remove_beside(store, name, ".json", NULL); /* the next run sweeps up what stays */
	return 0;
}
