/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
	strbuf_addf(text,
		    " type=%s mode=%04o uid=%" PRIu32 " gid=%" PRIu32 " time=%" PRId64
		    ".%09ld inode=%" PRIu64,
		    type_name(entry->mode), (unsigned)(entry->mode & 07777), entry->uid,
		    entry->gid, (int64_t)entry->mtim.tv_sec, entry->mtim.tv_nsec,
		    entry->ino);
	if (S_ISREG(entry->mode))
		strbuf_addf(text, " size=%" PRIu64, entry->size);
	if (S_ISBLK(entry->mode) || S_ISCHR(entry->mode))
		strbuf_addf(text, " device=native,%u,%u", major(entry->rdev),
			    minor(entry->rdev));
	if (S_ISLNK(entry->mode)) {
		strbuf_addstr(text, " link=");
		vis_add(text, entry->link.buf, entry->link.len);
	}
	if (entry->hashed) {
		sha256_hex(entry->digest, hex);
		strbuf_addf(text, " sha256digest=%s", hex);
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
