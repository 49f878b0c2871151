/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A destination made ready in the scratch directory, for each test: PREPARED(test_...) in
 * the list, `prepared` in the test.
 */
#pragma once

#include "scratch.h"

#include <errno.h>
#include <time.h>

#include "store/record.h"
#include "store/store.h"

static struct store prepared;

static inline int prepared_setup(void **state)
{
	struct error err;

	prepared = (struct store)STORE_INIT;
	setenv("TZ", "UTC0", 1);
	tzset();
	if (scratch_setup(state) < 0 || store_open(&prepared, scratch_path(), &err) < 0 ||
	    store_lock(&prepared, 0, -1, "a test", true, &err) < 0 ||
	    store_prepare(&prepared, &err) < 0)
		return -1;
	return 0;
}

static inline int prepared_teardown(void **state)
{
	store_close(&prepared);
	return scratch_teardown(state);
}

#define PREPARED(f) cmocka_unit_test_setup_teardown(f, prepared_setup, prepared_teardown)

/* A directory of that name with a file in it. */
static inline void prepared_tree(int dirfd, const char *name)
{
	CLEANUP(closep) int fd = scratch_mkdir(dirfd, name);

	scratch_write(fd, "file", name);
}

/* A snapshot as a run makes it: a tree in a tier, and a record. */
static inline void prepared_snapshot(enum snapshot_tier tier, const char *name,
				     int64_t epoch, enum snapshot_status status)
{
	const struct record record = {.time = {.epoch = epoch, .offset = 3600},
				      .status = status};

	prepared_tree(prepared.tiers[tier], name);
	assert_int_equal(record_write(&prepared, name, &record, NULL), 0);
}
