/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "scratch.h"

#include <errno.h>
#include <sys/xattr.h>

#include "base/strbuf.h"
#include "sys/xattrs.h"

static void keep_code(void *ctx, const char *attribute, size_t size, int code)
{
	int *ret_code = ctx;

	(void)attribute;
	(void)size;
	*ret_code = code;
}

/* As xattrs_read() would return it. */
static void make(struct strbuf *out, const char *name, const char *value)
{
	const uint32_t len = (uint32_t)strlen(value);

	strbuf_add(out, name, strlen(name) + 1);
	strbuf_add(out, &len, sizeof(len));
	strbuf_add(out, value, len);
}

/* Some file systems take names that are longer than 255 bytes. */
static void test_long_name(void **state)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT, xattrs = STRBUF_INIT;
	char value[8];
	int code = 0;
	const struct xattr_refused refused = {keep_code, &code};

	(void)state;
	/* as many bytes, on any file system; when cut, it is the directory */
	for (unsigned i = 0; i < 500; i++)
		strbuf_addstr(&name, "./");
	strbuf_addstr(&name, "file");
	scratch_write(scratch_fd(), "file", "x");
	make(&xattrs, "user.told", "1");
	xattrs_write(scratch_fd(), name.buf, &xattrs, &refused);
	assert_true(fgetxattr(scratch_fd(), "user.told", value, sizeof(value)) < 0);
	if (code != -EOPNOTSUPP)
		assert_int_equal(code, 0);

	for (unsigned i = 0; i < 5000; i++)
		strbuf_addch(&name, 'x');
	xattrs_write(scratch_fd(), name.buf, &xattrs, &refused);
	assert_int_equal(code, -ENAMETOOLONG);
	assert_true(fgetxattr(scratch_fd(), "user.told", value, sizeof(value)) < 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_long_name),
	};

	return cmocka_run_group_tests_name("xattrs", tests, NULL, NULL);
}
