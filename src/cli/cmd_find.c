/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>

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

static void print_table(const struct find *find)
{
	printf("%11s  %-19s  %9s  %-21s  %-21s  %s\n", "SIZE", "MODIFIED", "SNAPSHOTS",
	       "OLDEST", "NEWEST", "PATH");
	for (size_t i = 0, n; i < find->n; i += n) {
		const struct find_hit *hit = &find->hits[i];
		CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
		char size[HUMAN_MAX], modified[SHOW_MAX];

		n = find_version(find, i);
		strbuf_add_escaped(&path, hit->path, strlen(hit->path));
		printf("%11s  %-19s  %9zu  %-21s  %-21s  %s%s\n",
		       S_ISREG(hit->st.st_mode)
			       ? human_bytes((uint64_t)hit->st.st_size, size)
			       : show_type(hit->st.st_mode),
		       S_ISDIR(hit->st.st_mode)
			       ? "-"
			       : show_time(hit->st.st_mtim.tv_sec, modified),
		       n, hit->snapshot->name, find->hits[i + n - 1].snapshot->name,
		       path.buf, S_ISDIR(hit->st.st_mode) ? "/" : "");
	}
}

static void print_json(const struct find *find)
{
	CLEANUP(json_freep) json_t *array = json_array();

	for (size_t i = 0, n; i < find->n; i += n) {
		const struct find_hit *hit = &find->hits[i];
		struct instant time = clock_local(hit->st.st_mtim.tv_sec);
		CLEANUP(freep) char *modified = instant_rfc3339(&time);
		json_t *snapshots = json_array();

		n = find_version(find, i);
		for (size_t j = i; j < i + n; j++)
			json_array_append_new(snapshots,
					      json_text(find->hits[j].snapshot->name));
		json_array_append_new(array,
				      json_pack("{s:o, s:s, s:I, s:s, s:I, s:o}", "path",
						json_text(hit->path), "type",
						show_type(hit->st.st_mode), "size",
						(json_int_t)hit->st.st_size, "modified",
						modified, "epoch",
						(json_int_t)hit->st.st_mtim.tv_sec,
						"snapshots", snapshots));
	}
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* 0, or -errno and it was said. */
static int find(const struct config *config, const char *pattern, struct log *log,
		struct store *store, struct catalog *catalog, struct find *ret_find)
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
		r = find_all(store, catalog, pattern, &progress, ret_find, &err);
	progress_end(&progress);
	if (r < 0)
		log_error(log, "%s", err.msg);
	else if (ret_find->unreadable > 0)
		log_warn(log, "%llu %s could not be read",
			 (unsigned long long)ret_find->unreadable,
			 human_noun(ret_find->unreadable, "directory", "directories"));
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
	CLEANUP(find_release) struct find found = {0};

	int r = settings_load_with(command, argc, argv, options, 1, &args, &config);
	if (r >= 0)
		return r;
	if (args.n == 0) {
		fprintf(stderr, "backup find: say what; see 'backup find --help'\n");
		return EXIT_USAGE;
	}
	if (find(&config, args.v[0], log, &store, &catalog, &found) < 0)
		return EXIT_FAILED;
	if (json)
		print_json(&found);
	else if (found.n > 0)
		print_table(&found);
	else
		log_info(log, "nothing matches '%s' in %zu %s", args.v[0], catalog.n,
			 human_noun(catalog.n, "snapshot", "snapshots"));
	if (fflush(stdout) != 0 || found.n == 0)
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
