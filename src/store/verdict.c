/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/verdict.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "sys/fs.h"

enum { VERDICT_MAX = 64 * 1024 };

static const char *const names[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_GOOD] = "good",
	[VERDICT_DAMAGED] = "damaged",
	[VERDICT_BAD_MANIFEST] = "bad manifest",
};

const char *verdict_name(enum verdict_kind kind)
{
	return names[kind];
}

int verdict_write(const struct store *store, const char *name,
		  const struct verdict *verdict, struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s" VERDICT_SUFFIX, name);
	CLEANUP(json_freep)
	json_t *root = json_pack(
		"{s:I, s:s, s:I, s:I, s:I}", "time", (json_int_t)verdict->time, "verdict",
		verdict_name(verdict->kind), "compared", (json_int_t)verdict->compared,
		"read", (json_int_t)verdict->read, "findings",
		(json_int_t)verdict->findings);
	CLEANUP(freep) char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

	if (!text)
		return error_say(err, -EINVAL, "'%s' cannot be written as JSON", file);
	CLEANUP(freep) char *line = xasprintf("%s\n", text);
	int r = fs_write_file(store->records, file, line, strlen(line), 0600, err);
	if (r == -ENOENT) /* another one wrote it as well, and took our temporary name */
		r = fs_write_file(store->records, file, line, strlen(line), 0600, err);
	return r < 0 ? error_prefix(err, r, "'%s/.backup/snapshots'", store->path) : 0;
}

void verdict_remove(const struct store *store, const char *name)
{
	CLEANUP(freep) char *file = xasprintf("%s" VERDICT_SUFFIX, name);

	unlinkat(store->records, file, 0);
}

static uint64_t count_at(const json_t *root, const char *name)
{
	const json_int_t n = json_integer_value(json_object_get(root, name));

	return n > 0 ? (uint64_t)n : 0;
}

int verdict_read(const struct store *store, const char *name, struct verdict *ret_verdict,
		 struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s" VERDICT_SUFFIX, name);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(VERDICT_MAX);
	CLEANUP(json_freep) json_t *root = NULL;
	const char *word = "";
	json_int_t time = 0;

	if (store->records < 0)
		return error_set(err, -ENOENT, "open '%s'", file);
	int r = fs_read_file(store->records, file, &text, err);
	if (r < 0)
		return r;
	root = json_loadb(text.buf, text.len, 0, NULL);
	if (!root || json_unpack(root, "{s:I, s:s}", "time", &time, "verdict", &word) < 0)
		word = "";
	for (int kind = VERDICT_GOOD; kind <= VERDICT_BAD_MANIFEST; kind++) {
		if (strcmp(word, names[kind]) != 0 || time <= 0)
			continue;
		*ret_verdict = (struct verdict){
			.kind = (enum verdict_kind)kind,
			.time = time,
			.compared = count_at(root, "compared"),
			.read = count_at(root, "read"),
			.findings = count_at(root, "findings"),
		};
		return 0;
	}
	return error_say(err, -EINVAL, "'%s/.backup/snapshots/%s' cannot be understood",
			 store->path, file);
}
