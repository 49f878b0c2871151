/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * usage: loops link|write FROM TO [PROCESSES]
 *
 * What the kernel takes at the least: makes each directory of FROM in TO, and either links
 * each name or creates a file of its size and writes as many bytes as it takes on the disk.
 * Compares nothing, gives no attributes. Directories of the second floor go round the processes.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 32 * 1024, BUFFER = 1024 * 1024 };

/* As getdents64(2) returns them. */
struct record {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static int writing;
static unsigned processes = 1, process, subdirs;
static char buffer[BUFFER];

static void write_file(int from, int to, const char *name)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		err(1, "%s", name);
	int fd = openat(to, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		err(1, "%s", name);
	off_t used =
		st.st_blocks < st.st_size / 512 ? (off_t)st.st_blocks * 512 : st.st_size;
	for (off_t left = used; left > 0;) {
		ssize_t n = write(fd, buffer, left < BUFFER ? (size_t)left : BUFFER);
		if (n < 0)
			err(1, "%s", name);
		left -= n;
	}
	if (used < st.st_size && ftruncate(fd, st.st_size) < 0)
		err(1, "%s", name);
	close(fd);
}

static void walk(int from, int to, int depth);

static void enter(int from, int to, const char *name, int depth)
{
	if (depth == 1 && subdirs++ % processes != process)
		return;
	int from_sub = openat(from, name, O_RDONLY | O_DIRECTORY);
	/* another process may have made the upper floors */
	if (mkdirat(to, name, 0755) < 0 && depth > 0)
		err(1, "%s", name);
	int to_sub = openat(to, name, O_RDONLY | O_DIRECTORY);
	if (from_sub < 0 || to_sub < 0)
		err(1, "%s", name);
	walk(from_sub, to_sub, depth + 1);
	close(from_sub);
	close(to_sub);
}

static void walk(int from, int to, int depth)
{
	char *chunk = malloc(CHUNK);
	long n;

	if (!chunk)
		err(1, NULL);
	while ((n = syscall(SYS_getdents64, from, chunk, CHUNK)) > 0) {
		for (long at = 0; at < n;) {
			const struct record *r = (const void *)(chunk + at);
			at += r->len;
			if (strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0)
				continue;
			if (r->type == DT_DIR)
				enter(from, to, r->name, depth);
			else if (depth < 2 && process != 0)
				continue;
			else if (!writing && linkat(from, r->name, to, r->name, 0) < 0)
				err(1, "%s", r->name);
			else if (writing)
				write_file(from, to, r->name);
		}
	}
	free(chunk);
}

int main(int argc, char **argv)
{
	int failed = 0, status;

	if (argc < 4)
		errx(2, "usage: loops link|write FROM TO [PROCESSES]");
	writing = strcmp(argv[1], "write") == 0;
	if (argc > 4)
		processes = (unsigned)strtoul(argv[4], NULL, 10);
	memset(buffer, 'x', sizeof(buffer));
	if (mkdir(argv[3], 0755) < 0)
		err(1, "%s", argv[3]);
	for (process = 0; process < processes; process++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			walk(open(argv[2], O_RDONLY | O_DIRECTORY),
			     open(argv[3], O_RDONLY | O_DIRECTORY), 0);
			return 0;
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
