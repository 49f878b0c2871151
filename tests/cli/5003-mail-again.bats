#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Mails that cannot be sent now: what may go away is tried again, what takes too long is
# ended, and nothing of the attempt is left.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "SIGTERM ends the waiting for another attempt" {
	mail_by off
	closed_port
	rm -r "$src"
	"$BACKUP" run >"$work/out" 2>&1 3>&- &
	pid=$!
	eventually 10 grep -q 'backup failed' "$work/out"
	kill "$pid"
	code=0
	SECONDS=0
	wait "$pid" || code=$?
	[ "$SECONDS" -lt 4 ]
	[ "$code" = 1 ]
	grep -q 'WARNING: mail was not sent' "$work/out"
}

@test "what goes away by itself is tried again" {
	fake_mail '{"tls": "starttls", "at": {"connect": ["drop", "ok"], "rcpt": ["451 4.7.1 greylisted", "ok"]}}'
	export SMTP_USER=me SMTP_PASS=secret
	EMAIL_ON_SUCCESS=on run_backup 0 run
	said 'mail sent to 1 of 1'
	unsaid WARNING
	fake_mails 1
	jq -es 'length == 1 and .[0].result == "ok"' "$dest/.backup/history.jsonl"
}

@test "what does not go away is given up, and who can be reached is" {
	mail_by off
	EMAIL_TO=refused@example.com,later@example.com,a@example.com EMAIL_ON_SUCCESS=on run_backup 0 run
	said 'WARNING: mail was not sent to later@example.com' 451 \
		'WARNING: mail was not sent to refused@example.com' 550 'mail sent to 1 of 3'
	mails 1
	[ "$(mail '.envelope_to[]')" = a@example.com ]
	[ "$(grep -c 'RCPT <later@example.com>' "$mail_dir/log/main")" -ge 3 ]
}

@test "a server that falls silent is left after SMTP_TIMEOUT, and nothing is left of msmtp" {
	export EMAIL_TO=silent.$$.$BATS_TEST_NUMBER@example.com SMTP_TIMEOUT=2s
	export SMTP_USER=me SMTP_PASS=secret
	for script in '{"tls": "implicit", "at": {"handshake": "silence"}}' \
		'{"tls": "starttls", "at": {"handshake": "silence"}}' \
		'{"tls": "starttls", "at": {"auth": "silence"}}' \
		'{"tls": "starttls", "at": {"message": "silence"}}'; do
		fake_mail "$script"
		SECONDS=0
		mail_test_fails 'silent' SMTP_TIMEOUT
		[ "$SECONDS" -ge 1 ] && [ "$SECONDS" -le 7 ]
		[ "$(fake_mail_log 'map(select(.silent)) | length')" = 1 ]
		! is_argument "$EMAIL_TO" || false
	done
	fake_mail '{"tls": "implicit", "at": {"connect": "silence"}}'
	SECONDS=0
	run_unmailed SMTP_TIMEOUT
	[ "$SECONDS" -le 10 ]
	# it may have been sent: nobody gets it twice
	[ "$(fake_mail_log 'map(select(.silent)) | length')" = 1 ]
	! is_argument "$EMAIL_TO" || false
	unset SMTP_USER SMTP_PASS
	fake_mail '{"at": {"message": "silence"}}'
	run_unmailed SMTP_TIMEOUT
	[ "$(fake_mail_log 'map(select(.silent)) | length')" = 1 ]
}

@test "what msmtp has started ends with it" {
	mail_by starttls
	mail_account me secret
	mkdir "$work/bin" "$work/secrets"
	printf secret >"$work/secrets/smtp_pass"
	unset SMTP_PASS
	# msmtp asks for the password by cat
	sleeper=86$$.$BATS_TEST_NUMBER
	printf '#!/bin/sh\n: >%s\nexec sleep %s\n' "$work/asked" "$sleeper" >"$work/bin/cat"
	chmod +x "$work/bin/cat"
	export SMTP_TIMEOUT=2s
	PATH=$work/bin:$PATH run -1 "$BACKUP" mail-test
	[ -e "$work/asked" ]
	! is_argument "$sleeper" || false
}

@test "a mail that fails does not make a failed run any better or worse" {
	fake_mail '{"at": {"connect": "554 no"}}'
	rm -r "$src"
	run_backup 1 run
	said 'WARNING: mail was not sent' 'backup failed'
	fake_mail '{"tls": "implicit", "at": {"connect": "silence"}}'
	SMTP_TIMEOUT=1s run_backup 1 run
	said 'WARNING: mail was not sent' 'backup failed'
}
