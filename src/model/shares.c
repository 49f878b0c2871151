/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/shares.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
	PARTS = 64, /* of all inodes, by hash: what a pass can leave out */
	CAP_FIRST = 1024,
};

/* What an entry of the table holds, 64 bits each; the snapshots' bits take the rest. */
enum { INO, BYTES, LINKS, SEEN, BITS };

struct shares {
	size_t snapshots, words; /* words of 64 bits */
	size_t memory;
	unsigned from, to; /* parts of this pass */
	bool begun;

	uint64_t *table; /* open addressing; an entry is empty while its LINKS are 0 */
	size_t cap, used, stride;

	struct shares_sum *sums; /* by part, and in it by snapshot */
	uint64_t totals[PARTS];
};

struct shares *shares_new(size_t snapshots, size_t memory)
{
	struct shares *shares = xcalloc(1, sizeof(*shares));

	shares->snapshots = snapshots;
	shares->words = snapshots / 64 + 1;
	shares->stride = BITS + shares->words;
	shares->memory = memory;
	shares->cap = CAP_FIRST;
	shares->table = xcalloc(shares->cap, shares->stride * sizeof(*shares->table));
	shares->sums = xcalloc(PARTS * (snapshots + 1), sizeof(*shares->sums));
	return shares;
}

void shares_free(struct shares *shares)
{
	if (!shares)
		return;
	free(shares->table);
	free(shares->sums);
	free(shares);
}

void shares_freep(struct shares **shares)
{
	shares_free(*shares);
}

