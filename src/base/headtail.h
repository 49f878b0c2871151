/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A bounded text that keeps its beginning and its end: what is in the middle is left
 * out and counted. The run's log is kept in one, so that the report can be made when
 * the disk is full.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct headtail {
	struct strbuf head;
	char *ring; /* the end, a ring of `ring_size` bytes once the head is full */
	size_t ring_size;
	size_t ring_len;
	size_t ring_at; /* where the next byte goes */
	uint64_t dropped;
};

void headtail_init(struct headtail *ht, size_t head_max, size_t tail_max);
void headtail_add(struct headtail *ht, const char *data, size_t len);

/*
 * Adds to `out` what was kept; where something was left out, a line
 * "[... N bytes left out ...]" stands, and what is around it are whole lines.
 */
void headtail_text(const struct headtail *ht, struct strbuf *out);
void headtail_release(struct headtail *ht);
