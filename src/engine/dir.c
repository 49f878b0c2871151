/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/entry.h"
#include "engine/fresh.h"
#include "engine/markers.h"
#include "engine/shut.h"
#include "sys/fs.h"

static struct dir *new_dir(void)
{
	struct dir *dir = xcalloc(1, sizeof(*dir));

	dir->source = dir->copy = -1;
	for (size_t i = 0; i < PASS_BASES_MAX; i++)
		dir->base[i] = -1;
	return dir;
}

static void free_dir(struct dir *dir)
{
	closep(&dir->source);
	closep(&dir->copy);
	for (size_t i = 0; i < PASS_BASES_MAX; i++)
		closep(&dir->base[i]);
	place_drop(dir->place);
	free(dir->path);
	dirents_release(&dir->dirents);
	shut_release(dir);
	free(dir);
}

static int duplicate(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

struct dir *dir_new_top(struct pass *pass)
{
	struct dir *dir = new_dir();

	dir->source = duplicate(pass->source_fd);
	dir->copy = duplicate(pass->target_fd);
	for (size_t i = 0; i < pass->bases; i++)
		dir->base[i] = duplicate(pass->base_fd[i]);
	dir->place = place_hold(pass->top);
	dir->path = xstrdup("");
	dir->look = pass->look;
	dir->rows.number = TABLE_TOP;
	dir->rows.device = pass_device(pass, &dir->look.st);
	dir->rows.name = place_name(dir->place);
	if (pass->old_table)
		dir->old = table_rows_of(pass->old_table, TABLE_TOP);
	return dir;
}

/*
 * Opens it in the bases: by the same name, or, when the table knows it by another one, in
 * the first of them by that.
 */
static void open_bases(const struct pass *pass, struct dir *parent, const char *name,
		       struct dir *dir)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	const struct table_row *row;

	for (size_t i = 0; i < pass->bases; i++)
		if (parent->base[i] >= 0)
			dir->base[i] = openat(parent->base[i], name, flags);
	if (!pass->old_table)
		return;
	row = table_find(pass->old_table, &parent->old, name);
	if (!row || !row->is_dir || row->state.ino != dir->look.st.st_ino) {
		int fd = entry_open_moved_dir(pass, &dir->look, &row);
		if (fd < 0)
			return;
		closep(&dir->base[0]);
		dir->base[0] = fd;
	}
	dir->old = table_rows_of(pass->old_table, row->state.size);
}

