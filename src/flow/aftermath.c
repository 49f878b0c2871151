/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/aftermath.h"

#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flow/metrics.h"
#include "flow/notify.h"
#include "flow/quiesce.h"
#include "flow/recover.h"
#include "store/history.h"
#include "store/store.h"
#include "sys/clock.h"

enum { LOCK_SECONDS = 30 }; /* for what the dead run started to end, too */

static int bring_back(const struct config *config, const struct store *store,
		      struct log *log, struct error *err)
{
	CLEANUP(docker_closep) struct docker *docker = NULL;
	struct recovered done;

	int r = quiesce_connect(config, (enum config_scale)config->scale, log, &docker,
				err);
	if (r < 0 || !docker)
		return r;
	return recover_services(docker, config, store->id, false, false, log, &done, err);
}

void aftermath_bring_back(const struct config *config, const char *what,
			  struct store *store, struct log *log)
{
	CLEANUP(freep)
	char *sign = xasprintf("process %ld, after a %s that was killed", (long)getpid(),
			       what);
	struct error err;

	int r = store_open(store, config->dest, &err);
	if (r >= 0)
		r = store_lock(store, LOCK_SECONDS, -1, sign, false, &err);
	if (r >= 0 && !config->dry_run)
		r = bring_back(config, store, log, &err);
	if (r < 0)
		log_error(log,
			  "%s; 'backup recover' brings back services that are still down",
			  err.msg);
}

int flow_aftermath(const struct config *config, int signo, struct log *log)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(report_release)
	struct report report = {
		.result = REPORT_FAILED,
		.exit_code = EXIT_FAILED,
		.start = clock_now(),
		.dry_run = config->dry_run,
	};
	struct error err;

	log_error(log, "the run's process was killed by signal %d%s", signo,
		  signo == SIGKILL ? ", by hand or for lack of memory" : "");
	aftermath_bring_back(config, "run", &store, log);

	report.reason = log_last_error(log);
	report.warnings = log_warnings(log);
	log_info(log, "backup failed; no earlier snapshot was changed");
	notify(&report, true, config, log);
	if (store.lock >= 0 && !config->dry_run && store_is_ours(&store) &&
	    history_append(&store, &report, &err) < 0)
		log_warn(log, "%s, ignoring", err.msg);
	metrics_leave(config, &store, &report, log);
	return EXIT_FAILED;
}
