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
};

void target_release(struct target *target);

/* Finds it and changes nothing. What `to` begins with must be there, or be made. */
int target_look(struct target *target, const char *to, struct error *err);

/* Refuses one on a file system that is mounted read-only. */
int target_check(const struct target *target, struct error *err);

/* Makes it, and what is missing of the directories above it. */
int target_make(const struct target *target, struct error *err);

/*
 * What can be written to a directory, without a change to that: by a file that has no name,
 * or in a directory like those that the engine makes, and removes.
 */
int target_try(int to, struct fscaps *ret_caps, struct error *err);
