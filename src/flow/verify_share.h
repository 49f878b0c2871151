/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Reads VERIFY_SHARE per cent of the content again after each run, and compares it with the
 * manifests, so that after some runs everything was read, what was read longest ago first.
 *
 * It goes round in the order of the manifests (manifest.h), in all snapshots at once: from
 * the path where the run before ended, so much of the newest snapshot, and in that same
 * stretch what others have that is not shared with it. So nothing slips through when
 * snapshots come and go, and one path is all there is to remember: .backup/verify.json,
 * {"path": as in mtree(5), "dir": whether it is one, "since": when this round began}.
 *
 * Damage is a warning, and is noted (verdict.h). At the end of a round, those that were there
 * all the time and have no damage are noted as verified.
 */
#pragma once

#include "model/config.h"
#include "store/store.h"
#include "sys/log.h"

/* For the holder of the store's lock. How many snapshots it found damaged. */
unsigned verify_share(const struct config *config, const struct store *store,
		      struct log *log);
