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
	THREADS_LARGEST = 64,
	NICE_LARGEST = 19,
	NICE_SMALLEST = -20,
	TIMEOUT_LARGEST = 24 * 60 * 60,
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
	case CONFIG_THREADS:
		strbuf_addf(out, "auto, or a whole number from 1 to %d", THREADS_LARGEST);
		break;
	case CONFIG_NICE:
		strbuf_addf(out, "a whole number from %d to %d", NICE_SMALLEST,
			    NICE_LARGEST);
		break;
	case CONFIG_IO_PRIORITY:
		strbuf_addstr(
			out,
			"auto, none, idle, best-effort, or best-effort:0 to best-effort:7");
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
	case CONFIG_LINE:
		strbuf_addstr(out, "one line of text without control characters");
		break;
	case CONFIG_HOST:
		strbuf_addstr(out, "a host name or an address, without a port");
		break;
	case CONFIG_PORT:
		strbuf_addstr(out, "a whole number from 1 to 65535");
		break;
	case CONFIG_ADDRESS:
		strbuf_addstr(out, "an address such as backup@example.com");
		break;
	case CONFIG_ADDRESSES:
		strbuf_addstr(
			out, "addresses such as backup@example.com, with commas between");
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

static int parse_nice(const char *s, int *ret_nice)
{
	bool negative = *s == '-';
	uint64_t n = 0;

	int r = parse_uint(s + negative, 0, negative ? -NICE_SMALLEST : NICE_LARGEST, &n);
	if (r >= 0)
		*ret_nice = negative ? -(int)n : (int)n;
	return r;
}

/* Class and level, put together as in ioprio_set(2). */
static int parse_io_priority(const char *s, int *ret_priority)
{
	enum { SHIFT = 13, BEST_EFFORT = 2 << SHIFT, IDLE = 3 << SHIFT };
	static const char level[] = "best-effort:";
	static const struct {
		const char *name;
		int priority;
	} words[] = {{"auto", -1},
		     {"none", 0},
		     {"idle", IDLE},
		     {"best-effort", BEST_EFFORT | 4}};
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(s, words[i].name) == 0) {
			*ret_priority = words[i].priority;
			return 0;
		}
	}
	if (strncasecmp(s, level, strlen(level)) != 0)
		return -EINVAL;
	int r = parse_uint(s + strlen(level), 0, 7, &n);
	if (r >= 0)
		*ret_priority = BEST_EFFORT | (int)n;
	return r;
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
	case CONFIG_LINE:
		*(const char **)field = text;
		return parse_line(text);
	case CONFIG_HOST:
		*(const char **)field = text;
		return parse_host(text);
	case CONFIG_PORT:
		return parse_uint(text, 1, 65535, field);
	case CONFIG_ADDRESS:
		*(const char **)field = text;
		return parse_address(text);
	case CONFIG_ADDRESSES:
		return parse_addresses(text, field);
	case CONFIG_RATE:
		return parse_rate(text, field);
	case CONFIG_THREADS:
		if (strcasecmp(text, "auto") == 0) {
			*(uint64_t *)field = 0;
			return 0;
		}
		return parse_uint(text, 1, THREADS_LARGEST, field);
	case CONFIG_NICE:
		return parse_nice(text, field);
	case CONFIG_IO_PRIORITY:
		return parse_io_priority(text, field);
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

/* Reads the value from the file that value->file names. */
static int read_value(const struct config_source *source, const struct config_key *key,
		      struct config_value *value, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf content = STRBUF_INIT_MAX(FILE_LARGEST);

	int r = source->read_file(source->ctx, value->file, &content, err);
	if (r < 0)
		return r;
	if (content.len > 0 && content.buf[content.len - 1] == '\n')
		strbuf_cut(&content, content.len - 1);
	if (strlen(content.buf) != content.len)
		return error_say(err, -EINVAL, "'%s' holds a NUL byte", value->file);
	value->text = xstrdup(content.len > 0 ? content.buf : key->fallback);
	return 0;
}

/* Finds out what was written for the key, and where. */
static int find_value(const struct config_source *source, const struct config *config,
		      const struct config_key *key, struct config_value *value,
		      struct strvec *errors)
{
	CLEANUP(freep) char *file_key = xasprintf("%s_FILE", key->name);
	const char *text = source->get(source->ctx, key->name);
	const char *path = source->get(source->ctx, file_key);
	bool is_set = text && *text, has_path = path && *path;
	struct error err;
	int r = 0;

