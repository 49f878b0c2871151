/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/aftermath.h"

#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flow/conclude.h"
#include "flow/quiesce.h"
#include "flow/recover.h"
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

static const char *guess(int signo)
{
	return signo == SIGKILL ? ", by hand or for lack of memory" : "";
}

int flow_aftermath(const struct config *config, const struct killed_run *run,
		   struct log *log)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(report_release)
	struct report report = {
		.result = REPORT_FAILED,
		.exit_code = EXIT_FAILED,
		.start = run->start,
		.dry_run = config->dry_run,
	};

	if (run->settled >= 0) {
		log_warn(log,
			 "the run's process was killed by signal %d%s, after all that it "
			 "was to do; a mail may not have been sent",
			 run->signo, guess(run->signo));
		if (config->scale != CONFIG_SCALE_OFF && !config->dry_run)
			aftermath_bring_back(config, "run", &store, log);
		return run->settled;
	}
	log_error(log, "the run's process was killed by signal %d%s", run->signo,
		  guess(run->signo));
	aftermath_bring_back(config, "run", &store, log);

	report.reason = log_last_error(log);
	report.warnings = log_warnings(log);
	report.duration = clock_monotonic() - run->started;
	log_info(log, "backup failed; no earlier snapshot was changed");
	conclude_write_down(&report, config, &store, log);
	conclude_tell(&report, true, config, &store, log);
	return report.exit_code;
}
