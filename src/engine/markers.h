/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Rules for directories that say themselves that they are not worth keeping: with a
 * CACHEDIR.TAG (bford.info/cachedir, told by its signature), or with a file of a name
 * that the user chose. The directory and the marking file stay, all else in it goes.
 */
#pragma once

#include "base/error.h"
#include "base/strvec.h"
#include "engine/engine.h"

/* Adds rsync rules, "+ /a/CACHEDIR.TAG" and "- /a/" followed by "*", for the source. */
int markers_find(const struct engine_job *job, struct strvec *ret_rules,
		 struct error *err);

#define MARKERS_TAG "CACHEDIR.TAG"

/* Whether the directory has that file, and it is one. */
bool markers_is_tagged(int dirfd);
