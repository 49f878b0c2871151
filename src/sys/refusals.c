/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/refusals.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "sys/fs.h"

void refusals_init(struct refusals *refusals,
		   void (*say)(void *ctx, const char *attribute, int code), void *ctx)
{
	refusals->fd = -1;
	refusals->say = say;
	refusals->ctx = ctx;
	pthread_mutex_init(&refusals->lock, NULL);
	atomic_init(&refusals->n, 0);
}

void refusals_release(struct refusals *refusals)
{
	closep(&refusals->fd);
	pthread_mutex_destroy(&refusals->lock);
}

static bool starts(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* Whether the error is about the name, not the value or the file. */
static bool is_of_all(const char *attribute, int code)
{
	if (code == -EOPNOTSUPP)
		return true;
	/* capabilities of files have a capability of their own, that can be given to us */
	return (code == -EPERM || code == -EACCES) &&
	       (starts(attribute, "trusted.") ||
		(starts(attribute, "security.") &&
		 strcmp(attribute, "security.capability") != 0));
}

static struct refusal *find(struct refusals *refusals, const char *attribute)
{
	const size_t n = atomic_load_explicit(&refusals->n, memory_order_acquire);

	for (size_t i = 0; i < n; i++)
		if (strcmp(refusals->v[i].name, attribute) == 0)
			return &refusals->v[i];
	return NULL;
}

static int try(const struct refusals *refusals, const char *attribute, const void *value,
	       size_t size)
{
	const int fd = refusals->fd;

	if (fd < 0)
		return 0;
	if (!refusals->write)
		return fgetxattr(fd, attribute, NULL, 0) < 0 ? -errno : 0;
	if (fsetxattr(fd, attribute, value, size, 0) < 0)
		return -errno;
	fremovexattr(fd, attribute); /* room for the next one */
	return 0;
}

/* NULL: the list is full. */
static struct refusal *add(struct refusals *refusals, const char *attribute,
			   const void *value, size_t size)
{
	pthread_mutex_lock(&refusals->lock);
	struct refusal *refusal = find(refusals, attribute);
	const size_t n = atomic_load(&refusals->n);
	if (!refusal && n < REFUSALS_MAX && strlen(attribute) < REFUSALS_NAME) {
		refusal = &refusals->v[n];
		memcpy(refusal->name, attribute, strlen(attribute) + 1);
		const int code = try(refusals, attribute, value, size);
		atomic_init(&refusal->refused, is_of_all(attribute, code));
		if (is_of_all(attribute, code))
			refusals->say(refusals->ctx, attribute, code);
		atomic_store_explicit(&refusals->n, n + 1, memory_order_release);
	}
	pthread_mutex_unlock(&refusals->lock);
	return refusal;
}

bool refusals_has(struct refusals *refusals, const char *attribute, const void *value,
		  size_t size)
{
	struct refusal *refusal = find(refusals, attribute);

	if (!refusal)
		refusal = add(refusals, attribute, value, size);
	return refusal && atomic_load(&refusal->refused);
}

bool refusals_learn(struct refusals *refusals, const char *attribute, int code)
{
	struct refusal *refusal = find(refusals, attribute);

	/* one that was taken when it was tried is refused to this file alone */
	if (!refusal || refusals->fd >= 0 || !is_of_all(attribute, code))
		return false;
	pthread_mutex_lock(&refusals->lock);
	if (!atomic_exchange(&refusal->refused, true))
		refusals->say(refusals->ctx, attribute, code);
	pthread_mutex_unlock(&refusals->lock);
	return true;
}
