/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/salvage.h"

#include "store/building.h"
#include "store/latest.h"
#include "store/trash.h"
#include "sys/host.h"
#include "sys/signals.h"

int salvage(const struct store *store, const struct catalog *catalog, struct instant now,
	    unsigned threads, struct log *log, struct strvec *ret_bases,
	    struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf boot = STRBUF_INIT;
	const struct catalog_entry *newest;

	host_boot_id(&boot);
	int r = building_salvage(store, catalog, boot.buf, ret_bases, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ret_bases->n; i++)
		log_info(log, "run %s was interrupted; what it copied is used",
			 ret_bases->v[i]);

	newest = catalog_newest_whole(catalog, now.epoch);
	if (newest && latest_set(store, newest->tier, newest->name, err) < 0)
		log_warn(log, "%s, ignoring", err->msg);

	int left = trash_count(store, err);
	if (left < 0)
		return left;
	if (left == 0)
		return 0;
	log_info(log, "deleting %d tree%s that an earlier run left in the trash", left,
		 left == 1 ? "" : "s");
	if (trash_empty(store, threads, signals_fd(), err) < 0 && !signals_caught())
		log_warn(log, "%s, ignoring", err->msg);
	return 0;
}
