/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/human.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "flow/progress.h"
#include "model/report.h"
#include "store/catalog.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "sys/pairs.h"

struct listing {
	struct log *log;
	const char *top; /* the path that was asked for */
	bool json, recursive;
	bool first; /* nothing was printed */
	uint64_t unreadable;

	struct progress progress; /* where the list is not on the terminal itself */
	struct snapshot_counts expected;
	struct engine_progress seen;
	bool on_terminal;
};

/* Of a link where it leads, else "". Longer ones are cut, as the kernel knows none. */
static const char *read_target(const struct pair *pair, char buf[PATH_MAX + 1])
{
	ssize_t n = -1;

	if (S_ISLNK(pair->st[PAIR_OLD]->st_mode))
		n = readlinkat(pair->dirs[PAIR_OLD], pair->name, buf, PATH_MAX);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static void print_line(struct listing *listing, const struct pair *pair)
{
	const struct stat *st = pair->st[PAIR_OLD];
	const bool is_top = strcmp(pair->path->buf, listing->top) == 0;
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT;
	char mode[SHOW_MAX], time[SHOW_MAX], owner[SHOW_MAX], size[HUMAN_MAX];
	char target[PATH_MAX + 1];
	const char *shown = listing->recursive || is_top ? pair->path->buf : pair->name;

	strbuf_add_escaped(&name, shown, strlen(shown));
	if (S_ISDIR(st->st_mode))
		strbuf_addch(&name, '/');
	if (*read_target(pair, target)) {
		strbuf_addstr(&name, " -> ");
		strbuf_add_escaped(&name, target, strlen(target));
	}
	if (S_ISREG(st->st_mode))
		human_bytes((uint64_t)st->st_size, size);
	else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		snprintf(size, sizeof(size), "%u, %u", major(st->st_rdev),
			 minor(st->st_rdev));
	else
		snprintf(size, sizeof(size), "-");
	snprintf(owner, sizeof(owner), "%u:%u", st->st_uid, st->st_gid);
	printf("%s %-13s %11s  %s  %s\n", show_mode(st->st_mode, mode), owner, size,
	       show_time(st->st_mtim.tv_sec, time), name.buf);
}

static void print_object(struct listing *listing, const struct pair *pair)
{
	const struct stat *st = pair->st[PAIR_OLD];
	char target[PATH_MAX + 1], mode[SHOW_MAX];

	snprintf(mode, sizeof(mode), "%04o", (unsigned)st->st_mode & 07777);
	json_t *object = json_pack(
		"{s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "path",
		json_text(pair->path->buf), "type", show_type(st->st_mode), "mode", mode,
		"uid", (json_int_t)st->st_uid, "gid", (json_int_t)st->st_gid, "size",
		(json_int_t)st->st_size, "links", (json_int_t)st->st_nlink, "inode",
		(json_int_t)st->st_ino);
	show_json_time(object, st->st_mtim.tv_sec);
	if (S_ISLNK(st->st_mode))
		json_object_set_new(object, "target",
				    json_text(read_target(pair, target)));
	show_json_item(object, 0, &listing->first);
}

static int visit(void *ctx, const struct pair *pair)
{
	struct listing *listing = ctx;
	const bool is_top = strcmp(pair->path->buf, listing->top) == 0;
	const bool is_dir = S_ISDIR(pair->st[PAIR_OLD]->st_mode);

	listing->seen.files += !is_dir;
	if (!listing->on_terminal)
		progress_show(&listing->progress, &listing->seen);
	/* of a directory what is in it, of anything else itself */
	if (!is_top || !is_dir) {
		if (listing->json)
			print_object(listing, pair);
		else
			print_line(listing, pair);
	}
	return is_dir && (is_top || listing->recursive);
}

static void unreadable(void *ctx, const struct strbuf *path, int code)
{
	struct listing *listing = ctx;
	struct error why;

	error_set(&why, code, "cannot read '%s'", path->buf);
	log_warn(listing->log, "%s", why.msg);
	listing->unreadable++;
}

static int list(struct listing *listing, const struct config *config,
		const char *snapshot, struct error *err)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(closep) int top = -1;
	CLEANUP(closep) int dir = -1;
	const struct pair_walk walk = {
		.visit = visit, .unreadable = unreadable, .ctx = listing};
	const struct catalog_entry *entry = NULL;
	const char *name = NULL;

	int r = store_open(&store, config->dest, err);
	if (r >= 0)
		r = catalog_load(&catalog, &store, err);
	if (r >= 0)
		r = catalog_pick(&catalog, snapshot, clock_now().epoch, &entry, err);
	if (r >= 0)
		r = fs_open_dir(store.tiers[entry->tier], entry->name, &top, err);
	if (r < 0)
		return r;
	if (listing->recursive && !*listing->top)
		listing->expected.files = entry->record.counts.files;
	progress_begin(&listing->progress, listing->log, &listing->expected,
		       clock_monotonic());
	r = fs_open_parent(top, listing->top, &dir, &name, NULL);
	if (r >= 0)
		r = pair_walk(&walk, (const int[]){dir, -1}, *name ? name : ".",
			      listing->top, err);
	progress_end(&listing->progress);
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return error_say(err, r, "there is no '%s' in snapshot %s", listing->top,
				 entry->name);
	return r < 0 ? error_set(err, r, "look at '%s' in snapshot %s", listing->top,
				 entry->name)
		     : 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);
	struct listing listing = {
		.log = log, .first = true, .on_terminal = isatty(STDOUT_FILENO)};
	const struct command_option options[] = {{"json", &listing.json, NULL},
						 {"recursive", &listing.recursive, NULL},
						 {NULL, NULL, NULL}};
	struct error err;

	int r = settings_load_with(command, argc, argv, options, 2, &args, &config);
	if (r >= 0)
		return r;
	if (args.n > 1 && parse_inner_path(args.v[1], &path) < 0)
		return command_wrong(command,
				     "the path leads out of the snapshot:", args.v[1]);
	listing.top = path.buf;
	r = list(&listing, &config, args.n > 0 ? args.v[0] : "latest", &err);
	if (r < 0) {
		log_error(log, "%s", err.msg);
		return EXIT_FAILED;
	}
	if (listing.json) {
		show_json_end(0, listing.first);
		putchar('\n');
	}
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return listing.unreadable > 0 ? EXIT_PARTIAL : EXIT_OK;
}

const struct command command_ls = {
	.name = "ls",
	.summary = "list what is in a snapshot",
	.usage =
		"usage: backup ls [SNAPSHOT [PATH]] [--recursive] [--json]\n"
		"\n"
		"Lists a directory of a snapshot, its top unless PATH says another, by name:\n"
		"mode, owner and group (as numbers, as names may be others here), size, when\n"
		"it was modified. Of anything but a directory it lists PATH itself.\n"
		"\n"
		"SNAPSHOT is 'latest' (the default), a name that 'backup list' shows, also as\n"
		"'daily/NAME', the beginning of one, a day (2026-11-20: its newest), or an age\n"
		"(3d: the newest of those at least that old). PATH is as it is below the source.\n"
		"\n"
		"  --recursive  all that is below, too, by path\n"
		"  --json       the same and more, as an array of objects\n"
		"\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 something\n"
		"could not be read.\n"
		"\n"
		"examples: backup ls\n"
		"          backup ls 3d etc/nginx --recursive\n",
	.run = run,
};