static uint64_t hash(uint64_t ino)
{
	uint64_t h = (ino ^ ino >> 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

static unsigned part_of(uint64_t ino)
{
	return (unsigned)(hash(ino) >> 58);
}

static size_t home_of(const struct shares *shares, uint64_t ino)
{
	return (size_t)(hash(ino) >> 16) & (shares->cap - 1);
}

static uint64_t *entry_at(const struct shares *shares, size_t slot)
{
	return shares->table + slot * shares->stride;
}

/* Where the inode is, or where it would go. */
static size_t find(const struct shares *shares, uint64_t ino)
{
	size_t slot = home_of(shares, ino);

	while (entry_at(shares, slot)[LINKS] > 0 && entry_at(shares, slot)[INO] != ino)
		slot = (slot + 1) & (shares->cap - 1);
	return slot;
}

/* Closes the gap with what had to make way for it. */
static void take_out(struct shares *shares, size_t gap)
{
	const size_t mask = shares->cap - 1;

	for (size_t at = (gap + 1) & mask; entry_at(shares, at)[LINKS] > 0;
	     at = (at + 1) & mask) {
		size_t home = home_of(shares, entry_at(shares, at)[INO]);
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		memcpy(entry_at(shares, gap), entry_at(shares, at),
		       shares->stride * sizeof(*shares->table));
		gap = at;
	}
	entry_at(shares, gap)[LINKS] = 0;
	shares->used--;
}

static bool has(const uint64_t *entry, size_t snapshot)
{
	return entry[BITS + snapshot / 64] >> snapshot % 64 & 1;
}

/* Adds an inode of which no more links will be told. */
static void settle(struct shares *shares, const uint64_t *entry)
{
	const unsigned part = part_of(entry[INO]);
	struct shares_sum *sums = shares->sums + part * shares->snapshots;
	size_t holders = 0, holder = 0;

	for (size_t i = 0; i < shares->snapshots; i++) {
		if (!has(entry, i))
			continue;
		holders++;
		holder = i;
		sums[i].bytes += entry[BYTES];
		if (i + 1 == shares->snapshots || !has(entry, i + 1))
			sums[i].added += entry[BYTES];
	}
	if (holders == 1 && entry[SEEN] == entry[LINKS])
		sums[holder].alone += entry[BYTES];
	shares->totals[part] += entry[BYTES];
}

/* Moves what is of this pass to a table of that capacity. */
static void rebuild(struct shares *shares, size_t cap)
{
	const size_t bytes = shares->stride * sizeof(*shares->table);
	const struct shares old = *shares;

	shares->cap = cap;
	shares->used = 0;
	shares->table = xcalloc(cap, bytes);
	for (size_t i = 0; i < old.cap; i++) {
		const uint64_t *entry = entry_at(&old, i);
		if (entry[LINKS] == 0 || part_of(entry[INO]) >= shares->to)
			continue;
		memcpy(entry_at(shares, find(shares, entry[INO])), entry, bytes);
		shares->used++;
	}
	free(old.table);
}

/* Leaves half of what this pass is about to others. */
static void narrow(struct shares *shares)
{
	const unsigned to = (shares->from + shares->to) / 2;
	const size_t n = shares->snapshots;

	memset(shares->sums + to * n, 0, (shares->to - to) * n * sizeof(*shares->sums));
	memset(shares->totals + to, 0, (shares->to - to) * sizeof(*shares->totals));
	shares->to = to;
	rebuild(shares, shares->cap);
}

static void make_room(struct shares *shares)
{
	const size_t bytes = shares->cap * shares->stride * sizeof(*shares->table);

	if (shares->used < shares->cap / 4 * 3)
		return;
	/* one part alone is not divided, however many inodes are in it */
	if (2 * bytes > shares->memory && shares->to - shares->from > 1)
		narrow(shares);
	else
		rebuild(shares, 2 * shares->cap);
}

static void settle_rest(struct shares *shares)
{
	for (size_t i = 0; i < shares->cap; i++)
		if (entry_at(shares, i)[LINKS] > 0)
			settle(shares, entry_at(shares, i));
	memset(shares->table, 0, shares->cap * shares->stride * sizeof(*shares->table));
	shares->used = 0;
}

bool shares_pass(struct shares *shares)
{
	unsigned width = shares->to - shares->from;

	settle_rest(shares);
	shares->from = shares->to;
	shares->to = shares->begun ? shares->from + width : PARTS;
	if (shares->to > PARTS)
		shares->to = PARTS;
	shares->begun = true;
	return shares->from < PARTS;
}

bool shares_link(struct shares *shares, size_t snapshot, uint64_t ino)
{
	const unsigned part = part_of(ino);

	if (part < shares->from || part >= shares->to)
		return false;
	size_t slot = find(shares, ino);
	uint64_t *entry = entry_at(shares, slot);
	if (entry[LINKS] == 0)
		return true;
	entry[SEEN]++;
	entry[BITS + snapshot / 64] |= UINT64_C(1) << snapshot % 64;
	if (entry[SEEN] == entry[LINKS]) {
		settle(shares, entry);
		take_out(shares, slot);
	}
	return false;
}

void shares_inode(struct shares *shares, size_t snapshot, uint64_t ino, uint64_t links,
		  uint64_t bytes)
{
	struct shares_sum *sum =
		&shares->sums[part_of(ino) * shares->snapshots + snapshot];

	if (links <= 1) {
		sum->bytes += bytes;
		sum->alone += bytes;
		sum->added += bytes;
		shares->totals[part_of(ino)] += bytes;
		return;
	}
	make_room(shares);
	if (part_of(ino) >= shares->to)
		return; /* it was left to another pass */
	uint64_t *entry = entry_at(shares, find(shares, ino));
	memset(entry, 0, shares->stride * sizeof(*entry));
	entry[INO] = ino;
	entry[BYTES] = bytes;
	entry[LINKS] = links;
	entry[SEEN] = 1;
	entry[BITS + snapshot / 64] |= UINT64_C(1) << snapshot % 64;
	shares->used++;
}

void shares_dir(struct shares *shares, size_t snapshot, uint64_t bytes)
{
	struct shares_sum *sum = &shares->sums[snapshot]; /* in the first part */

	if (shares->from > 0)
		return;
	sum->bytes += bytes;
	sum->alone += bytes;
	sum->added += bytes;
	shares->totals[0] += bytes;
}

struct shares_sum shares_sum(const struct shares *shares, size_t snapshot)
{
	struct shares_sum all = {0};

	for (size_t part = 0; part < PARTS; part++) {
		const struct shares_sum *sum =
			&shares->sums[part * shares->snapshots + snapshot];
		all.bytes += sum->bytes;
		all.alone += sum->alone;
		all.added += sum->added;
	}
	return all;
}

uint64_t shares_total(const struct shares *shares)
{
	uint64_t all = 0;

	for (size_t part = 0; part < PARTS; part++)
		all += shares->totals[part];
	return all;
}
