/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/human.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "flow/find.h"
#include "model/report.h"
#include "sys/clock.h"
#include "sys/log.h"

static void print_line(const struct find_version *v)
{
	const struct hit *hit = &v->hit;
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	char size[HUMAN_MAX], modified[SHOW_MAX];

	strbuf_add_escaped(&path, hit->path, strlen(hit->path));
	printf("%11s  %-19s  %9zu  %-21s  %-21s  %s%s\n",
	       S_ISREG(hit->mode) ? human_bytes(hit->size, size) : show_type(hit->mode),
	       S_ISDIR(hit->mode) ? "-" : show_time(hit->mtime, modified), v->n,
	       v->snapshots[0]->name, v->snapshots[v->n - 1]->name, path.buf,
	       S_ISDIR(hit->mode) ? "/" : "");
}

static json_t *version_json(const struct find_version *v)
{
	json_t *snapshots = json_array();
	json_t *object =
		json_pack("{s:o, s:s, s:I}", "path", json_text(v->hit.path), "type",
			  show_type(v->hit.mode), "size", (json_int_t)v->hit.size);

	show_json_time(object, v->hit.mtime);
	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(snapshots, json_text(v->snapshots[i]->name));
	json_object_set_new(object, "snapshots", snapshots);
	return object;
}

/* How many there are is told when they are printed: 1: there are some; 0: none; -errno. */
static int print(struct find *find, bool json, struct error *err)
{
	struct find_version version;
	bool first = true;
	int r;

	while ((r = find_next(find, &version, err)) > 0) {
		if (!json && first)
			printf("%11s  %-19s  %9s  %-21s  %-21s  %s\n", "SIZE", "MODIFIED",
			       "SNAPSHOTS", "OLDEST", "NEWEST", "PATH");
		if (json)
			show_json_item(version_json(&version), 0, &first);
		else
			print_line(&version);
		first = false;
	}
	if (r >= 0 && json) {
		show_json_end(0, first);
		putchar('\n');
	}
	return r < 0 ? r : !first;
}

/* 0, or -errno and it was said. */
static int find(const struct config *config, const char *pattern, struct log *log,
		struct store *store, struct catalog *catalog, struct find *found)
{
	struct snapshot_counts all = {0}; /* bytes are not read */
	struct progress progress;
	struct error err;

	int r = store_open(store, config->dest, &err);
	if (r >= 0)
		r = catalog_load(catalog, store, &err);
	for (size_t i = 0; r >= 0 && i < catalog->n; i++)
		all.files += catalog->v[i].record.counts.files;
	progress_begin(&progress, log, &all, clock_monotonic());
	if (r >= 0)
		r = find_begin(found, store, catalog, pattern, &progress, &err);
	progress_end(&progress);
	if (r < 0)
		log_error(log, "%s", err.msg);
	else if (found->unreadable > 0)
		log_warn(log, "%llu %s could not be read",
			 (unsigned long long)found->unreadable,
			 human_noun(found->unreadable, "directory", "directories"));
	return r;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false;
	const struct command_option options[] = {{"json", &json, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(find_release) struct find found = FIND_INIT;
	struct error err;

	int r = settings_load_with(command, argc, argv, options, 1, &args, &config);
	if (r >= 0)
		return r;
	if (args.n == 0) {
		fprintf(stderr, "backup find: say what; see 'backup find --help'\n");
		return EXIT_USAGE;
	}
	if (find(&config, args.v[0], log, &store, &catalog, &found) < 0)
		return EXIT_FAILED;
	r = print(&found, json, &err);
	if (r < 0)
		log_error(log, "%s", err.msg);
	if (r == 0 && !json)
		log_info(log, "nothing matches '%s' in %zu %s", args.v[0], catalog.n,
			 human_noun(catalog.n, "snapshot", "snapshots"));
	if (fflush(stdout) != 0 || r <= 0)
		return EXIT_FAILED;
	return found.unreadable > 0 ? EXIT_PARTIAL : EXIT_OK;
}

const struct command command_find = {
	.name = "find",
	.summary = "say in which snapshots a file is, and in which versions",
	.usage =
		"usage: backup find PATTERN [--json]\n"
		"\n"
		"Lists each version of each file that matches, newest first: its size, when\n"
		"it was modified, in how many snapshots it is, the oldest and the newest of\n"
		"them. The pattern is one of EXCLUDE's: 'name' anywhere, '/a/b' at the top,\n"
		"'*.conf', 'logs/**', 'dir/' for directories alone.\n"
		"\n"
		"  --json  the same, with all snapshots, as an array of objects\n"
		"\n"
		"Exit codes: 0 found, 1 not, or failed, 3 some directories could not be read.\n"
		"\n"
		"examples: backup find orders.db\n"
		"          backup find '/home/ann/**.odt'\n",
	.run = run,
};
