/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Services that a run which died left down, brought back by their marks.
 */
#pragma once

#include "docker/docker.h"
#include "model/config.h"
#include "sys/log.h"

struct recovered {
	unsigned restored;
	unsigned foreign; /* of other destinations: reported, left alone */
	unsigned failed;
};

/*
 * Brings back every service marked for `destination`, or for any when `all`, and waits
 * until they run. The caller holds the destination's lock, so that whoever marked them
 * is dead. With `dry_run` it only says what it would do.
 */
int recover_services(struct docker *docker, const struct config *config,
		     const char *destination, bool all, bool dry_run, struct log *log,
		     struct recovered *ret, struct error *err);

/*
 * The whole of `backup recover`: lock, connect, bring back. Returns the exit code. A
 * destination that cannot be opened is a warning with `all`, and an error without.
 */
int flow_recover(const struct config *config, bool all, struct log *log);
