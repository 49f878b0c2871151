/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Which parts of a tree are compared, and in which stretch. */
#include "prepared.h"

#include "flow/checksums.h"
#include "flow/verify_tree.h"

static const char name[] = "2026-11-23_03-00-00";

/* What was found: "path fault", a line each. */
static void note(void *ctx, const struct verify_finding *finding)
{
	for (unsigned bit = 1; bit < 1U << VERIFY_FAULTS; bit <<= 1)
		if (finding->faults & bit)
			strbuf_addf(ctx, "%s %s\n", finding->path,
				    verify_fault_name((enum verify_fault)bit));
}

/* A snapshot with its manifest: a, d/b, d/c, d/e/f, z/g; returns its tree. */
static int make_snapshot(void)
{
	const struct config config = {.manifest = true, .threads = 2};
	CLEANUP(log_freep) struct log *log = log_new(NULL);

	prepared_snapshot(SNAPSHOT_DAILY, name, 1795402800, SNAPSHOT_COMPLETE);
	int tree = openat(prepared.tiers[SNAPSHOT_DAILY], name, O_RDONLY | O_DIRECTORY);
	assert_true(tree >= 0);
	CLEANUP(closep) int d = scratch_mkdir(tree, "d");
	CLEANUP(closep) int e = scratch_mkdir(d, "e");
	CLEANUP(closep) int z = scratch_mkdir(tree, "z");
	scratch_write(tree, "a", "1");
	scratch_write(d, "b", "2");
	scratch_write(d, "c", "3");
	scratch_write(e, "f", "4");
	scratch_write(z, "g", "5");
	checksums_update(&config, &prepared, name, log);
	assert_int_equal(log_warnings(log), 0);
	return tree;
}

static void damage(int tree, const char *path)
{
	const struct timespec times[] = {{0, UTIME_OMIT}, {1, 0}};

	assert_int_equal(utimensat(tree, path, times, 0), 0);
}

static void assert_found(int tree, const struct verify_options *more, const char *found)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct verify_options options = *more;
	struct verify_result result;

	options.found = note;
	options.ctx = &text;
	options.threads = 2;
	options.cancel_fd = -1;
	assert_int_equal(manifest_open(&prepared, name, &manifest, NULL), 0);
	assert_int_equal(verify_tree(tree, manifest, &options, &result, NULL), 0);
	assert_string_equal(text.buf, found);
}

static void test_only(void **state)
{
	CLEANUP(closep) int tree = make_snapshot();
	char *d[] = {(char[]){"d"}, NULL},
	     *deep[] = {(char[]){"d/e"}, (char[]){"z/g"}, NULL};
	char *none[] = {(char[]){"d/missing"}, NULL};
	const struct strvec only_d = {.v = d, .n = 1}, only_deep = {.v = deep, .n = 2};
	const struct strvec only_none = {.v = none, .n = 1};

	(void)state;
	assert_found(tree, &(struct verify_options){.top = true}, "");
	damage(tree, "a");
	damage(tree, "d/b");
	damage(tree, "d/e/f");
	assert_int_equal(unlinkat(tree, "z/g", 0), 0);
	damage(tree, "z");
	assert_found(tree, &(struct verify_options){.only = &only_d},
		     "d/b time\nd/e/f time\n");
	assert_found(tree, &(struct verify_options){.only = &only_deep},
		     "d/e/f time\nz/g missing\n");
	assert_found(tree, &(struct verify_options){.only = &only_none}, "");
	assert_found(tree, &(struct verify_options){0},
		     "a time\nz time\nd/b time\nd/e/f time\nz/g missing\n");
}

static void test_extra(void **state)
{
	CLEANUP(closep) int tree = make_snapshot();

	(void)state;
	CLEANUP(closep) int more = scratch_mkdir(tree, "d/more");
	scratch_write(more, "x", "1");
	scratch_write(tree, "A", "1");
	damage(tree, "z/g");
	damage(tree, "d");
	assert_found(tree, &(struct verify_options){.extra = true}, "d time\nz/g time\n");
	assert_found(tree, &(struct verify_options){0},
		     "A extra\nd time\nd/more extra\nd/more/x extra\nz/g time\n");
}

/* Wherever a stretch ends the next goes on, and nothing is seen twice or never. */
static void test_stretches(void **state)
{
	static const char *const all[] = {"a",	 "file", "d",	  "z",	"d/b",
					  "d/c", "d/e",	 "d/e/f", "z/g"};
	CLEANUP(closep) int tree = make_snapshot();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		damage(tree, all[i]);
	for (size_t i = 0; i <= ARRAY_SIZE(all); i++) {
		struct manifest_entry at = MANIFEST_ENTRY_INIT;
		CLEANUP(strbuf_release) struct strbuf first = STRBUF_INIT;
		CLEANUP(strbuf_release) struct strbuf second = STRBUF_INIT;
		struct stat st;

		if (i > 0) {
			assert_int_equal(fstatat(tree, all[i - 1], &st, 0), 0);
			strbuf_addstr(&at.path, all[i - 1]);
			at.mode = st.st_mode;
		} else {
			at.mode = S_IFDIR;
		}
		for (size_t j = 0; j < ARRAY_SIZE(all); j++)
			strbuf_addf(j < i ? &first : &second, "%s time\n", all[j]);
		assert_found(tree, &(struct verify_options){.until = &at}, first.buf);
		assert_found(tree, &(struct verify_options){.after = &at}, second.buf);
		manifest_entry_release(&at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PREPARED(test_only),
		PREPARED(test_extra),
		PREPARED(test_stretches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
