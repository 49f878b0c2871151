#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# While somebody held the destination all was well: a run that hung was healthy for ever, and
# damage did not show.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/damage

# hold AGO: somebody holds the destination, since then
hold() {
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	echo 'process 42 on elsewhere' >"$dest/.backup/lock"
	touch -d "$1 ago" "$dest/.backup/lock"
}

let_go() {
	exec {lock}>&-
}

@test "a run in progress for longer than MAX_AGE is not well" {
	echo 1 >"$src/a"
	run_backup 0
	hold '3 hours'
	MAX_AGE=2h run_backup 1 status
	[ "${lines[0]}" = 'unhealthy: a run is in progress: process 42 on elsewhere, for 3 h 00 min, and MAX_AGE is 2 h 00 min' ]
	MAX_AGE=2h run_backup 1 status --json
	jq -e '.running and (.healthy | not)' <<<"$output"
	MAX_AGE=4h run_backup 0 status
	run_backup 0 status
	let_go
	MAX_AGE=2h run_backup 0 status
}

@test "what a run that is over left in the lock does not count for who leaves no name" {
	echo 1 >"$src/a"
	run_backup 0
	touch -d '3 hours ago' "$dest/.backup/lock"
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	MAX_AGE=2h run_backup 0 status
	[ "${lines[0]}" = 'healthy: a run is in progress' ]
	let_go
}

@test "damage shows while a run is in progress, which is not to be ended for it" {
	echo 1 >"$src/a"
	run_backup 0
	flip "$(newest)/a" 0
	run_backup 1 verify
	hold '1 minute'
	run_backup 0 status
	[[ ${lines[0]} == "healthy: a run is in progress: process 42 on elsewhere; snapshot $(basename "$(newest)") is damaged"* ]]
	let_go
	run_backup 1 status
}
