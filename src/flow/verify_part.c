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

struct looking {
	struct strvec findings; /* the first ones */
	struct digests *digests;
	int result; /* of adding to them */
};

static void learn(struct looking *looking, uint64_t ino, const uint8_t *digest)
{
	const int r = digests_add(looking->digests, ino, digest);

	if (r < 0)
		looking->result = r;
}

/* Not in the log's thread, so they are told at the end. */
static void found(void *ctx, const struct verify_finding *finding)
{
	struct looking *looking = ctx;
	struct strvec *findings = &looking->findings;
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	/* what is in a directory is worth having all the same */
	if (finding->type && !S_ISDIR(finding->type))
		learn(looking, finding->ino, NULL);
	if (findings->n == TOLD_MAX)
		return;
	strbuf_add_escaped(&line, *finding->path ? finding->path : ".",
			   strlen(*finding->path ? finding->path : "."));
	strbuf_addstr(&line, ": ");
	verify_add_faults(&line, finding->faults);
	strvec_push(findings, line.buf);
}

static void expect(void *ctx, uint64_t ino, const uint8_t digest[SHA256_LEN])
{
	learn(ctx, ino, digest);
}

static void tell(const struct verify_part *part, const struct verify_result *result,
		 const struct strvec *findings)
{
	char n[HUMAN_MAX], bytes[HUMAN_MAX];

	if (result->unhashed > 0)
		log_warn(part->log, "of %s %s the manifest does not know the content",
			 human_count(result->unhashed, n),
			 human_noun(result->unhashed, "file", "files"));
	if (result->findings == 0 && part->config->dry_run)
		log_info(part->log,
			 "verified %s %s, %s read: all as when they were saved",
			 human_count(result->names, n),
			 human_noun(result->names, "name", "names"),
			 human_bytes(result->bytes, bytes));
	for (size_t i = 0; i < findings->n; i++)
		log_error(part->log, "damaged: %s", findings->v[i]);
	if (result->findings > findings->n)
		log_error(part->log, "and %s more",
			  human_count(result->findings - findings->n, n));
}

int verify_part(const struct verify_part *part, struct digests *digests,
		struct error *err)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(closep) int fd = -1;
	struct looking looking = {.digests = digests};
	struct verify_result result;
	struct progress progress;
	const struct verify_options options = {
		.only = part->only,
		.owners = true,
		.nanoseconds = true,
		.top = true,
		.progress = &progress,
		.threads = (unsigned)part->config->threads,
		.cancel_fd = signals_fd(),
		.found = found,
		.expect = part->config->dry_run ? NULL : expect,
		.ctx = &looking,
	};

	int r = manifest_open(part->store, part->name, &manifest, err);
	if (r == -ENOENT)
		return error_say(err, r,
				 "snapshot %s has no manifest to verify it with "
				 "(MANIFEST=off when it was made?)",
				 part->name);
	if (r >= 0)
		r = fs_open_dir(AT_FDCWD, part->tree, &fd, err);
	if (r < 0)
		return r;
	progress_begin(&progress, part->log, part->counts, clock_monotonic());
	progress.what = part->config->dry_run ? "verified" : "compared with the manifest";
	r = verify_tree(fd, manifest, &options, &result, err);
	progress_end(&progress);
	if (r >= 0 && looking.result < 0)
		r = error_set(err, looking.result, "remember the checksums");
	if (r >= 0)
		tell(part, &result, &looking.findings);
	strvec_release(&looking.findings);
	return r < 0 ? r : result.findings > 0;
}
