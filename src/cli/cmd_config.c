/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "model/report.h"

static const char *const origins[] = {
	[CONFIG_FROM_DEFAULT] = "default",
	[CONFIG_FROM_ENVIRONMENT] = "environment",
	[CONFIG_FROM_FILE] = "file",
};

static const char *shown_value(const struct config_key *key,
			       const struct config_value *value)
{
	return key->secret && *value->text ? "(hidden)" : value->text;
}

static void print_text(const struct config *config)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		const struct config_value *value = &config->values[i];
		const char *text = shown_value(&keys[i], value);
		CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

		strbuf_add_escaped(&line, text, strlen(text));
		printf("%-20s %-28s %s%s%s\n", keys[i].name, line.buf,
		       origins[value->origin], value->file ? " " : "",
		       value->file ? value->file : "");
	}
}

static void print_json(const struct config *config)
{
	size_t n;
	const struct config_key *keys = config_keys(&n);
	CLEANUP(json_freep) json_t *object = json_object();

	for (size_t i = 0; i < n; i++) {
		const struct config_value *value = &config->values[i];
		json_t *entry = json_pack("{s:o, s:s}", "value",
					  json_text(shown_value(&keys[i], value)),
					  "origin", origins[value->origin]);
		if (value->file)
			json_object_set_new(entry, "file", json_text(value->file));
		json_object_set_new(object, keys[i].name, entry);
	}
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false;
	const struct command_option options[] = {{"json", &json, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	if (json)
		print_json(&config);
	else
		print_text(&config);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

const struct command command_config = {
	.name = "config",
	.summary = "show each variable's value and where it comes from",
	.usage =
		"usage: backup config [--json]\n"
		"\n"
		"Shows the configuration as a run would have it, after checking it. Secrets are\n"
		"hidden. 'backup help config' says what each variable is for.\n"
		"\n"
		"  --json  as an object of {\"value\", \"origin\", \"file\"}\n"
		"\n"
		"example: backup config --json\n",
	.run = run,
	.mails = true,
};
