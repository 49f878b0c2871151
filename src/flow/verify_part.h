/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Whether what is to be restored is still what was saved: before anything is written, all
 * of it is read and compared with the snapshot's manifest (verify_tree.h). Not while it is
 * copied: then a damaged file would have replaced a good one by the time it is found.
 */
#pragma once

#include "base/strvec.h"
#include "model/config.h"
#include "store/store.h"
#include "sys/log.h"

/*
 * `tree` is the snapshot's path; `only`: these paths in it, NULL: all. -EUCLEAN: something
 * is not as the manifest says, what was logged; -ENOENT: there is no manifest; -EINTR: a
 * signal came.
 */
int verify_part(const struct store *store, const struct config *config, const char *name,
		const char *tree, const struct strvec *only, struct log *log,
		struct error *err);
