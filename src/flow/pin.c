/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/pin.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "model/report.h"
#include "store/catalog.h"
#include "store/pin.h"
#include "sys/clock.h"
#include "sys/signals.h"

/* The names that are meant, as they are now. */
static int find(const struct store *store, const struct strvec *names,
		struct strvec *ret_found, struct error *err)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	const struct catalog_entry *entry = NULL;
	int64_t now = clock_now().epoch;

	int r = catalog_load(&catalog, store, err);
	for (size_t i = 0; r >= 0 && i < names->n; i++) {
		r = catalog_pick(&catalog, names->v[i], now, &entry, err);
		if (r >= 0 && !strvec_has(ret_found, entry->name))
			strvec_push(ret_found, entry->name);
	}
	return r;
}

/* The lock, without which a snapshot may be removed while it is being pinned. */
static int lock(struct store *store, const struct config *config, struct error *err)
{
	CLEANUP(freep) char *sign = xasprintf("process %ld, pinning", (long)getpid());

	int r = store_lock(store, (double)config->lock_wait, signals_fd(), sign, true,
			   err);
	return r >= 0 ? store_make_dirs(store, err) : r;
}

static int pin(const struct config *config, const struct strvec *names, bool pinned,
	       struct log *log, struct error *err)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(strvec_release) struct strvec meant = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec found = STRVEC_INIT;
	static const char *const words[2][2] = {{"not pinned", "no longer pinned"},
						{"pinned", "pinned already"}};

	/* first without the lock: nothing is made where there is no snapshot */
	int r = store_open(&store, config->dest, err);
	if (r >= 0)
		r = find(&store, names, &meant, err);
	if (r >= 0)
		r = lock(&store, config, err);
	if (r >= 0)
		r = find(&store, &meant, &found, err);
	for (size_t i = 0; r >= 0 && i < found.n; i++) {
		const char *name = found.v[i];
		bool was = pin_is_set(&store, name) > 0;

		r = pinned ? pin_set(&store, name, err) : pin_clear(&store, name, err);
		if (r >= 0)
			log_info(log, "%s is %s", name, words[pinned][was]);
	}
	return r;
}

int flow_pin(const struct config *config, const struct strvec *names, bool pinned,
	     struct log *log)
{
	struct error err;

	int r = pin(config, names, pinned, log, &err);
	if (r >= 0)
		return EXIT_OK;
	log_error(log, "%s", err.msg);
	return r == -EWOULDBLOCK ? EXIT_LOCKED : EXIT_FAILED;
}
