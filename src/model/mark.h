/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What we write on a service while we hold it at zero, so that anybody can bring it back:
 * the value of the label MARK_LABEL, set in the same update as the count. It is in the
 * Swarm's own store, and survives us and the node.
 *
 *	{"destination": "2f...", "run": "2026-11-23_03-00-00", "replicas": 3}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MARK_LABEL "backup-container.quiesced"

/* A placement constraint that no node meets: it drains a global service. */
#define MARK_CONSTRAINT "node.id==quiesced-by-backup-container"

struct mark {
	char destination[64]; /* the identifier in .backup/format */
	char run[64];	      /* the name of its snapshot */
	bool global;	      /* drained by MARK_CONSTRAINT; no count */
	int64_t replicas;     /* the count it had; -1: its spec did not say */
};

/* The label's value; the caller frees it. */
char *mark_format(const struct mark *mark);

/* False: it is not understood. */
bool mark_parse(const char *text, struct mark *ret_mark);
