#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Of a run that was killed, mail and history said that it began when it died and took no
# time at all.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2016 # a script for others
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "a killed run began when it began, took its time, and left some room" {
	mail_by off
	mkdir "$work/bin"
	printf '#!/bin/bash\nrsync=%q\n[ "$1" != --version ] || exec "$rsync" --version\n: >%q\nsleep 60\n' \
		"$(command -v rsync)" "$work/copying" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	from=$(date +%s)
	PATH=$work/bin:$PATH ENGINE=rsync "$BACKUP" run >"$work/out" 2>&1 3>&- &
	pid=$!
	eventually 20 test -e "$work/copying"
	sleep 2
	killed=$(date +%s)
	kill -KILL "$(pgrep -P "$pid" -x backup)"
	code=0
	wait "$pid" || code=$?
	[ "$code" = 1 ]
	tail -n 1 "$dest/.backup/history.jsonl" |
		jq -e --argjson from "$from" --argjson killed "$killed" \
			'.time >= $from and .time <= $killed - 2 and .duration >= 2 and .free_bytes > 0'
	mails 1
	[ "$(mail .subject | tail -c 6)" = "$(date -d "@$(tail -n 1 "$dest/.backup/history.jsonl" | jq .time)" +%H:%M)" ]
	mail .text | grep -E '^Duration: +([2-9]|[1-9][0-9]+)(\.[0-9])? s'
	mail .text | grep -E '^Free space: +[0-9]'
}
