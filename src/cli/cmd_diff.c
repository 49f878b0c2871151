/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "flow/diff.h"
#include "model/report.h"
#include "store/catalog.h"
#include "sys/clock.h"
#include "sys/fs.h"

static const char *const kinds[CHANGE_KINDS] = {"added", "removed", "changed", "moved"};
static const char *const hows[] = {"type", "content", "mode", "owner",
				   "time", "xattrs",  "acl"};

struct comparison {
	struct store store;
	struct catalog catalog;
	const struct catalog_entry *snapshots[PAIR_SIDES];
	struct diff diff;
	uint64_t count[CHANGE_KINDS], bytes[CHANGE_KINDS];
};

static void comparison_release(struct comparison *c)
{
	diff_release(&c->diff);
	catalog_release(&c->catalog);
	store_close(&c->store);
}

/* Of what was removed the side that was, else the one that is. */
static const struct change_side *side_of(const struct change *change)
{
	return &change->side[change->kind == CHANGE_REMOVED ? PAIR_OLD : PAIR_NEW];
}

static void print_row(const struct change *change, bool first)
{
	const struct change_side *side = side_of(change), *old = &change->side[PAIR_OLD];
	CLEANUP(strbuf_release) struct strbuf what = STRBUF_INIT;
	char size[HUMAN_MAX];
	const char *separator = " (";

	if (change->from) {
		strbuf_add_escaped(&what, change->from, strlen(change->from));
		strbuf_addstr(&what, " -> ");
	}
	const char *path = *change->path ? change->path : ".";
	strbuf_add_escaped(&what, path, strlen(path));
	if (S_ISDIR(side->mode))
		strbuf_addch(&what, '/');
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		if (!(change->how & (1U << i)))
			continue;
		strbuf_addf(&what, "%s%s", separator, hows[i]);
		separator = ", ";
	}
	if (change->how & CHANGE_TYPE)
		strbuf_addf(&what, "; was %s", show_type(old->mode));
	else if (S_ISREG(side->mode) && change->how && old->size != side->size)
		strbuf_addf(&what, "; was %s", human_bytes(old->size, size));
	if (change->how)
		strbuf_addch(&what, ')');
	if (first)
		printf("%-8s %11s  %s\n", "WHAT", "SIZE", "PATH");
	printf("%-8s %11s  %s\n", kinds[change->kind],
	       S_ISREG(side->mode) ? human_bytes(side->size, size)
				   : show_type(side->mode),
	       what.buf);
}

static json_t *side_json(const struct change_side *side)
{
	char mode[SHOW_MAX];

	snprintf(mode, sizeof(mode), "%04o", side->mode & 07777);
	json_t *object =
		json_pack("{s:s, s:I, s:s, s:I, s:I}", "type", show_type(side->mode),
			  "size", (json_int_t)side->size, "mode", mode, "uid",
			  (json_int_t)side->uid, "gid", (json_int_t)side->gid);
	show_json_time(object, side->mtime);
	return object;
}

static json_t *change_json(const struct change *change)
{
	json_t *object = json_pack("{s:s, s:o}", "what", kinds[change->kind], "path",
				   json_text(*change->path ? change->path : "."));

	if (change->from)
		json_object_set_new(object, "from", json_text(change->from));
	if (change->how) {
		json_t *how = json_array();
		for (size_t i = 0; i < ARRAY_SIZE(hows); i++)
			if (change->how & (1U << i))
				json_array_append_new(how, json_string(hows[i]));
		json_object_set_new(object, "how", how);
	}
	if (change->kind != CHANGE_ADDED)
		json_object_set_new(object, "old", side_json(&change->side[PAIR_OLD]));
	if (change->kind != CHANGE_REMOVED)
		json_object_set_new(object, "new", side_json(&change->side[PAIR_NEW]));
	return object;
}

static char *place(const struct catalog_entry *entry)
{
	return xasprintf("%s/%s", snapshot_tier_name(entry->tier), entry->name);
}

/* One document, of which the changes are never held all at once. */
static void json_begin(const struct comparison *c, const char *path, bool stat)
{
	static const char *const names[PAIR_SIDES] = {"old", "new"};

	printf("{\n");
	for (int i = 0; i < PAIR_SIDES; i++) {
		CLEANUP(freep) char *of = place(c->snapshots[i]);
		printf("  \"%s\": \"%s\",\n", names[i], of);
	}
	CLEANUP(json_freep) json_t *value = json_text(path);
	printf("  \"path\": ");
	json_dumpf(value, stdout, JSON_ENCODE_ANY);
	fputs(stat ? "," : ",\n  \"changes\": ", stdout);
}

static void json_end(const struct comparison *c)
{
	printf("\n  \"totals\": {\n");
	for (int i = 0; i < CHANGE_KINDS; i++)
		printf("    \"%s\": {\"count\": %" PRIu64 ", \"bytes\": %" PRIu64 "},\n",
		       kinds[i], c->count[i], c->bytes[i]);
	printf("    \"same\": %" PRIu64 ",\n    \"unreadable\": %" PRIu64
	       ",\n    \"all_moved_found\": %s\n  }\n}\n",
	       c->diff.same, c->diff.unreadable,
	       c->diff.changes.capped ? "false" : "true");
}

static void print_totals(const struct comparison *c)
{
	char count[HUMAN_MAX], size[HUMAN_MAX];

	for (int i = 0; i < CHANGE_KINDS; i++)
		printf("%-8s %11s  %11s\n", kinds[i], human_count(c->count[i], count),
		       human_bytes(c->bytes[i], size));
	printf("%-8s %11s\n", "same", human_count(c->diff.same, count));
}

