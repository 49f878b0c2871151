/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/landing.h"

#include <errno.h>
#include <unistd.h>

#include "engine/fresh.h"
#include "engine/stage.h"
#include "sys/fs.h"

int landing_begin(struct pass *pass, struct error *err)
{
	int stage;
	int r = stage_make(pass->target_fd, pass->job, &stage);

	if (r < 0)
		return error_set(err, r, "create '%s/%s'", pass->job->target,
				 MERGE_STAGE);
	pass->final_fd = pass->target_fd;
	pass->target_fd = stage;
	pass->staged = true;
	return 0;
}

/* Returns how many. */
static uint64_t move_names(struct pass *pass, struct worker *worker, bool tell)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	const struct dir dir = {.copy = pass->target_fd, .place = pass->top};
	const struct dirent_entry *entry;
	uint64_t n = 0;
	int r = lseek(pass->target_fd, 0, SEEK_SET) < 0 ? -errno : 0;

	while (r >= 0 && (r = dirents_next(&dirents, pass->target_fd, &entry)) > 0) {
		int moved = fs_move(pass->target_fd, entry->name, pass->final_fd,
				    entry->name, NULL);
		n += moved >= 0;
		if (moved < 0 && tell)
			pass_refused(pass, worker, "create", &dir, entry->name, moved);
	}
	if (r < 0 && tell)
		pass_refused(pass, worker, "read directory", &dir, MERGE_STAGE, r);
	return n;
}

void landing_end(struct pass *pass, struct worker *worker)
{
	const struct dir dir = {
		.source = pass->source_fd, .copy = pass->final_fd, .place = pass->top};

	/* some file systems skip names while others go */
	while (move_names(pass, worker, false) > 0)
		;
	move_names(pass, worker, true);
	stage_clear(pass->final_fd, pass->job);
	if (pass_stopped(pass))
		return;
	fresh_read_xattrs(pass, worker, &dir, NULL, pass->source_fd);
	fresh_set_attributes(pass, worker, &dir, NULL, pass->final_fd, MODE_UNSURE,
			     &pass->look.st, &worker->xattrs);
}
