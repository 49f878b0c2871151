/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Bytes to be read again later, in little memory: what was added last is held, the rest is
 * in a file without a name. Where there can be none, or it takes no more, all that comes is
 * held. Not for threads.
 *
 *	at = spool_add(&spool, data, len);
 *	r = spool_read(&spool, at, again, len);
 */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

struct spool {
	int file; /* -1: none yet */
	bool full;
	uint64_t written;   /* bytes in it */
	struct strbuf held; /* what comes behind them */
};

#define SPOOL_INIT                              \
	{                                       \
		.file = -1, .held = STRBUF_INIT \
	}

/* Returns where it is. */
uint64_t spool_add(struct spool *spool, const void *data, size_t len);

/* How many bytes there are. */
uint64_t spool_size(const struct spool *spool);

/* Reads what one call has added. -errno. */
int spool_read(const struct spool *spool, uint64_t at, void *data, size_t len);

void spool_release(struct spool *spool);
