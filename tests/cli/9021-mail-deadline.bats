#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A mail to many had no end of its own: once one of them was refused, each was tried alone,
# one after the other, with all of its waits.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # a script for others; each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "recipients that are put off wait for the next round together" {
	fake_mail '{"at": {"rcpt refused@example.com": "550 no", "rcpt a@example.com": ["451 later", "ok"],
		"rcpt b@example.com": ["451 later", "ok"], "rcpt c@example.com": ["451 later", "ok"]}}'
	export EMAIL_TO=refused@example.com,a@example.com,b@example.com,d@example.com,c@example.com
	SECONDS=0
	EMAIL_ON_SUCCESS=on run_backup 0 run
	[ "$SECONDS" -lt 10 ]
	said 'mail sent to 4 of 5' 'WARNING: mail was not sent to refused@example.com'
	fake_mails 2
	[ "$(jq -rs 'sort_by(.to | length) | map(.to | join(" ")) | join(", ")' "$fake_mail_dir"/messages/*.json)" = \
		'd@example.com, a@example.com b@example.com c@example.com' ]
}

@test "there is one deadline for all recipients" {
	fake_mail '{"at": {"rcpt refused@example.com": "550 no", "mail": "slow 1"}}'
	EMAIL_TO=refused@example.com$(printf ',%s@example.com' {a..p})
	export EMAIL_TO SMTP_TIMEOUT=2s
	SECONDS=0
	run_backup 1 mail-test
	[ "$SECONDS" -ge 5 ] && [ "$SECONDS" -lt 13 ]
	said 'mail was not sent to p@example.com' 'no time was left to try' 'mail sent to '
	unsaid 'not sent to a@example.com'
}

@test "after a signal a few seconds are all there is, for however many recipients" {
	fake_mail '{"at": {"rcpt refused@example.com": "550 no", "data": "silence"}}'
	export EMAIL_TO=refused@example.com,a@example.com,b@example.com,c@example.com
	mkdir "$work/bin"
	printf '#!/bin/bash\nrsync=%q\n[ "$1" != --version ] || exec "$rsync" --version\n: >%q\nexec sleep 60\n' \
		"$(command -v rsync)" "$work/copying" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	PATH=$work/bin:$PATH ENGINE=rsync SMTP_TIMEOUT=1m "$BACKUP" run >"$work/out" 2>&1 3>&- &
	pid=$!
	eventually 20 test -e "$work/copying"
	SECONDS=0
	kill "$pid"
	code=0
	wait "$pid" || code=$?
	cat "$work/out"
	[ "$SECONDS" -lt 10 ]
	[ "$code" = 143 ]
	grep -qE 'not sent to a@example.com.* silent for [45] s, and there was no more time' "$work/out"
	[ "$(fake_mail_log 'map(select(.silent)) | length')" -le 2 ]
}
