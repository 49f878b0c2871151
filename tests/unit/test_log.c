/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Logs: their form, that names cannot forge lines, rotation, and what cannot be written. */
#include "scratch.h"

#include <errno.h>
#include <sys/resource.h>
#include <signal.h>

#include "sys/clock.h"
#include "sys/log.h"

static char *in_scratch(const char *name)
{
	return xasprintf("%s/%s", scratch_path(), name);
}

static off_t size_of(const char *name)
{
	struct stat st;

	return fstatat(scratch_fd(), name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1
									 : st.st_size;
}

static char *run_file(void)
{
	return xasprintf("backup_run_%ld.log", (long)getpid());
}

/* "[YYYY-MM-DD HH:MM:SS] " and then just the text, on one line. */
static void assert_line(const char *line, const char *text)
{
	static const char form[] = "[dddd-dd-dd dd:dd:dd] ";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
			fail_msg("no time at the start of: %s", line);
	assert_string_equal(line + sizeof(form) - 1, text);
}

static void test_form(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"plain 100%", "plain 100%\n"},
		{"a\n[2026-01-01 00:00:00] forged", "a\\n[2026-01-01 00:00:00] forged\n"},
		{"\x1b[2J\r\x07", "\\x1b[2J\\r\\x07\n"},
		{"\xff\xc2\x9b", "\\xff\\xc2\\x9b\n"},
		{"\xc3\xa4", "\xc3\xa4\n"},
		{"", "\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(log_freep) struct log *one = log_new(NULL);
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		log_info(one, "%s", cases[i].text);
		log_text(one, &out);
		assert_line(out.buf, cases[i].shown);
	}
	assert_null(log_last_error(log));
	assert_int_equal(log_warnings(log), 0);
	log_warn(log, "odd");
	log_warn(log, "odd");
	log_error(log, "bad %d", 1);
	log_error(log, "worse\n");
	assert_int_equal(log_warnings(log), 2);
	assert_string_equal(log_last_error(log), "worse\n");
	CLEANUP(strbuf_release) struct strbuf all = STRBUF_INIT;
	log_text(log, &all);
	assert_non_null(strstr(all.buf, "] WARNING: odd\n["));
	assert_non_null(strstr(all.buf, "] ERROR: bad 1\n["));
	assert_non_null(strstr(all.buf, "] ERROR: worse\\n\n"));
}

static void test_long_line(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		strbuf_addstr(&text, "\xe2\x82\xac");
	log_info(log, "%s", text.buf);
	log_info(log, "next");
	log_text(log, &out);
	assert_true(out.len < 40 * 1024);
	const char *end = strstr(out.buf, " [...]\n[");
	assert_non_null(end);
	assert_memory_equal(end - 3, "\xe2\x82\xac", 3); /* no half of a character */
}

/* Everywhere the same; the stream at once. */
static void test_everywhere(void **state)
{
	CLEANUP(freep) char *path = in_scratch("log");
	CLEANUP(freep) char *stream_path = in_scratch("stream");
	CLEANUP(freep) char *run = run_file();
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	FILE *stream = fopen(stream_path, "we");
	struct log *log = log_new(stream);

	(void)state;
	assert_int_equal(log_add_file(log, path, NULL), 0);
	assert_int_equal(log_add_run_file(log, scratch_path(), getpid(), NULL), 0);
	log_info(log, "one");
	log_warn(log, "two");
	log_text(log, &out);
	scratch_holds(scratch_fd(), "stream", out.buf);
	scratch_holds(scratch_fd(), "log", out.buf);
	scratch_holds(scratch_fd(), run, out.buf);
	assert_int_equal(scratch_mode(scratch_fd(), run), 0600);
	assert_int_equal(scratch_mode(scratch_fd(), "log") & 07, 0);
	log_free(log);
	assert_false(scratch_has(scratch_fd(), run));
	/* the next run appends */
	log = log_new(NULL);
	assert_int_equal(log_add_file(log, path, NULL), 0);
	log_info(log, "three");
	log_text(log, &out);
	log_free(log);
	scratch_holds(scratch_fd(), "log", out.buf);
	fclose(stream);
	log_free(NULL);
}

