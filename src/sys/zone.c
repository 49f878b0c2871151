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
#include "base/zone_rule.h"
#include "sys/fs.h"

static const char zones[] = "/usr/share/zoneinfo";

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
	if (*tz == '\0' || strcmp(tz, "UTC") == 0 || zone_rule_valid(tz))
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

static int link_localtime(int etc, const char *target, struct error *err)
{
	char now[PATH_MAX];

	ssize_t len = readlinkat(etc, "localtime", now, sizeof(now) - 1);
	now[len > 0 ? len : 0] = '\0';
	if (strcmp(now, target) == 0)
		return 0;
	unlinkat(etc, "localtime.tmp", 0);
	if (symlinkat(target, etc, "localtime.tmp") < 0)
		return error_set(err, -errno, "link 'localtime'");
	if (renameat(etc, "localtime.tmp", etc, "localtime") < 0) {
		int r = error_set(err, -errno, "replace 'localtime'");
		unlinkat(etc, "localtime.tmp", 0);
		return r;
	}
	return 0;
}

int zone_set_system(const char *etc, const char *tz, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	const char *name = *tz == ':' ? tz + 1 : tz;
	struct error name_err = {0};

	if (strncmp(name, zones, sizeof(zones) - 1) == 0 &&
	    name[sizeof(zones) - 1] == '/')
		name += sizeof(zones);
	CLEANUP(freep) char *target = xasprintf("%s/%s", zones, name);
	CLEANUP(freep) char *line = xasprintf("%s\n", name);
	if (*name == '/' || !is_zone_file(target))
		return 0;

	int r = fs_open_dir(AT_FDCWD, etc, &fd, err);
	if (r < 0)
		return r;
	r = link_localtime(fd, target, err);
	int rn = fs_write_file(fd, "timezone", line, strlen(line), 0644, &name_err);
	if (r < 0 && rn < 0) {
		CLEANUP(freep) char *first = xstrdup(err ? err->msg : "");
		return error_say(err, r, "in '%s': %s; %s", etc, first, name_err.msg);
	}
	if (rn < 0)
		return error_say(err, rn, "in '%s': %s", etc, name_err.msg);
	return r < 0 ? error_prefix(err, r, "in '%s'", etc) : 0;
}
