#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A run that was killed while it mailed had come to its end: it counted as failed, for it
# was written down after the mail only.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

# killed_while_mailing CODE [ARGUMENT...]: its worker, once the mail server has the mail.
killed_while_mailing() {
	local code=0 supervisor
	fake_mail '{"at": {"message": "silence"}}'
	EMAIL_ON_SUCCESS=on SMTP_TIMEOUT=2m "$BACKUP" run "${@:2}" >"$work/out" 2>&1 3>&- &
	supervisor=$!
	eventually 20 is_silent
	kill -KILL "$(pgrep -P "$supervisor")"
	wait "$supervisor" || code=$?
	cat "$work/out"
	[ "$code" = "$1" ]
	grep -q 'WARNING: the run.s process was killed by signal 9.*a mail may not have been sent' "$work/out"
	# nobody is told of another one
	[ "$(fake_mail_log 'map(select(.silent)) | length')" = 1 ]
	[ "$(fake_mail_log 'map(select(.command // "" | startswith("MAIL"))) | length')" = 1 ]
}

is_silent() {
	[ "$(fake_mail_log 'map(select(.silent)) | length' 2>/dev/null)" = 1 ]
}

@test "a good run that is killed while it mails stays a good one" {
	export METRICS_FILE=$work/backup.prom
	killed_while_mailing 0
	jq -es 'length == 1 and .[0].exit == 0 and .[0].result == "ok"' "$dest/.backup/history.jsonl"
	grep -q '^backup_last_run_exit_code.* 0$' "$METRICS_FILE"
	[ "$(grep -c 'backup failed' "$work/out")" = 0 ]
	[ "$(snapshots | wc -l)" = 1 ]
	run_backup 0 status
	killed_while_mailing 0 --dry-run
	[ "$(wc -l <"$dest/.backup/history.jsonl")" = 1 ]
}

@test "a run that failed and is killed while it mails has failed once" {
	run_backup 0 run
	rm -r "$src"
	killed_while_mailing 1
	jq -es 'length == 2 and .[1].exit == 1 and (.[1].reason | contains("BACKUP_SRC"))' \
		"$dest/.backup/history.jsonl"
}

@test "the run is in the history and the metrics before it mails, and holds the destination" {
	export METRICS_FILE=$work/backup.prom SMTP_TIMEOUT=5s EMAIL_ON_SUCCESS=on
	fake_mail '{"at": {"message": "silence"}}'
	"$BACKUP" run >"$work/out" 2>&1 3>&- &
	pid=$!
	eventually 20 is_silent
	jq -es 'length == 1 and .[0].result == "ok"' "$dest/.backup/history.jsonl"
	grep -q '^backup_last_run_exit_code.* 0$' "$METRICS_FILE"
	EMAIL_ON_FAILURE=off run_backup 75 run
	wait "$pid"
	# that the mail failed is added to it
	jq -es '(.[0].time == .[-1].time) and (.[-1] | keys == ["mail_error", "time", "utc_offset"])' \
		"$dest/.backup/history.jsonl"
	run_backup 0 status
}