static void fill(const char *name, off_t size, const char *mark)
{
	CLEANUP(closep)
	int fd = openat(scratch_fd(), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(pwrite(fd, mark, strlen(mark), 0), (ssize_t)strlen(mark));
}

static bool begins(const char *name, const char *mark)
{
	char start[8] = "";
	CLEANUP(closep) int fd = openat(scratch_fd(), name, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, start, strlen(mark)) == (ssize_t)strlen(mark) &&
	       strcmp(start, mark) == 0;
}

static void test_rotation(void **state)
{
	const off_t ten_mib = 10 * 1024 * 1024;
	CLEANUP(freep) char *path = in_scratch("log");
	CLEANUP(log_freep) struct log *log = log_new(NULL);

	(void)state;
	fill("log", ten_mib - 60, "now");
	fill("log.1", 10, "one");
	fill("log.2", 10, "two");
	fill("log.3", 10, "three");
	assert_int_equal(log_add_file(log, path, NULL), 0);
	log_info(log, "this one still fits");
	assert_int_equal(size_of("log.1"), 10);
	log_info(log, "this one does not fit any more");
	assert_true(begins("log", "[") && size_of("log") < 100);
	assert_true(begins("log.1", "now") && size_of("log.1") <= ten_mib);
	assert_true(begins("log.2", "one"));
	assert_true(begins("log.3", "two"));
	assert_false(scratch_has(scratch_fd(), "log.4"));
	assert_int_equal(log_warnings(log), 0);
}

/* An old file that is too large already, and no older ones. */
static void test_rotation_at_start(void **state)
{
	CLEANUP(freep) char *path = in_scratch("log");
	CLEANUP(log_freep) struct log *log = log_new(NULL);

	(void)state;
	fill("log", 20 * 1024 * 1024, "now");
	assert_int_equal(log_add_file(log, path, NULL), 0);
	log_info(log, "first");
	assert_true(begins("log.1", "now"));
	assert_false(scratch_has(scratch_fd(), "log.2"));
	assert_true(size_of("log") < 100);
}

/* What cannot be renamed (here: nothing in that directory can) grows on. */
static int log_without_rotation(void)
{
	CLEANUP(freep) char *path = in_scratch("log");
	CLEANUP(log_freep) struct log *log = log_new(NULL);

	fill("log", 10 * 1024 * 1024, "now");
	if (fchmod(scratch_fd(), 0555) < 0 || log_add_file(log, path, NULL) < 0)
		return 1;
	log_info(log, "first");
	log_info(log, "second");
	if (fchmod(scratch_fd(), 0755) < 0)
		return 2;
	return begins("log", "now") && size_of("log") > 10 * 1024 * 1024 + 40 &&
			       !scratch_has(scratch_fd(), "log.1")
		       ? 0
		       : 3;
}

static void test_rotation_impossible(void **state)
{
	(void)state;
	assert_int_equal(scratch_as_other(log_without_rotation), 0);
}

static void test_cannot_open(void **state)
{
	CLEANUP(freep) char *path = in_scratch("none/log");
	CLEANUP(freep) char *dir = in_scratch("dir");
	CLEANUP(freep) char *fifo = in_scratch("fifo");
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	struct error err = {.msg = ""};

	(void)state;
	scratch_alarm(10);
	assert_int_equal(log_add_file(log, path, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path));
	log_info(log, "goes on");
	CLEANUP(log_freep) struct log *second = log_new(NULL);
	close(scratch_mkdir(scratch_fd(), "dir"));
	assert_int_equal(log_add_file(second, dir, &err), -EISDIR);
	CLEANUP(log_freep) struct log *third = log_new(NULL);
	assert_int_equal(mkfifoat(scratch_fd(), "fifo", 0600), 0);
	assert_int_equal(log_add_file(third, fifo, &err), -ENXIO); /* and no hanging */
	log_info(third, "goes on");
	scratch_alarm(0);
}

/* A full disk is said once, and the run goes on. */
static void test_no_room(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(log_add_file(log, "/dev/full", NULL), 0);
	log_info(log, "one");
	log_info(log, "two");
	assert_int_equal(log_warnings(log), 1);
	log_text(log, &out);
	assert_non_null(strstr(out.buf, "] one\n"));
	assert_non_null(strstr(out.buf, "'/dev/full' cannot be written (No space"));
	assert_non_null(strstr(out.buf, "] two\n"));
}

static void test_run_file_refused(void **state)
{
	CLEANUP(freep) char *run = run_file();
	struct error err = {.msg = ""};

	(void)state;
	scratch_write(scratch_fd(), "victim", "precious");
	assert_int_equal(symlinkat("victim", scratch_fd(), run), 0);
	struct log *log = log_new(NULL);
	assert_int_equal(log_add_run_file(log, scratch_path(), getpid(), &err), -EEXIST);
	assert_non_null(strstr(err.msg, run));
	log_info(log, "goes on");
	log_free(log);
	scratch_holds(scratch_fd(), "victim", "precious");
	assert_true(scratch_has(scratch_fd(), run)); /* not ours to remove */

	assert_int_equal(unlinkat(scratch_fd(), run, 0), 0);
	assert_int_equal(linkat(scratch_fd(), "victim", scratch_fd(), run, 0), 0);
	log = log_new(NULL);
	assert_int_equal(log_add_run_file(log, scratch_path(), getpid(), &err), -EEXIST);
	log_free(log);
	scratch_holds(scratch_fd(), "victim", "precious");
	assert_true(scratch_has(scratch_fd(), run));
}

static void test_run_file_stale(void **state)
{
	CLEANUP(freep) char *run = run_file();
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	fill(run, 100, "of a dead process of our number");
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	assert_int_equal(log_add_run_file(log, scratch_path(), getpid(), NULL), 0);
	log_info(log, "new");
	log_text(log, &out);
	scratch_holds(scratch_fd(), run, out.buf);
}

/* What a killed process logged is ours then; a link by its file's name is left alone. */
static void test_adopted(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	scratch_write(scratch_fd(), "backup_run_42.log", "[...] of the dead\n");
	scratch_write(scratch_fd(), "victim", "secret\n");
	assert_int_equal(symlinkat("victim", scratch_fd(), "backup_run_43.log"), 0);
	log_adopt_run_file(log, scratch_path(), 42);
	log_adopt_run_file(log, scratch_path(), 43);
	log_adopt_run_file(log, scratch_path(), 44);
	log_error(log, "killed");
	log_text(log, &out);
	assert_memory_equal(out.buf, "[...] of the dead\n[", 19);
	assert_null(strstr(out.buf, "secret"));
	assert_false(scratch_has(scratch_fd(), "backup_run_42.log"));
	assert_true(scratch_has(scratch_fd(), "backup_run_43.log"));
}

/* Memory is bounded: the beginning and the end stay. */
static void test_memory(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 50000; i++)
		log_info(log, "line %d", i);
	log_text(log, &out);
	assert_true(out.len < 600 * 1024);
	assert_non_null(strstr(out.buf, "] line 0\n"));
	assert_non_null(strstr(out.buf, "] line 49999\n"));
	assert_non_null(strstr(out.buf, "bytes left out"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_form),
		TEST(test_long_line),
		TEST(test_everywhere),
		TEST(test_rotation),
		TEST(test_rotation_at_start),
		TEST(test_rotation_impossible),
		TEST(test_cannot_open),
		TEST(test_no_room),
		TEST(test_run_file_refused),
		TEST(test_run_file_stale),
		TEST(test_adopted),
		TEST(test_memory),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
