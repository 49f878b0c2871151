/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What the user asked for: cases/config.txt, files, defaults, and every error at once. */
#include "cases.h"

#include <errno.h>

#include "model/config.h"

/* An environment and files in memory. */
struct fake {
	const char *names[8], *values[8];
	const char *path, *content;
	size_t content_len;
};

static const char *fake_get(void *ctx, const char *name)
{
	const struct fake *fake = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(fake->names) && fake->names[i]; i++)
		if (strcmp(fake->names[i], name) == 0)
			return fake->values[i];
	return NULL;
}

static int fake_read(void *ctx, const char *path, struct strbuf *out, struct error *err)
{
	const struct fake *fake = ctx;

	if (!fake->path || strcmp(path, fake->path) != 0)
		return error_set(err, -ENOENT, "open '%s'", path);
	strbuf_add(out, fake->content, fake->content_len);
	return 0;
}

static bool fake_zone(void *ctx, const char *zone)
{
	(void)ctx;
	return *zone == '\0' || strcmp(zone, "Good/Zone") == 0;
}

static void fake_nearest(void *ctx, const char *zone, struct strbuf *out)
{
	(void)ctx;
	if (strcmp(zone, "God/Zone") == 0)
		strbuf_addstr(out, "Good/Zone");
}

static int load(struct fake *fake, struct config *config, struct strvec *errors)
{
	const struct config_source source = {
		.ctx = fake,
		.get = fake_get,
		.read_file = fake_read,
		.zone_known = fake_zone,
		.zone_nearest = fake_nearest,
	};

	*config = (struct config){0};
	return config_load(config, &source, errors, errors);
}

static const struct config_key *key_of(const char *name, size_t *ret_at)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(keys[i].name, name) == 0) {
			*ret_at = i;
			return &keys[i];
		}
	}
	fail_msg("no key %s", name);
	return NULL;
}

static void test_values(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("config.txt");
	char *col[3];
	size_t at = 0;

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(config_release) struct config config;
		CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
		CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
		cases_columns(&cases, col, 3);
		cases_text(col[1]);
		struct fake fake = {.names = {col[0]}, .values = {col[1]}};
		int r = load(&fake, &config, &errors);
		bool taken = strcmp(col[2], "taken") == 0;
		const struct config_key *key = key_of(col[0], &at);
		if ((r == 0) != taken || errors.n != (taken ? 0 : 1))
			cases_wrong(&cases, "returns %d, %s", r,
				    errors.n ? errors.v[0] : "");
		if (strcmp(config.values[at].text, col[1]) != 0 ||
		    config.values[at].origin != CONFIG_FROM_ENVIRONMENT)
			cases_wrong(&cases, "is shown as %s", config.values[at].text);
		/* the sentence names variable, value and what is accepted */
		config_accepted(key, &accepted);
		CLEANUP(freep)
		char *named =
			xasprintf("%s='%s': expected %s", col[0], col[1], accepted.buf);
		if (errors.n && strcmp(errors.v[0], named) != 0)
			cases_wrong(&cases, "says %s", errors.v[0]);
	}
	cases_end(&cases);
}

static void test_defaults(void **state)
{
	CLEANUP(config_release) struct config c;
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	struct fake nothing = {.path = NULL};

	(void)state;
	assert_int_equal(load(&nothing, &c, &errors), 0);
	assert_string_equal(c.src, "/data");
	assert_string_equal(c.dest, "/backup");
	assert_int_equal(c.daily_count, 7);
	assert_int_equal(c.weekly_count, 4);
	assert_int_equal(c.monthly_count, 6);
	assert_int_equal(c.keep_within, 86400);
	assert_false(c.dry_run || c.exclude_caches || c.one_file_system || c.checksum ||
		     c.allow_empty_source);
	assert_string_equal(c.tz, "");
	assert_int_equal(c.engine, CONFIG_ENGINE_AUTO);
	assert_int_equal(c.exclude.n + c.rsync_args.n, 0);
	assert_string_equal(c.exclude_from, "");
	assert_string_equal(c.exclude_if_present, "");
	assert_int_equal(c.bwlimit, 0);
	assert_int_equal(c.threads, 0);
	assert_int_equal(c.nice, 0);
	assert_int_equal(c.io_priority, -1);
	assert_int_equal(c.shrink_limit, 50);
	assert_int_equal(c.init, CONFIG_INIT_AUTO);
	assert_int_equal(c.lock_wait, 0);
	assert_string_equal(c.log_file, "/var/log/backup.log");
	assert_string_equal(c.run_log_dir, "/tmp");
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		assert_int_equal(c.values[i].origin, CONFIG_FROM_DEFAULT);
}

