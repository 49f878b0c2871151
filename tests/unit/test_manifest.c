/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Manifests: names as mtree(5) has them, the order, there and back, and what is none. */
#include "prepared.h"

#include <sys/sysmacros.h>

#include "base/vis.h"
#include "store/manifest.h"

static const char name[] = "2026-11-23_03-00-00";
static const char file[] = "2026-11-23_03-00-00.mtree.zst";

static void test_names(void **state)
{
	static const struct {
		const char *plain, *written;
	} cases[] = {
		{"plain-Name_1.txt~", "plain-Name_1.txt~"},
		{"a b", "a\\040b"},
		{"new\nline", "new\\012line"},
		{"\\#=*?[", "\\134\\043\\075\\052\\077\\133"},
		{"\xff\x01\x7f", "\\377\\001\\177"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf written = STRBUF_INIT;
		CLEANUP(strbuf_release) struct strbuf back = STRBUF_INIT;

		vis_add(&written, cases[i].plain, strlen(cases[i].plain));
		assert_string_equal(written.buf, cases[i].written);
		assert_int_equal(vis_read(&back, written.buf, written.len), 0);
		assert_string_equal(back.buf, cases[i].plain);
	}
}

static void test_every_byte(void **state)
{
	CLEANUP(strbuf_release) struct strbuf all = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf written = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf back = STRBUF_INIT;

	(void)state;
	for (int c = 1; c < 256; c++)
		strbuf_addch(&all, (char)c);
	vis_add(&written, all.buf, all.len);
	for (size_t i = 0; i < written.len; i++)
		assert_true(written.buf[i] > ' ' && written.buf[i] < 0x7f);
	assert_int_equal(vis_read(&back, written.buf, written.len), 0);
	assert_int_equal(back.len, 255);
	assert_string_equal(back.buf, all.buf);
}

static void test_no_names(void **state)
{
	static const char *const cases[] = {"\\",    "\\1",   "\\12", "\\400",
					    "\\18a", "\\000", "a\\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf back = STRBUF_INIT;
		assert_int_equal(vis_read(&back, cases[i], strlen(cases[i])), -EINVAL);
	}
}

static void set(struct manifest_entry *entry, const char *path, mode_t mode)
{
	strbuf_reset(&entry->path);
	strbuf_addstr(&entry->path, path);
	entry->mode = mode;
}

/* In order: of a path with a slash at its end, the directory. */
static const char *const in_order[] = {
	"/",   "b",   "c",    "a/",    "a\x01/",  "a.b/",     "d/",
	"a/x", "a/y", "a/x/", "a/x/1", "a\x01/x", "a\x01/z/", "a.b/\xff",
};

static void test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(in_order); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(in_order); j++) {
			struct manifest_entry a = MANIFEST_ENTRY_INIT;
			struct manifest_entry b = MANIFEST_ENTRY_INIT;
			const char *names[] = {in_order[i], in_order[j]};
			struct manifest_entry *entries[] = {&a, &b};

			for (size_t k = 0; k < 2; k++) {
				const size_t len = strlen(names[k]);
				const bool dir = names[k][len - 1] == '/';
				CLEANUP(freep)
				char *path = xstrndup(names[k], len - (dir ? 1 : 0));
				set(entries[k], path, dir ? S_IFDIR : S_IFREG);
			}
			const int order = manifest_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			manifest_entry_release(&a);
			manifest_entry_release(&b);
		}
	}
}

