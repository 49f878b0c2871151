/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/dirents.h"
#include "sys/fs.h"

enum {
	HELD_MAX = 1024 * 1024,
	CHUNK = 4096, /* of a run that is held; more than the longest name */
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_held(struct names *names)
{
	free(names->sorted);
	names->sorted = xreallocarray(NULL, names->n + 1, sizeof(*names->sorted));
	const char *name = names->text.buf;
	for (size_t i = 0; i < names->n; i++) {
		names->sorted[i] = name;
		name += strlen(name) + 1;
	}
	if (names->n > 1)
		qsort(names->sorted, names->n, sizeof(*names->sorted), by_bytes);
}

/* Writes what is held behind what is in the file, and holds nothing. */
static int spill(struct names *names)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (names->file < 0) {
		int r = fs_temp_file(&names->file, NULL);
		if (r < 0)
			return r;
	}
	sort_held(names);
	for (size_t i = 0; i < names->n; i++)
		strbuf_add(&out, names->sorted[i], strlen(names->sorted[i]) + 1);
	off_t at = lseek(names->file, 0, SEEK_CUR);
	if (at < 0)
		return -errno;
	array_grow(names->runs, names->runs_n, names->runs_cap);
	names->runs[names->runs_n++] =
		(struct names_run){.start = at, .at = at, .end = at + (off_t)out.len};
	strbuf_reset(&names->text);
	names->n = 0;
	return fs_write_all(names->file, out.buf, out.len);
}

int names_add(struct names *names, const char *name)
{
	strbuf_add(&names->text, name, strlen(name) + 1);
	names->n++;
	return names->text.len + names->n * sizeof(char *) < HELD_MAX ? 0 : spill(names);
}

int names_sort(struct names *names)
{
	int r = names->runs_n > 0 && names->n > 0 ? spill(names) : 0;

	if (r < 0)
		return r;
	if (names->runs_n == 0) {
		sort_held(names);
		return 0;
	}
	strbuf_release(&names->text);
	free(names->sorted);
	names->sorted = NULL;
	return 0;
}

int names_read(struct names *names, int fd)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	const struct dirent_entry *entry;
	int r;

	while ((r = dirents_next(&dirents, fd, &entry)) > 0) {
		r = names_add(names, entry->name);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : names_sort(names);
}

void names_rewind(struct names *names)
{
	names->next = 0;
	names->taken = NULL;
	for (size_t i = 0; i < names->runs_n; i++) {
		struct names_run *run = &names->runs[i];
		run->at = run->start;
		run->pos = run->len = 0;
	}
}

/* The first name of a run; NULL in `ret_name`: it has no more. */
static int run_head(struct names *names, struct names_run *run, const char **ret_name)
{
	if (run->pos < run->len &&
	    memchr(run->chunk + run->pos, '\0', run->len - run->pos)) {
		*ret_name = run->chunk + run->pos;
		return 0;
	}
	if (!run->chunk)
		run->chunk = xmalloc(CHUNK);
	run->len -= run->pos;
	memmove(run->chunk, run->chunk + run->pos, run->len);
	run->pos = 0;
	*ret_name = NULL;
	if (run->at == run->end)
		return run->len > 0 ? -EIO : 0;
	size_t want = CHUNK - run->len;
	if ((off_t)want > run->end - run->at)
		want = (size_t)(run->end - run->at);
	ssize_t n = pread(names->file, run->chunk + run->len, want, run->at);
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	run->at += n;
	run->len += (size_t)n;
	return run_head(names, run, ret_name);
}

static int next_of_runs(struct names *names, const char **ret_name)
{
	const char *least = NULL;

	if (names->taken) {
		struct names_run *run = names->taken;
		run->pos += strlen(run->chunk + run->pos) + 1;
		names->taken = NULL;
	}
	for (size_t i = 0; i < names->runs_n; i++) {
		const char *name;
		int r = run_head(names, &names->runs[i], &name);
		if (r < 0)
			return r;
		if (!name || (least && strcmp(name, least) >= 0))
			continue;
		least = name;
		names->taken = &names->runs[i];
	}
	*ret_name = least;
	return least != NULL;
}

int names_next(struct names *names, const char **ret_name)
{
	if (names->runs_n > 0)
		return next_of_runs(names, ret_name);
	if (names->next == names->n)
		return 0;
	*ret_name = names->sorted[names->next++];
	return 1;
}

void names_release(struct names *names)
{
	strbuf_release(&names->text);
	free(names->sorted);
	closep(&names->file);
	for (size_t i = 0; i < names->runs_n; i++)
		free(names->runs[i].chunk);
	free(names->runs);
	*names = (struct names)NAMES_INIT;
}
