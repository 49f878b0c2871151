/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/verify_part.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/human.h"
#include "flow/verify_tree.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/signals.h"

enum { TOLD_MAX = 100 };

/* Not in the log's thread, so they are told at the end. */
static void found(void *ctx, const struct verify_finding *finding)
{
	struct strvec *findings = ctx;
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	if (findings->n == TOLD_MAX)
		return;
	strbuf_add_escaped(&line, *finding->path ? finding->path : ".",
			   strlen(*finding->path ? finding->path : "."));
	strbuf_addstr(&line, ": ");
	verify_add_faults(&line, finding->faults);
	strvec_push(findings, line.buf);
}

static int judge(const struct verify_result *result, const char *name,
		 const struct strvec *findings, struct log *log, struct error *err)
{
	char n[HUMAN_MAX], bytes[HUMAN_MAX];

	if (result->unhashed > 0)
		log_warn(log, "of %s %s the manifest does not know the content",
			 human_count(result->unhashed, n),
			 human_noun(result->unhashed, "file", "files"));
	if (result->findings == 0) {
		log_info(log, "verified %s %s, %s read: all as when they were saved",
			 human_count(result->names, n),
			 human_noun(result->names, "name", "names"),
			 human_bytes(result->bytes, bytes));
		return 0;
	}
	for (size_t i = 0; i < findings->n; i++)
		log_error(log, "damaged: %s", findings->v[i]);
	if (result->findings > findings->n)
		log_error(log, "and %s more",
			  human_count(result->findings - findings->n, n));
	return error_say(err, -EUCLEAN,
			 "snapshot %s is damaged (%s %s), so nothing was restored; "
			 "restore other paths, or from another snapshot ('backup find' "
			 "tells which has another version), or without --verify",
			 name, human_count(result->findings, n),
			 human_noun(result->findings, "finding", "findings"));
}

int verify_part(const struct store *store, const struct config *config, const char *name,
		const char *tree, const struct strvec *only, struct log *log,
		struct error *err)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(strvec_release) struct strvec findings = STRVEC_INIT;
	CLEANUP(closep) int fd = -1;
	struct verify_result result;
	struct progress progress;
	const struct verify_options options = {
		.only = only,
		.owners = true,
		.nanoseconds = true,
		.top = true,
		.progress = &progress,
		.threads = (unsigned)config->threads,
		.cancel_fd = signals_fd(),
		.found = found,
		.ctx = &findings,
	};

	int r = manifest_open(store, name, &manifest, err);
	if (r == -ENOENT)
		return error_say(err, r,
				 "snapshot %s has no manifest to verify it with "
				 "(MANIFEST=off when it was made?)",
				 name);
	if (r >= 0)
		r = fs_open_dir(AT_FDCWD, tree, &fd, err);
	if (r < 0)
		return r;
	progress_begin(&progress, log, NULL, clock_monotonic());
	progress.what = "verified";
	r = verify_tree(fd, manifest, &options, &result, err);
	progress_end(&progress);
	return r < 0 ? r : judge(&result, name, &findings, log, err);
}
