/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/run.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/human.h"
#include "flow/checksums.h"
#include "flow/conclude.h"
#include "flow/courtesy.h"
#include "flow/destination.h"
#include "flow/judge.h"
#include "flow/prepass.h"
#include "flow/progress.h"
#include "flow/quiesce.h"
#include "flow/recover.h"
#include "flow/rotate.h"
#include "flow/salvage.h"
#include "flow/source.h"
#include "store/building.h"
#include "store/latest.h"
#include "store/trash.h"
#include "sys/clock.h"
#include "sys/host.h"
#include "sys/signals.h"

struct run {
	const struct config *config;
	const struct engine *engine;
	struct log *log;
	struct report *report;
	pid_t owner;

	struct source source;
	struct store store;
	struct docker *docker;	  /* NULL: no services are stopped */
	struct quiesce *quiesce;  /* likewise */
	bool adopts;		  /* the destination holds snapshots and was never ours */
	struct catalog catalog;	  /* as it was before this run */
	struct strvec leftovers;  /* names in building/ to link from */
	struct strvec base_names; /* snapshots linked from */
	struct strvec bases;	  /* paths of both, for the engine */
	char *table;		  /* path of the first one's, if it has one */
	struct fscaps caps;	  /* the destination's */

	double started; /* monotonic */
	struct progress progress;
	char *pre_name; /* of the pre-pass in building/, NULL: none */
	char *name;	/* of the snapshot being made */
	enum snapshot_status status;
};

static void begin_progress(struct run *run)
{
	progress_begin(&run->progress, run->log,
		       run->catalog.n > 0 ? &run->catalog.v[0].record.counts : NULL,
		       clock_monotonic());
	run->progress.in_log = true;
}

static int check_interrupted(struct error *err)
{
	return signals_caught() ? error_say(err, -EINTR, "interrupted") : 0;
}

/* Looks and does not touch: what is wrong here fails the run before anything is written. */
static int check_source(struct run *run, struct error *err)
{
	CLEANUP(freep) char *version = NULL;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;

	int r = source_open(&run->source, run->config, err);
	if (r >= 0)
		r = source_check_separate(&run->source, run->config, err);
	if (r >= 0)
		r = run->engine->probe(run->engine, &version, &warnings, err);
	if (r < 0)
		return r;
	log_info(run->log, "source '%s', destination '%s', %s", run->source.path,
		 run->config->dest, version);
	for (size_t i = 0; i < warnings.n; i++)
		log_warn(run->log, "%s", warnings.v[i]);
	for (size_t i = 0; i < run->source.left_out.n; i++)
		log_info(run->log, "leaving out '%s', which a restore left",
			 run->source.left_out.v[i]);
	return 0;
}

static int take_lock(struct run *run, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT;
	struct civil c =
		civil_from_epoch(run->report->start.epoch, run->report->start.offset);
	char since[SNAPSHOT_NAME_MAX];

	int r = destination_open(&run->store, run->config, err);
	if (r < 0)
		return r;
	host_name(&host);
	snapshot_name(&c, 1, since);
	CLEANUP(freep)
	char *sign = xasprintf("process %ld on %s since %s", (long)run->owner, host.buf,
			       since);
	r = store_lock(&run->store, (double)run->config->lock_wait, signals_fd(), sign,
		       !run->config->dry_run, err);
	if (r >= 0) /* while it waited, others may have made snapshots */
		run->report->start = clock_now();
	if (r == -EWOULDBLOCK) {
		CLEANUP(freep) char *why = xstrdup(err->msg);
		error_say(err, r,
			  "%s; to wait for it, set LOCK_WAIT, such as LOCK_WAIT=2h", why);
	}
	return r;
}

/* Makes the empty directory that is copied to; nobody but this run links to a pre-pass. */
static int begin_building(struct run *run, const char *name, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf boot = STRBUF_INIT;

	if (name != run->pre_name)
		host_boot_id(&boot);
	return building_begin(&run->store, name, boot.buf, err);
}

