/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/table_file.h"

enum {
	SHEET = 128 * 1024,
	NAME_LONGEST = 255,
};

struct table_writer {
	int fd;
	char *path;
	unsigned terms;
	atomic_uint_fast64_t numbers; /* the next one */
	pthread_mutex_t lock;	      /* guards what follows */
	uint64_t end, rows, sum;
	int failed; /* -errno of the first write that did */
};

int table_create(const char *path, unsigned terms, struct table_writer **ret_writer,
		 struct error *err)
{
	int fd = open(path,
		      O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		      0600);

	if (fd < 0)
		return error_set(err, -errno, "create '%s'", path);
	struct table_writer *writer = xcalloc(1, sizeof(*writer));
	*writer = (struct table_writer){
		.fd = fd,
		.path = xstrdup(path),
		.terms = terms,
		.end = sizeof(struct table_header),
	};
	atomic_init(&writer->numbers, TABLE_TOP + 1);
	pthread_mutex_init(&writer->lock, NULL);
	*ret_writer = writer;
	return 0;
}

static int write_at(int fd, const void *data, size_t len, uint64_t at)
{
	for (const char *p = data; len > 0;) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			at += (uint64_t)n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int table_finish(struct table_writer *writer, int64_t ended, struct error *err)
{
	struct table_header header = {
		.order = TABLE_ORDER,
		.terms = writer->terms,
		.size = writer->end,
		.numbers = atomic_load(&writer->numbers),
		.rows = writer->rows,
		.ended = ended,
	};
	int r = writer->failed;

	memcpy(header.magic, TABLE_MAGIC, sizeof(header.magic));
	header.sum = writer->sum + table_sum(&header, offsetof(struct table_header, sum));
	if (r == 0)
		r = write_at(writer->fd, &header, sizeof(header), 0);
	if (close(writer->fd) < 0 && r == 0)
		r = -errno;
	if (r < 0) {
		error_set(err, r, "write '%s'", writer->path);
		unlink(writer->path);
	}
	pthread_mutex_destroy(&writer->lock);
	free(writer->path);
	free(writer);
	return r;
}

uint64_t table_new_number(struct table_writer *writer)
{
	return writer ? atomic_fetch_add(&writer->numbers, 1) : 0;
}

void table_sheet_init(struct table_sheet *sheet, struct table_writer *writer)
{
	*sheet = (struct table_sheet){
		.writer = writer,
		.buffer = writer ? xmalloc(SHEET) : NULL,
	};
}

static void flush(struct table_sheet *sheet)
{
	struct table_writer *writer = sheet->writer;

	if (sheet->len == 0)
		return;
	uint64_t sum = table_sum(sheet->buffer, sheet->len);
	pthread_mutex_lock(&writer->lock);
	uint64_t at = writer->end;
	writer->end += sheet->len;
	writer->rows += sheet->rows;
	writer->sum += sum;
	pthread_mutex_unlock(&writer->lock);
	int r = write_at(writer->fd, sheet->buffer, sheet->len, at);
	if (r < 0) {
		pthread_mutex_lock(&writer->lock);
		writer->failed = writer->failed ? writer->failed : r;
		pthread_mutex_unlock(&writer->lock);
	}
	sheet->len = 0;
	sheet->rows = 0;
}

void table_sheet_release(struct table_sheet *sheet)
{
	if (sheet->writer)
		flush(sheet);
	free(sheet->buffer);
	sheet->buffer = NULL;
}

static struct table_block *open_block(const struct table_sheet *sheet)
{
	return (void *)(sheet->buffer + sheet->block);
}

void table_begin(struct table_sheet *sheet, const struct table_dir *dir)
{
	const size_t name_len = strlen(dir->name) + 1;
	const size_t len = table_padded(sizeof(struct table_block) + name_len);

	if (!sheet->writer)
		return;
	if (sheet->len + len + table_padded(sizeof(struct table_row) + NAME_LONGEST + 1) >
	    SHEET)
		flush(sheet);
	sheet->block = sheet->len;
	struct table_block *block = open_block(sheet);
	memset(block, 0, len);
	block->len = (uint32_t)len;
	block->nth = dir->blocks;
	block->number = dir->number;
	block->parent = dir->parent;
	block->device = dir->device;
	block->rows = (uint32_t)len;
	memcpy(block->name, dir->name, name_len);
	sheet->len += len;
}

void table_add(struct table_sheet *sheet, struct table_dir *dir,
	       const struct table_state *state, bool is_dir, const char *name)
{
	const size_t name_len = strlen(name);
	const size_t len = table_padded(sizeof(struct table_row) + name_len + 1);

	if (!sheet->writer || name_len > NAME_LONGEST)
		return;
	if (sheet->len + len > SHEET) {
		table_end(sheet, dir);
		table_begin(sheet, dir);
	}
	struct table_row *row = (void *)(sheet->buffer + sheet->len);
	memset(row, 0, len);
	row->state = *state;
	row->back = (uint32_t)(sheet->len - sheet->block);
	row->is_dir = is_dir;
	row->name_len = (uint8_t)name_len;
	memcpy(row->name, name, name_len);
	sheet->len += len;
	sheet->rows++;
	open_block(sheet)->len += (uint32_t)len;
}

void table_end(struct table_sheet *sheet, struct table_dir *dir)
{
	if (!sheet->writer)
		return;
	if (open_block(sheet)->len > open_block(sheet)->rows)
		dir->blocks++;
	else
		sheet->len = sheet->block;
}
