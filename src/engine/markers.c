/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/markers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "engine/rule.h"
#include "sys/fs.h"
#include "sys/tree.h"

static const char tag_signature[] = "Signature: 8a477f597d28d172789f06886806bc55";

struct search {
	const struct engine_job *job;
	struct strvec *rules;
};

bool markers_is_tagged(int dirfd)
{
	const size_t len = sizeof(tag_signature) - 1;
	char start[sizeof(tag_signature) - 1];
	CLEANUP(closep)
	int fd = openat(dirfd, MARKERS_TAG,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && read(fd, start, len) == (ssize_t)len &&
	       memcmp(start, tag_signature, len) == 0;
}

static int visit(void *ctx, int fd, const struct strbuf *path, const struct strvec *names,
		 struct strvec *subdirs)
{
	struct search *search = ctx;
	const struct engine_job *job = search->job;
	const char *marker = NULL;

	if (job->exclude_caches && strvec_has(names, MARKERS_TAG) &&
	    markers_is_tagged(fd))
		marker = MARKERS_TAG;
	else if (*job->exclude_if_present &&
		 (strvec_has(names, job->exclude_if_present) ||
		  strvec_has(subdirs, job->exclude_if_present)))
		marker = job->exclude_if_present;
	if (!marker)
		return 0;
	rule_add(search->rules, "+ ", path->buf, marker);
	rule_add(search->rules, "- ", path->buf, NULL);
	strvec_release(subdirs);
	return 0;
}

int markers_find(const struct engine_job *job, struct strvec *ret_rules,
		 struct error *err)
{
	struct search search = {.job = job, .rules = ret_rules};
	struct tree_walk walk = {
		.visit = visit,
		.ctx = &search,
		.one_file_system = job->one_file_system,
	};

	if (!job->exclude_caches && !*job->exclude_if_present)
		return 0;
	CLEANUP(closep) int fd = open(job->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "open '%s'", job->source);
	return tree_walk(fd, &walk, err);
}
