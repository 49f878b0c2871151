/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What snapshots that share inodes take: each as if alone, what would be free were it
 * removed, what it added to the one before, and all together.
 *
 * Every link in every snapshot is told once in a pass, in any order:
 *
 *	struct shares *shares = shares_new(n, memory);
 *	while (shares_pass(shares))
 *		for each link in each snapshot
 *			if (shares_link(shares, snapshot, ino))   // else all is known
 *				shares_inode(shares, snapshot, ino, links, bytes);
 *	shares_sum(shares, snapshot), shares_total(shares)
 *
 * An inode is remembered from its first link to its last: its own count says which that
 * is. So little is remembered where a directory's counterparts are told one after the
 * other; where it is more than `memory` bytes all the same (the links are far apart, or
 * outside of the snapshots), part of all inodes, by a hash, is left to another pass. Up to
 * twice `memory` is used for moments.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shares;

struct shares_sum {
	uint64_t bytes; /* of all its inodes */
	uint64_t alone; /* of those all of whose links are in it */
	uint64_t added; /* of those that the one before does not have */
};

/* Snapshots are numbered from the newest, 0, to the oldest. */
struct shares *shares_new(size_t snapshots, size_t memory);
void shares_free(struct shares *shares);
void shares_freep(struct shares **shares);

/* Begins the first pass, or another one; false: there is no need for more. */
bool shares_pass(struct shares *shares);

/* Counts a link; true: shares_inode() has to be called for it. */
bool shares_link(struct shares *shares, size_t snapshot, uint64_t ino);

/* `links` is st_nlink. */
void shares_inode(struct shares *shares, size_t snapshot, uint64_t ino, uint64_t links,
		  uint64_t bytes);

/* A directory, which nothing else links to. To be told in each pass; one counts. */
void shares_dir(struct shares *shares, size_t snapshot, uint64_t bytes);

/* After the last pass. */
struct shares_sum shares_sum(const struct shares *shares, size_t snapshot);
uint64_t shares_total(const struct shares *shares);
