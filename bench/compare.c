/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * usage: compare SOURCE COPY [BASE]
 *        compare --names SOURCE COPY
 *
 * Whether a copy is equal to its source: type, size, mode, owner, time to the nanosecond,
 * device, target, content, extended attributes, and which names are one file. What is the
 * inode that BASE has by that name is not read again. --names looks at type and size alone.
 * Shares no code with what is measured. Prints the first difference and ends with 1, or
 *
 *	FILES DIRECTORIES LINKED BYTES
 *
 * where LINKED is the number of files that are BASE's.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { BUFFER = 1024 * 1024, ATTRIBUTES = 64 * 1024 };

struct pair {
	dev_t dev;
	ino_t source, copy;
};

static int names_only;
static char path[PATH_MAX * 4];
static size_t path_len;
static uint64_t files, dirs, linked, bytes;
static struct pair *pairs;
static size_t pairs_n, pairs_cap;

__attribute__((noreturn)) static void differs(const char *name, const char *what)
{
	printf("%s%s: %s differs\n", path, name, what);
	exit(1);
}

static int open_at(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);

	if (fd < 0)
		err(2, "%s%s", path, name);
	return fd;
}

static void compare_attributes(int a, int b, const char *name)
{
	static char list_a[ATTRIBUTES], list_b[ATTRIBUTES], of_a[ATTRIBUTES],
		of_b[ATTRIBUTES];
	ssize_t n = flistxattr(a, list_a, ATTRIBUTES);

	if (n != flistxattr(b, list_b, ATTRIBUTES))
		differs(name, "list of attributes");
	for (const char *s = list_a; s < list_a + n; s += strlen(s) + 1) {
		ssize_t len = fgetxattr(a, s, of_a, ATTRIBUTES);
		if (len < 0 || len != fgetxattr(b, s, of_b, ATTRIBUTES) ||
		    memcmp(of_a, of_b, (size_t)len) != 0)
			differs(name, s);
	}
}

static void compare_content(int from, int to, const char *name)
{
	static char of_a[BUFFER], of_b[BUFFER];
	int a = open_at(from, name, 0), b = open_at(to, name, 0);
	ssize_t n;

	do {
		n = read(a, of_a, BUFFER);
		if (n < 0)
			err(2, "%s%s", path, name);
		for (ssize_t got = 0, m; got < n; got += m)
			if ((m = read(b, of_b + got, (size_t)(n - got))) <= 0)
				differs(name, "content");
		if (memcmp(of_a, of_b, (size_t)n) != 0)
			differs(name, "content");
		bytes += (uint64_t)n;
	} while (n > 0);
	compare_attributes(a, b, name);
	close(a);
	close(b);
}

static void compare_targets(int from, int to, const char *name)
{
	static char of_a[PATH_MAX], of_b[PATH_MAX];
	ssize_t n = readlinkat(from, name, of_a, PATH_MAX);

	if (n < 0 || n != readlinkat(to, name, of_b, PATH_MAX) ||
	    memcmp(of_a, of_b, (size_t)n) != 0)
		differs(name, "target");
}

static void compare_stat(const struct stat *a, const struct stat *b, const char *name)
{
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT))
		differs(name, "type");
	if (!S_ISDIR(a->st_mode) && a->st_size != b->st_size &&
	    !(names_only && S_ISLNK(a->st_mode)))
		differs(name, "size");
	if (names_only)
		return;
	if (a->st_mode != b->st_mode)
		differs(name, "mode");
	if (a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		differs(name, "owner");
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	    a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)
		differs(name, "time");
	if (a->st_rdev != b->st_rdev)
		differs(name, "device");
}

static void remember(const struct stat *a, const struct stat *b)
{
	if (pairs_n == pairs_cap) {
		pairs_cap = pairs_cap ? pairs_cap * 2 : 1024;
		pairs = reallocarray(pairs, pairs_cap, sizeof(*pairs));
		if (!pairs)
			err(2, NULL);
	}
	pairs[pairs_n++] = (struct pair){a->st_dev, a->st_ino, b->st_ino};
}

