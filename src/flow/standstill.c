/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/standstill.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flow/aftermath.h"
#include "flow/recover.h"
#include "model/report.h"
#include "sys/host.h"
#include "sys/lock.h"
#include "sys/signals.h"

int standstill_lock(struct store *store, const struct config *config, bool services,
		    struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT;

	host_name(&host);
	CLEANUP(freep)
	char *sign = xasprintf("process %ld on %s, restoring", (long)getpid(), host.buf);
	int r = store_lock(store, (double)config->lock_wait, signals_fd(), sign, services,
			   err);
	if (r == -EWOULDBLOCK) {
		CLEANUP(freep) char *why = xstrdup(err->msg);
		error_say(err, r,
			  "%s; a backup of files that are being restored would be of no "
			  "use. To wait for it, set LOCK_WAIT, such as LOCK_WAIT=2h",
			  why);
	}
	if (r < 0)
		return r;
	if (store->lock >= 0) {
		lock_sign(store->lock, sign);
		store->is_signed = true;
	}
	return services ? store_prepare(store, err) : 0;
}

int standstill_begin(struct standstill *standstill, const struct store *store,
		     const struct config *config, const char *name, struct log *log,
		     struct error *err)
{
	struct recovered done;

	if (config->scale == CONFIG_SCALE_OFF)
		return error_say(err, -EINVAL,
				 "--quiesce stops services, and SCALE=off forbids it");
	int r = quiesce_connect(config, CONFIG_SCALE_REQUIRED, log, &standstill->docker,
				err);
	if (r >= 0)
		r = recover_services(standstill->docker, config, store->id, false,
				     config->dry_run, log, &done, err);
	if (r >= 0)
		r = quiesce_select(standstill->docker, config, log, store->id, name,
				   &standstill->quiesce, err);
	if (r < 0)
		return r;
	if (!config->dry_run)
		return quiesce_stop(standstill->quiesce, err);
	quiesce_preview(standstill->quiesce);
	return 0;
}

int standstill_end(struct standstill *standstill, const struct config *config,
		   struct error *err)
{
	return standstill->quiesce && !config->dry_run
		       ? quiesce_start(standstill->quiesce, err)
		       : 0;
}

void standstill_release(struct standstill *standstill)
{
	quiesce_free(standstill->quiesce);
	docker_close(standstill->docker);
}

int standstill_aftermath(const struct config *config, int signo, struct log *log)
{
	CLEANUP(store_close) struct store store = STORE_INIT;

	log_error(log, "the restore's process was killed by signal %d%s", signo,
		  signo == SIGKILL ? ", by hand or for lack of memory" : "");
	aftermath_bring_back(config, "restore", &store, log);
	log_info(log, "the restore is not complete: do it again");
	return EXIT_FAILED;
}