/*
 * What interrupted runs copied must not be what keeps this one from succeeding. With it
 * goes what was copied to building/<name> (NULL: nothing yet), which may be links to it,
 * and that is begun anew. False: there is no use in trying again.
 */
static bool make_room(struct run *run, const char *name)
{
	size_t dead = run->leftovers.n;
	int r = 0;

	if (dead == 0 || signals_caught())
		return false;
	log_info(run->log, "there is no room: deleting what interrupted runs copied%s",
		 name ? ", and copying once more" : "");
	if (name) {
		strvec_cut(&run->bases, run->bases.n - dead);
		strvec_push(&run->leftovers, name);
	}
	for (size_t i = 0; r >= 0 && i < run->leftovers.n; i++)
		r = building_discard(&run->store, run->leftovers.v[i], NULL);
	strvec_release(&run->leftovers);
	if (r >= 0)
		r = trash_empty(&run->store, (unsigned)run->config->threads, signals_fd(),
				NULL);
	if (r >= 0 && name)
		r = begin_building(run, name, NULL);
	return r >= 0;
}

/* Opens what is there, and in a real run makes what is missing and tries it out. */
static int prepare_destination(struct run *run, struct error *err)
{
	bool was_ours = store_is_ours(&run->store);

	int r = run->config->dry_run ? 0 : store_prepare(&run->store, err);
	if (r >= 0)
		r = catalog_load(&run->catalog, &run->store, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->catalog.warnings.n; i++)
		log_warn(run->log, "%s", run->catalog.warnings.v[i]);
	run->adopts = !was_ours && run->catalog.n > 0;
	if (run->config->dry_run) {
		fscaps_look(run->store.meta, &run->caps);
		destination_tell(&run->caps, false, run->log);
		return 0;
	}

	r = salvage(&run->store, &run->catalog, run->report->start,
		    (unsigned)run->config->threads, run->log, &run->leftovers, err);
	if (r < 0)
		return r;
	uint64_t dirs = run->catalog.n ? run->catalog.v[0].record.counts.dirs : 0;
	r = destination_check(&run->store, dirs, &run->caps, err);
	if (destination_is_full(r) && make_room(run, NULL))
		r = destination_check(&run->store, dirs, &run->caps, err);
	if (r < 0)
		return r;
	destination_tell(&run->caps, true, run->log);
	return 0;
}

static void add_base(struct run *run, const struct catalog_entry *entry)
{
	if (!entry || strvec_has(&run->base_names, entry->name))
		return;
	strvec_push(&run->base_names, entry->name);
	strvec_push_owned(&run->bases,
			  store_snapshot_path(&run->store, entry->tier, entry->name));
	log_info(run->log, "linking unchanged files to %s/%s",
		 snapshot_tier_name(entry->tier), entry->name);
}

/*
 * Links come from the newest snapshot, from the newest good one where that is another
 * (what a partial one lacks is not copied again), and from what dead runs copied.
 */
static void choose_bases(struct run *run)
{
	if (run->catalog.n > 0)
		add_base(run, &run->catalog.v[0]);
	add_base(run, catalog_newest_good(&run->catalog, INT64_MAX));
	if (run->base_names.n > 0)
		run->table = store_table_path(&run->store, run->base_names.v[0]);
	else
		log_info(run->log,
			 "there is no snapshot to link to: this one is a full copy");
	for (size_t i = 0; i < run->leftovers.n; i++)
		strvec_push_owned(&run->bases,
				  store_building_path(&run->store, run->leftovers.v[i]));
}

static int begin(struct run *run, struct error *err)
{
	struct civil c =
		civil_from_epoch(run->report->start.epoch, run->report->start.offset);

	int r = building_pick_name(&run->store, &c, &run->name, err);
	return r < 0 || run->config->dry_run ? r : begin_building(run, run->name, err);
}

static struct engine_job make_job(struct run *run, const char *target, const char *table)
{
	const struct config *config = run->config;

