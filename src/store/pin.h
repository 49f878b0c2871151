/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Pins: a snapshot that has one is left alone by retention, and not removed by hand.
 *
 * An empty file .backup/snapshots/<name>.pinned, beside the record and not in it: so
 * snapshots without a record, or with a damaged one, can be pinned, and whatever writes a
 * record anew loses none.
 */
#pragma once

#include "base/error.h"
#include "store/store.h"

/* For good. One that is there already is fine. The store is locked and has its directories. */
int pin_set(const struct store *store, const char *name, struct error *err);

/* Likewise; none is fine. */
int pin_clear(const struct store *store, const char *name, struct error *err);

/* 1, 0, or -errno: it cannot be told, so be careful. */
int pin_is_set(const struct store *store, const char *name);
