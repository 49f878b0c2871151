/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Whether what is to be restored is still what was saved, by the snapshot's manifest: what
 * can be known without reading any file, before anything is written; and the content as it
 * is copied, by what is learnt here (digests.h).
 */
#pragma once

#include "base/strvec.h"
#include "model/config.h"
#include "store/store.h"
#include "sys/digests.h"
#include "sys/log.h"

struct verify_part {
	const struct store *store;
	const struct config *config;
	const char *name;		      /* the snapshot's */
	const char *tree;		      /* its path */
	const struct strvec *only;	      /* these paths in it; NULL: all */
	const struct snapshot_counts *counts; /* of it; NULL: not known */
	struct log *log;
};

/*
 * Compares the names and attributes. In a dry run, which copies nothing, also the content;
 * else `digests` gets to know what that should be, and which files are damaged. What is not
 * as the manifest says is logged.
 *
 * 0; 1: something is damaged; -ENOENT: there is no manifest; -EINTR: a signal came; others:
 * it cannot be used.
 */
int verify_part(const struct verify_part *part, struct digests *digests,
		struct error *err);
