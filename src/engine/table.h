/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The table of a copy: what the source's file system said of each name when it was
 * copied. The next run reads from it, without a look at the attributes of either side,
 * that a file is as it was; and where in the copy before a file is that has been moved.
 *
 *	source: ino, ctime, mtime, size as in the row ─▶ the copy has it by the same name
 *	source: ino, birth, mtime, size as in a row   ─▶ the copy has it by that row's name
 *
 * Two file systems of which one was a copy of the other share inodes and births. So where
 * a row is of another device than the file, what has been moved is believed only if its
 * ctime is that of the row as well, which no change leaves as it was; else the content is
 * to be compared. Devices have other numbers after a reboot: those of another boot are
 * all others.
 *
 * No change of a file leaves its ctime as it was, unless it happens in the same tick of
 * the clock: so a row is written only when the ctime was past for a while before the copy
 * began, and only for what is in the copy without a fault. What has no row is compared.
 *
 * On disk, in the machine's byte order: a header, then blocks, each of rows of one
 * directory in the order in which the directory was read, which hardly changes. All is
 * covered by a sum; a file that is not whole is not used. Directories have numbers, from
 * 1, the top; a parent's is smaller than its child's.
 *
 * Memory: a buffer for each thread that writes; of a reader, four bytes for each directory
 * and twelve for each block, the rest is mapped from the file. The index by inode, made when it is
 * first needed, is a mapped file without a name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A state of a file. Times are nanoseconds since 1970. */
struct table_state {
	uint64_t ino;
	int64_t ctim, mtim;
	int64_t birth; /* 0: not known, or nothing that tells files apart */
	uint64_t size; /* of a directory: its number in the table */
};

struct table_row {
	struct table_state state;
	uint32_t back; /* bytes from the start of its block */
	uint8_t is_dir;
	uint8_t name_len;
	char name[]; /* ends with a NUL */
};

enum { TABLE_TOP = 1 };

/* A ctime that no file has: what the row is of can be found, and is to be compared. */
#define TABLE_NEVER INT64_MIN

/* What copies with different ones have recorded cannot be used for each other. */
enum table_terms {
	TABLE_XATTRS = 1 << 0,
	TABLE_ACLS = 1 << 1,
	TABLE_OWNERS = 1 << 2,
	TABLE_NANOSECONDS = 1 << 3,
};

/* --- writing: one writer, a sheet for each thread --- */

struct table_writer;

struct table_sheet {
	struct table_writer *writer; /* NULL: nothing is written */
	char *buffer;		     /* owned */
	size_t len;
	size_t block;  /* where in it the open block begins */
	uint64_t rows; /* in it */
};

/* Creates the file, or empties it. */
int table_create(const char *path, unsigned terms, struct table_writer **ret_writer,
		 struct error *err);

/*
 * Writes what is left, which makes the file one that can be used. After an error, of any
 * call since it was created, the file is removed. Frees the writer. `ended`: see below.
 */
int table_finish(struct table_writer *writer, int64_t ended, struct error *err);

/* The number of a directory that has none yet. */
uint64_t table_new_number(struct table_writer *writer);

void table_sheet_init(struct table_sheet *sheet, struct table_writer *writer);
void table_sheet_release(struct table_sheet *sheet); /* writes what it holds */

/* A directory that rows are of. */
struct table_dir {
	uint64_t number, parent; /* the directory's, and that of the one it is in */
	uint64_t device;  /* of it, and of all that it has rows of but directories */
	const char *name; /* in there */
	uint32_t blocks;  /* that have been written; 0 at first */
};

/* Rows are added between begin and end, as often as a thread takes the directory up. */
void table_begin(struct table_sheet *sheet, const struct table_dir *dir);
void table_add(struct table_sheet *sheet, struct table_dir *dir,
	       const struct table_state *state, bool is_dir, const char *name);
void table_end(struct table_sheet *sheet, struct table_dir *dir);

/* --- reading: any number of threads --- */

struct table;

/* Where in a directory the next name is expected. */
struct table_cursor {
	uint32_t block; /* 0: nothing more is known of it */
	uint32_t at;
};

/* NULL: there is none, or it is of no use. */
struct table *table_open(const char *path, unsigned terms);
void table_close(struct table *table);

struct table_cursor table_rows_of(const struct table *table, uint64_t number);

/* The row of a name, if it is at the cursor or soon after it; the cursor then passes it. */
const struct table_row *table_find(const struct table *table, struct table_cursor *cursor,
				   const char *name);

/* A row with the same inode, birth and, of a file, size and time. */
const struct table_row *table_find_moved(struct table *table,
					 const struct table_state *state, bool is_dir);

/* The number of the directory that a row is of, and its device. */
uint64_t table_number_of(const struct table_row *row);
uint64_t table_device_of(const struct table_row *row);

/* The device of a directory by its number; 0: nothing is known of what is in it. */
uint64_t table_device_of_number(const struct table *table, uint64_t number);

/* When the copy had ended, in nanoseconds since 1970: what was born later is not in it. */
int64_t table_ended(const struct table *table);

/* A directory's name, and its parent's number, 0: it is the top. NULL: nothing is known. */
const char *table_name_of(const struct table *table, uint64_t number,
			  uint64_t *ret_parent);
