#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Of runs that remove nothing, be it that the source shrank, neither mail nor history said
# how many snapshots there are.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "mail and history tell how many snapshots there are, also of runs that remove none" {
	mail_by off
	export EMAIL_ON_SUCCESS=on
	mkdir -p "$dest/daily/2026-01-01_00-00-00" # which others made
	run_backup 0 run
	said 'this is the first run on a destination that others made'
	touch "$src"/{1..100}
	run_backup 0 run
	rm "$src"/*
	echo 1 >"$src/a"
	run_backup 0 run
	said 'the source shrank'
	run_backup 0 run --dry-run
	mails 4
	for n in 1:2 2:3 3:4 4:5; do
		mail .text "${n%:*}" | grep -x "Snapshots:  ${n#*:} kept, 0 removed"
	done
	[ "$(jq .kept "$dest/.backup/history.jsonl" | xargs)" = '2 3 4' ]
}
