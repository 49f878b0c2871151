/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/prune.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/human.h"
#include "flow/rotate.h"
#include "model/report.h"
#include "sys/clock.h"
#include "sys/signals.h"

static int open_locked(struct store *store, const struct config *config,
		       struct error *err)
{
	CLEANUP(freep) char *sign = xasprintf("process %ld, pruning", (long)getpid());

	int r = store_open(store, config->dest, err);
	if (r >= 0)
		r = store_lock(store, (double)config->lock_wait, signals_fd(), sign,
			       !config->dry_run, err);
	if (r >= 0 && !config->dry_run)
		r = store_prepare(store, err);
	return r;
}

static int prune(const struct config *config, struct store *store, struct log *log,
		 struct error *err)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(freep) struct retention_item *items = NULL;
	struct retention_plan plan;
	unsigned removed = 0;

	int r = open_locked(store, config, err);
	if (r >= 0)
		r = catalog_load(&catalog, store, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < catalog.warnings.n; i++)
		log_warn(log, "%s", catalog.warnings.v[i]);

	items = rotate_plan(store, &catalog, config, NULL, NULL, clock_now(), &plan);
	rotate_explain(&plan, log);
	if (config->dry_run)
		rotate_preview(&catalog, items, log);
	else
		r = rotate_carry_out(store, &catalog, items, log, &removed, err);
	if (r >= 0 && !config->dry_run)
		r = rotate_empty_trash(store, config, log, err);
	log_info(log, "%zu %s, %zu %s, %zu %s", catalog.n,
		 human_noun(catalog.n, "snapshot", "snapshots"), plan.moves,
		 config->dry_run ? "would be moved" : "moved",
		 config->dry_run ? plan.removals : (size_t)removed,
		 config->dry_run ? "would be removed" : "removed");
	return r;
}

int flow_prune(const struct config *config, struct log *log)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	struct error err;

	int r = prune(config, &store, log, &err);
	if (r >= 0)
		return EXIT_OK;
	log_error(log, "%s", err.msg);
	return r == -EWOULDBLOCK ? EXIT_LOCKED : EXIT_FAILED;
}
