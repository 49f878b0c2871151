/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/table.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/table_file.h"
#include "sys/fs.h"

enum { AHEAD = 64 }; /* rows, that may have been removed since */

struct table {
	char *map; /* read only */
	uint64_t size;
	const struct table_header *header;

	/* blocks have numbers, too, from 1 */
	uint64_t *blocks; /* where each is */
	uint32_t *next;	  /* the next one of the same directory; 0: none */
	uint32_t *first;  /* the first one of each directory; 0: none */
	size_t n, blocks_cap, next_cap;

	int dir; /* where a file for the index can be made; -1: nowhere */

	pthread_mutex_t lock; /* guards the making of what follows */
	bool indexed;
	uint64_t *slots; /* offset of a row, and above it a bit of its inode's hash */
	uint64_t mask;
};

enum { OFFSET_BITS = 44 };

/* Reads all of it once: an error is one now, and none when the mapping is used. */
static bool is_whole(int fd, const struct table_header *header)
{
	enum { CHUNK = 256 * 1024 };
	CLEANUP(freep) char *chunk = xmalloc(CHUNK);
	uint64_t sum = table_sum(header, offsetof(struct table_header, sum));

	for (uint64_t at = sizeof(*header); at < header->size;) {
		uint64_t left = header->size - at;
		ssize_t n = pread(fd, chunk, left < CHUNK ? left : CHUNK, (off_t)at);
		if (n <= 0 || n % 8 != 0)
			return false;
		sum += table_sum(chunk, (size_t)n);
		at += (uint64_t)n;
	}
	return sum == header->sum;
}

static bool is_usable(int fd, const struct table_header *header, unsigned terms)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       memcmp(header->magic, TABLE_MAGIC, sizeof(header->magic)) == 0 &&
	       header->order == TABLE_ORDER && header->terms == terms &&
	       header->size == (uint64_t)st.st_size && header->size % 8 == 0 &&
	       header->size >= sizeof(*header) && header->size >> OFFSET_BITS == 0 &&
	       header->numbers <= header->size && is_whole(fd, header);
}

static const struct table_block *block_at(const struct table *table, uint64_t offset)
{
	return (const void *)(table->map + offset);
}

static const struct table_block *block_of_number(const struct table *table, uint32_t n)
{
	return block_at(table, table->blocks[n]);
}

/* The sum is right, so this finds the mistakes of whoever wrote it. */
static bool is_block(const struct table *table, uint64_t at)
{
	const struct table_block *block = block_at(table, at);

	return table->size - at >= sizeof(*block) && block->len <= table->size - at &&
	       block->len % 8 == 0 && block->rows % 8 == 0 &&
	       block->rows > sizeof(*block) && block->rows <= block->len &&
	       memchr(block->name, '\0', block->rows - sizeof(*block)) != NULL &&
	       block->number > 0 && block->number < table->header->numbers &&
	       block->parent < block->number;
}

static void add_block(struct table *table, uint64_t offset)
{
	array_grow(table->blocks, table->n, table->blocks_cap);
	array_grow(table->next, table->n, table->next_cap);
	table->blocks[table->n] = offset;
	table->next[table->n++] = 0;
}

/* Threads may have written the blocks of a directory in another order than they made them. */
static void chain(struct table *table, uint32_t *last, uint32_t n)
{
	const struct table_block *block = block_of_number(table, n);
	uint32_t *tail = &last[block->number];
	uint32_t *link = &table->first[block->number];

	if (*tail != 0 && block_of_number(table, *tail)->nth < block->nth) {
		table->next[*tail] = n;
		*tail = n;
		return;
	}
	while (*link != 0 && block_of_number(table, *link)->nth < block->nth)
		link = &table->next[*link];
	table->next[n] = *link;
	*link = n;
	if (*tail == 0)
		*tail = n;
}

static bool read_blocks(struct table *table)
{
	const size_t dirs = table->header->numbers;
	CLEANUP(freep) uint32_t *last = xcalloc(dirs, sizeof(*last));

	table->first = xcalloc(dirs, sizeof(*table->first));
	add_block(table, 0); /* none has the number 0 */
	for (uint64_t at = sizeof(struct table_header); at < table->size;) {
		if (!is_block(table, at) || table->n > UINT32_MAX)
			return false;
		add_block(table, at);
		chain(table, last, (uint32_t)(table->n - 1));
		at += block_at(table, at)->len;
	}
	return true;
}

