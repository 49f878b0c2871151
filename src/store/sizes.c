/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/sizes.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "sys/fs.h"

enum { SIZES_MAX = 8 * 1024 * 1024 };
static const char file[] = "sizes.json";

void sizes_release(struct sizes *sizes)
{
	for (size_t i = 0; i < sizes->n; i++)
		free(sizes->v[i].name);
	free(sizes->v);
	*sizes = (struct sizes){0};
}

static bool take_entry(json_t *object, struct sizes_entry *entry)
{
	json_int_t bytes, alone, added;
	const char *name;

	if (json_unpack(object, "{s:s, s:I, s:I, s:I}", "name", &name, "size", &bytes,
			"alone", &alone, "added", &added) < 0 ||
	    bytes < 0 || alone < 0 || added < 0)
		return false;
	*entry = (struct sizes_entry){
		.name = xstrdup(name),
		.bytes = (uint64_t)bytes,
		.alone = (uint64_t)alone,
		.added = (uint64_t)added,
	};
	return true;
}

static bool take_all(json_t *root, struct sizes *sizes)
{
	json_int_t time, total;
	json_t *list;

	if (!root ||
	    json_unpack(root, "{s:I, s:I, s:o}", "time", &time, "total", &total,
			"snapshots", &list) < 0 ||
	    !json_is_array(list) || total < 0)
		return false;
	sizes->time = time;
	sizes->total = (uint64_t)total;
	sizes->v = xcalloc(json_array_size(list) + 1, sizeof(*sizes->v));
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!take_entry(json_array_get(list, i), &sizes->v[i]))
			return false;
		sizes->n++;
	}
	return true;
}

int sizes_read(const struct store *store, struct sizes *ret_sizes, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(SIZES_MAX);
	CLEANUP(sizes_release) struct sizes sizes = {0};
	CLEANUP(json_freep) json_t *root = NULL;

	if (store->meta < 0)
		return -ENOENT;
	int r = fs_read_file(store->meta, file, &text, err);
	if (r < 0)
		return r;
	root = json_loadb(text.buf, text.len, 0, NULL);
	if (!take_all(root, &sizes))
		return error_say(err, -EINVAL, "'%s/.backup/%s' cannot be understood",
				 store->path, file);
	*ret_sizes = sizes;
	sizes = (struct sizes){0};
	return 0;
}

int sizes_write(const struct store *store, const struct sizes *sizes, struct error *err)
{
	CLEANUP(freep) char *text = NULL;
	CLEANUP(json_freep) json_t *list = json_array();

	for (size_t i = 0; i < sizes->n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I, s:I}", "name", sizes->v[i].name,
					"size", (json_int_t)sizes->v[i].bytes, "alone",
					(json_int_t)sizes->v[i].alone, "added",
					(json_int_t)sizes->v[i].added));
	CLEANUP(json_freep)
	json_t *root = json_pack("{s:I, s:I, s:O}", "time", (json_int_t)sizes->time,
				 "total", (json_int_t)sizes->total, "snapshots", list);
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (!text)
		return error_say(err, -EINVAL, "sizes cannot be written as JSON");
	return fs_write_file(store->meta, file, text, strlen(text), 0600, err);
}

bool sizes_match(const struct sizes *sizes, const struct catalog *catalog)
{
	if (sizes->n != catalog->n)
		return false;
	for (size_t i = 0; i < sizes->n; i++)
		if (strcmp(sizes->v[i].name, catalog->v[i].name) != 0)
			return false;
	return true;
}
