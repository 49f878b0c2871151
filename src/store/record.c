/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "store/manifest.h"
#include "store/verdict.h"
#include "sys/fs.h"

enum { RECORD_MAX = 1024 * 1024 };

/* The counts by their names in the file. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{"files", offsetof(struct snapshot_counts, files)},
	{"dirs", offsetof(struct snapshot_counts, dirs)},
	{"new", offsetof(struct snapshot_counts, new_files)},
	{"changed", offsetof(struct snapshot_counts, changed)},
	{"unlinkable", offsetof(struct snapshot_counts, unlinkable)},
	{"linked", offsetof(struct snapshot_counts, linked)},
	{"vanished", offsetof(struct snapshot_counts, vanished)},
	{"unreadable", offsetof(struct snapshot_counts, unreadable)},
	{"bytes", offsetof(struct snapshot_counts, bytes)},
	{"bytes_copied", offsetof(struct snapshot_counts, bytes_copied)},
	{"bytes_linked", offsetof(struct snapshot_counts, bytes_linked)},
};

void record_release(struct record *record)
{
	free(record->host);
	free(record->source);
	free(record->engine);
	json_decref(record->services);
	*record = (struct record){0};
}

static json_t *counts_json(const struct snapshot_counts *counts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const void *field = (const char *)counts + fields[i].offset;
		json_object_set_new(object, fields[i].name,
				    json_integer((json_int_t) * (const uint64_t *)field));
	}
	return object;
}

static int write_root(const struct store *store, const char *name, const json_t *root,
		      struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s.json", name);
	CLEANUP(freep)
	char *text =
		root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;

	if (!text)
		return error_say(err, -EINVAL, "record of '%s' cannot be written as JSON",
				 name);
	CLEANUP(freep) char *lines = xasprintf("%s\n", text);
	return fs_write_file(store->records, file, lines, strlen(lines), 0600, err);
}

int record_write(const struct store *store, const char *name, const struct record *record,
		 struct error *err)
{
	CLEANUP(json_freep)
	json_t *root = json_pack("{s:s, s:s, s:I, s:i, s:o, s:o, s:o, s:f, s:o}", "name",
				 name, "status", snapshot_status_name(record->status),
				 "time", (json_int_t)record->time.epoch, "utc_offset",
				 record->time.offset, "host", json_text(record->host),
				 "source", json_text(record->source), "engine",
				 json_text(record->engine), "duration", record->duration,
				 "counts", counts_json(&record->counts));

	if (record->services)
		json_object_set(root, "services", record->services);
	return write_root(store, name, root, err);
}

static void read_counts(const json_t *object, struct snapshot_counts *counts)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		json_int_t value =
			json_integer_value(json_object_get(object, fields[i].name));
		void *field = (char *)counts + fields[i].offset;
		*(uint64_t *)field = value > 0 ? (uint64_t)value : 0;
	}
}

static int not_understood(const struct store *store, const char *name, struct error *err)
{
	return error_say(err, -EINVAL,
			 "'%s/.backup/snapshots/%s.json' cannot be understood",
			 store->path, name);
}

/* NULL, and no error: it is no JSON. */
static int read_root(const struct store *store, const char *name, json_t **ret_root,
		     struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s.json", name);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(RECORD_MAX);

	if (store->records < 0)
		return error_set(err, -ENOENT, "open '%s'", file);
	int r = fs_read_file(store->records, file, &text, err);
	if (r >= 0)
		*ret_root = json_loadb(text.buf, text.len, 0, NULL);
	return r;
}

int record_read(const struct store *store, const char *name, struct record *ret_record,
		struct error *err)
{
	CLEANUP(json_freep) json_t *root = NULL;

	int r = read_root(store, name, &root, err);
	if (r < 0)
		return r;
	const char *status = NULL, *host = "", *source = "", *engine = "";
	json_int_t epoch = 0, offset = 0;
	double duration = 0;
	json_t *counts = NULL;
	if (!root ||
	    json_unpack(root, "{s:s, s:I, s:I, s?s, s?s, s?s, s?F, s?o}", "status",
			&status, "time", &epoch, "utc_offset", &offset, "host", &host,
			"source", &source, "engine", &engine, "duration", &duration,
			"counts", &counts) < 0 ||
	    !instant_valid(epoch, offset))
		return not_understood(store, name, err);

	*ret_record = (struct record){
		.time = {.epoch = epoch, .offset = (int)offset},
		.status = snapshot_status_parse(status),
		.host = xstrdup(host),
		.source = xstrdup(source),
		.engine = xstrdup(engine),
		.duration = duration,
	};
	ret_record->verified = json_integer_value(json_object_get(root, "verified"));
	ret_record->damaged = json_is_true(json_object_get(root, "damaged"));
	ret_record->services = json_incref(json_object_get(root, "services"));
	read_counts(counts, &ret_record->counts);
	return 0;
}

int record_remove(const struct store *store, const char *name, struct error *err)
{
	static const char *const suffixes[] = {".table",
					       MANIFEST_SUFFIX,
					       (MANIFEST_SUFFIX ".tmp"),
					       VERDICT_SUFFIX,
					       (VERDICT_SUFFIX ".tmp"),
					       ".json",
					       ".json.tmp",
					       ".pinned"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		CLEANUP(freep) char *file = xasprintf("%s%s", name, suffixes[i]);
		if (unlinkat(store->records, file, 0) < 0 && errno != ENOENT)
			return error_set(err, -errno, "remove '%s'", file);
	}
	return 0;
}