static void test_meanings(void **state)
{
	CLEANUP(config_release) struct config c;
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	struct fake fake = {.names = {"EXCLUDE", "RSYNC_ARGS", "KEEP_WITHIN", "BWLIMIT",
				      "INIT", "DRY_RUN", "DAILY_COUNT", "WEEKLY_COUNT"},
			    .values = {"a\n b\\,c ,", "-z '--x=1 2'", "1w", "2M", "NEVER",
				       "Yes", "0", ""}};

	(void)state;
	assert_int_equal(load(&fake, &c, &errors), 0);
	assert_int_equal(c.exclude.n, 2);
	assert_string_equal(c.exclude.v[1], "b,c");
	assert_int_equal(c.rsync_args.n, 2);
	assert_string_equal(c.rsync_args.v[1], "--x=1 2");
	assert_int_equal(c.keep_within, 604800);
	assert_int_equal(c.bwlimit, 2097152);
	assert_int_equal(c.init, CONFIG_INIT_NEVER);
	assert_true(c.dry_run);
	assert_int_equal(c.daily_count, 0);
	assert_int_equal(c.weekly_count, 4); /* empty is as good as not set */
}

/* All of them, each named. */
static void test_all_errors(void **state)
{
	CLEANUP(config_release) struct config c;
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	struct fake fake = {
		.names = {"DAILY_COUNT", "DRY_RUN", "TZ", "ENGINE", "BWLIMIT",
			  "RSYNC_ARGS", "SHRINK_LIMIT", "LOCK_WAIT_FILE"},
		.values = {"x", "y", "Bad/Zone", "z", "w", "'", "101", "/none"}};
	static const char *const wanted[] = {"DAILY_COUNT='x'",	   "DRY_RUN='y'",
					     "TZ='Bad/Zone'",	   "ENGINE='z'",
					     "BWLIMIT='w'",	   "RSYNC_ARGS='''",
					     "SHRINK_LIMIT='101'", "LOCK_WAIT_FILE: "};

	(void)state;
	strvec_push(&errors, "of somebody else");
	assert_int_equal(load(&fake, &c, &errors), -EINVAL);
	assert_int_equal(errors.n, 1 + ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		size_t found = 0;
		for (size_t j = 0; j < errors.n; j++)
			found += strncmp(errors.v[j], wanted[i], strlen(wanted[i])) == 0;
		if (found != 1)
			fail_msg("%zu times %s", found, wanted[i]);
	}
}

/* Loads DAILY_COUNT from a file of that content; NULL: it is not there. */
static const char *from_file(const char *content, size_t len, const char *also,
			     uint64_t *ret_count)
{
	static char first[512];
	CLEANUP(config_release) struct config c;
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	struct fake fake = {.names = {"DAILY_COUNT_FILE", "DAILY_COUNT"},
			    .values = {"/run/secrets/n", also},
			    .path = content ? "/run/secrets/n" : NULL,
			    .content = content,
			    .content_len = len};
	size_t at = 0;

	int r = load(&fake, &c, &errors);
	assert_int_equal(r, errors.n > 0 ? -EINVAL : 0);
	assert_true(errors.n <= 1);
	key_of("DAILY_COUNT", &at);
	assert_int_equal(c.values[at].origin, CONFIG_FROM_FILE);
	assert_string_equal(c.values[at].file, "/run/secrets/n");
	*ret_count = c.daily_count;
	snprintf(first, sizeof(first), "%s", errors.n ? errors.v[0] : "");
	return first;
}

static void test_files(void **state)
{
	uint64_t n;

	(void)state;
	assert_string_equal(from_file("12", 2, NULL, &n), "");
	assert_int_equal(n, 12);
	assert_string_equal(from_file("13\n", 3, "", &n), ""); /* empty: not given */
	assert_int_equal(n, 13);
	assert_string_equal(from_file("", 0, NULL, &n), "");
	assert_int_equal(n, 7);
	assert_string_equal(from_file("\n", 1, NULL, &n), "");
	assert_int_equal(n, 7);
	/* one newline is cut, and nothing else */
	assert_string_equal(from_file("12\n\n", 4, NULL, &n),
			    "DAILY_COUNT='12\n' from /run/secrets/n: expected a whole "
			    "number from 0 to 10000");
	assert_non_null(strstr(from_file("12\r\n", 4, NULL, &n), "DAILY_COUNT='12\r'"));
	assert_non_null(strstr(from_file(" 12", 3, NULL, &n), "DAILY_COUNT=' 12'"));
	assert_non_null(strstr(from_file("1\0002", 3, NULL, &n), "NUL"));
	assert_string_equal(
		from_file("12", 2, "13", &n),
		"DAILY_COUNT and DAILY_COUNT_FILE are both set: keep one of them");
	assert_non_null(strstr(from_file("12", 2, "12", &n), "both set"));
	assert_non_null(strstr(from_file(NULL, 0, NULL, &n),
			       "DAILY_COUNT_FILE: open '/run/secrets/n': No such"));
}

