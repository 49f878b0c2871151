/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "flow/rotate.h"
#include "model/report.h"
#include "sys/clock.h"

struct listing {
	struct store store;
	struct catalog catalog;
	struct retention_item *items; /* in the catalog's order */
	struct retention_plan plan;
};

static void listing_release(struct listing *listing)
{
	store_close(&listing->store);
	catalog_release(&listing->catalog);
	free(listing->items);
}

static int load(struct listing *listing, const struct config *config, struct log *log,
		struct error *err)
{
	int r = store_open(&listing->store, config->dest, err);
	if (r >= 0)
		r = catalog_load(&listing->catalog, &listing->store, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < listing->catalog.warnings.n; i++)
		log_warn(log, "%s", listing->catalog.warnings.v[i]);
	listing->items = rotate_plan(&listing->store, &listing->catalog, config, NULL,
				     NULL, clock_now(), &listing->plan);
	rotate_explain(&listing->plan, log);
	return 0;
}

/* What becomes of a snapshot at the next rotation, in words. */
static void describe(const struct retention_item *item, struct strbuf *out)
{
	if (item->remove)
		strbuf_addf(out, "to be removed: %s", item->reason);
	else if (item->target != item->tier)
		strbuf_addf(out, "to %s/: %s", snapshot_tier_name(item->target),
			    item->reason);
	else
		strbuf_addstr(out, item->reason);
}

static void print_table(const struct listing *listing)
{
	char files[HUMAN_MAX], size[HUMAN_MAX], own[HUMAN_MAX];

	if (listing->catalog.n == 0) {
		printf("no snapshots in '%s'\n", listing->store.path);
		return;
	}
	printf("%-8s %-21s %-9s %12s %11s %11s  %s\n", "TIER", "SNAPSHOT", "STATUS",
	       "FILES", "SIZE", "OWN", "WHY");
	for (size_t i = 0; i < listing->catalog.n; i++) {
		const struct catalog_entry *entry = &listing->catalog.v[i];
		const struct snapshot_counts *c = &entry->record.counts;
		CLEANUP(strbuf_release) struct strbuf why = STRBUF_INIT;

		describe(&listing->items[i], &why);
		printf("%-8s %-21s %-9s %12s %11s %11s  %s\n",
		       snapshot_tier_name(entry->tier), entry->name,
		       snapshot_status_name(entry->record.status),
		       entry->recorded ? human_count(c->files, files) : "-",
		       entry->recorded ? human_bytes(c->bytes, size) : "-",
		       entry->recorded ? human_bytes(c->bytes_copied, own) : "-",
		       why.buf);
	}
}

static json_t *number_or_null(bool known, uint64_t n)
{
	return known ? json_integer((json_int_t)n) : json_null();
}

static json_t *entry_json(const struct catalog_entry *entry,
			  const struct retention_item *item)
{
	const struct record *record = &entry->record;
	const struct snapshot_counts *c = &record->counts;
	bool known = entry->recorded;
	CLEANUP(freep) char *time = instant_rfc3339(&record->time);
	const char *action = item->remove		  ? "remove"
			     : item->target != item->tier ? "move"
							  : "keep";

	return json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o, s:o*}",
		"name", entry->name, "tier", snapshot_tier_name(entry->tier), "time",
		time, "epoch", (json_int_t)record->time.epoch, "status",
		snapshot_status_name(record->status), "action", action, "target",
		snapshot_tier_name(item->target), "reason", item->reason, "files",
		number_or_null(known, c->files), "directories",
		number_or_null(known, c->dirs), "new",
		number_or_null(known, c->new_files), "changed",
		number_or_null(known, c->changed), "linked",
		number_or_null(known, c->linked), "size", number_or_null(known, c->bytes),
		"own_size", number_or_null(known, c->bytes_copied), "duration",
		known ? json_real(record->duration) : json_null(), "host",
		known ? json_text(record->host) : json_null(), "source",
		known ? json_text(record->source) : json_null(), "services",
		json_incref(record->services));
}

static void print_json(const struct listing *listing)
{
	CLEANUP(json_freep) json_t *array = json_array();

	for (size_t i = 0; i < listing->catalog.n; i++)
		json_array_append_new(
			array, entry_json(&listing->catalog.v[i], &listing->items[i]));
	json_dumpf(array, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false;
	const struct command_option options[] = {{"json", &json, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);
	CLEANUP(listing_release) struct listing listing = {.store = STORE_INIT};
	struct error err;

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	r = load(&listing, &config, log, &err);
	if (r < 0) {
		log_error(log, "%s", err.msg);
		return EXIT_FAILED;
	}
	if (json)
		print_json(&listing);
	else
		print_table(&listing);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

const struct command command_list = {
	.name = "list",
	.summary = "list the snapshots, and why each is kept",
	.usage =
		"usage: backup list [--json]\n"
		"\n"
		"Lists the snapshots below BACKUP_DEST, newest first: tier, status, files, the\n"
		"size of all of them (SIZE), what it added when it was made (OWN), and why\n"
		"retention keeps it. A dash stands for what is not known of snapshots that\n"
		"other programs made. Writes nothing.\n"
		"\n"
		"  --json  the same and more, as an array of objects\n",
	.run = run,
};
