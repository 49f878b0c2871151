/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The directory to back up: that it is there, has something in it, and is still the same
 * one after the copy (not unmounted, replaced or removed while it was read).
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "model/config.h"

struct source {
	char *path; /* real path */
	int fd;
	dev_t dev;
	ino_t ino;
	struct strvec patterns; /* EXCLUDE, then the lines of EXCLUDE_FROM, and first: */
	struct strvec left_out; /* names at the top that restores made (engine.h) */
};

#define SOURCE_INIT      \
	{                \
		.fd = -1 \
	}
void source_release(struct source *source);

int source_open(struct source *source, const struct config *config, struct error *err);

/* -ESTALE when another directory, or none, stands at BACKUP_SRC by now. */
int source_check_same(const struct source *source, struct error *err);

/*
 * Refuses a destination that a walk through the source would come upon, unless it is
 * excluded by an anchored pattern without wildcards or is another file system that
 * ONE_FILE_SYSTEM keeps us out of; and a source inside the destination. Bind mounts and
 * symbolic links are seen through. `dest` need not exist; its parent must.
 */
int source_check_separate(const struct source *source, const struct config *config,
			  struct error *err);
