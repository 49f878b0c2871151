/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/history.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "sys/fs.h"

static json_t *report_json(const struct report *report)
{
	const struct snapshot_counts *c = &report->counts;

	return json_pack(
		"{s:I, s:i, s:s, s:i, s:s*, s:o, s:f, s:i, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:i, s:i, s:o*}",
		"time", (json_int_t)report->start.epoch, "utc_offset",
		report->start.offset, "result", report_result_name(report->result),
		"exit", report->exit_code, "snapshot", report->snapshot, "reason",
		json_text(report->reason), "duration", report->duration, "warnings",
		(int)report->warnings, "files", (json_int_t)c->files, "new",
		(json_int_t)c->new_files, "changed", (json_int_t)c->changed, "linked",
		(json_int_t)c->linked, "bytes", (json_int_t)c->bytes, "bytes_copied",
		(json_int_t)c->bytes_copied, "removed", (int)report->removed, "kept",
		(int)report->kept, "services", report_services_json(report));
}

int history_append(const struct store *store, const struct report *report,
		   struct error *err)
{
	CLEANUP(json_freep) json_t *root = report_json(report);
	CLEANUP(freep)
	char *text =
		root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	char last = '\n';

	if (!text)
		return error_say(err, -EINVAL, "the run cannot be written as JSON");
	CLEANUP(closep)
	int fd = openat(store->meta, "history.jsonl",
			O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, -errno, "open '%s/.backup/history.jsonl'",
				 store->path);

	/* a line that a crash cut short gets its end, so that ours is one of its own */
	off_t size = lseek(fd, 0, SEEK_END);
	if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
		last = '\n';
	CLEANUP(freep) char *line = xasprintf("%s%s\n", last == '\n' ? "" : "\n", text);
	int r = fs_write_all(fd, line, strlen(line));
	if (r < 0)
		return error_set(err, r, "write '%s/.backup/history.jsonl'", store->path);
	return fs_sync(fd, "history.jsonl", err);
}
