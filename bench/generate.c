/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * usage: generate small|tiny|flat|large DIR [NAMES]
 *        generate change DIR
 *
 * Makes the data sets of the benchmark, the same ones each time:
 *	small	files of up to 8 KiB, most below 1 KiB, 25 to a directory; of 100 names two
 *		are symbolic links and one is a second name of the file before
 *	tiny	files of up to 100 bytes, 50 to a directory
 *	flat	the same in one directory
 *	large	NAMES MiB: half of it in one file, a quarter in eight, a quarter sparsely in
 *		two that are sixteen times as long
 * and gives every hundredth file of one other content and another time.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FAN_OUT = 20, LARGEST = 8192, MIB = 1024 * 1024 };

static const time_t LONG_AGO = 1500000000;

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void fill(uint64_t *state, char *buf, size_t len)
{
	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t word = next(state);
		memcpy(buf + i, &word, len - i < sizeof(word) ? len - i : sizeof(word));
	}
}

/* 0 to LARGEST - 1, small ones more often. */
static size_t small_size(uint64_t *state)
{
	return next(state) % ((uint64_t)1 << (next(state) % 14));
}

static void set_time(int dir, const char *name, uint64_t *state)
{
	struct timespec times[2];

	times[0].tv_sec = times[1].tv_sec = LONG_AGO + (time_t)(next(state) % 200000000);
	times[0].tv_nsec = times[1].tv_nsec = (long)(next(state) % 1000000000);
	if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		err(1, "time of %s", name);
}

static void make_file(int dir, const char *name, size_t size, uint64_t *state)
{
	static const mode_t modes[] = {0644, 0644, 0644, 0755, 0600, 0640, 0444, 0664};
	static const uid_t owners[] = {0, 0, 1000, 33};
	static char buf[LARGEST];
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	uid_t owner = geteuid() == 0 ? owners[next(state) % 4] : geteuid();

	fill(state, buf, size);
	if (fd < 0 || write(fd, buf, size) != (ssize_t)size ||
	    (geteuid() == 0 && fchown(fd, owner, owner) < 0) ||
	    fchmod(fd, modes[next(state) % 8]) < 0)
		err(1, "%s", name);
	close(fd);
	set_time(dir, name, state);
}

static int make_dir(int parent, const char *name)
{
	if (mkdirat(parent, name, 0755) < 0)
		err(1, "%s", name);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void name_of(char name[64], uint64_t number, uint64_t *state)
{
	static const char *const endings[] = {"", ".c", ".txt", ".html", ".so.1", ".py"};
	int letters = (int)(next(state) % 20);

	snprintf(name, 64, "%" PRIu64 "-%.*s%s", number, letters, "the-name-of-something",
		 endings[next(state) % 6]);
}

static void make_names(int dir, uint64_t from, uint64_t n, const char *kind,
		       uint64_t *state)
{
	const int small = strcmp(kind, "small") == 0;
	char name[64], last[64] = "";

	for (uint64_t i = from; i < from + n; i++) {
		name_of(name, i, state);
		uint64_t lot = small ? next(state) % 100 : 100;
		if (lot < 2) {
			if (symlinkat("../somewhere/else", dir, name) < 0)
				err(1, "%s", name);
			set_time(dir, name, state);
		} else if (lot == 2 && *last) {
			if (linkat(dir, last, dir, name, 0) < 0)
				err(1, "%s", name);
		} else {
			make_file(dir, name,
				  small ? small_size(state) : next(state) % 101, state);
			memcpy(last, name, sizeof(last));
		}
	}
}

/* Directories of directories, three floors of them, files in the lowest. */
static void make_tree(int top, uint64_t names, uint64_t in_each, const char *kind)
{
	uint64_t state = 1, done = 0, dirs = (names + in_each - 1) / in_each;
	char name[32];

	for (uint64_t i = 0; i < dirs; i += FAN_OUT * FAN_OUT) {
		snprintf(name, sizeof(name), "part-%" PRIu64, i);
		int upper = make_dir(top, name);
		for (uint64_t j = i; j < dirs && j < i + FAN_OUT * FAN_OUT;
		     j += FAN_OUT) {
			snprintf(name, sizeof(name), "chapter-%" PRIu64, j);
			int middle = make_dir(upper, name);
			for (uint64_t k = j; k < dirs && k < j + FAN_OUT; k++) {
				snprintf(name, sizeof(name), "%" PRIu64, k);
				int lower = make_dir(middle, name);
				uint64_t n =
					names - done < in_each ? names - done : in_each;
				make_names(lower, done, n, kind, &state);
				done += n;
				close(lower);
				set_time(middle, name, &state);
			}
			close(middle);
		}
		close(upper);
	}
}

/* `mib` MiB of data, each followed by a hole of `holes` MiB. */
static void make_large(int dir, const char *name, uint64_t mib, uint64_t holes,
		       uint64_t *state)
{
	static char buf[MIB];
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
	off_t at = 0;

	for (uint64_t i = 0; i < mib; i++, at += (off_t)(1 + holes) * MIB) {
		fill(state, buf, MIB);
		if (pwrite(fd, buf, MIB, at) != MIB)
			err(1, "%s", name);
	}
	if (ftruncate(fd, at) < 0)
		err(1, "%s", name);
	close(fd);
	set_time(dir, name, state);
}

static void make_large_files(int dir, uint64_t mib)
{
	uint64_t state = 2;
	char name[32];

	make_large(dir, "half", mib / 2, 0, &state);
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "thirty-second-%d", i);
		make_large(dir, name, mib / 32, 0, &state);
	}
	make_large(dir, "sparse-0", mib / 8, 15, &state);
	make_large(dir, "sparse-1", mib / 8, 15, &state);
}

static int in_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void change(int dir, uint64_t *seen, uint64_t *state)
{
	struct dirent **list;
	int n = scandirat(dir, ".", &list, NULL, in_order);

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		struct stat st;
		if (list[i]->d_type == DT_DIR && name[0] != '.') {
			int sub = openat(dir, name, O_RDONLY | O_DIRECTORY);
			change(sub, seen, state);
			close(sub);
		} else if (list[i]->d_type == DT_REG && ++*seen % 100 == 0) {
			if (fstatat(dir, name, &st, 0) < 0 || unlinkat(dir, name, 0) < 0)
				err(1, "%s", name);
			make_file(dir, name, small_size(state), state);
		}
		free(list[i]);
	}
	free(list);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: generate small|tiny|flat|large|change DIR [NAMES]");
	const char *kind = argv[1];
	uint64_t names = argc > 3 ? strtoull(argv[3], NULL, 10) : 0, seen = 0, state = 3;
	if (strcmp(kind, "change") != 0 && mkdir(argv[2], 0755) < 0)
		err(1, "%s", argv[2]);
	int dir = open(argv[2], O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		err(1, "%s", argv[2]);

	umask(0);
	if (strcmp(kind, "small") == 0)
		make_tree(dir, names, 25, kind);
	else if (strcmp(kind, "tiny") == 0)
		make_tree(dir, names, 50, kind);
	else if (strcmp(kind, "flat") == 0)
		make_names(dir, 0, names, kind, &state);
	else if (strcmp(kind, "large") == 0)
		make_large_files(dir, names);
	else if (strcmp(kind, "change") == 0)
		change(dir, &seen, &state);
	else
		errx(2, "no data set '%s'", kind);
	return 0;
}
