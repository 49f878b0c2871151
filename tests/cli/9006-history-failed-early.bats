#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A run that failed before it had the lock, on a missing source for one, left no line in
# the history.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a run that fails on its source is in the history of a destination in use" {
	echo 1 >"$src/a"
	run_backup 0
	rm "$src/a"
	run_backup 1
	tail -n 1 "$dest/.backup/history.jsonl" |
		jq -e '.result == "failed" and .exit == 1 and (.reason | contains("is empty"))'
	rmdir "$src"
	run_backup 1
	[ "$(wc -l <"$dest/.backup/history.jsonl")" -eq 3 ]
	# and nothing is made for it where there is none
	BACKUP_DEST=$work/new run_backup 1
	[ ! -e "$work/new" ]
	mkdir "$work/new"
	BACKUP_DEST=$work/new run_backup 1
	[ -z "$(ls -A "$work/new")" ]
}
