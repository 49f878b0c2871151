/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The directory that is restored to. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "sys/fscaps.h"

struct target {
	char *path; /* with no link in it, also while it is not there; owned */
	bool there;
	bool empty; /* or it is not there, or has only what a killed restore left */
	int fd;	    /* -1: not there */
};

#define TARGET_INIT ((struct target){.fd = -1})

void target_release(struct target *target);

/* Finds it and changes nothing. What `to` begins with must be there, or be made. */
int target_look(struct target *target, const char *to, struct error *err);

/* Refuses one on a file system that is mounted read-only. */
int target_check(const struct target *target, struct error *err);

/*
 * Keeps other restores from it until it is released, as each would take what another is
 * making there for what a killed one left. -EWOULDBLOCK: one is at work. A file system that
 * does not lock directories does not stop it.
 */
int target_lock(const struct target *target, struct error *err);

/* Makes it, and what is missing of the directories above it, and locks it. */
int target_make(struct target *target, struct error *err);

/*
 * What can be written to a directory, without a change to that: by a file that has no name,
 * or in a directory like those that the engine makes, and removes.
 */
int target_try(int to, struct fscaps *ret_caps, struct error *err);
