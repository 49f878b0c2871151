/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What is in a directory, a chunk at a time, straight from the kernel: an open stream is
 * no descriptor of its own, and can wait at any entry.
 *
 *	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
 *	while ((r = dirents_next(&dirents, fd, &entry)) > 0)
 *		...
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* As getdents64(2) returns them; valid until the next call. */
struct dirent_entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type; /* a DT_ value; DT_UNKNOWN where the file system does not tell */
	char name[];
};

struct dirents {
	char *chunk;
	size_t len, at;
};

#define DIRENTS_INIT          \
	{                     \
		.chunk = NULL \
	}

/* The next entry but "." and "..": 1; 0: that was all; -errno. */
int dirents_next(struct dirents *dirents, int fd, const struct dirent_entry **ret_entry);

/* The entry's DT_ value, of which the inode is asked where the file system does not tell. */
uint8_t dirents_type(int fd, const struct dirent_entry *entry);

/* For CLEANUP(); it may be used again, and goes on where the descriptor is. */
void dirents_release(struct dirents *dirents);