/* Goes through all, and prints it unless only the totals are wanted. */
static int print(struct comparison *c, const char *path, bool json, bool stat,
		 struct error *err)
{
	struct change change;
	bool first = true;
	int r;

	if (json)
		json_begin(c, path, stat);
	while ((r = changes_next(&c->diff.changes, &change, err)) > 0) {
		c->count[change.kind]++;
		if (S_ISREG(side_of(&change)->mode))
			c->bytes[change.kind] += side_of(&change)->size;
		if (json && !stat)
			show_json_item(change_json(&change), 1, &first);
		else if (!stat)
			print_row(&change, first);
		first = false;
	}
	if (json && !stat) {
		show_json_end(1, first);
		putchar(',');
	}
	if (json)
		json_end(c);
	else if (stat)
		print_totals(c);
	else if (first)
		printf("nothing differs\n");
	return r;
}

static int compare_trees(struct comparison *c, const int tops[PAIR_SIDES],
			 const char *path, struct log *log, struct error *err)
{
	/* of a part it is not known how much there is, nor of any how many bytes to read */
	const struct snapshot_counts all = {
		.files = *path ? 0 : c->snapshots[PAIR_NEW]->record.counts.files};
	struct progress progress;

	progress_begin(&progress, log, &all, clock_monotonic());
	int r = diff_trees(&c->diff, tops, path, &progress, err);
	progress_end(&progress);
	return r;
}

static int compare(struct comparison *c, const struct config *config,
		   const char *const names[PAIR_SIDES], const char *path, struct log *log,
		   struct error *err)
{
	int tops[PAIR_SIDES] = {-1, -1};

	int r = store_open(&c->store, config->dest, err);
	if (r >= 0)
		r = catalog_load(&c->catalog, &c->store, err);
	for (int i = 0; r >= 0 && i < PAIR_SIDES; i++)
		r = catalog_pick(&c->catalog, names[i], clock_now().epoch,
				 &c->snapshots[i], err);
	for (int i = 0; r >= 0 && i < PAIR_SIDES; i++)
		r = fs_open_dir(c->store.tiers[c->snapshots[i]->tier],
				c->snapshots[i]->name, &tops[i], err);
	if (r >= 0) {
		r = compare_trees(c, tops, path, log, err);
		if (r == -ENOENT)
			error_say(err, r, "there is no '%s' in snapshot %s, nor in %s",
				  path, c->snapshots[PAIR_OLD]->name,
				  c->snapshots[PAIR_NEW]->name);
	}
	for (int i = 0; i < PAIR_SIDES; i++)
		closep(&tops[i]);
	return r;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false, stat = false;
	const struct command_option options[] = {
		{"json", &json, NULL}, {"stat", &stat, NULL}, {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);
	CLEANUP(comparison_release)
	struct comparison c = {
		.store = STORE_INIT, .catalog = CATALOG_INIT, .diff = DIFF_INIT};
	struct error err;

	int r = settings_load_with(command, argc, argv, options, 3, &args, &config);
	if (r >= 0)
		return r;
	if (args.n == 0) {
		fprintf(stderr,
			"backup diff: say which snapshot; see 'backup diff --help'\n");
		return EXIT_USAGE;
	}
	if (args.n > 2 && parse_inner_path(args.v[2], &path) < 0)
		return command_wrong(command,
				     "the path leads out of the snapshot:", args.v[2]);
	const char *const names[PAIR_SIDES] = {args.v[0],
					       args.n > 1 ? args.v[1] : "latest"};
	r = compare(&c, &config, names, path.buf, log, &err);
	if (r >= 0)
		r = print(&c, path.buf, json, stat, &err);
	if (r < 0) {
		log_error(log, "%s", err.msg);
		return EXIT_FAILED;
	}
	if (c.diff.changes.capped)
		log_warn(log,
			 "too many names came and went: of those that were moved, some "
			 "are told as removed and added");
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return c.diff.unreadable > 0 ? EXIT_PARTIAL : EXIT_OK;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "say what differs between two snapshots",
	.usage =
		"usage: backup diff SNAPSHOT [SNAPSHOT [PATH]] [--stat] [--json]\n"
		"\n"
		"Lists what was added, removed, changed and moved from the first snapshot to the\n"
		"second, by path: the size, and of what changed in what: type, content, mode,\n"
		"owner, time, xattrs, acl. A file is moved when it is the same inode by another\n"
		"name; of a directory that was moved, the files are. What is one inode in both is\n"
		"the same and costs no reading; other files of one size are compared by content.\n"
		"The time of a directory counts only where no name in it came or went.\n"
		"\n"
		"SNAPSHOT is 'latest' (the default for the second), a name that 'backup list'\n"
		"shows, also as 'daily/NAME', the beginning of one, a day (2026-11-20: its\n"
		"newest), or an age (3d: the newest of those at least that old). With PATH, as it\n"
		"is below the source, only what is there is compared; it needs both: 'backup diff\n"
		"3d latest etc'.\n"
		"\n"
		"  --stat  only how many there are, and the size of the files among them\n"
		"  --json  the same and more, as an object\n"
		"\n"
		"Exit codes: 0 done, whether anything differs or not, 1 failed, 2 wrong usage\n"
		"or configuration, 3 something could not be read.\n"
		"\n"
		"examples: backup diff 1d\n"
		"          backup diff 2026-11-01 2026-11-20 home/ann --stat\n",
	.run = run,
};
