/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Reads snapshots again and compares them with their manifests (verify_tree.h).
 *
 * Of several, the newest is read in full, and of each older one the files that are not the
 * inodes of the one before, so that what they share is read once.
 *
 * Nothing is locked: backups go on meanwhile, and a snapshot that one of them removes is not
 * a damaged one. What came of each is kept at once (verdict.h), and a line in the history
 * tells of all.
 */
#pragma once

#include "base/strvec.h"
#include "flow/verify_tree.h"
#include "model/config.h"
#include "store/catalog.h"
#include "sys/log.h"

enum verify_verdict {
	VERIFY_GOOD,
	VERIFY_DAMAGED,
	VERIFY_NO_MANIFEST,  /* nothing to compare with */
	VERIFY_BAD_MANIFEST, /* it cannot be read */
	VERIFY_GONE,	     /* removed meanwhile */
};

const char *verify_verdict_name(enum verify_verdict verdict);

struct verify_damage {
	char *path;
	unsigned faults; /* enum verify_fault */
	uint64_t ino;	 /* 0: not a file of the snapshot that others may share */
	struct strvec
		also; /* TIER/NAME of other snapshots that hold the very same file */
};

enum { VERIFY_DAMAGES_MAX = 10000 };

struct verified {
	char *name;
	enum snapshot_tier tier;
	enum verify_verdict verdict;
	char *why; /* VERIFY_BAD_MANIFEST, else NULL */
	struct verify_result result;
	struct verify_damage
		*damages; /* the first VERIFY_DAMAGES_MAX of result.findings */
	size_t n, cap;
};

struct verification {
	struct verified *v; /* newest first */
	size_t n, cap;
};

/* For CLEANUP(). */
void verification_release(struct verification *verification);

/*
 * Verifies the snapshots that `names` means, each as for catalog_pick(); or `all`. Problems
 * with remembering are logged. What was done up to an error is in the verification.
 * -EINTR: a signal came; -ENOENT, -EINVAL: a name means none, or several.
 */
int flow_verify(const struct config *config, const struct strvec *names, bool all,
		struct log *log, struct verification *ret_verification,
		struct error *err);