static void write_all(const struct manifest_entry *entries, size_t n)
{
	CLEANUP(manifest_writer_freep) struct manifest_writer *writer = NULL;

	assert_int_equal(manifest_create(&prepared, name, &writer, NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(manifest_add(writer, &entries[i], NULL), 0);
	assert_int_equal(manifest_commit(writer, NULL), 0);
	assert_int_equal(manifest_exists(&prepared, name), 1);
}

#define TEXT(s)                                      \
	{                                            \
		.buf = (char[]){s}, .len = strlen(s) \
	}

static void test_round_trip(void **state)
{
	const struct manifest_entry entries[] = {
		{.path = TEXT(""), .link = TEXT(""), .mode = S_IFDIR | 01755, .ino = 2},
		{.path = TEXT(" file\n"),
		 .link = TEXT(""),
		 .mode = S_IFREG | 04711,
		 .uid = 3000000000,
		 .gid = 4294967294,
		 .size = UINT64_C(1) << 50,
		 .mtim = {-2, 123456789},
		 .ino = UINT64_MAX,
		 .hashed = true,
		 .digest = {1, 2, 0xff}},
		{.path = TEXT("null"),
		 .link = TEXT(""),
		 .mode = S_IFCHR | 0600,
		 .rdev = makedev(511, 1048575)},
		{.path = TEXT("symlink"),
		 .link = TEXT("to=\xff#"),
		 .mode = S_IFLNK | 0777},
	};
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	const struct manifest_entry *back = NULL;

	(void)state;
	write_all(entries, ARRAY_SIZE(entries));
	assert_int_equal(scratch_mode(prepared.records, file), 0600);
	assert_int_equal(manifest_open(&prepared, name, &manifest, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct manifest_entry *was = &entries[i];

		assert_int_equal(manifest_peek(manifest, &back, NULL), 1);
		assert_int_equal(manifest_peek(manifest, &back, NULL), 1);
		assert_string_equal(back->path.buf, was->path.buf);
		assert_string_equal(back->link.buf, was->link.buf);
		assert_int_equal(back->mode, was->mode);
		assert_int_equal(back->uid, was->uid);
		assert_int_equal(back->gid, was->gid);
		assert_true(back->rdev == was->rdev && back->size == was->size &&
			    back->ino == was->ino);
		assert_int_equal(back->mtim.tv_sec, was->mtim.tv_sec);
		assert_int_equal(back->mtim.tv_nsec, was->mtim.tv_nsec);
		assert_int_equal(back->hashed, was->hashed);
		assert_memory_equal(back->digest, was->digest, SHA256_LEN);
		manifest_skip(manifest);
	}
	assert_int_equal(manifest_peek(manifest, &back, NULL), 0);
	assert_int_equal(manifest_peek(manifest, &back, NULL), 0);
}

static void add_many(struct manifest_writer *writer, unsigned n)
{
	struct manifest_entry entry = MANIFEST_ENTRY_INIT;

	for (unsigned i = 0; i < n; i++) {
		char path[32];
		snprintf(path, sizeof(path), "%06u", 2 * i);
		set(&entry, path, S_IFREG | 0644);
		assert_int_equal(manifest_add(writer, &entry, NULL), 0);
	}
	manifest_entry_release(&entry);
}

static void test_find(void **state)
{
	CLEANUP(manifest_writer_freep) struct manifest_writer *writer = NULL;
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	const struct manifest_entry *found;
	struct manifest_entry like = MANIFEST_ENTRY_INIT;

	(void)state;
	assert_int_equal(manifest_create(&prepared, name, &writer, NULL), 0);
	add_many(writer, 5000);
	assert_int_equal(manifest_commit(writer, NULL), 0);
	assert_int_equal(manifest_open(&prepared, name, &manifest, NULL), 0);
	for (unsigned i = 1; i < 10100; i += 7) {
		char path[32];
		snprintf(path, sizeof(path), "%06u", i);
		set(&like, path, S_IFREG);
		assert_int_equal(manifest_find(manifest, &like, &found, NULL),
				 i % 2 == 0 && i < 10000);
	}
	manifest_entry_release(&like);
}

/* 0: it was read to its end; else what the reader said. */
static int read_to_end(void)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	const struct manifest_entry *entry;
	int r = manifest_open(&prepared, name, &manifest, NULL);

	assert_int_equal(r, 0);
	while ((r = manifest_peek(manifest, &entry, NULL)) > 0)
		manifest_skip(manifest);
	assert_int_equal(manifest_peek(manifest, &entry, NULL), r);
	return r;
}

static void test_damaged(void **state)
{
	CLEANUP(manifest_writer_freep) struct manifest_writer *writer = NULL;
	CLEANUP(closep) int fd = -1;
	struct stat st;

	(void)state;
	assert_int_equal(manifest_create(&prepared, name, &writer, NULL), 0);
	add_many(writer, 20000);
	assert_int_equal(manifest_commit(writer, NULL), 0);
	assert_int_equal(read_to_end(), 0);
	fd = openat(prepared.records, file, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += st.st_size / 97 + 1) {
		unsigned char byte, flipped;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		flipped = byte ^ 0x10;
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		assert_true(read_to_end() < 0);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(read_to_end(), 0);
	for (off_t len = st.st_size - 1; len > 0; len -= st.st_size / 50 + 1) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_true(read_to_end() < 0);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(read_to_end() < 0);
}

static void test_out_of_order(void **state)
{
	const struct manifest_entry twice[] = {
		{.path = TEXT("a"), .link = TEXT(""), .mode = S_IFREG | 0644},
		{.path = TEXT("a"), .link = TEXT(""), .mode = S_IFREG | 0644},
	};

	(void)state;
	write_all(twice, 1);
	assert_int_equal(read_to_end(), 0);
	write_all(twice, 2);
	assert_int_equal(read_to_end(), -EINVAL);
}

static void test_dropped(void **state)
{
	CLEANUP(manifest_writer_freep) struct manifest_writer *writer = NULL;
	CLEANUP(strvec_release) struct strvec left = STRVEC_INIT;

	(void)state;
	assert_int_equal(manifest_create(&prepared, name, &writer, NULL), 0);
	add_many(writer, 10);
	assert_int_equal(manifest_exists(&prepared, name), 0);
	manifest_writer_freep(&writer);
	assert_int_equal(fs_list(prepared.records, &left, NULL), 0);
	assert_int_equal(left.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_no_names), cmocka_unit_test(test_order),
		PREPARED(test_round_trip),	 PREPARED(test_find),
		PREPARED(test_damaged),		 PREPARED(test_out_of_order),
		PREPARED(test_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
