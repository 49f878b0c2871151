/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/vis.h"
#include "store/manifest.h"
#include "sys/fs.h"

enum {
	LINE_MAX_BYTES = 64 * 1024 * 1024, /* a path may have any length, within reason */
};

struct manifest {
	char *path;
	int fd;
	ZSTD_DCtx *zstd;
	char *packed;
	ZSTD_inBuffer in;
	char *text;
	size_t text_size, text_len, at;
	bool ended; /* the last frame is whole */
	bool there; /* `now` is an entry */
	int broken; /* -errno, for ever */
	char why[128];
	struct strbuf line;
	struct manifest_entry now, before;
};

void manifest_freep(struct manifest **manifest)
{
	struct manifest *m = *manifest;

	if (!m)
		return;
	closep(&m->fd);
	ZSTD_freeDCtx(m->zstd);
	strbuf_release(&m->line);
	manifest_entry_release(&m->now);
	manifest_entry_release(&m->before);
	free(m->packed);
	free(m->text);
	free(m->path);
	free(m);
	*manifest = NULL;
}

int manifest_exists(const struct store *store, const char *snapshot)
{
	CLEANUP(freep) char *file = xasprintf("%s" MANIFEST_SUFFIX, snapshot);

	return store->records >= 0 ? fs_exists(store->records, file) : 0;
}

int manifest_open(const struct store *store, const char *snapshot,
		  struct manifest **ret_manifest, struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s" MANIFEST_SUFFIX, snapshot);
	CLEANUP(closep)
	int fd = store->records < 0
			 ? -1
			 : openat(store->records, file,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, store->records < 0 ? -ENOENT : -errno,
				 "open '%s/.backup/snapshots/%s'", store->path, file);
	struct manifest *m = xcalloc(1, sizeof(*m));
	*m = (struct manifest){
		.path = xasprintf("%s/.backup/snapshots/%s", store->path, file),
		.fd = STEAL_FD(fd),
		.zstd = ZSTD_createDCtx(),
		.text_size = ZSTD_DStreamOutSize(),
		.line = STRBUF_INIT_MAX(LINE_MAX_BYTES),
		.now = MANIFEST_ENTRY_INIT,
		.before = MANIFEST_ENTRY_INIT,
	};
	m->packed = xmalloc(ZSTD_DStreamInSize());
	m->text = xmalloc(m->text_size);
	*ret_manifest = m;
	return 0;
}

static int broken(struct manifest *m, int code, const char *why)
{
	m->broken = code;
	snprintf(m->why, sizeof(m->why), "%s", why);
	return code;
}

/* More text: 1; 0: that was all; -errno. */
static int read_text(struct manifest *m)
{
	ZSTD_outBuffer out = {.dst = m->text, .size = m->text_size};

	if (!m->zstd)
		return broken(m, -ENOMEM, "zstd cannot be used");
	while (out.pos == 0) {
		if (m->in.pos == m->in.size) {
			ssize_t n = read(m->fd, m->packed, ZSTD_DStreamInSize());
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return broken(m, -errno, strerror(errno));
			if (n == 0)
				return m->ended ? 0
						: broken(m, -EINVAL, "it is cut short");
			m->in = (ZSTD_inBuffer){.src = m->packed, .size = (size_t)n};
		}
		size_t left = ZSTD_decompressStream(m->zstd, &out, &m->in);
		if (ZSTD_isError(left))
			return broken(m, -EINVAL, ZSTD_getErrorName(left));
		m->ended = left == 0;
	}
	m->text_len = out.pos;
	m->at = 0;
	return 1;
}

/* A line without its end: 1; 0: that was all; -errno. */
static int read_line(struct manifest *m)
{
	strbuf_reset(&m->line);
	for (;;) {
		if (m->at == m->text_len) {
			int r = read_text(m);
			if (r == 0 && m->line.len > 0)
				return broken(m, -EINVAL, "its last line has no end");
			if (r <= 0)
				return r;
		}
		const char *from = m->text + m->at;
		const char *end = memchr(from, '\n', m->text_len - m->at);
		const size_t len = end ? (size_t)(end - from) : m->text_len - m->at;
		strbuf_add(&m->line, from, len);
		m->at += len + (end != NULL);
		if (m->line.truncated)
			return broken(m, -EINVAL, "a line is too long");
		if (end)
			return 1;
	}
}

static bool read_number(const char *s, int base, uint64_t max, uint64_t *ret_value)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret_value = strtoull(s, &end, base);
	return errno == 0 && *end == '\0' && *ret_value <= max;
}

static bool read_mode(const char *s, mode_t *mode)
{
	uint64_t bits = 0;

	if (!read_number(s, 8, 07777, &bits))
		return false;
	*mode |= (mode_t)bits;
	return true;
}

