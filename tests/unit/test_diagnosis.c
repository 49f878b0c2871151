/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What msmtp says, put into words: cases/msmtp-failures.txt, collected from the real one. */
#include "cases.h"
#include "loaded.h"

#include "mail/diagnosis.h"

static void test_failures(void **state)
{
	const char *variables[] = {"SMTP_SERVER", "mail.example.net", NULL};
	CLEANUP(cases_close) struct cases cases = cases_open("msmtp-failures.txt");
	CLEANUP(config_release) struct config config;
	char *col[4];

	(void)state;
	loaded(&config, variables);
	while (cases_next(&cases)) {
		CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT;
		cases_columns(&cases, col, 4);
		cases_text(col[1]);
		const struct attempt attempt = {
			.code = (int)strtol(col[0], NULL, 10),
			.said = col[1],
		};
		bool again = diagnosis_is_temporary(&attempt);
		if (again != (strcmp(col[2], "again") == 0))
			cases_wrong(&cases, "is %s", again ? "temporary" : "for good");
		diagnosis_words(&attempt, &config, &words);
		if (!strstr(words.buf, col[3]))
			cases_wrong(&cases, "says %s", words.buf);
	}
	cases_end(&cases);
}

static void says(const struct attempt *attempt, const char **variables,
		 const char *wanted)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT;
	CLEANUP(config_release) struct config config;

	loaded(&config, variables);
	diagnosis_words(attempt, &config, &words);
	assert_string_equal(words.buf, wanted);
}

static void test_whole(void **state)
{
	const char *server[] = {"SMTP_SERVER", "m", "SMTP_PORT", "587", NULL};
	const char *implicit[] = {"SMTP_SERVER",  "m",	"SMTP_TLS", "implicit",
				  "SMTP_TIMEOUT", "5s", NULL};

	(void)state;
	says(
		&(struct attempt){
			.code = 65,
			.said = "msmtp: recipient address a@b not accepted by the "
				"server\nmsmtp: server message: 550 no\nmsmtp: could "
				"not send mail (account default from /proc/3)\n"},
		server,
		"m port 587: the server refuses the recipient; check EMAIL_TO (recipient "
		"address a@b not accepted by the server; server message: 550 no)");
	says(&(struct attempt){.code = 70, .said = ""}, server,
	     "m port 587: msmtp ended with 70");
	says(&(struct attempt){.code = -1, .said = ""}, server,
	     "m port 587: msmtp was killed");
	says(&(struct attempt){.code = -1, .said = "", .timed_out = true}, server,
	     "m port 587: the server fell silent for 30 s (SMTP_TIMEOUT); where it waits "
	     "for TLS from the start, set SMTP_TLS=implicit");
	says(&(struct attempt){.code = -1, .said = "", .timed_out = true, .seconds = 5},
	     server,
	     "m port 587: the server fell silent for 5 s, and there was no more time; "
	     "where it waits for TLS from the start, set SMTP_TLS=implicit");
	says(&(struct attempt){.code = -1, .said = "", .late = true}, server,
	     "m port 587: no time was left to try");
	says(&(struct attempt){.code = -1, .said = "", .timed_out = true}, implicit,
	     "m port 25: the server fell silent for 5 s (SMTP_TIMEOUT)");
	says(&(struct attempt){.code = -1, .said = "", .interrupted = true}, server,
	     "m port 587: interrupted before the server took it");
}

/* What may have been sent already is not sent again. */
static void test_not_again(void **state)
{
	(void)state;
	assert_false(diagnosis_is_temporary(
		&(struct attempt){.code = -1, .said = "", .timed_out = true}));
	assert_false(diagnosis_is_temporary(
		&(struct attempt){.code = -1, .said = "", .interrupted = true}));
	assert_false(diagnosis_is_temporary(&(struct attempt){
		.code = 74,
		.said = "msmtp: network read error: the operation timed out\n"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_not_again),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
