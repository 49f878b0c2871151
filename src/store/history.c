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

enum { TAIL_MAX = 1024 * 1024 }; /* far more than the longest line */

/* NULL where 0 stands for not known. */
static json_t *known_number(uint64_t n)
{
	return n > 0 ? json_integer((json_int_t)n) : NULL;
}

static json_t *report_json(const struct report *report)
{
	const struct snapshot_counts *c = &report->counts;

	return json_pack(
		"{s:I, s:i, s:s, s:i, s:s*, s:o, s:f, s:i, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:i, s:i, s:o*, s:o*, s:o*, s:o*}",
		"time", (json_int_t)report->start.epoch, "utc_offset",
		report->start.offset, "result", report_result_name(report->result),
		"exit", report->exit_code, "snapshot", report->snapshot, "reason",
		json_text(report->reason), "duration", report->duration, "warnings",
		(int)report->warnings, "files", (json_int_t)c->files, "new",
		(json_int_t)c->new_files, "changed", (json_int_t)c->changed, "linked",
		(json_int_t)c->linked, "bytes", (json_int_t)c->bytes, "bytes_copied",
		(json_int_t)c->bytes_copied, "removed", (int)report->removed, "kept",
		(int)report->kept, "services", report_services_json(report), "free_bytes",
		known_number(report->free_bytes), "free_inodes",
		known_number(report->free_inodes), "damaged",
		known_number(report->damaged));
}

static int open_file(const struct store *store, int flags, int *ret_fd, struct error *err)
{
	int fd = openat(store->meta, "history.jsonl", flags | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return error_set(err, -errno, "open '%s/.backup/history.jsonl'",
				 store->path);
	*ret_fd = fd;
	return 0;
}

static int append(const struct store *store, const json_t *root, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	CLEANUP(freep)
	char *text =
		root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	char last = '\n';

	if (!text)
		return error_say(err, -EINVAL, "the history's line is no JSON");
	int r = open_file(store, O_RDWR | O_APPEND | O_CREAT, &fd, err);
	if (r < 0)
		return r;

	/* a line that a crash cut short gets its end, so that ours is one of its own */
	off_t size = lseek(fd, 0, SEEK_END);
	if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
		last = '\n';
	CLEANUP(freep) char *line = xasprintf("%s%s\n", last == '\n' ? "" : "\n", text);
	r = fs_write_all(fd, line, strlen(line));
	return r < 0 ? error_set(err, r, "write '%s/.backup/history.jsonl'", store->path)
		     : 0;
}

int history_append(const struct store *store, const struct report *report,
		   struct error *err)
{
	CLEANUP(json_freep) json_t *root = report_json(report);

	return append(store, root, err);
}

int history_amend(const struct store *store, const struct report *report,
		  const char *mail_error, struct error *err)
{
	CLEANUP(json_freep)
	json_t *root = json_pack(
		"{s:I, s:i, s:o}", "time", (json_int_t)report->start.epoch, "utc_offset",
		report->start.offset, "mail_error", json_text(mail_error));

	return append(store, root, err);
}

int history_sync(const struct store *store, struct error *err)
{
	CLEANUP(closep) int fd = -1;

	int r = open_file(store, O_RDONLY, &fd, err);
	return r < 0 ? r : fs_sync(fd, "history.jsonl", err);
}

int history_append_verified(const struct store *store, struct instant time,
			    const struct strvec *names, unsigned damaged,
			    struct error *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_text(names->v[i]));
	CLEANUP(json_freep)
	json_t *root = json_pack("{s:I, s:i, s:o, s:i}", "time", (json_int_t)time.epoch,
				 "utc_offset", time.offset, "verified", list, "damaged",
				 (int)damaged);
	int r = append(store, root, err);
	return r < 0 ? r : history_sync(store, err);
}

void history_entry_release(struct history_entry *entry)
{
	free(entry->reason);
	free(entry->snapshot);
	*entry = (struct history_entry){0};
}

static int64_t count_at(const json_t *root, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(root, name);

	return json_is_integer(value) && json_integer_value(value) >= 0
		       ? json_integer_value(value)
		       : otherwise;
}

static bool parse_line(const char *line, size_t len, struct history_entry *ret_entry)
{
	const char *result, *reason = "", *snapshot = "";
	struct history_entry entry = {0};
	json_int_t epoch;
	CLEANUP(json_freep) json_t *root = json_loadb(line, len, 0, NULL);

	if (!root ||
	    json_unpack(root, "{s:I, s?i, s:s, s:i, s?F, s?s, s?s}", "time", &epoch,
			"utc_offset", &entry.start.offset, "result", &result, "exit",
			&entry.exit_code, "duration", &entry.duration, "reason", &reason,
			"snapshot", &snapshot) < 0)
		return false;
	if (!instant_valid(epoch, entry.start.offset) ||
	    !report_result_parse(result, &entry.result))
		return false;
	entry.start.epoch = epoch;
	entry.reason = xstrdup(reason);
	entry.snapshot = xstrdup(snapshot);
	entry.files = count_at(root, "files", 0);
	entry.bytes = count_at(root, "bytes", 0);
	entry.bytes_copied = count_at(root, "bytes_copied", 0);
	entry.free_bytes = count_at(root, "free_bytes", -1);
	entry.free_inodes = count_at(root, "free_inodes", -1);
	*ret_entry = entry;
	return true;
}

int history_each(const struct store *store,
		 bool (*visit)(void *ctx, const struct history_entry *entry), void *ctx,
		 struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(TAIL_MAX);
	bool more = true;

	if (store->meta < 0)
		return 0;
	int r = fs_read_tail(store->meta, "history.jsonl", &text, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_prefix(err, r, "'%s/.backup'", store->path);

	for (size_t end = text.len; more && end > 0;) {
		const char *newline = memrchr(text.buf, '\n', end);
		size_t start = newline ? (size_t)(newline - text.buf) + 1 : 0;
		struct history_entry entry;

		if (parse_line(text.buf + start, end - start, &entry)) {
			more = visit(ctx, &entry);
			history_entry_release(&entry);
		}
		end = newline ? start - 1 : 0;
	}
	return 0;
}

void history_entry_copy(struct history_entry *to, const struct history_entry *from)
{
	history_entry_release(to);
	*to = *from;
	to->reason = xstrdup(from->reason);
	to->snapshot = xstrdup(from->snapshot);
}

static bool keep_last(void *ctx, const struct history_entry *entry)
{
	if (entry->exit_code == EXIT_LOCKED)
		return true;
	history_entry_copy(ctx, entry);
	return false;
}

int history_last(const struct store *store, struct history_entry *ret_entry,
		 struct error *err)
{
	struct history_entry last = {0};

	int r = history_each(store, keep_last, &last, err);
	if (r < 0 || !last.reason)
		return r;
	*ret_entry = last;
	return 1;
}
