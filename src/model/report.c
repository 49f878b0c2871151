/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/human.h"

static const char *const result_names[] = {"ok", "warnings", "partial", "failed",
					   "interrupted"};

void report_release(struct report *report)
{
	free(report->snapshot);
	for (size_t i = 0; i < report->services_n; i++) {
		free(report->services[i].name);
		free(report->services[i].error);
	}
	free(report->services);
	*report = (struct report){0};
}

void report_add_service(struct report *report, const char *name, int64_t replicas,
			double downtime, const char *error)
{
	array_grow(report->services, report->services_n, report->services_cap);
	report->services[report->services_n++] = (struct report_service){
		.name = xstrdup(name),
		.replicas = replicas,
		.downtime = downtime,
		.error = error ? xstrdup(error) : NULL,
	};
}

json_t *report_services_json(const struct report *report)
{
	json_t *list = report->services_n > 0 ? json_array() : NULL;

	for (size_t i = 0; i < report->services_n; i++) {
		const struct report_service *service = &report->services[i];
		json_t *entry = json_pack("{s:s, s:f}", "name", service->name, "downtime",
					  service->downtime);
		if (service->replicas >= 0)
			json_object_set_new(entry, "replicas",
					    json_integer(service->replicas));
		if (service->error)
			json_object_set_new(entry, "error", json_text(service->error));
		json_array_append_new(list, entry);
	}
	return list;
}

const char *report_result_name(enum report_result result)
{
	return result_names[result];
}

bool report_result_parse(const char *name, enum report_result *ret_result)
{
	for (size_t i = 0; i < ARRAY_SIZE(result_names); i++)
		if (strcmp(name, result_names[i]) == 0) {
			*ret_result = (enum report_result)i;
			return true;
		}
	return false;
}

const char *report_result_words(enum report_result result)
{
	static const char *const words[] = {
		[REPORT_OK] = "succeeded",
		[REPORT_WARNINGS] = "succeeded with warnings",
		[REPORT_PARTIAL] = "is partial",
		[REPORT_FAILED] = "failed",
		[REPORT_INTERRUPTED] = "was interrupted",
	};

	return words[result];
}

void report_summary(const struct report *report, struct strvec *ret_lines)
{
	const struct snapshot_counts *c = &report->counts;
	char a[HUMAN_MAX], b[HUMAN_MAX], d[HUMAN_MAX];

	strvec_pushf(ret_lines, "%s %s, %s %s, %s", human_count(c->files, a),
		     human_noun(c->files, "file", "files"), human_count(c->dirs, b),
		     human_noun(c->dirs, "directory", "directories"),
		     human_bytes(c->bytes, d));
	strvec_pushf(ret_lines, "%s new, %s changed: %s copied",
		     human_count(c->new_files, a), human_count(c->changed, b),
		     human_bytes(c->bytes_copied, d));
	strvec_pushf(ret_lines, "%s linked: %s, %.1f %% of all",
		     human_count(c->linked, a), human_bytes(c->bytes_linked, b),
		     c->bytes ? 100.0 * (double)c->bytes_linked / (double)c->bytes : 0.0);
	if (c->unlinkable > 0)
		strvec_pushf(ret_lines,
			     "%s copied though unchanged: the file system allows no more "
			     "links to what is there",
			     human_count(c->unlinkable, a));
	if (c->vanished > 0)
		strvec_pushf(ret_lines, "%s vanished before %s could be copied",
			     human_count(c->vanished, a),
			     human_noun(c->vanished, "it", "they"));
	if (c->unreadable > 0)
		strvec_pushf(ret_lines, "%s %s", human_count(c->unreadable, a),
			     human_noun(c->unreadable, "error on a single file",
					"errors on single files"));
}

static void add_services(const struct report *report, struct strbuf *out)
{
	char took[HUMAN_MAX];

	for (size_t i = 0; i < report->services_n; i++) {
		const struct report_service *service = &report->services[i];
		strbuf_addf(out, "%-11s %s", i == 0 ? "Services:" : "", service->name);
		if (service->replicas >= 0)
			strbuf_addf(out, " (%" PRId64 " %s)", service->replicas,
				    human_noun((uint64_t)service->replicas, "replica",
					       "replicas"));
		strbuf_addf(out, " down for %s%s%s\n",
			    human_duration(service->downtime, took),
			    service->error ? ", NOT BACK: " : "",
			    service->error ? service->error : "");
	}
}

void report_overview(const struct report *report, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;
	char text[HUMAN_MAX];

	strbuf_addf(out, "Result:     %s %s\n", report->dry_run ? "dry run" : "backup",
		    report_result_words(report->result));
	if (report->reason)
		strbuf_addf(out, "Reason:     %s\n", report->reason);
	if (report->warnings > 0)
		strbuf_addf(out, "Warnings:   %u\n", report->warnings);
	if (report->snapshot)
		strbuf_addf(out, "Snapshot:   daily/%s\n", report->snapshot);
	strbuf_addf(out, "Duration:   %s\n", human_duration(report->duration, text));
	if (report->counts.dirs > 0) {
		report_summary(report, &lines);
		for (size_t i = 0; i < lines.n; i++)
			strbuf_addf(out, "%-11s %s\n", i == 0 ? "Files:" : "",
				    lines.v[i]);
	}
	if (report->free_bytes > 0)
		strbuf_addf(out, "Free space: %s\n",
			    human_bytes(report->free_bytes, text));
	add_services(report, out);
	if (report->damaged > 0)
		strbuf_addf(out, "DAMAGED:    %u %s, see the warnings\n", report->damaged,
			    human_noun(report->damaged, "snapshot", "snapshots"));
	if (report->kept > 0)
		strbuf_addf(out, "Snapshots:  %u kept, %u removed\n", report->kept,
			    report->removed);
}
