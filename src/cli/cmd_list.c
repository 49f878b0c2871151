/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "flow/measure.h"
#include "flow/rotate.h"
#include "model/report.h"
#include "sys/clock.h"

struct listing {
	struct store store;
	struct catalog catalog;
	struct retention_item *items; /* in the catalog's order */
	struct retention_plan plan;
	bool measured;	    /* the next is known, in the catalog's order */
	struct sizes sizes; /* on the disk */
};

enum { TRIES = 3 };

static void listing_release(struct listing *listing)
{
	store_close(&listing->store);
	catalog_release(&listing->catalog);
	free(listing->items);
	sizes_release(&listing->sizes);
}

/* Snapshots that come or go meanwhile are listed, or not, and all is measured again. */
static int load_measured(struct listing *listing, struct log *log, struct error *err)
{
	uint64_t unreadable = 0;
	int r = -EAGAIN;

	for (int tries = 0; r == -EAGAIN && tries < TRIES; tries++) {
		catalog_release(&listing->catalog);
		r = catalog_load(&listing->catalog, &listing->store, err);
		if (r < 0 || listing->catalog.n == 0)
			return r;
		r = measure(&listing->store, &listing->catalog, log, &listing->sizes,
			    &unreadable, err);
	}
	if (r < 0)
		return r;
	listing->measured = true;
	if (unreadable > 0)
		log_warn(log,
			 "%" PRIu64 " %s could not be read: what is in there is missing "
			 "from the sizes",
			 unreadable, human_noun(unreadable, "directory", "directories"));
	return 0;
}

static int load(struct listing *listing, const struct config *config, bool size,
		struct log *log, struct error *err)
{
	int r = store_open(&listing->store, config->dest, err);
	if (r >= 0)
		r = size ? load_measured(listing, log, err)
			 : catalog_load(&listing->catalog, &listing->store, err);
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

/* What is most to be known of it, in one word. */
static const char *state(const struct catalog_entry *entry)
{
	return entry->verdict.kind == VERDICT_DAMAGED
		       ? "damaged"
		       : snapshot_status_name(entry->record.status);
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
		       snapshot_tier_name(entry->tier), entry->name, state(entry),
		       entry->recorded ? human_count(c->files, files) : "-",
		       entry->recorded ? human_bytes(c->bytes, size) : "-",
		       entry->recorded ? human_bytes(c->bytes_copied, own) : "-",
		       why.buf);
	}
}

static void print_sizes(const struct listing *listing)
{
	char files[HUMAN_MAX], bytes[HUMAN_MAX], alone[HUMAN_MAX], added[HUMAN_MAX];

	printf("%-8s %-21s %-9s %12s %11s %11s %11s\n", "TIER", "SNAPSHOT", "STATUS",
	       "FILES", "ON DISK", "ALONE", "ADDED");
	for (size_t i = 0; i < listing->catalog.n; i++) {
		const struct catalog_entry *entry = &listing->catalog.v[i];
		const struct sizes_entry *size = &listing->sizes.v[i];
		uint64_t n = entry->record.counts.files;

		printf("%-8s %-21s %-9s %12s %11s %11s %11s\n",
		       snapshot_tier_name(entry->tier), entry->name, state(entry),
		       entry->recorded ? human_count(n, files) : "-",
		       human_bytes(size->bytes, bytes), human_bytes(size->alone, alone),
		       human_bytes(size->added, added));
	}
	printf("all together: %s\n", human_bytes(listing->sizes.total, bytes));
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
	const struct verdict *verdict = &entry->verdict;
	bool known = entry->recorded;
	CLEANUP(freep) char *time = instant_rfc3339(&record->time);
	const char *action = item->remove		  ? "remove"
			     : item->target != item->tier ? "move"
							  : "keep";

	return json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o, s:o*, s:o, s:o, s:b, s:b}",
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
		json_incref(record->services), "verified",
		number_or_null(verdict->time > 0, (uint64_t)verdict->time), "verdict",
		verdict->time > 0 ? json_string(verdict_name(verdict->kind))
				  : json_null(),
		"damaged", verdict->kind == VERDICT_DAMAGED, "pinned", entry->pinned);
}

static void add_sizes(json_t *entry, const struct sizes_entry *size)
{
	json_object_set_new(entry, "disk_size", json_integer((json_int_t)size->bytes));
	json_object_set_new(entry, "alone_size", json_integer((json_int_t)size->alone));
	json_object_set_new(entry, "added_size", json_integer((json_int_t)size->added));
}

static void print_json(const struct listing *listing)
{
	CLEANUP(json_freep) json_t *array = json_array();

	for (size_t i = 0; i < listing->catalog.n; i++) {
		json_t *entry = entry_json(&listing->catalog.v[i], &listing->items[i]);
		if (listing->measured)
			add_sizes(entry, &listing->sizes.v[i]);
		json_array_append_new(array, entry);
	}
	json_dumpf(array, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false, size = false;
	const struct command_option options[] = {
		{"json", &json, NULL}, {"size", &size, NULL}, {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);
	CLEANUP(listing_release) struct listing listing = {.store = STORE_INIT};
	struct error err;

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	r = load(&listing, &config, size, log, &err);
	if (r < 0) {
		log_error(log, "%s", err.msg);
		return EXIT_FAILED;
	}
	if (json)
		print_json(&listing);
	else if (listing.measured)
		print_sizes(&listing);
	else
		print_table(&listing);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

const struct command command_list = {
	.name = "list",
	.summary = "list the snapshots, and why each is kept",
	.usage =
		"usage: backup list [--json] [--size]\n"
		"\n"
		"Lists the snapshots below BACKUP_DEST, newest first: tier, status ('damaged' if\n"
		"'backup verify' found it so), files, the size of all of them (SIZE), what it\n"
		"added when it was made (OWN), and why retention keeps it. A dash stands for what is not known of snapshots that\n"
		"other programs made. Writes nothing below BACKUP_DEST but what --size found.\n"
		"\n"
		"  --json  the same and more, as an array of objects\n"
		"  --size  measure what they take on the disk: each (ON DISK), what would be free\n"
		"          were it removed (ALONE), and what the one before it does not have\n"
		"          (ADDED). This reads every directory, and what was found is kept until\n"
		"          a snapshot comes or goes.\n"
		"\n"
		"example: backup list --size\n",
	.run = run,
};
