/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What came of the last verification of a snapshot: .backup/snapshots/<name>.verified.
 *
 * A file of its own, beside the record and not in it, replaced whole: so it needs no lock,
 * which a run may hold for hours, and no record that can be read. Programs of before kept
 * time and damage in the record (record.h); what is in here counts more.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

#define VERDICT_SUFFIX ".verified"

enum verdict_kind {
	VERDICT_NONE, /* never verified, or nothing is known of it */
	VERDICT_GOOD,
	VERDICT_DAMAGED,      /* not equal to its manifest, in whatever way */
	VERDICT_BAD_MANIFEST, /* that cannot be read */
};

struct verdict {
	enum verdict_kind kind;
	int64_t time; /* seconds since 1970; 0: VERDICT_NONE */
	uint64_t compared, read,
		findings; /* names, files, and what is wrong; 0: not known */
};

/* "none", "good", "damaged", "bad manifest". */
const char *verdict_name(enum verdict_kind kind);

/*
 * Writes it for good. The snapshot may be removed at the same time by a holder of the lock:
 * whoever holds none looks afterwards whether it is still there, or else calls
 * verdict_remove().
 */
int verdict_write(const struct store *store, const char *name,
		  const struct verdict *verdict, struct error *err);
void verdict_remove(const struct store *store, const char *name);

/* -ENOENT: there is none; -EINVAL: it cannot be understood. */
int verdict_read(const struct store *store, const char *name, struct verdict *ret_verdict,
		 struct error *err);
