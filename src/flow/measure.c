/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/measure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flow/progress.h"
#include "model/shares.h"
#include "sys/clock.h"
#include "sys/descriptors.h"
#include "sys/dirents.h"
#include "sys/fs.h"

enum {
	MEMORY = 16 * 1024 * 1024, /* for inodes of which links are still to come */
	TELL_EVERY = 4096,	   /* names */
	BLOCK = 512,		   /* st_blocks counts these, whatever the file system */
};

/* A directory on the way down, with its counterparts. */
struct level {
	int *fds; /* of each snapshot; -1: it does not have it */
	bool closed;
	size_t path_len;
	struct strvec subdirs; /* of any */
	size_t next;
};

struct walk {
	const struct store *store;
	const struct catalog *catalog;
	struct shares *shares;
	struct log *log;
	struct strbuf path;
	struct level *levels;
	size_t n, cap;
	size_t open_max; /* levels that stay open */
	dev_t dev;	 /* of the destination: what is mounted below is not entered */
	bool untrusted;	 /* directories do not tell the inodes' true numbers */
	uint64_t unreadable;
	struct progress progress;
	struct snapshot_counts expected; /* in all passes so far; none: not known */
	struct engine_progress seen;
};

static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

static void look_at_file(struct walk *walk, size_t snapshot, int fd,
			 const struct dirent_entry *entry)
{
	struct stat st;

	if (++walk->seen.files % TELL_EVERY == 0)
		progress_show(&walk->progress, &walk->seen);
	if (!walk->untrusted && !shares_link(walk->shares, snapshot, entry->ino))
		return;
	if (fstatat(fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_dev != walk->dev)
		return;
	walk->untrusted |= st.st_ino != entry->ino;
	if (walk->untrusted && !shares_link(walk->shares, snapshot, st.st_ino))
		return;
	walk->seen.bytes += (uint64_t)st.st_blocks * BLOCK;
	shares_inode(walk->shares, snapshot, st.st_ino, st.st_nlink,
		     (uint64_t)st.st_blocks * BLOCK);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads one snapshot's directory. */
static int read_dir(struct walk *walk, size_t snapshot, int fd, struct strvec *subdirs)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	const struct dirent_entry *entry;
	const size_t known = subdirs->n; /* in order */
	int r;

	while ((r = dirents_next(&dirents, fd, &entry)) > 0) {
		const char *name = entry->name;
		if (dirents_type(fd, entry) != DT_DIR)
			look_at_file(walk, snapshot, fd, entry);
		else if (known == 0 ||
			 !bsearch(&name, subdirs->v, known, sizeof(name), compare_names))
			strvec_push(subdirs, name);
	}
	if (subdirs->n > known)
		qsort(subdirs->v, subdirs->n, sizeof(*subdirs->v), compare_names);
	return r;
}

static void read_level(struct walk *walk, struct level *level)
{
	for (size_t i = 0; i < walk->catalog->n; i++) {
		struct stat st;
		int r = level->fds[i] < 0		? 0
			: fstat(level->fds[i], &st) < 0 ? -errno
							: 1;
		if (r > 0 && st.st_dev != walk->dev) {
			close(STEAL_FD(level->fds[i]));
			continue;
		}
		if (r > 0) {
			shares_dir(walk->shares, i, (uint64_t)st.st_blocks * BLOCK);
			r = read_dir(walk, i, level->fds[i], &level->subdirs);
		}
		walk->unreadable += r < 0;
	}
	progress_show(&walk->progress, &walk->seen);
}

static void close_level(struct walk *walk, struct level *level)
{
	for (size_t i = 0; i < walk->catalog->n; i++)
		if (level->fds[i] >= 0)
			close(STEAL_FD(level->fds[i]));
	level->closed = true;
}

/* Opens a level's directories again from the top, by their path. */
static void reopen_level(struct walk *walk, struct level *level)
{
	for (size_t i = 0; i < walk->catalog->n; i++) {
		const struct catalog_entry *entry = &walk->catalog->v[i];
		CLEANUP(freep)
		char *path = xasprintf("%s%s%.*s/.", entry->name,
				       level->path_len > 0 ? "/" : "",
				       (int)level->path_len, walk->path.buf);
		const char *name;
		int r = fs_open_parent(walk->store->tiers[entry->tier], path,
				       &level->fds[i], &name, NULL);
		if (r < 0)
			level->fds[i] = -1;
		walk->unreadable += r < 0 && !is_absent(r);
	}
	level->closed = false;
}

/* Enters the directories `fds`, which it takes over. */
static void push_level(struct walk *walk, int *fds)
{
	array_grow(walk->levels, walk->n, walk->cap);
	struct level *level = &walk->levels[walk->n++];

	*level = (struct level){.fds = fds, .path_len = walk->path.len};
	read_level(walk, level);
	if (walk->n > walk->open_max)
		close_level(walk, &walk->levels[walk->n - 1 - walk->open_max]);
}

static void pop_level(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->n];

	close_level(walk, level);
	free(level->fds);
	strvec_release(&level->subdirs);
}

static void descend(struct walk *walk)
{
	struct level *level = &walk->levels[walk->n - 1];
	const char *name = level->subdirs.v[level->next++];
	int *fds = xcalloc(walk->catalog->n, sizeof(*fds));

	strbuf_cut(&walk->path, level->path_len);
	if (level->closed)
		reopen_level(walk, level);
	for (size_t i = 0; i < walk->catalog->n; i++) {
		fds[i] = -1;
		int r = level->fds[i] < 0
				? 0
				: fs_open_dir(level->fds[i], name, &fds[i], NULL);
		walk->unreadable += r < 0 && !is_absent(r);
	}
	if (walk->path.len > 0)
		strbuf_addch(&walk->path, '/');
	strbuf_addstr(&walk->path, name);
	push_level(walk, fds);
}