/* Makes the directory in the copy, and opens it. */
static int make_copy(struct pass *pass, const struct dir *parent, const char *name,
		     struct dir *dir)
{
	if (pass->job->dry_run)
		return 0;
	if (mkdirat(parent->copy, name, 0700) < 0)
		return -errno;
	dir->copy = openat(parent->copy, name,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir->copy < 0 ? -errno : 0;
}

/* One that cannot be read is at least there, with its attributes. */
static void make_unreadable(struct pass *pass, struct worker *worker,
			    const struct dir *parent, const char *name, int code)
{
	struct dir *dir = new_dir();

	pass_unreadable(pass, worker, "read directory", parent->place, name, code);
	if (pass_look(parent->source, name, &dir->look) == 0 &&
	    S_ISDIR(dir->look.st.st_mode) && make_copy(pass, parent, name, dir) == 0) {
		worker->counts.dirs++;
		strbuf_reset(&worker->xattrs);
		if (dir->copy >= 0)
			fresh_set_attributes(pass, worker, parent, name, dir->copy,
					     MODE_UNSURE, &dir->look.st, &worker->xattrs);
	}
	free_dir(dir);
}

/* NULL: there is nothing to work on, and it was said why. 1 in *ret_other: no directory. */
static struct dir *open_dir(struct pass *pass, struct worker *worker, struct dir *parent,
			    const char *name, bool *ret_other)
{
	struct dir *dir = new_dir();

	dir->source = openat(parent->source, name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = dir->source < 0 ? -errno : pass_look(dir->source, "", &dir->look);
	if (r == -ENOTDIR || r == -ELOOP) {
		*ret_other = true;
	} else if (r == -ENOENT) {
		worker->counts.vanished++;
		pass_note(pass, "vanished before it could be copied:", parent->place,
			  name, 0);
	} else if (r < 0) {
		make_unreadable(pass, worker, parent, name, r);
	} else if ((r = make_copy(pass, parent, name, dir)) < 0) {
		if (pass_is_fatal(r))
			pass_fail(pass, "create directory", parent->place, name, r);
		else
			pass_unreadable(pass, worker, "create directory", parent->place,
					name, r);
	}
	if (r < 0) {
		free_dir(dir);
		return NULL;
	}
	open_bases(pass, parent, name, dir);
	dir->place = place_new(parent->place, name);
	dir->rows.number = table_new_number(pass->new_table);
	dir->rows.parent = parent->rows.number;
	dir->rows.device = pass_device(pass, &dir->look.st);
	dir->rows.name = place_name(dir->place);
	if (parent->path)
		dir->path =
			xasprintf("%s%s%s", parent->path, *parent->path ? "/" : "", name);
	return dir;
}

/* Looks at the directory itself, before anything that is in it. */
static void start(struct pass *pass, struct worker *worker, struct dir *dir)
{
	const struct engine_job *job = pass->job;

	worker->counts.dirs++;
	if (job->one_file_system && dir->look.st.st_dev != pass->look.st.st_dev)
		dir->sealed = true;
	else if (job->exclude_caches && markers_is_tagged(dir->source))
		dir->only = MARKERS_TAG;
	else if (*job->exclude_if_present &&
		 fs_exists(dir->source, job->exclude_if_present) > 0)
		dir->only = job->exclude_if_present;
	if (!patterns_need_paths(pass->patterns)) {
		free(dir->path);
		dir->path = NULL;
	}
	dir->started = true;
}

static void finish(struct pass *pass, struct worker *worker, struct dir *dir)
{
	strbuf_reset(&worker->xattrs);
	if (dir->source >= 0)
		fresh_read_xattrs(pass, worker, dir, NULL, dir->source);
	const bool stage = pass->staged && dir->place == pass->top;
	if (dir->copy >= 0 && !stage && !pass_stopped(pass))
		fresh_set_attributes(pass, worker, dir, NULL, dir->copy, MODE_UNSURE,
				     &dir->look.st, &worker->xattrs);
	free_dir(dir);
}

/* The next name, or NULL. */
static const struct dirent_entry *next_entry(struct pass *pass, struct worker *worker,
					     struct dir *dir)
{
	const struct dirent_entry *entry = NULL;

	if (dir->sealed || dir->source < 0 || pass_stopped(pass))
		return NULL;
	int r = dirents_next(&dir->dirents, dir->source, &entry);
	if (r < 0 && r != -ENOENT) /* it was removed; there are no more names */
		pass_unreadable(pass, worker, "read directory", dir->place, NULL, r);
	return entry;
}

static bool is_left_out(const struct pass *pass, const struct dir *dir, const char *name,
			bool is_dir)
{
	if (dir->only)
		return strcmp(name, dir->only) != 0;
	return patterns_exclude(pass->patterns, dir->path, name, is_dir);
}

/* Meets a name that is no directory; true: it is one after all. */
static bool meet_file(struct pass *pass, struct worker *worker, struct dir *dir,
		      const struct dirent_entry *entry)
{
	struct look look;

	int r = pass_look(dir->source, entry->name, &look);
	if (r < 0) {
		if (r == -ENOENT) {
			worker->counts.vanished++;
			pass_note(pass, "vanished before it could be copied:", dir->place,
				  entry->name, 0);
		} else {
			pass_unreadable(pass, worker, "look at", dir->place, entry->name,
					r);
		}
		return false;
	}
	if (S_ISDIR(look.st.st_mode))
		return true;
	if (!is_left_out(pass, dir, entry->name, false))
		entry_put(pass, worker, dir, entry->name, &look);
	return false;
}

static struct dir *meet_dir(struct pass *pass, struct worker *worker, struct dir *dir,
			    const struct dirent_entry *entry)
{
	bool other = false;

	if (is_left_out(pass, dir, entry->name, true))
		return NULL;
	struct dir *sub = open_dir(pass, worker, dir, entry->name, &other);
	if (other && meet_file(pass, worker, dir, entry)) /* and a directory again */
		pass_unreadable(pass, worker, "changes all the time:", dir->place,
				entry->name, 0);
	if (sub) {
		struct table_state state = pass_state(&sub->look);
		state.size = sub->rows.number;
		table_add(&worker->sheet, &dir->rows, &state, true, entry->name);
	}
	return sub;
}

/*
 * Works on it until it is done. Where many wait already, its worker goes down into the
 * next subdirectory itself: returned is what to go on with, NULL: nothing.
 */
static struct dir *work_on(struct pass *pass, struct worker *worker, struct dir *dir)
{
	const struct dirent_entry *entry;

	if (!dir->started)
		start(pass, worker, dir);
	table_begin(&worker->sheet, &dir->rows);
	while ((entry = next_entry(pass, worker, dir))) {
		if (entry->type != DT_DIR && !meet_file(pass, worker, dir, entry))
			continue;
		struct dir *sub = meet_dir(pass, worker, dir, entry);
		if (!sub)
			continue;
		if (pool_waiting(&pass->pool) >= pass->waiting_max) {
			table_end(&worker->sheet, &dir->rows);
			dir->off = entry->off;
			sub->above = dir;
			shut_above(pass, sub);
			return sub;
		}
		pool_push(&pass->pool, &sub->item);
	}
	table_end(&worker->sheet, &dir->rows);
	struct dir *above = dir->above;
	shut_open_above(pass, worker, dir);
	finish(pass, worker, dir);
	return above;
}

void dir_work(struct pass *pass, struct worker *worker, struct dir *dir)
{
	while (dir)
		dir = work_on(pass, worker, dir);
}
