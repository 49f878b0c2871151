/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What the file of a table looks like: see table.h. For who writes and who reads it. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TABLE_MAGIC "backtab2"
#define TABLE_ORDER 0x01020304u

struct table_header {
	char magic[8];
	uint32_t order; /* TABLE_ORDER, in the byte order of whoever wrote it */
	uint32_t terms;
	uint64_t size;	  /* of the file */
	uint64_t numbers; /* all are below */
	uint64_t rows;
	int64_t ended;
	uint64_t sum; /* of what follows the header, and of the above */
};

struct table_block {
	uint32_t len;	 /* with this */
	uint32_t nth;	 /* of its directory's, from 0 */
	uint64_t number; /* of the directory */
	uint64_t parent;
	uint64_t device; /* of the directory */
	uint32_t rows;	 /* where they begin */
	char name[];	 /* of the directory */
};

/* Of words in any order: who writes, writes blocks from several threads. */
static inline uint64_t table_sum(const void *data, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t word;
		memcpy(&word, (const char *)data + i, sizeof(word));
		word ^= word >> 29;
		sum += word * 0x9e3779b97f4a7c15u;
	}
	return sum;
}

/* Blocks and rows begin at multiples of 8. */
static inline size_t table_padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}
