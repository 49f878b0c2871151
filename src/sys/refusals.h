/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Names of extended attributes that are not taken where a copy goes, whatever file they
 * are of: its file system has no such attributes (btrfs.compression on ext4), or we may
 * not give them (security.ima without CAP_SYS_ADMIN). xattrs.h then leaves them out of
 * what is written, and of what is compared, so that files are the same without them.
 *
 *	first met ─▶ tried on a file that nobody needs ─▶ taken, or refused and said
 *	         └▶ there is no such file: taken, until a copy is not given it
 *
 * user.* and ACLs are not looked at here: fscaps.h tells whether there are any. Neither is
 * what one file alone may be refused. Any number of threads; of names that come when the
 * list is full, each refusal is one file's.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	REFUSALS_MAX = 32,
	REFUSALS_NAME = 256, /* XATTR_NAME_MAX and a NUL */
};

struct refusal {
	char name[REFUSALS_NAME];
	atomic_bool refused;
};

struct refusals {
	int fd;	    /* to try on; -1: there is none. Owned */
	bool write; /* it is a file of ours; else names are only looked for */

	/* Told of each name once, when it turns out to be refused; `code` is -errno. */
	void (*say)(void *ctx, const char *attribute, int code);
	void *ctx;

	pthread_mutex_t lock; /* guards the adding of names, and say() */
	atomic_size_t n;      /* what is below does not change but for `refused` */
	struct refusal v[REFUSALS_MAX];
};

/* `fd` is to be set afterwards, before there are threads. */
void refusals_init(struct refusals *refusals,
		   void (*say)(void *ctx, const char *attribute, int code), void *ctx);
void refusals_release(struct refusals *refusals);

/* Whether an attribute, of this value on the file at hand, is to be left out. */
bool refusals_has(struct refusals *refusals, const char *attribute, const void *value,
		  size_t size);

/*
 * A copy was not given it. True: no copy will be, which could not be tried, and is known
 * now. False: it is this file's alone.
 */
bool refusals_learn(struct refusals *refusals, const char *attribute, int code);