	return (struct engine_job){
		.source = run->source.path,
		.target = target,
		.bases = &run->bases,
		.unfinished = run->leftovers.n,
		.old_table = run->table,
		.new_table = table,
		.patterns = &run->source.patterns,
		.exclude_caches = config->exclude_caches,
		.exclude_if_present = config->exclude_if_present,
		.one_file_system = config->one_file_system,
		.detect_holes = config->sparse == CONFIG_SPARSE_DETECT,
		.checksum = config->checksum,
		.xattrs = run->caps.xattrs,
		.acls = run->caps.acls,
		.nanoseconds = run->caps.nanoseconds,
		.oldest = run->caps.oldest,
		.newest = run->caps.newest,
		.dry_run = config->dry_run,
		.bwlimit = config->bwlimit,
		.threads = (unsigned)config->threads,
		.lock_fd = run->store.lock,
		.cancel_fd = signals_fd(),
		.note = progress_note,
		.progress = progress_show,
		.note_ctx = &run->progress,
	};
}

static int try_pre_pass(struct run *run, const char *target, const char *table,
			struct snapshot_counts *ret_counts, struct error *err)
{
	struct engine_job job = make_job(run, target, table);

	int io = courtesy_enter(run->config, true, run->log);
	begin_progress(run);
	int r = prepass_copy(run->engine, &job, &run->source, &run->store, run->pre_name,
			     run->log, ret_counts, err);
	progress_end(&run->progress);
	courtesy_leave(io, run->log);
	return r;
}

/* While services are up; what it copies is linked from when they are down. */
static int pre_pass(struct run *run, struct snapshot_counts *ret_counts,
		    struct error *err)
{
	struct civil c =
		civil_from_epoch(run->report->start.epoch, run->report->start.offset);
	const struct catalog_entry *good = catalog_newest_good(&run->catalog, INT64_MAX);

	if (run->config->dry_run ||
	    !prepass_is_worthwhile(run->config, run->quiesce, good))
		return 0;
	int r = building_pick_name(&run->store, &c, &run->pre_name, err);
	if (r >= 0)
		r = begin_building(run, run->pre_name, err);
	if (r < 0)
		return r;
	CLEANUP(freep) char *target = store_building_path(&run->store, run->pre_name);
	char *table = store_building_table_path(&run->store, run->pre_name);

	r = try_pre_pass(run, target, table, ret_counts, err);
	if (destination_is_full(r) && make_room(run, run->pre_name))
		r = try_pre_pass(run, target, table, ret_counts, err);
	if (r < 0)
		free(table);
	if (r == -EINTR || destination_is_full(r))
		return r;
	if (r < 0) {
		log_warn(run->log, "%s, going on without it", err->msg);
		*ret_counts = (struct snapshot_counts){0};
		return 0;
	}
	strvec_push_front(&run->bases, target);
	free(run->table);
	run->table = table;
	return 0;
}

static int try_copy(struct run *run, const char *target, const char *table,
		    enum engine_outcome *ret_outcome, struct error *err)
{
	const struct engine_job job = make_job(run, target, table);

	log_detail(run->log, "copying to '%s', %zu %s to link from", target, run->bases.n,
		   human_noun(run->bases.n, "place", "places"));
	int io = courtesy_enter(run->config, false, run->log);
	begin_progress(run);
	int r = run->engine->copy(run->engine, &job, &run->report->counts, ret_outcome,
				  err);
	progress_end(&run->progress);
	courtesy_leave(io, run->log);
	return r;
}

static int copy(struct run *run, const struct snapshot_counts *before, struct error *err)
{
	CLEANUP(freep) char *target = store_building_path(&run->store, run->name);
	CLEANUP(freep) char *table = store_building_table_path(&run->store, run->name);
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;
	enum engine_outcome outcome;
	double started = clock_monotonic();
	char took[HUMAN_MAX];

	int r = try_copy(run, target, table, &outcome, err);
	if (destination_is_full(r) && make_room(run, run->name))
		r = try_copy(run, target, table, &outcome, err);
	if (r == -ENOENT) /* an engine need not find out what became of the source */
		source_check_same(&run->source, err);
	if (r < 0)
		return r;
	run->status = outcome == ENGINE_PARTIAL ? SNAPSHOT_PARTIAL : SNAPSHOT_COMPLETE;
	snapshot_counts_add_pass(&run->report->counts, before);

	report_summary(run->report, &lines);
	log_info(run->log, "%s in %s", run->config->dry_run ? "compared" : "copied",
		 human_duration(clock_monotonic() - started, took));
	for (size_t i = 0; i < lines.n; i++)
		log_info(run->log, "  %s", lines.v[i]);
	return source_check_same(&run->source, err);
}

