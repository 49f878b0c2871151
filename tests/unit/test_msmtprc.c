/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* msmtp's configuration, word by word; what real msmtp makes of it is cli/5001's matter. */
#include "loaded.h"

#include "base/alloc.h"
#include "mail/msmtprc.h"

#define BEGINNING "# Made from the environment of backup-container.\naccount default\n"

static void writes(const char **variables, const char *log, const char *wanted)
{
	CLEANUP(config_release) struct config config;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = {.msg = ""};

	loaded(&config, variables);
	if (msmtprc_text(&config, *msmtprc_logins(&config), log, &text, &err) < 0)
		fail_msg("%s", err.msg);
	assert_memory_equal(text.buf, BEGINNING, strlen(BEGINNING));
	assert_string_equal(text.buf + strlen(BEGINNING), wanted);
}

static void refuses(const char **variables, const char *wanted)
{
	CLEANUP(config_release) struct config config;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = {.msg = ""};

	loaded(&config, variables);
	assert_int_equal(msmtprc_text(&config, *msmtprc_logins(&config), config.msmtp_log,
				      &text, &err),
			 -EINVAL);
	assert_string_equal(err.msg, wanted);
}

static void test_defaults(void **state)
{
	const char *none[] = {NULL};

	(void)state;
	writes(none, "/var/log/msmtp.log",
	       "host \"smtp.example.com\"\nport 25\ntimeout 30\ntls off\nauth off\n"
	       "from \"admin@example.com\"\nlogfile \"/var/log/msmtp.log\"\n");
	writes(none, NULL,
	       "host \"smtp.example.com\"\nport 25\ntimeout 30\ntls off\nauth off\n"
	       "from \"admin@example.com\"\n");
}

static void test_login(void **state)
{
	const char *plain[] = {"SMTP_SERVER",	       "m",	    "SMTP_USER",
			       "a \"b\" #\\",	       "SMTP_PASS", "c\"d",
			       "SMTP_ALLOW_PLAINTEXT", "on",	    NULL};
	const char *file[] = {"SMTP_SERVER",
			      "m",
			      "SMTP_USER",
			      "a",
			      "SMTP_TLS",
			      "on",
			      "SMTP_PORT",
			      "465",
			      "SMTP_CA_FILE",
			      "/ca \"x\"",
			      "SMTP_TIMEOUT",
			      "2m",
			      "EMAIL_FROM",
			      "x@y.example",
			      "SMTP_PASS_FILE",
			      LOADED_FILE,
			      NULL};

	(void)state;
	writes(plain, "-",
	       "host \"m\"\nport 25\ntimeout 30\ntls off\nauth plain\n"
	       "user \"a \"b\" #\\\"\npassword \"c\"d\"\nfrom \"admin@example.com\"\n"
	       "logfile \"-\"\n");
	/* a password from a file stays there */
	writes(file, NULL,
	       "host \"m\"\nport 465\ntimeout 120\ntls on\ntls_starttls off\n"
	       "tls_trust_file \"/ca \"x\"\"\nauth on\nuser \"a\"\n"
	       "passwordeval \"cat -- '/it'\\''s a \"file\"'\"\n"
	       "from \"x@y.example\"\n");
}

static void test_implicit(void **state)
{
	static const struct {
		const char *tls, *port;
		bool implicit;
	} rows[] = {
		{"on", "465", true},	    {"on", "25", false},
		{"on", "587", false},	    {"starttls", "465", false},
		{"starttls", "587", false}, {"implicit", "587", true},
		{"implicit", "465", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(config_release) struct config config;
		const char *variables[] = {"SMTP_TLS", rows[i].tls, "SMTP_PORT",
					   rows[i].port, NULL};
		loaded(&config, variables);
		assert_int_equal(msmtprc_is_implicit(&config), rows[i].implicit);
	}
}

/* A newline would begin a command of its own; a long line makes msmtp refuse them all. */
static void test_refused(void **state)
{
	char long_name[600];
	const char *newline[] = {"SMTP_SERVER", "m",  "SMTP_USER",	"a",
				 "SMTP_TLS",	"on", "SMTP_PASS_FILE", LOADED_FILE,
				 NULL};
	const char *too_long[] = {"SMTP_SERVER", "m",	     "SMTP_USER",
				  "a",		 "SMTP_TLS", "on",
				  "SMTP_PASS",	 long_name,  NULL};
	CLEANUP(config_release) struct config config;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = {.msg = ""};
	size_t at;

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	refuses(too_long, "SMTP_PASS is too long for msmtp, unless it comes from a file "
			  "(SMTP_PASS_FILE)");
	long_name[488] = '\0'; /* as measured: password "..." in 499 bytes */
	loaded(&config, too_long);
	assert_int_equal(
		msmtprc_text(&config, *msmtprc_logins(&config), NULL, &text, &err), 0);
	config_release(&config);
	too_long[6] = "SMTP_CA_FILE";
	too_long[3] = "";
	refuses(too_long, "SMTP_CA_FILE is too long for msmtp");

	loaded(&config, newline);
	for (at = 0; config.values[at].file == NULL; at++)
		;
	free(config.values[at].file);
	config.values[at].file = xstrdup("/a\nhost evil");
	assert_int_equal(
		msmtprc_text(&config, *msmtprc_logins(&config), NULL, &text, &err),
		-EINVAL);
	assert_string_equal(err.msg, "SMTP_PASS_FILE holds a control character, which no "
				     "mail setting may");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_implicit),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("msmtprc", tests, NULL, NULL);
}
