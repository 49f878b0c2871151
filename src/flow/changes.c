/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

enum { MARKS_MAX = 1024 * 1024 };

/* As it is in the file; the path follows. */
struct stored {
	struct change_side side[PAIR_SIDES];
	uint32_t path_len;
	uint8_t kind, how, linked, withdrawn;
};

static int fail(int code, struct error *err)
{
	return error_set(err, code, "keep what differs in a temporary file");
}

int changes_begin(struct changes *changes, struct error *err)
{
	return fs_temp_stream(&changes->file, err);
}

static void mark(struct changes *changes, enum pair_side side, uint64_t ino)
{
	struct change_marks *marks = &changes->marks[side];

	if (marks->n == MARKS_MAX) {
		changes->capped = true;
		return;
	}
	array_grow(marks->v, marks->n, marks->cap);
	marks->v[marks->n++] = (struct change_mark){ino, changes->at};
}

int64_t changes_add(struct changes *changes, const struct change *change,
		    struct error *err)
{
	const size_t len = strlen(change->path) + 1;
	struct stored stored;
	int64_t at = changes->at;

	memset(&stored, 0, sizeof(stored));
	stored.side[PAIR_OLD] = change->side[PAIR_OLD];
	stored.side[PAIR_NEW] = change->side[PAIR_NEW];
	stored.path_len = (uint32_t)len;
	stored.kind = (uint8_t)change->kind;
	stored.how = (uint8_t)change->how;
	stored.linked = change->linked;
	stored.withdrawn = change->withdrawn;
	if (fwrite(&stored, sizeof(stored), 1, changes->file) != 1 ||
	    fwrite(change->path, len, 1, changes->file) != 1)
		return fail(-errno, err);
	if (change->linked && change->kind == CHANGE_REMOVED)
		mark(changes, PAIR_OLD, change->side[PAIR_OLD].ino);
	if (change->linked && change->kind == CHANGE_ADDED)
		mark(changes, PAIR_NEW, change->side[PAIR_NEW].ino);
	changes->at += (int64_t)(sizeof(stored) + len);
	return at;
}

int changes_tell(struct changes *changes, int64_t at, struct error *err)
{
	const uint8_t no = 0;

	if (fseeko(changes->file, at + (int64_t)offsetof(struct stored, withdrawn),
		   SEEK_SET) < 0 ||
	    fwrite(&no, 1, 1, changes->file) != 1 ||
	    fseeko(changes->file, changes->at, SEEK_SET) < 0)
		return fail(-errno, err);
	return 0;
}

static int by_ino(const void *a, const void *b)
{
	const struct change_mark *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Offsets are the names' own in both: the first 64 bits of a mark, once it is matched. */
static int by_own(const void *a, const void *b)
{
	const struct change_mark *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void sort(struct change_marks *marks, int (*order)(const void *, const void *))
{
	if (marks->n > 1)
		qsort(marks->v, marks->n, sizeof(*marks->v), order);
}

/*
 * Leaves the marks of those that were moved, in the order of the file, each with its own
 * place in `ino` and that of its other name in `at`.
 */
static void match(struct change_marks *old, struct change_marks *new)
{
	size_t i = 0, j = 0, n = 0;

	sort(old, by_ino);
	sort(new, by_ino);
	while (i < old->n && j < new->n) {
		const struct change_mark was = old->v[i], is = new->v[j];
		if (was.ino != is.ino) {
			i += was.ino < is.ino;
			j += was.ino > is.ino;
			continue;
		}
		old->v[n] = (struct change_mark){(uint64_t)was.at, is.at};
		new->v[n] = (struct change_mark){(uint64_t)is.at, was.at};
		n++, i++, j++;
	}
	old->n = new->n = n;
	sort(old, by_own);
	sort(new, by_own);
}

int changes_end(struct changes *changes, struct error *err)
{
	match(&changes->marks[PAIR_OLD], &changes->marks[PAIR_NEW]);
	changes->at = 0;
	if (fflush(changes->file) != 0 || fseeko(changes->file, 0, SEEK_SET) < 0)
		return fail(-errno, err);
	return 0;
}

/* Whether the name at hand is the next that was moved; `ret_other`: where its other is. */
static bool is_marked(struct changes *changes, enum pair_side side, int64_t at,
		      int64_t *ret_other)
{
	const struct change_marks *marks = &changes->marks[side];
	size_t *next = &changes->next[side];

	if (*next == marks->n || marks->v[*next].ino != (uint64_t)at)
		return false;
	*ret_other = marks->v[(*next)++].at;
	return true;
}

/* The path of another one in the file. */
static int read_path(struct changes *changes, int64_t at, struct strbuf *path,
		     struct error *err)
{
	struct stored stored;
	const int fd = fileno(changes->file);

	if (pread(fd, &stored, sizeof(stored), at) != (ssize_t)sizeof(stored))
		return fail(-EIO, err);
	CLEANUP(freep) char *text = xmalloc(stored.path_len);
	if (pread(fd, text, stored.path_len, at + (int64_t)sizeof(stored)) !=
	    (ssize_t)stored.path_len)
		return fail(-EIO, err);
	strbuf_reset(path);
	strbuf_addstr(path, text);
	return 0;
}

/* 1; 0: there is no more. */
static int read_one(struct changes *changes, struct stored *stored, struct error *err)
{
	if (fread(stored, sizeof(*stored), 1, changes->file) != 1)
		return ferror(changes->file) ? fail(-EIO, err) : 0;
	CLEANUP(freep) char *text = xmalloc(stored->path_len);
	if (fread(text, stored->path_len, 1, changes->file) != 1)
		return fail(-EIO, err);
	strbuf_reset(&changes->path);
	strbuf_addstr(&changes->path, text);
	changes->at += (int64_t)(sizeof(*stored) + stored->path_len);
	return 1;
}

int changes_next(struct changes *changes, struct change *ret_change, struct error *err)
{
	struct stored stored;
	int64_t other = 0;

	for (;;) {
		int64_t at = changes->at;
		int r = read_one(changes, &stored, err);
		if (r <= 0)
			return r;
		if (stored.withdrawn || is_marked(changes, PAIR_OLD, at, &other))
			continue; /* the latter is told with its new name */
		*ret_change = (struct change){
			.kind = (enum change_kind)stored.kind,
			.how = stored.how,
			.side = {stored.side[PAIR_OLD], stored.side[PAIR_NEW]},
			.linked = stored.linked,
			.path = changes->path.buf,
		};
		if (!is_marked(changes, PAIR_NEW, at, &other))
			return 1;
		r = read_path(changes, other, &changes->from, err);
		ret_change->kind = CHANGE_MOVED;
		ret_change->side[PAIR_OLD] = ret_change->side[PAIR_NEW];
		ret_change->from = changes->from.buf;
		return r < 0 ? r : 1;
	}
}

void changes_release(struct changes *changes)
{
	if (changes->file)
		fclose(changes->file);
	for (int i = 0; i < PAIR_SIDES; i++)
		free(changes->marks[i].v);
	strbuf_release(&changes->path);
	strbuf_release(&changes->from);
	*changes = (struct changes)CHANGES_INIT;
}
