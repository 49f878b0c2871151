/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/zone.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strvec.h"
#include "base/suggest.h"
#include "sys/fs.h"

static const char zones[] = "/usr/share/zoneinfo";

/*
 * Length of the abbreviation at the start of a POSIX rule: CET or <+03>; 0 if none. It
 * has three characters at the least.
 */
static size_t abbreviation(const char *s)
{
	size_t n = 0;

	if (*s == '<') {
		while (s[n] && s[n] != '>')
			n++;
		return s[n] == '>' && n > 3 ? n + 1 : 0;
	}
	while (isalpha((unsigned char)s[n]))
		n++;
	return n >= 3 ? n : 0;
}

static bool is_posix_rule(const char *tz)
{
	size_t n = abbreviation(tz);
	const char *offset = tz + n;

	if (n == 0)
		return false;
	if (*offset == '+' || *offset == '-')
		offset++;
	return isdigit((unsigned char)*offset) &&
	       offset[strspn(offset,
			     "0123456789:+-,./JM<>"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] ==
		       '\0';
}

/* tzfile(5) begins with a magic number. */
static bool is_zone_file(const char *path)
{
	char magic[4];

	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "TZif", sizeof(magic)) == 0;
}

bool zone_known(const char *tz)
{
	if (*tz == ':')
		tz++;
	if (*tz == '\0' || strcmp(tz, "UTC") == 0 || is_posix_rule(tz))
		return true;
	if (strstr(tz, ".."))
		return false;
	CLEANUP(freep)
	char *path = *tz == '/' ? xstrdup(tz) : xasprintf("%s/%s", zones, tz);
	return is_zone_file(path);
}

/* Names of all zones in the directory and below it, `prefix` before each. */
static void list_zones(int dirfd, const char *prefix, struct strvec *ret_names)
{
	CLEANUP(strvec_release) struct strvec entries = STRVEC_INIT;

	if (fs_list(dirfd, &entries, NULL) < 0)
		return;
	for (size_t i = 0; i < entries.n; i++) {
		const char *entry = entries.v[i];
		CLEANUP(closep) int sub = -1;
		CLEANUP(freep) char *name = xasprintf("%s%s", prefix, entry);

		/* zones begin with a capital; posix/ and right/ hold them all again */
		if (!isupper((unsigned char)*entry))
			continue;
		if (fs_open_dir(dirfd, entry, &sub, NULL) < 0) {
			strvec_push(ret_names, name);
			continue;
		}
		CLEANUP(freep) char *below = xasprintf("%s/", name);
		list_zones(sub, below, ret_names);
	}
}

/* The name whose last component is nearest to that of `tz`, or equal to it. */
static const char *nearest_city(const struct strvec *names, const char *tz, bool equal)
{
	CLEANUP(freep) const char **cities = xcalloc(names->n + 1, sizeof(*cities));
	const char *slash = strrchr(tz, '/');
	const char *city = slash ? slash + 1 : tz;

	for (size_t i = 0; i < names->n; i++) {
		const char *last = strrchr(names->v[i], '/');
		cities[i] = last ? last + 1 : names->v[i];
	}
	const char *near = suggest_nearest(city, cities);
	if (!near || (equal && strcasecmp(near, city) != 0))
		return NULL;
	for (size_t i = 0; i < names->n; i++)
		if (cities[i] == near)
			return names->v[i];
	return NULL;
}

void zone_nearest(const char *tz, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(closep) int fd = -1;

	if (*tz == ':')
		tz++;
	if (strstr(tz, "..") || fs_open_dir(AT_FDCWD, zones, &fd, NULL) < 0)
		return;
	list_zones(fd, "", &names);
	if (names.n == 0)
		return;
	const char *near = nearest_city(&names, tz, true);
	if (!near)
		near = suggest_nearest(tz, (const char *const *)names.v);
	if (!near)
		near = nearest_city(&names, tz, false);
	if (near)
		strbuf_addstr(out, near);
}

int zone_set_system(const char *etc, const char *tz, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	const char *name = *tz == ':' ? tz + 1 : tz;
	char now[PATH_MAX];

	if (strncmp(name, zones, sizeof(zones) - 1) == 0 &&
	    name[sizeof(zones) - 1] == '/')
		name += sizeof(zones);
	CLEANUP(freep) char *target = xasprintf("%s/%s", zones, name);
	if (*name == '/' || !is_zone_file(target))
		return 0;

	int r = fs_open_dir(AT_FDCWD, etc, &fd, err);
	if (r < 0)
		return r;
	ssize_t len = readlinkat(fd, "localtime", now, sizeof(now) - 1);
	now[len > 0 ? len : 0] = '\0';
	if (strcmp(now, target) != 0) {
		unlinkat(fd, "localtime.tmp", 0);
		if (symlinkat(target, fd, "localtime.tmp") < 0)
			return error_set(err, -errno, "link '%s/localtime'", etc);
		if (renameat(fd, "localtime.tmp", fd, "localtime") < 0) {
			r = error_set(err, -errno, "replace '%s/localtime'", etc);
			unlinkat(fd, "localtime.tmp", 0);
			return r;
		}
	}
	CLEANUP(freep) char *line = xasprintf("%s\n", name);
	r = fs_write_file(fd, "timezone", line, strlen(line), 0644, err);
	return r < 0 ? error_prefix(err, r, "in '%s'", etc) : 0;
}
