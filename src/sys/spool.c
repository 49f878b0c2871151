/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sys/fs.h"

enum { HELD_MAX = 64 * 1024 };

/* What a file took of it that then took no more counts for nothing. */
static void write_held(struct spool *spool)
{
	int r = spool->file < 0 ? fs_temp_file(&spool->file, NULL) : 0;

	if (r >= 0)
		r = fs_write_all(spool->file, spool->held.buf, spool->held.len);
	if (r < 0) {
		spool->full = true;
		return;
	}
	spool->written += spool->held.len;
	strbuf_reset(&spool->held);
}

uint64_t spool_add(struct spool *spool, const void *data, size_t len)
{
	if (!spool->full && spool->held.len + len > HELD_MAX)
		write_held(spool);
	uint64_t at = spool_size(spool);
	strbuf_add(&spool->held, data, len);
	return at;
}

uint64_t spool_size(const struct spool *spool)
{
	return spool->written + spool->held.len;
}

int spool_read(const struct spool *spool, uint64_t at, void *data, size_t len)
{
	if (at >= spool->written) {
		memcpy(data, spool->held.buf + (at - spool->written), len);
		return 0;
	}
	for (char *to = data; len > 0;) {
		ssize_t n = pread(spool->file, to, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

void spool_release(struct spool *spool)
{
	closep(&spool->file);
	strbuf_release(&spool->held);
	*spool = (struct spool)SPOOL_INIT;
}