/* Every key of the table is whole, and every default is a value it would take. */
static void test_table(void **state)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	(void)state;
	assert_int_equal(n, CONFIG_KEYS);
	for (size_t i = 0; i < n; i++) {
		CLEANUP(strbuf_release) struct strbuf accepted = STRBUF_INIT;
		config_accepted(&keys[i], &accepted);
		assert_true(accepted.len > 0 && keys[i].help[0]);
		assert_null(strchr(keys[i].help, '\n'));
		assert_int_equal(keys[i].type == CONFIG_CHOICE, keys[i].choices != NULL);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(keys[i].name, keys[j].name);
			assert_int_not_equal(keys[i].offset, keys[j].offset);
			/* NAME_FILE must not be another key's name */
			CLEANUP(freep) char *a = xasprintf("%s_FILE", keys[i].name);
			CLEANUP(freep) char *b = xasprintf("%s_FILE", keys[j].name);
			assert_string_not_equal(a, keys[j].name);
			assert_string_not_equal(b, keys[i].name);
		}
	}
}

/* Expects `n` errors, the first of which holds `words`. */
static void refused(struct fake *fake, size_t n, const char *words)
{
	CLEANUP(config_release) struct config c;
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;

	assert_int_equal(load(fake, &c, &errors), n ? -EINVAL : 0);
	assert_int_equal(errors.n, n);
	if (n && !strstr(errors.v[0], words))
		fail_msg("says %s", errors.v[0]);
}

static void test_zone_suggested(void **state)
{
	(void)state;
	refused(&(struct fake){.names = {"TZ"}, .values = {"God/Zone"}}, 1,
		"CET-1CEST; did you mean 'Good/Zone'?");
}

static void test_secret_files(void **state)
{
	CLEANUP(config_release) struct config c;
	CLEANUP(strvec_release) struct strvec errors = STRVEC_INIT;
	struct fake fake = {.names = {"SMTP_PASS", "SECRETS_DIR"},
			    .values = {"from the environment", "/secrets"},
			    .path = "/secrets/smtp_pass",
			    .content = "from the secret\n",
			    .content_len = 16};

	/* the secret wins */
	(void)state;
	assert_int_equal(load(&fake, &c, &errors), 0);
	assert_string_equal(c.smtp_pass, "from the secret");
	const struct config_value *value = config_value(&c, "SMTP_PASS");
	assert_int_equal(value->origin, CONFIG_FROM_FILE);
	assert_string_equal(value->file, "/secrets/smtp_pass");
	config_release(&c);

	/* where there is none, the variable holds */
	fake.path = "/run/secrets/smtp_pass";
	assert_int_equal(load(&fake, &c, &errors), 0);
	assert_string_equal(c.smtp_pass, "from the environment");
	assert_int_equal(config_value(&c, "SMTP_PASS")->origin, CONFIG_FROM_ENVIRONMENT);
	config_release(&c);

	/* the file that was named for this very key goes before */
	fake.names[0] = "SMTP_PASS_FILE";
	fake.values[0] = fake.path = "/mine";
	assert_int_equal(load(&fake, &c, &errors), 0);
	assert_string_equal(c.smtp_pass, "from the secret");
	assert_string_equal(config_value(&c, "SMTP_PASS")->file, "/mine");

	/* and what is in it is never shown */
	fake.content = "two\nlines";
	fake.content_len = 9;
	refused(&fake, 1, "SMTP_PASS='(hidden)' from /mine: expected one line of text");
}

static void test_together(void **state)
{
	struct fake fake = {.names = {"SMTP_USER", "SMTP_PASS", "SMTP_SERVER"},
			    .values = {"user", "pass"}};

	/* the example is no server that anybody logs in to */
	(void)state;
	refused(&fake, 0, "");
	fake.values[2] = "mail.example.net";
	refused(&fake, 1, "set SMTP_TLS=on, or SMTP_ALLOW_PLAINTEXT=on");
	fake.names[3] = "SMTP_TLS";
	fake.values[3] = "starttls";
	refused(&fake, 0, "");
	fake.values[1] = "";
	refused(&fake, 1, "SMTP_USER is set and SMTP_PASS is not");
	fake.names[3] = "SMTP_ALLOW_PLAINTEXT";
	fake.values[1] = "pass";
	fake.values[3] = "on";
	refused(&fake, 0, "");
	fake = (struct fake){.names = {"ENGINE", "RSYNC_ARGS"},
			     .values = {"native", "-z"}};
	refused(&fake, 1, "RSYNC_ARGS is set and ENGINE=native");
	fake = (struct fake){.names = {"SMTP_TIMEOUT"}, .values = {"0"}};
	refused(&fake, 1, "SMTP_TIMEOUT='0'");
	fake = (struct fake){.names = {"SMTP_TIMEOUT"}, .values = {"25h"}};
	refused(&fake, 1, "SMTP_TIMEOUT='25h'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_zone_suggested),
		cmocka_unit_test(test_secret_files),
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
