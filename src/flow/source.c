/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/source.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/engine.h"
#include "model/snapshot.h"
#include "sys/dirents.h"
#include "sys/fs.h"
#include "sys/mount.h"

enum { PATTERNS_MAX = 16 * 1024 * 1024 };

void source_release(struct source *source)
{
	closep(&source->fd);
	free(source->path);
	strvec_release(&source->patterns);
	strvec_release(&source->left_out);
	*source = (struct source)SOURCE_INIT;
}

/* As rsync reads such a file: blank lines and those that begin with # or ; are left out. */
static int read_patterns(struct source *source, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(PATTERNS_MAX);
	char *rest = text.buf, *line;

	CLEANUP(freep) char *real = realpath(path, NULL);
	if (!real)
		return error_set(err, -errno, "EXCLUDE_FROM '%s'", path);
	int r = fs_read_file(AT_FDCWD, real, &text, err);
	if (r < 0)
		return error_prefix(err, r, "EXCLUDE_FROM");
	rest = text.buf;
	while ((line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);
		if (len > 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		if (*line && *line != '#' && *line != ';')
			strvec_push(&source->patterns, line);
	}
	return 0;
}

/* What a restore made at the top: where it keeps what it replaced, or what it left. */
static bool is_restores(const char *name)
{
	const size_t len = strlen(MERGE_ASIDE);
	struct civil c;
	unsigned nth;

	return strcmp(name, MERGE_STAGE) == 0 ||
	       (strncmp(name, MERGE_ASIDE, len) == 0 &&
		snapshot_name_parse(name + len, &c, &nth));
}

/* First of the patterns that count, which are those behind the last that clears the list. */
static void add_fixed_rules(struct source *source)
{
	CLEANUP(strvec_release) struct strvec all = STRVEC_INIT;
	size_t first = source->patterns.n;

	if (source->left_out.n == 0)
		return;
	while (first > 0 && strcmp(source->patterns.v[first - 1], "!") != 0)
		first--;
	for (size_t i = 0; i < first; i++)
		strvec_push(&all, source->patterns.v[i]);
	for (size_t i = 0; i < source->left_out.n; i++)
		strvec_pushf(&all, "- /%s", source->left_out.v[i]);
	for (size_t i = first; i < source->patterns.n; i++)
		strvec_push(&all, source->patterns.v[i]);
	struct strvec old = source->patterns;
	source->patterns = all;
	all = old;
}

/* Whether it has any name but those, which are noted; of others there may be many. */
static int has_names(struct source *source)
{
	CLEANUP(closep) int fd = -1;
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	const struct dirent_entry *entry;
	bool any = false;

	int r = fs_open_dir(source->fd, ".", &fd, NULL);
	while (r >= 0 && (r = dirents_next(&dirents, fd, &entry)) > 0) {
		if (is_restores(entry->name))
			strvec_push(&source->left_out, entry->name);
		else
			any = true;
	}
	return r < 0 ? r : any;
}

int source_open(struct source *source, const struct config *config, struct error *err)
{
	struct stat st;

	source->path = realpath(config->src, NULL);
	if (!source->path)
		return error_set(err, -errno, "BACKUP_SRC '%s'", config->src);
	source->fd = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->fd < 0 || fstat(source->fd, &st) < 0)
		return error_set(err, -errno, "BACKUP_SRC '%s'", config->src);
	source->dev = st.st_dev;
	source->ino = st.st_ino;

	int r = has_names(source);
	if (r < 0)
		return error_set(err, r, "BACKUP_SRC '%s'", config->src);
	if (r == 0 && !config->allow_empty_source)
		return error_say(
			err, -ENODATA,
			"BACKUP_SRC '%s' is empty; is it mounted? If that is right, set "
			"ALLOW_EMPTY_SOURCE=on",
			config->src);

	for (size_t i = 0; i < config->exclude.n; i++)
		strvec_push(&source->patterns, config->exclude.v[i]);
	r = *config->exclude_from ? read_patterns(source, config->exclude_from, err) : 0;
	add_fixed_rules(source);
	return r;
}

int source_check_same(const struct source *source, struct error *err)
{
	struct stat st;

	if (stat(source->path, &st) < 0)
		return error_say(err, -ESTALE, "BACKUP_SRC '%s' went away during the run",
				 source->path);
	if (st.st_dev != source->dev || st.st_ino != source->ino)
		return error_say(
			err, -ESTALE,
			"BACKUP_SRC '%s' was replaced or unmounted during the run",
			source->path);
	return 0;
}

/* Whether a pattern says, beyond doubt, that `path` below the source is left out. */
static bool excludes_path(const char *pattern, const char *path)
{
	if (strncmp(pattern, "- ", 2) == 0)
		pattern += 2;
	if (pattern[0] != '/' || strpbrk(pattern, "*?[\\"))
		return false;
	size_t len = strlen(++pattern);
	while (len > 0 && pattern[len - 1] == '/')
		len--;
	return len > 0 && strncmp(pattern, path, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/');
}

static bool is_excluded(const struct source *source, const char *path)
{
	for (size_t i = 0; i < source->patterns.n; i++) {
		const char *pattern = source->patterns.v[i];
		if (pattern[0] == '+' ||
		    pattern[0] == '!') /* may include it, or clear the list */
			return false;
		if (excludes_path(pattern, path))
			return true;
	}
	return false;
}

int source_check_separate(const struct source *source, const struct config *config,
			  struct error *err)
{
	CLEANUP(freep) char *copy = xstrdup(config->dest);
	CLEANUP(freep) char *copy2 = xstrdup(config->dest);
	CLEANUP(freep) char *where = NULL;
	CLEANUP(freep) char *back = NULL;
	struct stat st;

	bool there = stat(config->dest, &st) == 0;
	const char *look_at = there ? config->dest : dirname(copy);
	if (!there && stat(look_at, &st) < 0)
		return error_set(err, -errno, "BACKUP_DEST '%s'", config->dest);

	/* of what only holds it, another part may well be in the source */
	int r = mount_contains(source->path, look_at, there, &where, err);
	if (r < 0)
		return r;
	if (r > 0 && !there) {
		CLEANUP(freep) char *parent = where;
		where = xasprintf("%s%s%s", parent, *parent ? "/" : "", basename(copy2));
	}
	bool other_fs = config->one_file_system && st.st_dev != source->dev;
	if (r > 0 && !other_fs && !is_excluded(source, where))
		return error_say(
			err, -ELOOP,
			"BACKUP_DEST '%s' is inside BACKUP_SRC '%s', so that snapshots "
			"would hold snapshots: move it, or set EXCLUDE=/%s/",
			config->dest, config->src, where);

	r = there ? mount_contains(config->dest, source->path, true, &back, err) : 0;
	if (r > 0 && !where)
		return error_say(err, -ELOOP,
				 "BACKUP_SRC '%s' is inside BACKUP_DEST '%s': move one",
				 config->src, config->dest);
	return r < 0 ? r : 0;
}
