/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* How commands show files, and JSON that is too long to be held. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/json.h"

enum { SHOW_MAX = 64 };

/* "file", "directory", "symlink", "fifo", "socket", "device". */
const char *show_type(mode_t mode);

/* "-rw-r--r--", as ls(1) has it. Fills the buffer and returns it. */
const char *show_mode(mode_t mode, char buf[SHOW_MAX]);

/* "2026-11-23 03:00:00", by the clock of this zone at that time. */
const char *show_time(int64_t epoch, char buf[SHOW_MAX]);

/* Adds "modified" (RFC 3339) and "epoch". */
void show_json_time(json_t *object, int64_t epoch);

/*
 * An array on standard output, one value after another: `depth` is how many arrays and
 * objects are around it. show_json_item() takes the value over. Begin with `first` true.
 */
void show_json_item(json_t *value, int depth, bool *first);
void show_json_end(int depth, bool first);
