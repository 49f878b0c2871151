/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/report.h"

#include <stdlib.h>

#include "base/human.h"

static const char *const result_names[] = {"ok", "warnings", "partial", "failed",
					   "interrupted"};

void report_release(struct report *report)
{
	free(report->snapshot);
	*report = (struct report){0};
}

const char *report_result_name(enum report_result result)
{
	return result_names[result];
}

void report_summary(const struct report *report, struct strvec *ret_lines)
{
	const struct snapshot_counts *c = &report->counts;
	char a[HUMAN_MAX], b[HUMAN_MAX], d[HUMAN_MAX];

	strvec_pushf(ret_lines, "%s files, %s directories, %s", human_count(c->files, a),
		     human_count(c->dirs, b), human_bytes(c->bytes, d));
	strvec_pushf(ret_lines, "%s new, %s changed: %s copied",
		     human_count(c->new_files, a), human_count(c->changed, b),
		     human_bytes(c->bytes_copied, d));
	strvec_pushf(ret_lines, "%s linked: %s, %.1f %% of all",
		     human_count(c->linked, a), human_bytes(c->bytes_linked, b),
		     c->bytes ? 100.0 * (double)c->bytes_linked / (double)c->bytes : 0.0);
	if (c->vanished > 0)
		strvec_pushf(ret_lines, "%s vanished before they could be copied",
			     human_count(c->vanished, a));
	if (c->unreadable > 0)
		strvec_pushf(ret_lines, "%s errors on single files",
			     human_count(c->unreadable, a));
}
