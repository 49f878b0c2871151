/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "flow/health.h"
#include "sys/clock.h"

static void print_text(const struct health *health)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add_escaped(&line, health->why, strlen(health->why));
	printf("%s: %s\n", health->healthy ? "healthy" : "unhealthy", line.buf);
}

static json_t *last_json(const struct history_entry *last)
{
	CLEANUP(freep) char *time = instant_rfc3339(&last->start);

	return json_pack("{s:s, s:I, s:s, s:i, s:f, s:o, s:o}", "time", time, "epoch",
			 (json_int_t)last->start.epoch, "result",
			 report_result_name(last->result), "exit", last->exit_code,
			 "duration", last->duration, "reason", json_text(last->reason),
			 "snapshot",
			 *last->snapshot ? json_text(last->snapshot) : json_null());
}

static void print_json(const struct health *health)
{
	CLEANUP(json_freep)
	json_t *object =
		json_pack("{s:b, s:o, s:b, s:o, s:o}", "healthy", health->healthy, "why",
			  json_text(health->why), "running", health->running, "holder",
			  *health->holder ? json_text(health->holder) : json_null(),
			  "last", health->ran ? last_json(&health->last) : json_null());

	json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false;
	const struct command_option options[] = {{"json", &json, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(health_release) struct health health = {0};
	struct error err;

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	if (health_look(&config, clock_now(), &health, &err) < 0) {
		CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
		strbuf_add_escaped(&line, err.msg, strlen(err.msg));
		fprintf(stderr, "backup status: %s\n", line.buf);
		return EXIT_FAILED;
	}
	if (json)
		print_json(&health);
	else
		print_text(&health);
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return health.healthy ? EXIT_OK : EXIT_FAILED;
}

const struct command command_status = {
	.name = "status",
	.summary = "tell whether the last run was good, as a health check does",
	.usage =
		"usage: backup status [--json]\n"
		"\n"
		"Says in a line whether backups to BACKUP_DEST are well, and why. They are while\n"
		"a run is under way; otherwise when the last one succeeded, be it with warnings,\n"
		"and began not longer than MAX_AGE ago, if that is set. A partial run is not\n"
		"good: nothing is removed until the files that could not be read are back.\n"
		"Writes nothing, and is in no run's way.\n"
		"\n"
		"  --json  the same and more, as an object\n"
		"\n"
		"Exit codes: 0 well, 1 not, or not to be told, 2 wrong usage or configuration.\n",
	.run = run,
};
