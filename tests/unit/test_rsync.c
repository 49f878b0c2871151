/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* rsync's options and what it says: cases/rsync-args.txt and cases/rsync-output.txt. */
#include "cases.h"

#include <errno.h>
#include <inttypes.h>

#include "base/strbuf.h"
#include "engine/rsync_args.h"
#include "engine/rsync_output.h"

static void test_args(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("rsync-args.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;
		struct error err = {.msg = ""};
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		strvec_push(&args, "--fuzzy");
		strvec_push(&args, col[0]);
		int r = rsync_args_check(&args, &err);
		if ((r == 0) != (strcmp(col[1], "taken") == 0) || (r < 0 && r != -EINVAL))
			cases_wrong(&cases, "returns %d", r);
		CLEANUP(freep) char *named = xasprintf("RSYNC_ARGS: '%s' is ", col[0]);
		if (r < 0 && !strstr(err.msg, named))
			cases_wrong(&cases, "says %s", err.msg);
	}
	cases_end(&cases);
}

static void join(const struct strvec *argv, struct strbuf *out)
{
	for (size_t i = 0; i < argv->n; i++)
		strbuf_addf(out, "%s%s", i ? " " : "", argv->v[i]);
}

static void test_command_line(void **state)
{
	CLEANUP(strvec_release) struct strvec none = STRVEC_INIT, bases = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT, argv = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec dry = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
	struct engine_job job = {
		.source = "/data", .target = "/t", .bases = &none, .patterns = &none};

	(void)state;
	rsync_args_build(&job, &none, &argv);
	join(&argv, &line);
	assert_string_equal(line.buf,
			    "rsync -aHS --numeric-ids --delete --from0 --exclude-from=- "
			    "--out-format=@%i %l --stats --no-human-readable "
			    "--8-bit-output -- /data/ /t/");
	assert_null(argv.v[argv.n]);

	strvec_push(&bases, "/b 1");
	strvec_push(&bases, "/b2");
	strvec_push(&args, "--exclude=a b");
	job.bases = &bases;
	job.acls = job.xattrs = job.one_file_system = job.checksum = job.dry_run = true;
	job.bwlimit = 1536;
	rsync_args_build(&job, &args, &dry);
	static const char *const wanted[] = {"-x",
					     "-c",
					     "--bwlimit=1536B",
					     "--exclude=a b",
					     "--dry-run",
					     "--link-dest=/b 1",
					     "--link-dest=/b2"};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strvec_has(&dry, wanted[i]))
			fail_msg("no %s", wanted[i]);
	job.dry_run = false;
	CLEANUP(strvec_release) struct strvec real = STRVEC_INIT;
	rsync_args_build(&job, &args, &real);
	assert_true(strvec_has(&real, "-A") && strvec_has(&real, "-X"));
	assert_false(strvec_has(&real, "--dry-run"));
}

/* What one case of the table has said so far. */
struct listening {
	struct engine_job job;
	struct rsync_output out;
	unsigned notes;
	bool finished;
};

static void count_note(void *ctx, bool warning, const char *text)
{
	struct listening *l = ctx;

	(void)text;
	l->notes += warning;
}

static void start(struct listening *l)
{
	*l = (struct listening){.job = {.note = count_note, .note_ctx = l}};
	l->out.job = &l->job;
}

static uint64_t count_of(const struct listening *l, const char *word, bool *ret_known)
{
	const struct snapshot_counts *c = &l->out.counts;
	const struct {
		const char *word;
		uint64_t value;
	} counts[] = {
		{"files", c->files},	       {"dirs", c->dirs},
		{"new", c->new_files},	       {"changed", c->changed},
		{"linked", c->linked},	       {"vanished", c->vanished},
		{"unreadable", c->unreadable}, {"bytes", c->bytes},
		{"copied", c->bytes_copied},   {"bytes-linked", c->bytes_linked},
		{"stats", l->out.stats_seen},  {"notes", l->notes},
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (strcmp(word, counts[i].word) == 0)
			return counts[i].value;
	*ret_known = false;
	return 0;
}

static void check(struct cases *cases, struct listening *l, const char *word,
		  const char *rest)
{
	bool known = true;
	uint64_t got;

	if (!l->finished)
		rsync_output_finish(&l->out);
	l->finished = true;
	if (strcmp(word, "room") == 0 || strcmp(word, "error") == 0) {
		const char *text = word[0] == 'r' ? l->out.no_room : l->out.last_error;
		if (strcmp(text[0] ? text : "-", rest) != 0)
			cases_wrong(cases, "is %s", text);
		return;
	}
	got = count_of(l, word, &known);
	if (!known || got != strtoull(rest, NULL, 10))
		cases_wrong(cases, "is %" PRIu64, got);
}

static void test_output(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("rsync-output.txt");
	struct listening l;

	(void)state;
	start(&l);
	while (cases_next(&cases)) {
		char *rest = cases.line, *word = strsep(&rest, " ");
		rest = rest ? rest : (char[]){""};
		if (strcmp(word, "case") == 0)
			start(&l);
		else if (strcmp(word, "out") == 0 || strcmp(word, "err") == 0)
			rsync_output_line(&l.out, word[0] == 'e', rest, strlen(rest));
		else
			check(&cases, &l, word, rest);
	}
	cases_end(&cases);
}

/* A million unreadable files do not make a log of a million lines. */
static void test_many_notes(void **state)
{
	static const char line[] = "rsync: [sender] opendir \"/x\" failed: Permission "
				   "denied (13)";
	struct listening l;

	(void)state;
	start(&l);
	for (int i = 0; i < 1000; i++)
		rsync_output_line(&l.out, true, line, sizeof(line) - 1);
	rsync_output_finish(&l.out);
	assert_int_equal(l.out.counts.unreadable, 1000);
	assert_int_equal(l.notes, 201);
	assert_int_equal(l.out.notes_cut, 800);
}

/* Only as much is looked at as was given; and lines longer than what is remembered. */
static void test_lengths(void **state)
{
	char line[3000];
	struct listening l;

	(void)state;
	start(&l);
	rsync_output_line(&l.out, false, "@>f+++++++++ 1234", 15);
	assert_int_equal(l.out.counts.bytes_copied, 12);
	memset(line, 'x', sizeof(line));
	rsync_output_line(&l.out, true, line, sizeof(line));
	assert_int_equal(strlen(l.out.last_error), sizeof(l.out.last_error) - 1);
	rsync_output_line(&l.out, true, "", 0);
	rsync_output_line(&l.out, false, "", 0);
	assert_int_equal(l.out.counts.unreadable, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args),	cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_output),	cmocka_unit_test(test_many_notes),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("rsync", tests, NULL, NULL);
}