/* Brings back what a dead run left down, before anything else is done. */
static int connect_services(struct run *run, struct error *err)
{
	struct recovered done;

	int r = quiesce_connect(run->config, (enum config_scale)run->config->scale,
				run->log, &run->docker, err);
	if (r < 0 || !run->docker)
		return r;
	r = recover_services(run->docker, run->config, run->store.id, false,
			     run->config->dry_run, run->log, &done, err);
	return r < 0 ? error_prefix(err, r, "left over by an earlier run") : 0;
}

/*
 * The copy with services down. They are brought back after a failure too; `ret_lost`
 * tells that they were not, when the copy itself is good.
 */
static int copy_quiesced(struct run *run, bool *ret_lost, struct error *err)
{
	struct snapshot_counts before = {0};
	struct error lost = {0};
	int r = 0;

	courtesy_begin(run->config, run->log);
	if (run->docker)
		r = quiesce_select(run->docker, run->config, run->log, run->store.id,
				   run->name, &run->quiesce, err);
	if (r >= 0)
		r = pre_pass(run, &before, err);
	if (r < 0)
		return r;
	if (run->quiesce && run->config->dry_run)
		quiesce_preview(run->quiesce);
	else if (run->quiesce)
		r = quiesce_stop(run->quiesce, err);
	if (r >= 0)
		r = copy(run, &before, err);
	if (!run->quiesce || run->config->dry_run)
		return r;

	int back = quiesce_start(run->quiesce, &lost);
	quiesce_report(run->quiesce, run->report);
	*ret_lost = back < 0 && r >= 0;
	if (*ret_lost)
		*err = lost;
	return r;
}

static int publish(struct run *run, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT;

	/* services are up again by now */
	int r = check_interrupted(err);
	if (r < 0)
		return r;
	r = store_sync(&run->store, err);
	if (r < 0) {
		/* parts of what was copied may be lost: nobody may link to it */
		building_discard(&run->store, run->name, NULL);
		for (size_t i = 0; i < run->leftovers.n; i++)
			building_discard(&run->store, run->leftovers.v[i], NULL);
		return r;
	}
	host_name(&host);
	CLEANUP(json_freep) json_t *services = report_services_json(run->report);
	const struct record record = {
		.time = run->report->start,
		.status = run->status,
		.host = host.buf,
		.source = run->source.path,
		.engine = xstrdup(run->engine->name),
		.duration = clock_monotonic() - run->started,
		.counts = run->report->counts,
		.services = services,
	};
	r = building_publish(&run->store, run->name, &record, err);
	free(record.engine);
	if (r < 0)
		return r;
	run->report->snapshot = xstrdup(run->name);
	log_info(run->log, "published daily/%s%s%s", run->name,
		 run->status == SNAPSHOT_COMPLETE ? "" : ", ",
		 run->status == SNAPSHOT_COMPLETE ? ""
						  : snapshot_status_name(run->status));

	/* a partial snapshot is the latest only while there is nothing better */
	if (run->status == SNAPSHOT_PARTIAL &&
	    catalog_newest_whole(&run->catalog, INT64_MAX))
		return 0;
	if (latest_set(&run->store, SNAPSHOT_DAILY, run->name, err) < 0)
		log_warn(run->log, "%s", err->msg);
	return 0;
}

/* Why this run must remove nothing; NULL when it may. */
static const char *why_not_rotate(const struct run *run)
{
	if (run->status == SNAPSHOT_PARTIAL)
		return "some files could not be read";
	if (run->status == SNAPSHOT_SHRUNK)
		return "the source shrank";
	if (run->adopts)
		return "this is the first run on a destination that others made";
	return NULL;
}

