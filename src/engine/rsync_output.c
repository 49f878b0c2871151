/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/rsync_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"

enum { NOTES_MAX = 200 };

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void note(struct rsync_output *out, const char *line)
{
	if (out->notes++ < NOTES_MAX)
		out->job->note(out->job->note_ctx, true, line);
	else
		out->notes_cut++;
}

/* "@>f+++++++++ 1234" */
static void read_item(struct rsync_output *out, const char *line)
{
	struct snapshot_counts *c = &out->counts;
	uint64_t length = strlen(line) > 12 ? strtoull(line + 12, NULL, 10) : 0;
	bool is_new = strlen(line) > 3 && line[3] == '+';

	/* with -vv or -ii, what is linked has a line too, and blanks for letters */
	if (strlen(line) < 12 || line[2] == 'd' || line[3] == ' ')
		return;
	bool has_length = line[2] == 'f' || line[2] == 'L';
	if (has_length)
		out->itemized_bytes += length;
	if (line[1] == 'h') {
		out->inner_links++;
	} else {
		*(is_new ? &c->new_files : &c->changed) += 1;
		if (has_length)
			c->bytes_copied += length;
	}
}

/* A number behind a word, as in "(reg: 5, dir: 2)"; 0 when the word is not there. */
static uint64_t number_after(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

static void read_stdout(struct rsync_output *out, const char *line)
{
	if (line[0] == '@') {
		read_item(out, line);
	} else if (starts(line, "Number of files: ")) {
		uint64_t all = number_after(line, "Number of files: ");
		out->counts.dirs = number_after(line, "dir: ");
		out->counts.files = all - out->counts.dirs;
		out->stats_seen = true;
	} else if (starts(line, "Total file size: ")) {
		out->counts.bytes = number_after(line, "Total file size: ");
	} else if (starts(line, "skipping ")) {
		note(out,
		     line); /* "skipping non-regular file", as another user than root */
	}
}

static bool ends(const char *line, const char *with)
{
	size_t len = strlen(line), n = strlen(with);

	return len >= n && strcmp(line + len - n, with) == 0;
}

/*
 * The errno that makes going on senseless, as rsync prints them; 0: none. Only the ends
 * of the line are looked at: a name between them may read like anything.
 */
static int says_no_room(const char *line)
{
	static const int fatal[] = {ENOSPC, EROFS, EDQUOT};
	char number[16];

	if (!starts(line, "rsync: [receiver] ") && !starts(line, "rsync: [generator] "))
		return 0;
	/* an attribute may be too large for any file there: others tell of a full disk */
	if (starts(strchr(line, ']'), "] rsync_xal_set: "))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
		snprintf(number, sizeof(number), " (%d)", fatal[i]);
		if (ends(line, number))
			return fatal[i];
	}
	return 0;
}

static void read_stderr(struct rsync_output *out, const char *line)
{
	/*
	 * rsync 3.5.0 "refuses to follow" when a base has a link where the source has a
	 * directory by now: what is in it is then copied, and all is well.
	 */
	if (line[0] == '\0' || starts(line, "rsync warning: some files vanished") ||
	    starts(line, "refusing to follow a symlink owned by an untrusted user") ||
	    starts(line, "rsync error: some files/attrs were not transferred") ||
	    starts(line, "IO error encountered -- skipping file deletion"))
		return;
	if (starts(line, "file has vanished: ") ||
	    starts(line, "directory has vanished: ")) {
		out->counts.vanished++;
		note(out, line);
		return;
	}
	if (!out->no_room_errno && (out->no_room_errno = says_no_room(line)))
		snprintf(out->no_room, sizeof(out->no_room), "%s", line);
	if (!starts(line, "rsync error: ")) {
		out->counts.unreadable++;
		snprintf(out->last_error, sizeof(out->last_error), "%s", line);
	}
	note(out, line);
}

void rsync_output_line(struct rsync_output *out, bool from_stderr, const char *line,
		       size_t len)
{
	CLEANUP(freep) char *text = xstrndup(line, len);

	if (from_stderr)
		read_stderr(out, text);
	else
		read_stdout(out, text);
}

void rsync_output_finish(struct rsync_output *out)
{
	struct snapshot_counts *c = &out->counts;
	uint64_t itemized = c->new_files + c->changed + out->inner_links;

	c->linked = c->files > itemized ? c->files - itemized : 0;
	c->bytes_linked =
		c->bytes > out->itemized_bytes ? c->bytes - out->itemized_bytes : 0;
	if (out->notes_cut > 0) {
		CLEANUP(freep)
		char *text = xasprintf("... and %u more such %s", out->notes_cut,
				       human_noun(out->notes_cut, "line", "lines"));
		out->job->note(out->job->note_ctx, true, text);
	}
}
