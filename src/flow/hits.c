/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/hits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

enum {
	HELD_MAX = 8 * 1024 * 1024,
	CHUNK = 16 * 1024, /* of a run that is held, or more for a longer path */
};

/* As it is in the file; the path follows, with its NUL. */
struct stored {
	struct hit hit; /* without its path */
	uint32_t path_len;
};

static int fail(int code, struct error *err)
{
	return error_set(err, code, "keep what was found in a temporary file");
}

static struct hit hit_at(const char *place)
{
	struct stored stored;

	memcpy(&stored, place, sizeof(stored)); /* which is not aligned */
	stored.hit.path = place + sizeof(stored);
	return stored.hit;
}

static size_t length_at(const char *place)
{
	struct stored stored;

	memcpy(&stored, place, sizeof(stored));
	return sizeof(stored) + stored.path_len;
}

int hits_compare_versions(const struct hit *a, const struct hit *b)
{
	const bool a_dir = S_ISDIR(a->mode), b_dir = S_ISDIR(b->mode);
	int r = strcmp(a->path, b->path);

	if (r != 0 || (a_dir && b_dir))
		return r;
	if (a_dir != b_dir)
		return a_dir ? 1 : -1;
	if (a->mtime != b->mtime)
		return a->mtime < b->mtime ? 1 : -1;
	if (a->mtime_ns != b->mtime_ns)
		return a->mtime_ns < b->mtime_ns ? 1 : -1;
	return (a->ino < b->ino) - (a->ino > b->ino);
}

/* The catalog's order is newest first. */
static int compare(const struct hit *a, const struct hit *b)
{
	int r = hits_compare_versions(a, b);

	return r != 0 ? r : (a->snapshot < b->snapshot) - (a->snapshot > b->snapshot);
}

static int compare_places(const void *va, const void *vb)
{
	const struct hit a = hit_at(*(const char *const *)va);
	const struct hit b = hit_at(*(const char *const *)vb);

	return compare(&a, &b);
}

static void sort_held(struct hits *hits)
{
	const char *place = hits->held.buf;

	free(hits->sorted);
	hits->sorted = xreallocarray(NULL, hits->n + 1, sizeof(*hits->sorted));
	for (size_t i = 0; i < hits->n; i++) {
		hits->sorted[i] = place;
		place += length_at(place);
	}
	if (hits->n > 1)
		qsort(hits->sorted, hits->n, sizeof(*hits->sorted), compare_places);
}

/* Writes what is held behind what is in the file, and holds nothing. */
static int spill(struct hits *hits, struct error *err)
{
	int r = hits->file ? 0 : fs_temp_stream(&hits->file, err);
	if (r < 0)
		return r;
	const off_t at = ftello(hits->file);
	sort_held(hits);
	for (size_t i = 0; i < hits->n; i++) {
		const char *place = hits->sorted[i];
		if (fwrite(place, length_at(place), 1, hits->file) != 1)
			return fail(-errno, err);
	}
	array_grow(hits->runs, hits->runs_n, hits->runs_cap);
	hits->runs[hits->runs_n++] =
		(struct hits_run){.at = at, .end = at + (off_t)hits->held.len};
	strbuf_reset(&hits->held);
	hits->n = 0;
	return 0;
}

int hits_add(struct hits *hits, const struct hit *hit, struct error *err)
{
	const size_t len = strlen(hit->path) + 1;
	struct stored stored;

	memset(&stored, 0, sizeof(stored));
	stored.hit = *hit;
	stored.hit.path = NULL;
	stored.path_len = (uint32_t)len;
	hits->n++;
	strbuf_add(&hits->held, (const char *)&stored, sizeof(stored));
	strbuf_add(&hits->held, hit->path, len);
	return hits->held.len + hits->n * sizeof(char *) < HELD_MAX ? 0
								    : spill(hits, err);
}