struct table *table_open(const char *path, unsigned terms)
{
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct table_header header;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    !is_usable(fd, &header, terms))
		return NULL;
	char *map = mmap(NULL, header.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	struct table *table = xcalloc(1, sizeof(*table));
	*table = (struct table){
		.map = map,
		.size = header.size,
		.header = (const void *)map,
		.dir = -1,
	};
	pthread_mutex_init(&table->lock, NULL);
	if (!read_blocks(table)) {
		table_close(table);
		return NULL;
	}
	const char *slash = strrchr(path, '/');
	CLEANUP(freep)
	char *dir = slash ? xstrndup(path, (size_t)(slash - path + 1)) : NULL;
	table->dir = open(dir ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return table;
}

static size_t slots_size(const struct table *table)
{
	return (table->mask + 1) * sizeof(*table->slots);
}

void table_close(struct table *table)
{
	if (!table)
		return;
	if (table->slots)
		munmap(table->slots, slots_size(table));
	munmap(table->map, table->size);
	closep(&table->dir);
	pthread_mutex_destroy(&table->lock);
	free(table->blocks);
	free(table->next);
	free(table->first);
	free(table);
}

static struct table_cursor cursor_at(const struct table *table, uint32_t n)
{
	return (struct table_cursor){n, n > 0 ? block_of_number(table, n)->rows : 0};
}

/* The directory's first block, 0: none. */
static uint32_t first_of(const struct table *table, uint64_t number)
{
	return number < table->header->numbers ? table->first[number] : 0;
}

struct table_cursor table_rows_of(const struct table *table, uint64_t number)
{
	return cursor_at(table, first_of(table, number));
}

static uint32_t row_len(size_t name_len)
{
	return (uint32_t)table_padded(sizeof(struct table_row) + name_len + 1);
}

/* The row at `at` in the block; NULL: there is none. */
static const struct table_row *row_at(const struct table_block *block, uint32_t at)
{
	const struct table_row *row = (const void *)((const char *)block + at);
	const uint32_t left = at < block->len ? block->len - at : 0;

	return left >= sizeof(*row) && left >= row_len(row->name_len) &&
			       row->back == at && row->name[row->name_len] == '\0'
		       ? row
		       : NULL;
}

/* The row at the cursor, which passes it; NULL at the end. */
static const struct table_row *next_row(const struct table *table,
					struct table_cursor *cursor)
{
	while (cursor->block && cursor->at >= block_of_number(table, cursor->block)->len)
		*cursor = cursor_at(table, table->next[cursor->block]);
	if (!cursor->block)
		return NULL;
	const struct table_row *row =
		row_at(block_of_number(table, cursor->block), cursor->at);
	if (row)
		cursor->at += row_len(row->name_len);
	else
		cursor->block = 0;
	return row;
}

const struct table_row *table_find(const struct table *table, struct table_cursor *cursor,
				   const char *name)
{
	const size_t len = strlen(name);
	struct table_cursor ahead = *cursor;

	for (unsigned i = 0; ahead.block && i < AHEAD; i++) {
		const struct table_row *row = next_row(table, &ahead);
		if (row && row->name_len == len && memcmp(row->name, name, len) == 0) {
			*cursor = ahead;
			return row;
		}
	}
	return NULL;
}

/* --- by inode --- */

static uint64_t hash_of(uint64_t ino, bool is_dir)
{
	uint64_t h = (ino * 2 + is_dir) * 0x9e3779b97f4a7c15u;

	return h ^ (h >> 32);
}

static uint64_t slot_of(uint64_t offset, uint64_t hash)
{
	return offset | hash >> OFFSET_BITS << OFFSET_BITS;
}

static const struct table_row *row_in(const struct table *table, uint64_t slot)
{
	return (const void *)(table->map + (slot & (((uint64_t)1 << OFFSET_BITS) - 1)));
}

/* Where the row of the inode is, or else where it belongs. */
static uint64_t *find_slot(const struct table *table, uint64_t ino, bool is_dir)
{
	const uint64_t hash = hash_of(ino, is_dir);

	for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
		uint64_t *slot = &table->slots[i];
		if (*slot == 0 || (*slot >> OFFSET_BITS == hash >> OFFSET_BITS &&
				   row_in(table, *slot)->state.ino == ino &&
				   row_in(table, *slot)->is_dir == is_dir))
			return slot;
	}
}

/* As a file without a name, so that memory can be got back from it; or else as it is. */
static void *map_slots(const struct table *table)
{
	const size_t size = slots_size(table);
	CLEANUP(closep)
	int fd = table->dir < 0
			 ? -1
			 : openat(table->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd >= 0 && posix_fallocate(fd, 0, (off_t)size) == 0)
		return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void make_index(struct table *table)
{
	table->indexed = true;
	table->mask = 1023;
	while (table->mask / 3 * 2 < table->header->rows)
		table->mask = table->mask * 2 + 1;
	table->slots = map_slots(table);
	if (table->slots == MAP_FAILED) {
		table->slots = NULL;
		return;
	}
	uint64_t left = table->header->rows;
	for (uint32_t n = 1; n < table->n; n++) {
		const struct table_block *block = block_of_number(table, n);
		const struct table_row *row;

		for (uint32_t at = block->rows; left > 0 && (row = row_at(block, at));
		     at += row_len(row->name_len), left--) {
			uint64_t *slot = find_slot(table, row->state.ino, row->is_dir);
			if (*slot == 0)
				*slot = slot_of(table->blocks[n] + at,
						hash_of(row->state.ino, row->is_dir));
		}
	}
}

const struct table_row *table_find_moved(struct table *table,
					 const struct table_state *state, bool is_dir)
{
	pthread_mutex_lock(&table->lock);
	if (!table->indexed)
		make_index(table);
	pthread_mutex_unlock(&table->lock);
	if (!table->slots)
		return NULL;
	const uint64_t slot = *find_slot(table, state->ino, is_dir);
	const struct table_row *row = slot ? row_in(table, slot) : NULL;
	if (!row || row->state.birth != state->birth ||
	    (!is_dir &&
	     (row->state.mtim != state->mtim || row->state.size != state->size)))
		return NULL;
	return row;
}

static const struct table_block *block_of(const struct table_row *row)
{
	return (const void *)((const char *)row - row->back);
}

uint64_t table_number_of(const struct table_row *row)
{
	return block_of(row)->number;
}

uint64_t table_device_of(const struct table_row *row)
{
	return block_of(row)->device;
}

uint64_t table_device_of_number(const struct table *table, uint64_t number)
{
	uint32_t n = first_of(table, number);

	return n == 0 ? 0 : block_of_number(table, n)->device;
}

int64_t table_ended(const struct table *table)
{
	return table->header->ended;
}

const char *table_name_of(const struct table *table, uint64_t number,
			  uint64_t *ret_parent)
{
	uint32_t n = first_of(table, number);

	if (n == 0)
		return NULL;
	*ret_parent = block_of_number(table, n)->parent;
	return block_of_number(table, n)->name;
}