static int rotate(struct run *run, struct error *err)
{
	CLEANUP(catalog_release) struct catalog now = CATALOG_INIT;
	CLEANUP(strvec_release) struct strvec protect = STRVEC_INIT;
	CLEANUP(freep) struct retention_item *items = NULL;
	const char *why_not = why_not_rotate(run);
	const char *upcoming = run->config->dry_run ? run->name : NULL;
	struct retention_plan plan;

	if (why_not)
		log_info(run->log, "no snapshot is moved or removed: %s", why_not);
	if (why_not || signals_caught())
		return 0;

	int r = catalog_load(&now, &run->store, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->base_names.n; i++)
		strvec_push(&protect, run->base_names.v[i]);
	strvec_push(&protect, run->name);
	items = rotate_plan(&run->store, &now, run->config, &protect, upcoming,
			    run->report->start, &plan);
	rotate_explain(&plan, run->log);
	if (run->config->dry_run)
		rotate_preview(&now, items, run->log);
	else
		r = rotate_carry_out(&run->store, &now, items, run->log,
				     &run->report->removed, err);
	run->report->kept = (unsigned)(now.n + (upcoming ? 1 : 0) - plan.removals);
	return r;
}

/* What was linked from and what was removed goes; then there is room for checksums. */
static void clean_up(struct run *run, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < run->leftovers.n; i++)
		r = building_discard(&run->store, run->leftovers.v[i], err);
	if (r >= 0 && run->pre_name)
		r = building_discard(&run->store, run->pre_name, err);
	if (r >= 0 && !signals_caught())
		r = rotate_empty_trash(&run->store, run->config, run->log, err);
	if (r < 0 && r != -EINTR)
		log_warn(run->log, "%s, ignoring", err->msg);
	run->report->damaged =
		checksums_update(run->config, &run->store, run->name, run->log);
}

static int do_run(struct run *run, struct error *err)
{
	bool dry = run->config->dry_run, lost = false;
	struct error later;
	int r;

	if ((r = check_source(run, err)) < 0 || (r = take_lock(run, err)) < 0 ||
	    (r = connect_services(run, err)) < 0 ||
	    (r = prepare_destination(run, err)) < 0 || (r = check_interrupted(err)) < 0)
		return r;
	choose_bases(run);
	if ((r = begin(run, err)) < 0 || (r = copy_quiesced(run, &lost, err)) < 0)
		return r;
	if (run->status == SNAPSHOT_COMPLETE)
		run->status = judge_copy(&run->store, &run->catalog, run->config,
					 &run->report->counts, run->log);
	if (dry)
		log_info(run->log, "would publish daily/%s", run->name);
	else if ((r = publish(run, lost ? &later : err)) < 0) {
		if (lost)
			log_error(run->log, "%s", later.msg);
		return r;
	}
	run->report->kept = (unsigned)run->catalog.n + 1; /* until some are removed */
	if (lost) /* the snapshot is good; that a service is not back fails the run */
		return -EREMOTEIO;
	if ((r = rotate(run, err)) < 0)
		return r;
	if (!dry)
		clean_up(run, err);
	return check_interrupted(err);
}

int flow_run(const struct config *config, const struct engine *engine, pid_t owner,
	     struct log *log, struct report *report)
{
	struct run run = {
		.config = config,
		.engine = engine,
		.log = log,
		.report = report,
		.owner = owner,
		.source = SOURCE_INIT,
		.store = STORE_INIT,
		.started = clock_monotonic(),
	};
	struct error err = {0};

	report->start = clock_now();
	report->dry_run = config->dry_run;
	int r = do_run(&run, &err);
	report->duration = clock_monotonic() - run.started;
	conclude(report, r, &err, run.status, config, &run.store, log);

	store_close(&run.store);
	source_release(&run.source);
	catalog_release(&run.catalog);
	strvec_release(&run.leftovers);
	strvec_release(&run.base_names);
	strvec_release(&run.bases);
	quiesce_free(run.quiesce);
	docker_close(run.docker);
	free(run.table);
	free(run.pre_name);
	free(run.name);
	return report->exit_code;
}
