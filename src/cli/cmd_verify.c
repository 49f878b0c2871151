/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "flow/verify.h"
#include "model/report.h"
#include "sys/signals.h"

static void print_damage(const struct verify_damage *damage)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf faults = STRBUF_INIT;

	strbuf_add_escaped(&path, *damage->path ? damage->path : ".",
			   strlen(*damage->path ? damage->path : "."));
	verify_add_faults(&faults, damage->faults);
	printf("  %s: %s\n", path.buf, faults.buf);
	for (size_t i = 0; i < damage->also.n; i++)
		printf("    the same file is in %s\n", damage->also.v[i]);
}

static void print_text(const struct verified *v)
{
	char names[HUMAN_MAX], read[HUMAN_MAX], bytes[HUMAN_MAX], findings[HUMAN_MAX];

	printf("%s/%s: ", snapshot_tier_name(v->tier), v->name);
	switch (v->verdict) {
	case VERIFY_GOOD:
	case VERIFY_DAMAGED:
		if (v->verdict == VERIFY_DAMAGED)
			printf("DAMAGED, %s %s; ",
			       human_count(v->result.findings, findings),
			       human_noun(v->result.findings, "finding", "findings"));
		else
			printf("good; ");
		printf("%s %s compared, %s read (%s)",
		       human_count(v->result.names, names),
		       human_noun(v->result.names, "name", "names"),
		       human_count(v->result.read, read),
		       human_bytes(v->result.bytes, bytes));
		if (v->result.unhashed > 0)
			printf(", %s without checksum",
			       human_count(v->result.unhashed, names));
		putchar('\n');
		break;
	case VERIFY_NO_MANIFEST:
		printf("not verified: it has no manifest\n");
		break;
	case VERIFY_BAD_MANIFEST: {
		CLEANUP(strbuf_release) struct strbuf why = STRBUF_INIT;
		strbuf_add_escaped(&why, v->why, strlen(v->why));
		printf("NOT VERIFIED: %s; the next run with MANIFEST=on makes it anew\n",
		       why.buf);
		break;
	}
	case VERIFY_GONE:
		printf("not verified: it was removed meanwhile\n");
		break;
	}
	for (size_t i = 0; i < v->n; i++)
		print_damage(&v->damages[i]);
	if (v->n < v->result.findings && v->verdict == VERIFY_DAMAGED)
		printf("  and %s more\n",
		       human_count(v->result.findings - v->n, findings));
}

/* The next run would link to what is damaged: it has the size and time that it had. */
static void print_cure(const struct verification *verification)
{
	bool damaged = false;

	for (size_t i = 0; i < verification->n; i++)
		damaged = damaged || verification->v[i].verdict == VERIFY_DAMAGED;
	if (damaged)
		printf("A run with CHECKSUM=on copies anew what differs from the source, so "
		       "that later\nsnapshots do not share the damage; 'backup find' tells "
		       "which have other versions.\n");
}

static json_t *damage_json(const struct verify_damage *damage)
{
	json_t *faults = json_array(), *also = json_array();

	for (unsigned bit = 1; bit < 1U << VERIFY_FAULTS; bit <<= 1)
		if (damage->faults & bit)
			json_array_append_new(faults, json_string(verify_fault_name(
							      (enum verify_fault)bit)));
	for (size_t i = 0; i < damage->also.n; i++)
		json_array_append_new(also, json_text(damage->also.v[i]));
	return json_pack("{s:o, s:o, s:o}", "path", json_text(damage->path), "faults",
			 faults, "also_in", also);
}

static json_t *verified_json(const struct verified *v)
{
	json_t *damages = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(damages, damage_json(&v->damages[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "name", v->name, "tier", snapshot_tier_name(v->tier), "verdict",
			 verify_verdict_name(v->verdict), "why",
			 v->why ? json_text(v->why) : json_null(), "compared",
			 (json_int_t)v->result.names, "read", (json_int_t)v->result.read,
			 "bytes_read", (json_int_t)v->result.bytes, "shared",
			 (json_int_t)v->result.known, "without_checksum",
			 (json_int_t)v->result.unhashed, "findings",
			 (json_int_t)v->result.findings, "damage", damages);
}

static void print_json(const struct verification *verification)
{
	CLEANUP(json_freep) json_t *array = json_array();

	for (size_t i = 0; i < verification->n; i++)
		json_array_append_new(array, verified_json(&verification->v[i]));
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int exit_code(const struct verification *verification)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < verification->n; i++) {
		const enum verify_verdict verdict = verification->v[i].verdict;
		if (verdict == VERIFY_DAMAGED || verdict == VERIFY_BAD_MANIFEST)
			return EXIT_FAILED;
		if (verdict != VERIFY_GOOD)
			code = EXIT_PARTIAL;
	}
	return code;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false, all = false;
	const struct command_option options[] = {
		{"all", &all, NULL}, {"json", &json, NULL}, {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = NULL;
	CLEANUP(verification_release) struct verification verification = {0};
	struct error err;

	int r = settings_load_with(command, argc, argv, options, SIZE_MAX, &names,
				   &config);
	if (r >= 0)
		return r;
	if (all && names.n > 0)
		return command_wrong(command, "--all is all, and so needs no",
				     names.v[0]);
	signals_catch();
	log = log_new(stderr);
	r = flow_verify(&config, &names, all, log, &verification, &err);
	if (r < 0)
		log_error(log, "%s", err.msg);
	if (json)
		print_json(&verification);
	for (size_t i = 0; i < verification.n && !json; i++)
		print_text(&verification.v[i]);
	if (!json)
		print_cure(&verification);
	if (r < 0 && signals_caught())
		return EXIT_SIGNAL + signals_caught();
	if (fflush(stdout) != 0 || r < 0)
		return EXIT_FAILED;
	return exit_code(&verification);
}

const struct command command_verify = {
	.name = "verify",
	.summary = "read snapshots again and compare them with their manifests",
	.usage =
		"usage: backup verify [SNAPSHOT... | --all] [--json]\n"
		"\n"
		"Reads every file again and compares its SHA-256, size, time, mode and owner with\n"
		"what was noted when the snapshot was made (MANIFEST); also finds what is missing\n"
		"and what was added. Of a damaged file it says which other snapshots hold it. What\n"
		"several snapshots share is read once. Nothing is locked: backups go on. When each\n"
		"snapshot was verified, and what came of it, is kept: 'backup list --json' and\n"
		"'backup status' tell, the latter by its exit code, too.\n"
		"\n"
		"SNAPSHOT is 'latest' (the default), a name that 'backup list' shows, also as\n"
		"'daily/NAME', the beginning of one, a day (2026-11-20: its newest), or an age\n"
		"(3d: the newest of those at least that old).\n"
		"\n"
		"  --all   all snapshots\n"
		"  --json  the same, as an array of objects\n"
		"\n"
		"Exit codes: 0 all is good, 1 damage was found, or it failed, 2 wrong usage or\n"
		"configuration, 3 a snapshot has no manifest, so nothing is known of it, 128+n\n"
		"ended by signal n.\n"
		"\n"
		"examples: backup verify\n"
		"          backup verify --all --json\n",
	.run = run,
};