static int walk_all(struct walk *walk, struct error *err)
{
	const size_t n = walk->catalog->n;
	int *fds = xcalloc(n, sizeof(*fds));
	int r = 0;

	for (size_t i = 0; i < n; i++)
		fds[i] = -1;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		const struct catalog_entry *entry = &walk->catalog->v[i];
		r = fs_open_dir(walk->store->tiers[entry->tier], entry->name, &fds[i],
				err);
	}
	if (r < 0) { /* -ENOENT: it was moved or removed */
		for (size_t i = 0; i < n; i++)
			closep(&fds[i]);
		free(fds);
		return r == -ENOENT ? -EAGAIN : r;
	}
	strbuf_reset(&walk->path);
	push_level(walk, fds);
	while (walk->n > 0) {
		const struct level *level = &walk->levels[walk->n - 1];
		if (level->next < level->subdirs.n)
			descend(walk);
		else
			pop_level(walk);
	}
	return 0;
}

/* Of all snapshots; 0: that is not known of some. */
static uint64_t count_files(const struct catalog *catalog)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < catalog->n; i++) {
		if (catalog->v[i].record.counts.files == 0)
			return 0;
		sum += catalog->v[i].record.counts.files;
	}
	return sum;
}

static int walk_passes(struct walk *walk, struct error *err)
{
	const uint64_t files = count_files(walk->catalog);
	struct stat st;
	int r = 0;

	if (fstat(walk->store->fd, &st) < 0)
		return error_set(err, -errno, "look at '%s'", walk->store->path);
	walk->dev = st.st_dev;
	uint64_t levels = descriptors_limit() / 2 / (walk->catalog->n + 1);
	walk->open_max = levels > 2 ? (size_t)levels - 1 : 1;
	walk->expected.files = files;
	progress_begin(&walk->progress, walk->log, &walk->expected, clock_monotonic());
	for (; r >= 0 && shares_pass(walk->shares); walk->expected.files += files) {
		walk->unreadable = 0;
		r = walk_all(walk, err);
	}
	progress_end(&walk->progress);
	return r;
}

static void take_sums(const struct walk *walk, struct sizes *sizes)
{
	sizes->time = clock_now().epoch;
	sizes->total = shares_total(walk->shares);
	sizes->n = walk->catalog->n;
	sizes->v = xcalloc(sizes->n, sizeof(*sizes->v));
	for (size_t i = 0; i < sizes->n; i++) {
		struct shares_sum sum = shares_sum(walk->shares, i);
		sizes->v[i] = (struct sizes_entry){
			.name = xstrdup(walk->catalog->v[i].name),
			.bytes = sum.bytes,
			.alone = sum.alone,
			.added = sum.added,
		};
	}
}

static bool is_empty(int dirfd)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	return dirfd < 0 || (fs_list(dirfd, &names, NULL) >= 0 && names.n == 0);
}

/*
 * Whether nobody is at work, nor was stopped at it: while files have links in building/ or
 * trash/, less would be free than is when those are gone.
 */
static bool is_at_rest(const struct store *store)
{
	CLEANUP(strbuf_release) struct strbuf holder = STRBUF_INIT;

	return store->meta >= 0 && store_is_locked(store, &holder, NULL) == 0 &&
	       is_empty(store->building) && is_empty(store->trash);
}

/* Whether the snapshots that were measured are still all there are, and where they were. */
static int check_unchanged(const struct store *store, const struct catalog *before,
			   struct error *err)
{
	CLEANUP(catalog_release) struct catalog now = CATALOG_INIT;

	int r = catalog_load(&now, store, err);
	if (r >= 0 && now.n != before->n)
		r = -EAGAIN;
	for (size_t i = 0; r >= 0 && i < now.n; i++)
		if (now.v[i].tier != before->v[i].tier ||
		    strcmp(now.v[i].name, before->v[i].name) != 0)
			r = -EAGAIN;
	return r;
}

static int measure_anew(const struct store *store, const struct catalog *catalog,
			struct log *log, struct sizes *ret_sizes,
			uint64_t *ret_unreadable, struct error *err)
{
	CLEANUP(shares_freep) struct shares *shares = shares_new(catalog->n, MEMORY);
	struct walk walk = {.store = store,
			    .catalog = catalog,
			    .shares = shares,
			    .log = log,
			    .path = STRBUF_INIT};

	int r = walk_passes(&walk, err);
	if (r >= 0)
		take_sums(&walk, ret_sizes);
	*ret_unreadable = walk.unreadable;
	free(walk.levels);
	strbuf_release(&walk.path);
	return r;
}

int measure(const struct store *store, const struct catalog *catalog, struct log *log,
	    struct sizes *ret_sizes, uint64_t *ret_unreadable, struct error *err)
{
	CLEANUP(sizes_release) struct sizes sizes = {0};
	bool at_rest = is_at_rest(store);
	int r = 0;

	*ret_unreadable = 0;
	if (sizes_read(store, &sizes, NULL) < 0 || !sizes_match(&sizes, catalog)) {
		sizes_release(&sizes);
		r = measure_anew(store, catalog, log, &sizes, ret_unreadable, err);
		if (r >= 0)
			r = check_unchanged(store, catalog, err);
		if (r == -EAGAIN)
			error_say(err, r,
				  "snapshots come and go while they are measured; try "
				  "again later");
		/* where it cannot be kept it is measured again */
		if (r >= 0 && *ret_unreadable == 0 && at_rest && is_at_rest(store))
			sizes_write(store, &sizes, NULL);
	}
	if (r < 0)
		return r;
	*ret_sizes = sizes;
	sizes = (struct sizes){0};
	return 0;
}
