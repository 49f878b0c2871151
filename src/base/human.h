/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Numbers for people. Each fills a caller's buffer of HUMAN_MAX bytes and returns it,
 * so that several can stand in one printf.
 */
#pragma once

#include <stdint.h>

enum { HUMAN_MAX = 32 };

/* "0 B", "999 B", "1.2 KiB", "34.5 GiB". */
const char *human_bytes(uint64_t bytes, char buf[HUMAN_MAX]);

/* "0.4 s", "12 s", "3 min 05 s", "2 h 14 min", "3 d 4 h". */
const char *human_duration(double seconds, char buf[HUMAN_MAX]);

/* "1,234,567". */
const char *human_count(uint64_t n, char buf[HUMAN_MAX]);

/* The word that fits the number: `one` for 1. Fills nothing. */
const char *human_noun(uint64_t n, const char *one, const char *many);
