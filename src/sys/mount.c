/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct mount {
	char *device; /* "major:minor" */
	char *root;   /* what of the file system is mounted */
	char *point;  /* where */
};

struct mounts {
	struct mount *v;
	size_t n, cap;
};

static void mounts_release(struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].device);
		free(m->v[i].root);
		free(m->v[i].point);
	}
	free(m->v);
}

/* Blanks, newlines and backslashes stand as \ooo in mountinfo. */
static char *unescape(const char *s)
{
	char *out = xmalloc(strlen(s) + 1);
	size_t n = 0;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			out[n++] = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
					  (s[3] - '0'));
			s += 4;
		} else {
			out[n++] = *s++;
		}
	}
	out[n] = '\0';
	return out;
}

static void filep(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Later mounts stand behind those they cover. */
static int read_mounts(struct mounts *m, struct error *err)
{
	CLEANUP(filep) FILE *f = fopen("/proc/self/mountinfo", "re");
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;

	if (!f)
		return error_set(err, -errno, "open '/proc/self/mountinfo'");
	while (getline(&line, &size, f) > 0) {
		char *field[5] = {NULL};
		char *rest = line;
		for (int i = 0; i < 5; i++)
			field[i] = strsep(&rest, " \n");
		if (!field[4])
			continue;
		array_grow(m->v, m->n, m->cap);
		m->v[m->n++] = (struct mount){
			.device = xstrdup(field[2]),
			.root = unescape(field[3]),
			.point = unescape(field[4]),
		};
	}
	return 0;
}

/*
 * If `path` is `top` or below it, what comes behind, without the slash; else NULL. Both
 * are absolute; "/" is above everything.
 */
static const char *below(const char *top, const char *path)
{
	size_t len = strlen(top);

	if (len == 1)
		len = 0;
	if (strncmp(top, path, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

static char *join(const char *a, const char *b)
{
	if (*a == '\0' || *b == '\0')
		return xstrdup(*a ? a : b);
	return xasprintf("%s%s%s", a, a[strlen(a) - 1] == '/' ? "" : "/", b);
}

/* The mount that a real path is on: the longest mount point, the last of equal ones. */
static const struct mount *mount_of(const struct mounts *m, const char *path)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (below(m->v[i].point, path) &&
		    (!best || strlen(m->v[i].point) >= strlen(best->point)))
			best = &m->v[i];
	return best;
}

/* Where `inner` shows when `root` of the same device is seen at `at`; NULL: nowhere. */
static char *seen_at(const char *at, const char *root, const char *inner, bool parts)
{
	const char *rest = below(root, inner);

	if (rest)
		return join(at, rest);
	return parts && below(inner, root) ? xstrdup(at) : NULL;
}

int mount_contains(const char *outer, const char *inner, bool parts, char **ret_path,
		   struct error *err)
{
	CLEANUP(mounts_release) struct mounts m = {0};
	CLEANUP(freep) char *outer_real = realpath(outer, NULL);
	CLEANUP(freep) char *inner_real = realpath(inner, NULL);

	if (!outer_real || !inner_real)
		return error_set(err, -errno, "resolve '%s'", outer_real ? inner : outer);
	const char *rest = below(outer_real, inner_real);
	if (rest) {
		*ret_path = xstrdup(rest);
		return 1;
	}
	int r = read_mounts(&m, err);
	if (r < 0)
		return r;
	const struct mount *outer_mount = mount_of(&m, outer_real);
	const struct mount *inner_mount = mount_of(&m, inner_real);
	if (!outer_mount || !inner_mount)
		return 0;
	CLEANUP(freep)
	char *outer_place =
		join(outer_mount->root, below(outer_mount->point, outer_real));
	CLEANUP(freep)
	char *inner_place =
		join(inner_mount->root, below(inner_mount->point, inner_real));

	char *found = NULL;
	if (strcmp(outer_mount->device, inner_mount->device) == 0)
		found = seen_at("", outer_place, inner_place, false);
	for (size_t i = 0; i < m.n && !found; i++) {
		const char *at = below(outer_real, m.v[i].point);
		if (at && *at && strcmp(m.v[i].device, inner_mount->device) == 0)
			found = seen_at(at, m.v[i].root, inner_place, parts);
	}
	if (!found)
		return 0;
	*ret_path = found;
	return 1;
}
