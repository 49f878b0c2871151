/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A directory of the copy, by its name in another one; the top has no parent. Counted:
 * it stays as long as somebody holds it or one below it. For threads.
 */
#pragma once

#include <stddef.h>

struct place;

struct place *place_new(struct place *parent, const char *name);
struct place *place_hold(struct place *place);
void place_drop(struct place *place);

/* Its own; "" of the top. */
const char *place_name(const struct place *place);

/* The names on the way down to it, the top's left out; the caller frees the array. */
const char **place_names(const struct place *place, size_t *ret_n);
