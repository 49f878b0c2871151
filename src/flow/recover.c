/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/recover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flow/held.h"
#include "flow/quiesce.h"
#include "model/report.h"
#include "store/store.h"
#include "sys/signals.h"

/* Picks what is to be brought back; says what is not. */
static void choose(const struct services *services, const char *destination, bool all,
		   struct log *log, struct helds *helds, struct recovered *ret)
{
	struct mark mark;

	for (size_t i = 0; i < services->n; i++) {
		const struct service *service = &services->v[i];
		const char *text = spec_label(service->spec, MARK_LABEL);

		if (!mark_parse(text, &mark)) {
			ret->foreign++;
			log_warn(
				log,
				"service '%s' has a label %s that is not understood: %s; scale it "
				"by hand and remove the label",
				service->name, MARK_LABEL, text);
		} else if (!all && strcmp(mark.destination, destination) != 0) {
			ret->foreign++;
			log_warn(
				log,
				"service '%s' is held by a backup to another destination (%s, run "
				"%s), left alone",
				service->name, mark.destination, mark.run);
		} else {
			struct held *held = helds_add(helds, service);
			held->mark = mark;
			held->down = true;
			log_info(log, "service '%s' was left down by run %s", held->name,
				 mark.run);
		}
	}
}

int recover_services(struct docker *docker, const struct config *config,
		     const char *destination, bool all, bool dry_run, struct log *log,
		     struct recovered *ret, struct error *err)
{
	CLEANUP(services_release) struct services services = SERVICES_INIT;
	CLEANUP(helds_release) struct helds helds = HELDS_INIT;
	double seconds = (double)config->start_timeout;

	*ret = (struct recovered){0};
	if (services_find(docker, MARK_LABEL, NULL, &services, err) != DOCKER_FINE)
		return -EREMOTEIO;
	choose(&services, destination, all, log, &helds, ret);
	if (helds.n == 0 || dry_run)
		return 0;

	CLEANUP(freep) struct held **order = xcalloc(helds.n, sizeof(struct held *));
	for (size_t i = 0; i < helds.n; i++)
		order[i] = &helds.v[i];
	held_start(docker, order, helds.n, seconds, log);
	if (!signals_caught())
		held_wait_running(docker, order, helds.n, seconds);
	for (size_t i = 0; i < helds.n; i++) {
		ret->failed += helds.v[i].error != NULL;
		ret->restored += helds.v[i].error == NULL;
		if (helds.v[i].error)
			log_error(log, "service '%s' is not back: %s", helds.v[i].name,
				  helds.v[i].error);
	}
	if (ret->failed > 0)
		return error_say(err, -EIO, "%u of %zu services did not come back",
				 ret->failed, helds.n);
	return 0;
}

static int recover(const struct config *config, bool all, struct log *log,
		   struct store *store, struct error *err)
{
	CLEANUP(docker_closep) struct docker *docker = NULL;
	CLEANUP(freep) char *sign = xasprintf("process %ld, recovering", (long)getpid());
	struct recovered done;

	int r = store_open(store, config->dest, err);
	if (r >= 0)
		r = store_lock(store, (double)config->lock_wait, signals_fd(), sign,
			       false, err);
	if (r < 0 && (!all || r == -EWOULDBLOCK))
		return r;
	if (r < 0)
		log_warn(log, "%s", err->msg);
	r = quiesce_connect(config, CONFIG_SCALE_REQUIRED, log, &docker, err);
	if (r < 0)
		return r;
	r = recover_services(docker, config, store->id, all, config->dry_run, log, &done,
			     err);
	if (r >= 0)
		log_info(log, "%u service%s brought back", done.restored,
			 done.restored == 1 ? "" : "s");
	return r;
}

int flow_recover(const struct config *config, bool all, struct log *log)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	struct error err;

	int r = recover(config, all, log, &store, &err);
	if (r >= 0)
		return EXIT_OK;
	log_error(log, "%s", err.msg);
	return r == -EWOULDBLOCK ? EXIT_LOCKED : EXIT_FAILED;
}
