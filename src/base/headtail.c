/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/headtail.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

void headtail_init(struct headtail *ht, size_t head_max, size_t tail_max)
{
	*ht = (struct headtail){
		.head = STRBUF_INIT_MAX(head_max),
		.ring = xmalloc(tail_max),
		.ring_size = tail_max,
	};
}

void headtail_add(struct headtail *ht, const char *data, size_t len)
{
	size_t room = ht->head.max - ht->head.len;
	size_t n = len < room ? len : room;

	strbuf_add(&ht->head, data, n);
	data += n;
	len -= n;

	if (len > ht->ring_size) {
		ht->dropped += len - ht->ring_size;
		data += len - ht->ring_size;
		len = ht->ring_size;
	}
	while (len > 0) {
		n = ht->ring_size - ht->ring_at;
		if (n > len)
			n = len;
		memcpy(ht->ring + ht->ring_at, data, n);
		ht->ring_at = (ht->ring_at + n) % ht->ring_size;
		ht->ring_len += n;
		data += n;
		len -= n;
	}
	if (ht->ring_len > ht->ring_size) {
		ht->dropped += ht->ring_len - ht->ring_size;
		ht->ring_len = ht->ring_size;
	}
}

void headtail_text(const struct headtail *ht, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf tail = STRBUF_INIT;
	uint64_t dropped = ht->dropped;

	for (size_t i = 0; i < ht->ring_len; i++) {
		size_t at = ht->ring_at + ht->ring_size - ht->ring_len + i;
		strbuf_addch(&tail, ht->ring[at % ht->ring_size]);
	}
	if (dropped == 0) {
		strbuf_add(out, ht->head.buf, ht->head.len);
		strbuf_add(out, tail.buf, tail.len);
		return;
	}

	/* whole lines only, unless there is but one */
	const char *end = memrchr(ht->head.buf, '\n', ht->head.len);
	size_t head_len = end ? (size_t)(end - ht->head.buf) + 1 : ht->head.len;
	const char *start = memchr(tail.buf, '\n', tail.len);
	size_t skip = start && start[1] ? (size_t)(start - tail.buf) + 1 : 0;

	dropped += ht->head.len - head_len + skip;
	strbuf_add(out, ht->head.buf, head_len);
	if (!end)
		strbuf_addch(out, '\n');
	strbuf_addf(out, "[... %" PRIu64 " bytes left out ...]\n", dropped);
	strbuf_add(out, tail.buf + skip, tail.len - skip);
}

void headtail_release(struct headtail *ht)
{
	strbuf_release(&ht->head);
	free(ht->ring);
	*ht = (struct headtail){.head = STRBUF_INIT};
}
