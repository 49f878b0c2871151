/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/clock.h"

const char *show_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "device";
	}
}

static char type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return '-';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFBLK:
		return 'b';
	default:
		return 'c';
	}
}

const char *show_mode(mode_t mode, char buf[SHOW_MAX])
{
	static const char letters[] = "rwxrwxrwx";
	/* what stands for "x" where one of the higher bits is set, too */
	static const struct {
		mode_t bit;
		int at;
		char with, without;
	} higher[] = {
		{S_ISUID, 3, 's', 'S'}, {S_ISGID, 6, 's', 'S'}, {S_ISVTX, 9, 't', 'T'}};

	buf[0] = type_letter(mode);
	memcpy(buf + 1, letters, sizeof(letters));
	for (int i = 0; i < 9; i++)
		if (!(mode & (0400U >> i)))
			buf[1 + i] = '-';
	for (size_t i = 0; i < ARRAY_SIZE(higher); i++) {
		char *at = &buf[higher[i].at];
		if (mode & higher[i].bit)
			memcpy(at, *at == 'x' ? &higher[i].with : &higher[i].without, 1);
	}
	buf[10] = '\0';
	return buf;
}

const char *show_time(int64_t epoch, char buf[SHOW_MAX])
{
	struct instant time = clock_local(epoch);
	struct civil c = civil_from_epoch(time.epoch, time.offset);

	snprintf(buf, SHOW_MAX, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
		 c.hour, c.minute, c.second);
	return buf;
}

void show_json_time(json_t *object, int64_t epoch)
{
	struct instant time = clock_local(epoch);
	CLEANUP(freep) char *modified = instant_rfc3339(&time);

	json_object_set_new(object, "modified", json_string(modified));
	json_object_set_new(object, "epoch", json_integer(epoch));
}

static void indent(int depth)
{
	putchar('\n');
	for (int i = 0; i < depth; i++)
		fputs("  ", stdout);
}

void show_json_item(json_t *value, int depth, bool *first)
{
	CLEANUP(json_freep) json_t *owned = value;
	CLEANUP(freep) char *text = json_dumps(owned, JSON_INDENT(2) | JSON_ENCODE_ANY);

	fputs(*first ? "[" : ",", stdout);
	*first = false;
	indent(depth + 1);
	/* in strings a newline is "\n" */
	for (const char *s = text ? text : "null"; *s;) {
		const size_t len = strcspn(s, "\n");
		fwrite(s, 1, len, stdout);
		s += len;
		if (*s && *s++)
			indent(depth + 1);
	}
}

void show_json_end(int depth, bool first)
{
	if (first)
		putchar('[');
	else
		indent(depth);
	putchar(']');
}
