/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/parse.h"

enum {
	COUNT_LARGEST = 10000,
	FILE_LARGEST = 1024 * 1024,
};

void config_accepted(const struct config_key *key, struct strbuf *out)
{
	switch (key->type) {
	case CONFIG_PATH:
		strbuf_addstr(out, "a path");
		break;
	case CONFIG_NAME:
		strbuf_addstr(out, "a file name without a slash");
		break;
	case CONFIG_COUNT:
		strbuf_addf(out, "a whole number from 0 to %d", COUNT_LARGEST);
		break;
	case CONFIG_PERCENT:
		strbuf_addstr(out, "a whole number from 0 to 100");
		break;
	case CONFIG_BOOL:
		strbuf_addstr(out, "on or off (or true, false, yes, no, 1, 0)");
		break;
	case CONFIG_DURATION:
		strbuf_addstr(out, "a duration such as 90s, 45m, 24h, 7d, 2w or 1d12h");
		break;
	case CONFIG_TIMEOUT:
		strbuf_addstr(out, "auto, or a duration such as 90s or 5m");
		break;
	case CONFIG_RATE:
		strbuf_addstr(out,
			      "a rate such as 500K, 1.5M or 2G (0, or at least 512 B)");
		break;
	case CONFIG_TEXT:
		strbuf_addstr(out, "any text");
		break;
	case CONFIG_LIST:
		strbuf_addstr(out, "patterns separated by commas or newlines");
		break;
	case CONFIG_WORDS:
		strbuf_addstr(out,
			      "words quoted as for a shell, with every quote closed");
		break;
	case CONFIG_CHOICE:
		for (const char *const *c = key->choices; *c; c++)
			strbuf_addf(out, "%s%s",
				    c == key->choices ? ""
				    : c[1]	      ? ", "
						      : " or ",
				    *c);
		break;
	case CONFIG_ZONE:
		strbuf_addstr(
			out, "a zone such as Europe/Berlin, or a rule such as CET-1CEST");
		break;
	}
}

static int parse_choice(const char *s, const char *const *choices, int *ret_value)
{
	for (int i = 0; choices[i]; i++) {
		if (strcasecmp(s, choices[i]) == 0) {
			*ret_value = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Puts the text's meaning into the key's field. */
static int set_field(struct config *config, const struct config_source *source,
		     const struct config_key *key, const char *text)
{
	void *field = (char *)config + key->offset;

	switch (key->type) {
	case CONFIG_PATH:
		*(const char **)field = text;
		return 0;
	case CONFIG_NAME:
		*(const char **)field = text;
		return strchr(text, '/') || strcmp(text, ".") == 0 ||
				       strcmp(text, "..") == 0
			       ? -EINVAL
			       : 0;
	case CONFIG_COUNT:
		return parse_uint(text, 0, COUNT_LARGEST, field);
	case CONFIG_PERCENT:
		return parse_uint(text, 0, 100, field);
	case CONFIG_BOOL:
		return parse_bool(text, field);
	case CONFIG_DURATION:
		return parse_duration(text, field);
	case CONFIG_TIMEOUT:
		if (strcasecmp(text, "auto") == 0) {
			*(int64_t *)field = -1;
			return 0;
		}
		return parse_duration(text, field);
	case CONFIG_TEXT:
		*(const char **)field = text;
		return 0;
	case CONFIG_RATE:
		return parse_rate(text, field);
	case CONFIG_LIST:
		parse_list(text, field);
		return 0;
	case CONFIG_WORDS:
		return parse_words(text, field);
	case CONFIG_CHOICE:
		return parse_choice(text, key->choices, field);
	case CONFIG_ZONE:
		*(const char **)field = text;
		return source->zone_known(source->ctx, text) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* Finds out what was written for the key, and where. */
static int find_value(const struct config_source *source, const struct config_key *key,
		      struct config_value *value, struct strvec *errors)
{
	CLEANUP(freep) char *file_key = xasprintf("%s_FILE", key->name);
	CLEANUP(strbuf_release) struct strbuf content = STRBUF_INIT_MAX(FILE_LARGEST);
	const char *text = source->get(source->ctx, key->name);
	const char *path = source->get(source->ctx, file_key);
	struct error err;

	if (!path || !*path) {
		value->origin =
			text && *text ? CONFIG_FROM_ENVIRONMENT : CONFIG_FROM_DEFAULT;
		value->text = xstrdup(text && *text ? text : key->fallback);
		return 0;
	}
	value->origin = CONFIG_FROM_FILE;
	value->file = xstrdup(path);
	value->text = xstrdup("");
	if (text && *text) {
		strvec_pushf(errors, "%s and %s are both set: keep one of them",
			     key->name, file_key);
		return -EINVAL;
	}
	if (source->read_file(source->ctx, path, &content, &err) < 0) {
		strvec_pushf(errors, "%s: %s", file_key, err.msg);
		return -EINVAL;
	}
	if (content.len > 0 && content.buf[content.len - 1] == '\n')
		strbuf_cut(&content, content.len - 1);
	if (strlen(content.buf) != content.len) {
		strvec_pushf(errors, "%s: '%s' holds a NUL byte", file_key, path);
		return -EINVAL;
	}
	free(value->text);
	value->text = xstrdup(content.len > 0 ? content.buf : key->fallback);
	return 0;
}

static void load_key(struct config *config, const struct config_source *source,
		     const struct config_key *key, struct config_value *value,
		     struct strvec *errors)
{
	if (find_value(source, key, value, errors) < 0)
		return;
	if (set_field(config, source, key, value->text) == 0)
		return;

	CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
	config_accepted(key, &accepted);
	strvec_pushf(errors, "%s='%s'%s%s: expected %s", key->name,
		     key->secret ? "(hidden)" : value->text, value->file ? " from " : "",
		     value->file ? value->file : "", accepted.buf);
}

int config_load(struct config *config, const struct config_source *source,
		struct strvec *errors)
{
	size_t n, before = errors->n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++)
		load_key(config, source, &keys[i], &config->values[i], errors);
	return errors->n > before ? -EINVAL : 0;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		free(config->values[i].text);
		free(config->values[i].file);
	}
	strvec_release(&config->exclude);
	strvec_release(&config->rsync_args);
	*config = (struct config){0};
}
