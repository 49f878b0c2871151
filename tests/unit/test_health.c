/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The last line of the history, and whether it means that backups are well. */
#include "prepared.h"

#include "flow/health.h"

enum { HOUR = 3600, DAY = 24 * HOUR };
static const struct instant now = {1795402800, 0}; /* 2026-11-23 03:00:00 */

#define LINE(epoch, result, exit)                                                       \
	"{\"time\":" epoch ",\"utc_offset\":0,\"result\":\"" result "\",\"exit\":" exit \
	"}\n"

/* What is made of a history, in `ret_why`; false: not well. */
static bool judged(const char *text, int64_t max_age, char **ret_why)
{
	CLEANUP(health_release) struct health health = {0};
	struct error err = {.msg = ""};

	scratch_write(prepared.meta, "history.jsonl", text);
	int r = history_last(&prepared, &health.last, &err);
	if (r < 0)
		fail_msg("%s", err.msg);
	health.ran = r > 0;
	health_judge(&health, max_age, now);
	*ret_why = STEAL(health.why);
	return health.healthy;
}

static void is(const char *text, int64_t max_age, bool healthy, const char *why)
{
	CLEANUP(freep) char *got = NULL;
	bool well = judged(text, max_age, &got);

	assert_string_equal(got, why);
	assert_int_equal(well, healthy);
}

static void test_results(void **state)
{
	(void)state;
	is("", 0, false, "there was no run yet");
	is(LINE("1795388400", "ok", "0"), 0, true,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, succeeded");
	is(LINE("1795388400", "warnings", "0"), 0, true,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, succeeded with warnings");
	is(LINE("1795388400", "partial", "3"), 0, false,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, was partial");
	is(LINE("1795388400", "interrupted", "143"), 0, false,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, was interrupted");
	is("{\"time\":1795388400,\"utc_offset\":-18000,\"result\":\"failed\","
	   "\"exit\":1,\"reason\":\"the source is empty\"}\n",
	   0, false,
	   "the last run, of 2026-11-22 18:00:00, 4 h 00 min ago, failed: the source is empty");
	/* the last one counts, not the best one */
	is(LINE("1795302000", "ok", "0") LINE("1795388400", "failed", "1"), 0, false,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, failed");
	is(LINE("1795302000", "failed", "1") LINE("1795388400", "ok", "0"), 0, true,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, succeeded");
}

static void test_age(void **state)
{
	(void)state;
	is(LINE("1795316400", "ok", "0"), DAY, true,
	   "the last run, of 2026-11-22 03:00:00, 1 d 0 h ago, succeeded");
	is(LINE("1795316399", "ok", "0"), DAY, false,
	   "the last run, of 2026-11-22 02:59:59, 1 d 0 h ago, succeeded, and MAX_AGE is 1 d 0 h");
	is(LINE("1", "ok", "0"), 0, true,
	   "the last run, of 1970-01-01 00:00:01, 20780 d 2 h ago, succeeded");
	is(LINE("1", "failed", "1"), DAY, false,
	   "the last run, of 1970-01-01 00:00:01, 20780 d 2 h ago, failed");
	/* the clock was put back */
	is(LINE("1795402801", "ok", "0"), DAY, true,
	   "the last run, of 2026-11-23 03:00:01, succeeded");
}

/* Lines that are none, and runs that did nothing, are passed over. */
static void test_odd_lines(void **state)
{
	static const char *const odd[] = {
		"{\"time\":17",
		"\n",
		"{}\n",
		"[]\n",
		"{\"time\":1,\"result\":\"splendid\",\"exit\":0}\n",
		"{\"time\":9223372036854775807,\"result\":\"ok\",\"exit\":0}\n",
		"{\"time\":\"1\",\"result\":\"ok\",\"exit\":0}\n",
		"{\"time\":1,\"result\":\"ok\",\"exit\":0,\"utc_offset\":99999}\n",
		LINE("1795402799", "failed", "75"),
		LINE("1795402799", "failed", "75") LINE("1795402799", "failed", "75") "{",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		CLEANUP(freep)
		char *text = xasprintf("%s%s", LINE("1795388400", "ok", "0"), odd[i]);
		is(text, 0, true,
		   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, succeeded");
		is(odd[i], 0, false, "there was no run yet");
	}
	/* only the last line's end is missing */
	is("{\"time\":1795388400,\"result\":\"ok\",\"exit\":0}", 0, true,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, succeeded");
}

/* Of a history of many years its end is read. */
static void test_long_history(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	(void)state;
	while (text.len < 3 * 1024 * 1024)
		strbuf_addstr(&text, LINE("1795302000", "failed", "1"));
	strbuf_addstr(&text, LINE("1795388400", "ok", "0"));
	is(text.buf, 0, true,
	   "the last run, of 2026-11-22 23:00:00, 4 h 00 min ago, succeeded");
}

static void test_running(void **state)
{
	CLEANUP(health_release)
	struct health health = {
		.running = true,
		.holder = xstrdup("process 7 on shop"),
		.ran = true,
		.last = {.result = REPORT_FAILED,
			 .reason = xstrdup(""),
			 .snapshot = xstrdup("")},
	};

	(void)state;
	health_judge(&health, 1, now);
	assert_true(health.healthy);
	assert_string_equal(health.why, "a run is in progress: process 7 on shop");
	*health.holder = '\0';
	health_judge(&health, 1, now);
	assert_string_equal(health.why, "a run is in progress");

	health.since = now.epoch - DAY;
	health_judge(&health, DAY, now);
	assert_true(health.healthy);
	health_judge(&health, 0, now);
	assert_true(health.healthy);
	assert_string_equal(health.why, "a run is in progress");
	health_judge(&health, DAY - 60, now);
	assert_false(health.healthy);
	assert_string_equal(
		health.why,
		"a run is in progress, for 1 d 0 h, and MAX_AGE is 23 h 59 min");
}

static void test_look(void **state)
{
	const struct config config = {.dest = scratch_path()};
	CLEANUP(store_close) struct store store = STORE_INIT;
	struct error err = {.msg = ""};
	struct health health = {0};

	(void)state;
	scratch_write(prepared.meta, "history.jsonl", LINE("1", "failed", "1"));
	assert_int_equal(store_open(&store, scratch_path(), &err), 0);
	assert_int_equal(health_look(&store, &config, now, &health, &err), 0);
	assert_true(health.healthy && health.running && health.ran);
	assert_string_equal(health.holder, "a test");
	health_release(&health);

	store_close(&prepared);
	assert_int_equal(health_look(&store, &config, now, &health, &err), 0);
	assert_false(health.healthy || health.running);
	assert_int_equal(health.last.start.epoch, 1);
	health_release(&health);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PREPARED(test_results),	  PREPARED(test_age),
		PREPARED(test_odd_lines), PREPARED(test_long_history),
		PREPARED(test_running),	  PREPARED(test_look),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