	if (has_path)
		value->file = xstrdup(path);
	else if (key->secret_file)
		value->file = xasprintf("%s/%s", config->secrets_dir, key->secret_file);
	if (has_path && is_set)
		r = error_say(&err, -EINVAL, "%s and %s are both set: keep one of them",
			      key->name, file_key);
	else if (value->file)
		r = read_value(source, key, value, &err);
	if (r < 0 && !(has_path && is_set))
		error_prefix(&err, r, "%s", has_path ? file_key : key->name);
	if (!has_path && (r == -ENOENT || r == -ENOTDIR)) {
		free(STEAL(value->file)); /* no such secret */
		r = 0;
	}
	value->origin = value->file ? CONFIG_FROM_FILE
			: is_set    ? CONFIG_FROM_ENVIRONMENT
				    : CONFIG_FROM_DEFAULT;
	if (!value->text)
		value->text = xstrdup(value->file ? "" : is_set ? text : key->fallback);
	if (r < 0)
		strvec_push(errors, err.msg);
	return r;
}

static bool is_about_mail(const struct config_key *key)
{
	return strncmp(key->name, "SMTP_", 5) == 0 ||
	       strncmp(key->name, "EMAIL_", 6) == 0 ||
	       strncmp(key->name, "MSMTP_", 6) == 0;
}

static void load_key(struct config *config, const struct config_source *source,
		     const struct config_key *key, struct config_value *value,
		     struct strvec *errors)
{
	int r = find_value(source, config, key, value, errors);
	if (r >= 0 && set_field(config, source, key, value->text) == 0)
		return;
	if (is_about_mail(key))
		set_field(config, source, key, key->fallback);
	if (r < 0)
		return;

	CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf nearest = STRBUF_INIT;
	config_accepted(key, &accepted);
	if (key->type == CONFIG_ZONE)
		source->zone_nearest(source->ctx, value->text, &nearest);
	strvec_pushf(errors, "%s='%s'%s%s: expected %s%s%s%s", key->name,
		     key->secret ? "(hidden)" : value->text, value->file ? " from " : "",
		     value->file ? value->file : "", accepted.buf,
		     nearest.len > 0 ? "; did you mean '" : "", nearest.buf,
		     nearest.len > 0 ? "'?" : "");
}

/* What single values cannot tell. Nobody logs in by accident in the clear. */
static void check_mail(const struct config *config, struct strvec *errors)
{
	bool user = *config->smtp_user, pass = *config->smtp_pass;

	if (config->smtp_timeout < 1 || config->smtp_timeout > TIMEOUT_LARGEST)
		strvec_pushf(errors,
			     "SMTP_TIMEOUT='%s': expected a duration from 1s to 1d",
			     config_value(config, "SMTP_TIMEOUT")->text);
	if (!config_has_mail(config) || !user)
		return;
	if (!pass)
		strvec_push(errors,
			    "SMTP_USER is set and SMTP_PASS is not: set it too, or in a "
			    "secret called smtp_pass");
	if (config->smtp_tls == CONFIG_TLS_OFF && !config->smtp_allow_plaintext)
		strvec_push(
			errors,
			"SMTP_USER is set and SMTP_TLS=off: the password could be read "
			"on its way; set SMTP_TLS=on, or SMTP_ALLOW_PLAINTEXT=on where "
			"that does not matter");
}

static void check_metrics(const struct config *config, struct strvec *errors)
{
	const char *path = config->metrics_file;

	if (*path && path[strlen(path) - 1] == '/')
		strvec_pushf(
			errors,
			"METRICS_FILE='%s': expected a file, such as '%sbackup.prom'",
			path, path);
}

int config_load(struct config *config, const struct config_source *source,
		struct strvec *errors, struct strvec *mail_errors)
{
	size_t n, before = errors->n, mail_before = mail_errors->n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++)
		load_key(config, source, &keys[i], &config->values[i],
			 is_about_mail(&keys[i]) ? mail_errors : errors);
	if (errors->n == before && mail_errors->n == mail_before)
		check_mail(config, mail_errors);
	if (errors->n == before)
		check_metrics(config, errors);
	if (errors->n == before && config->engine == CONFIG_ENGINE_NATIVE &&
	    config->rsync_args.n > 0)
		strvec_push(errors,
			    "RSYNC_ARGS is set and ENGINE=native: unset one of them");
	return errors->n > before || mail_errors->n > mail_before ? -EINVAL : 0;
}

const struct config_value *config_value(const struct config *config, const char *name)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &config->values[i];
	abort();
}

bool config_has_mail(const struct config *config)
{
	return strcmp(config->smtp_server, "smtp.example.com") != 0;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		free(config->values[i].text);
		free(config->values[i].file);
	}
	strvec_release(&config->exclude);
	strvec_release(&config->rsync_args);
	strvec_release(&config->email_to);
	*config = (struct config){0};
}
