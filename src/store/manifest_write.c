/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/vis.h"
#include "store/manifest.h"
#include "sys/fs.h"

enum {
	LEVEL = 1,	  /* checksums do not shrink, all else does at any level */
	TEXT = 64 * 1024, /* bytes of it that are compressed at a time */
};

struct manifest_writer {
	int dir; /* borrowed */
	int fd;
	char *name;	 /* of the file, when it is whole */
	char *temporary; /* until then; NULL: it was committed */
	ZSTD_CCtx *zstd;
	struct strbuf text; /* to be compressed */
	char *packed;
	size_t packed_size;
};

void manifest_writer_freep(struct manifest_writer **writer)
{
	struct manifest_writer *w = *writer;

	if (!w)
		return;
	if (w->temporary)
		unlinkat(w->dir, w->temporary, 0);
	closep(&w->fd);
	ZSTD_freeCCtx(w->zstd);
	strbuf_release(&w->text);
	free(w->packed);
	free(w->name);
	free(w->temporary);
	free(w);
	*writer = NULL;
}

/* Compresses and writes the text there is. */
static int flush(struct manifest_writer *w, ZSTD_EndDirective mode, struct error *err)
{
	ZSTD_inBuffer in = {.src = w->text.buf, .size = w->text.len};
	size_t left;

	do {
		ZSTD_outBuffer out = {.dst = w->packed, .size = w->packed_size};
		left = ZSTD_compressStream2(w->zstd, &out, &in, mode);
		if (ZSTD_isError(left))
			return error_say(err, -EIO, "compress '%s': %s", w->name,
					 ZSTD_getErrorName(left));
		int r = fs_write_all(w->fd, w->packed, out.pos);
		if (r < 0)
			return error_set(err, r, "write '%s'", w->temporary);
	} while (in.pos < in.size || (mode == ZSTD_e_end && left > 0));
	strbuf_reset(&w->text);
	return 0;
}

int manifest_create(const struct store *store, const char *snapshot,
		    struct manifest_writer **ret_writer, struct error *err)
{
	CLEANUP(manifest_writer_freep) struct manifest_writer *w = xcalloc(1, sizeof(*w));

	*w = (struct manifest_writer){
		.dir = store->records,
		.name = xasprintf("%s" MANIFEST_SUFFIX, snapshot),
		.temporary = xasprintf("%s" MANIFEST_SUFFIX ".tmp", snapshot),
		.zstd = ZSTD_createCCtx(),
		.text = STRBUF_INIT,
		.packed_size = ZSTD_CStreamOutSize(),
	};
	w->packed = xmalloc(w->packed_size);
	/* one that a killed writer left is nobody's */
	unlinkat(w->dir, w->temporary, 0);
	w->fd = openat(w->dir, w->temporary,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd < 0)
		return error_set(err, -errno, "create '%s/.backup/snapshots/%s'",
				 store->path, w->temporary);
	if (!w->zstd ||
	    ZSTD_isError(
		    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1)))
		return error_say(err, -ENOMEM, "zstd cannot be used");
	strbuf_addf(&w->text, "#mtree\n# snapshot %s\n", snapshot);
	*ret_writer = STEAL(w);
	return 0;
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	default:
		return "file";
	}
}

/* As printf() does, which takes longer than all else of a line; `width` with zeros. */
static void add_number(struct strbuf *text, const char *before, uint64_t n, unsigned base,
		       size_t width)
{
	char digits[24];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % base);
		n /= base;
	} while (n > 0 || sizeof(digits) - i < width);
	strbuf_addstr(text, before);
	strbuf_add(text, digits + i, sizeof(digits) - i);
}

static void add_time(struct strbuf *text, const struct timespec *time)
{
	const int64_t sec = time->tv_sec;

	add_number(text, sec < 0 ? " time=-" : " time=",
		   sec < 0 ? -(uint64_t)sec : (uint64_t)sec, 10, 1);
	add_number(text, ".", (uint64_t)time->tv_nsec, 10, 9);
}

int manifest_add(struct manifest_writer *w, const struct manifest_entry *entry,
		 struct error *err)
{
	struct strbuf *text = &w->text;
	char hex[SHA256_HEX + 1];

	strbuf_addch(text, '.');
	if (entry->path.len > 0) {
		strbuf_addch(text, '/');
		vis_add(text, entry->path.buf, entry->path.len);
	}
	strbuf_addstr(text, " type=");
	strbuf_addstr(text, type_name(entry->mode));
	add_number(text, " mode=", entry->mode & 07777, 8, 4);
	add_number(text, " uid=", entry->uid, 10, 1);
	add_number(text, " gid=", entry->gid, 10, 1);
	add_time(text, &entry->mtim);
	add_number(text, " inode=", entry->ino, 10, 1);
	if (S_ISREG(entry->mode))
		add_number(text, " size=", entry->size, 10, 1);
	if (S_ISBLK(entry->mode) || S_ISCHR(entry->mode))
		strbuf_addf(text, " device=native,%u,%u", major(entry->rdev),
			    minor(entry->rdev));
	if (S_ISLNK(entry->mode)) {
		strbuf_addstr(text, " link=");
		vis_add(text, entry->link.buf, entry->link.len);
	}
	if (entry->hashed) {
		sha256_hex(entry->digest, hex);
		strbuf_addstr(text, " sha256digest=");
		strbuf_add(text, hex, SHA256_HEX);
	}
	strbuf_addch(text, '\n');
	return text->len < TEXT ? 0 : flush(w, ZSTD_e_continue, err);
}

int manifest_commit(struct manifest_writer *w, struct error *err)
{
	int r = flush(w, ZSTD_e_end, err);

	if (r >= 0)
		r = fs_sync(w->fd, w->temporary, err);
	if (r < 0)
		return r;
	if (renameat(w->dir, w->temporary, w->dir, w->name) < 0)
		return error_set(err, -errno, "rename '%s'", w->temporary);
	free(STEAL(w->temporary));
	return fs_sync(w->dir, "snapshots", err);
}