/* Reads on until the first one of the run is held: 1; 0: it has no more. */
static int fill(struct hits *hits, struct hits_run *run, struct error *err)
{
	for (;;) {
		const size_t left = run->len - run->pos;
		size_t want = CHUNK;

		if (left >= sizeof(struct stored)) {
			want = length_at(run->chunk + run->pos);
			if (left >= want)
				return 1;
		}
		if (run->at == run->end)
			return left > 0 ? fail(-EIO, err) : 0;
		want = want < CHUNK ? CHUNK : want;
		if (run->cap < want) {
			run->chunk = xreallocarray(run->chunk, want, 1);
			run->cap = want;
		}
		memmove(run->chunk, run->chunk + run->pos, left);
		run->pos = 0;
		run->len = left;
		want = run->cap - left;
		if ((off_t)want > run->end - run->at)
			want = (size_t)(run->end - run->at);
		ssize_t n = pread(fileno(hits->file), run->chunk + left, want, run->at);
		if (n <= 0)
			return fail(n < 0 ? -errno : -EIO, err);
		run->at += n;
		run->len += (size_t)n;
	}
}

static bool is_before(const struct hits *hits, size_t a, size_t b)
{
	const struct hits_run *x = &hits->runs[hits->heap[a]];
	const struct hits_run *y = &hits->runs[hits->heap[b]];
	const struct hit p = hit_at(x->chunk + x->pos), q = hit_at(y->chunk + y->pos);

	return compare(&p, &q) < 0;
}

static void sink_down(struct hits *hits, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < hits->heap_n && is_before(hits, child, least))
				least = child;
		if (least == i)
			return;
		const size_t run = hits->heap[i];
		hits->heap[i] = hits->heap[least];
		hits->heap[least] = run;
		i = least;
	}
}

int hits_end(struct hits *hits, struct error *err)
{
	if (!hits->file) {
		sort_held(hits);
		return 0;
	}
	int r = hits->n > 0 ? spill(hits, err) : 0;
	if (r < 0)
		return r;
	strbuf_release(&hits->held);
	free(hits->sorted);
	hits->sorted = NULL;
	if (fflush(hits->file) != 0)
		return fail(-errno, err);
	hits->heap = xcalloc(hits->runs_n, sizeof(*hits->heap));
	for (size_t i = 0; r >= 0 && i < hits->runs_n; i++) {
		hits->heap[hits->heap_n++] = i;
		r = fill(hits, &hits->runs[i], err);
	}
	for (size_t i = hits->heap_n; r >= 0 && i-- > 0;)
		sink_down(hits, i);
	return r < 0 ? r : 0;
}

/* That of the run which is first in the heap. Its place is given up by the next call. */
static int next_of_runs(struct hits *hits, struct hit *ret_hit, struct error *err)
{
	if (hits->next++ > 0 && hits->heap_n > 0) {
		struct hits_run *run = &hits->runs[hits->heap[0]];
		run->pos += length_at(run->chunk + run->pos);
		int r = fill(hits, run, err);
		if (r < 0)
			return r;
		if (r == 0)
			hits->heap[0] = hits->heap[--hits->heap_n];
		sink_down(hits, 0);
	}
	if (hits->heap_n == 0)
		return 0;
	const struct hits_run *first = &hits->runs[hits->heap[0]];
	*ret_hit = hit_at(first->chunk + first->pos);
	return 1;
}

int hits_next(struct hits *hits, struct hit *ret_hit, struct error *err)
{
	if (hits->file)
		return next_of_runs(hits, ret_hit, err);
	if (hits->next == hits->n)
		return 0;
	*ret_hit = hit_at(hits->sorted[hits->next++]);
	return 1;
}

void hits_release(struct hits *hits)
{
	if (hits->file)
		fclose(hits->file);
	for (size_t i = 0; i < hits->runs_n; i++)
		free(hits->runs[i].chunk);
	free(hits->runs);
	free(hits->heap);
	free(hits->sorted);
	strbuf_release(&hits->held);
	*hits = (struct hits)HITS_INIT;
}