static void compare_file(int from, int to, int base, const char *name)
{
	struct stat a, b, c;

	if (fstatat(from, name, &a, AT_SYMLINK_NOFOLLOW) < 0)
		err(2, "%s%s", path, name);
	if (fstatat(to, name, &b, AT_SYMLINK_NOFOLLOW) < 0)
		differs(name, "existence");
	files++;
	if (names_only) {
		if (S_ISLNK(a.st_mode)) /* the loop that writes makes files of them */
			return;
		compare_stat(&a, &b, name);
		return;
	}
	compare_stat(&a, &b, name);
	remember(&a, &b);
	if (base >= 0 && fstatat(base, name, &c, AT_SYMLINK_NOFOLLOW) == 0 &&
	    c.st_ino == b.st_ino && c.st_dev == b.st_dev)
		linked++;
	else if (S_ISREG(a.st_mode))
		compare_content(from, to, name);
	if (S_ISLNK(a.st_mode))
		compare_targets(from, to, name);
}

static uint64_t count_names(int dir)
{
	uint64_t n = 0;
	DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));

	if (!stream)
		err(2, "%s", path);
	while (readdir(stream))
		n++;
	closedir(stream);
	return n;
}

static void compare_dirs(int from, int to, int base)
{
	struct stat a, b;
	uint64_t n = 0;
	DIR *stream = fdopendir(openat(from, ".", O_RDONLY | O_DIRECTORY));
	const struct dirent *entry;

	if (!stream || fstat(from, &a) < 0 || fstat(to, &b) < 0)
		err(2, "%s", path);
	compare_stat(&a, &b, "");
	if (!names_only)
		compare_attributes(from, to, "");
	dirs++;
	while ((entry = readdir(stream))) {
		const char *name = entry->d_name;
		n++;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (entry->d_type != DT_DIR) {
			compare_file(from, to, base, name);
			continue;
		}
		int from_sub = open_at(from, name, O_DIRECTORY);
		int to_sub = open_at(to, name, O_DIRECTORY);
		int base_sub = base < 0 ? -1 : openat(base, name, O_PATH | O_DIRECTORY);
		size_t len = path_len;
		path_len += (size_t)snprintf(path + len, sizeof(path) - len, "%s/", name);
		compare_dirs(from_sub, to_sub, base_sub);
		path[path_len = len] = '\0';
		close(from_sub);
		close(to_sub);
		if (base_sub >= 0)
			close(base_sub);
	}
	closedir(stream);
	if (count_names(to) != n)
		differs("", "number of names");
}

static int by_source(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

static int by_copy(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->copy < y->copy ? -1 : x->copy > y->copy;
}

/* Names of one file in the source are names of one in the copy, and the reverse. */
static void compare_groups(void)
{
	qsort(pairs, pairs_n, sizeof(*pairs), by_source);
	for (size_t i = 1; i < pairs_n; i++)
		if (by_source(&pairs[i - 1], &pairs[i]) == 0 &&
		    pairs[i - 1].copy != pairs[i].copy)
			differs("", "a group of hard links");
	qsort(pairs, pairs_n, sizeof(*pairs), by_copy);
	for (size_t i = 1; i < pairs_n; i++)
		if (pairs[i - 1].copy == pairs[i].copy &&
		    by_source(&pairs[i - 1], &pairs[i]) != 0)
			differs("", "a group of hard links");
}

int main(int argc, char **argv)
{
	names_only = argc > 1 && strcmp(argv[1], "--names") == 0;
	argv += names_only;
	argc -= names_only;
	if (argc < 3)
		errx(2, "usage: compare [--names] SOURCE COPY [BASE]");
	int from = open(argv[1], O_RDONLY | O_DIRECTORY);
	int to = open(argv[2], O_RDONLY | O_DIRECTORY);
	int base = argc > 3 ? open(argv[3], O_PATH | O_DIRECTORY) : -1;
	if (from < 0 || to < 0 || (argc > 3 && base < 0))
		err(2, "%s, %s", argv[1], argv[2]);
	compare_dirs(from, to, base);
	if (pairs_n > 0)
		compare_groups();
	printf("%llu %llu %llu %llu\n", (unsigned long long)files,
	       (unsigned long long)dirs, (unsigned long long)linked,
	       (unsigned long long)bytes);
	return 0;
}