static bool read_id(const char *s, uint32_t *ret_id)
{
	uint64_t id = 0;

	if (!read_number(s, 10, UINT32_MAX, &id))
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

static bool read_time(const char *s, struct timespec *ret_time)
{
	char *end;
	uint64_t nsec = 0;

	errno = 0;
	const long long sec = strtoll(s, &end, 10);
	if (errno != 0 || end == s || (*end != '\0' && *end != '.'))
		return false;
	if (*end == '.' &&
	    (strlen(end + 1) != 9 || !read_number(end + 1, 10, 999999999, &nsec)))
		return false;
	*ret_time = (struct timespec){.tv_sec = sec, .tv_nsec = (long)nsec};
	return true;
}

static bool read_device(char *s, dev_t *ret_rdev)
{
	const char *format = strsep(&s, ","), *first = strsep(&s, ",");
	uint64_t major_number = 0, minor_number = 0;

	if (strcmp(format, "native") != 0 || !first || !s ||
	    !read_number(first, 10, UINT32_MAX, &major_number) ||
	    !read_number(s, 10, UINT32_MAX, &minor_number))
		return false;
	*ret_rdev = makedev((unsigned)major_number, (unsigned)minor_number);
	return true;
}

static bool read_type(const char *s, mode_t *mode)
{
	static const struct {
		const char *name;
		mode_t type;
	} types[] = {{"file", S_IFREG},	  {"dir", S_IFDIR},  {"link", S_IFLNK},
		     {"fifo", S_IFIFO},	  {"char", S_IFCHR}, {"block", S_IFBLK},
		     {"socket", S_IFSOCK}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].name, s) == 0) {
			*mode |= types[i].type;
			return true;
		}
	}
	return false;
}

/* One word behind the path, "key=value". Keys that we do not write are passed over. */
static bool read_keyword(struct manifest_entry *entry, char *word)
{
	char *value = strchr(word, '=');
	bool good = true;

	if (!value)
		return true;
	*value++ = '\0';
	if (strcmp(word, "type") == 0)
		good = read_type(value, &entry->mode);
	else if (strcmp(word, "mode") == 0)
		good = read_mode(value, &entry->mode);
	else if (strcmp(word, "uid") == 0)
		good = read_id(value, &entry->uid);
	else if (strcmp(word, "gid") == 0)
		good = read_id(value, &entry->gid);
	else if (strcmp(word, "size") == 0)
		good = read_number(value, 10, INT64_MAX, &entry->size);
	else if (strcmp(word, "inode") == 0)
		good = read_number(value, 10, UINT64_MAX, &entry->ino);
	else if (strcmp(word, "time") == 0)
		good = read_time(value, &entry->mtim);
	else if (strcmp(word, "device") == 0)
		good = read_device(value, &entry->rdev);
	else if (strcmp(word, "link") == 0)
		good = vis_read(&entry->link, value, strlen(value)) == 0;
	else if (strcmp(word, "sha256digest") == 0)
		good = entry->hashed = sha256_parse(value, entry->digest) == 0;
	return good;
}

static bool read_entry(struct manifest_entry *entry, char *line)
{
	char *rest = line;
	const char *path = strsep(&rest, " ");

	strbuf_reset(&entry->path);
	strbuf_reset(&entry->link);
	*entry = (struct manifest_entry){.path = entry->path, .link = entry->link};
	if (strcmp(path, ".") != 0 &&
	    (strncmp(path, "./", 2) != 0 || path[2] == '\0' ||
	     vis_read(&entry->path, path + 2, strlen(path + 2)) < 0))
		return false;
	for (char *word; (word = strsep(&rest, " "));)
		if (!read_keyword(entry, word))
			return false;
	return (entry->mode & S_IFMT) != 0;
}

static int read_next(struct manifest *m)
{
	int r;

	do {
		r = read_line(m);
	} while (r > 0 && (m->line.len == 0 || m->line.buf[0] == '#'));
	if (r <= 0)
		return r;
	const struct manifest_entry before = m->before;
	m->before = m->now;
	m->now = before;
	if (strlen(m->line.buf) != m->line.len || !read_entry(&m->now, m->line.buf))
		return broken(m, -EINVAL, "it has a line that is none of ours");
	if (m->before.mode != 0 && manifest_compare(&m->before, &m->now) >= 0)
		return broken(m, -EINVAL, "it is not in order");
	m->there = true;
	return 1;
}

int manifest_peek(struct manifest *m, const struct manifest_entry **ret_entry,
		  struct error *err)
{
	int r = m->broken ? m->broken : m->there ? 1 : read_next(m);

	if (r < 0)
		return error_say(err, r, "'%s' cannot be used: %s", m->path, m->why);
	*ret_entry = r > 0 ? &m->now : NULL;
	return r;
}

void manifest_skip(struct manifest *m)
{
	m->there = false;
}

int manifest_find(struct manifest *m, const struct manifest_entry *like,
		  const struct manifest_entry **ret_entry, struct error *err)
{
	int r;

	while ((r = manifest_peek(m, ret_entry, err)) > 0) {
		const int order = manifest_compare(*ret_entry, like);
		if (order >= 0)
			return order == 0;
		manifest_skip(m);
	}
	return r;
}
