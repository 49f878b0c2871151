#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# status: whether backups are well, told without being in a run's way.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

teardown() {
	local pid
	for pid in $(jobs -p); do kill -KILL "$pid" 2>/dev/null || :; done
	common_teardown
}

# status CODE [ARGUMENT...]: and it changed nothing.
status() {
	fingerprint "$dest" all >"$work/before"
	run_backup "$1" status "${@:2}"
	fingerprint "$dest" all | diff "$work/before" -
}

# age SECONDS: makes the last run one that began so long ago.
age() {
	local history=$dest/.backup/history.jsonl
	sed '$d' "$history" >"$work/history"
	tail -n 1 "$history" | jq -c --argjson age "$1" '.time = (now | floor) - $age' >>"$work/history"
	cp "$work/history" "$history"
}

@test "well after a good run, with a reason" {
	echo 1 >"$src/a"
	run_backup 0
	age 7200
	status 0
	[[ ${lines[0]} =~ ^healthy:\ the\ last\ run,\ of\ 20..-..-..\ ..:..:..,\ 2\ h\ 00\ min\ ago,\ succeeded$ ]]
	run --separate-stderr -0 "$BACKUP" status
	[ -z "$stderr" ]
}

@test "warnings do not matter, a partial run does" {
	echo 1 >"$src/a"
	RUN_LOG_DIR=/nonexistent run_backup 0
	status 0
	[[ ${lines[0]} == 'healthy: '*', succeeded with warnings' ]]
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		"$(command -v rsync)" "\$@"
		[ "\$1" = --version ] || exit 23
	END
	chmod +x "$work/bin/rsync"
	ENGINE=rsync PATH=$work/bin:$PATH run_backup 3
	status 1
	[[ ${lines[0]} == 'unhealthy: '*' ago, was partial: some files could not be read'* ]]
}

@test "not well: no destination, no run yet, the last run failed" {
	run_backup 1 status
	[ "$output" = "backup status: BACKUP_DEST '$dest': No such file or directory" ]
	mkdir "$dest"
	status 1
	[ "${lines[0]}" = 'unhealthy: there was no run yet' ]
	echo 1 >"$src/a"
	run_backup 0
	rm "$src/a"
	run_backup 1
	status 1
	[[ ${lines[0]} == "unhealthy: the last run, of 20"*" ago, failed: "*"'$src' is empty"* ]]
	ALLOW_EMPTY_SOURCE=on run_backup 0
	status 0
}

@test "MAX_AGE is about when the last run began" {
	echo 1 >"$src/a"
	run_backup 0
	age 86000
	MAX_AGE=1d status 0
	age 90001
	MAX_AGE=1d status 1
	[[ ${lines[0]} == 'unhealthy: '*', 1 d 1 h ago, succeeded, and MAX_AGE is 1 d 0 h' ]]
	status 0
	MAX_AGE=26h status 0
	MAX_AGE=soon run_backup 2 status
}

@test "well while a run is in progress, though the last one failed" {
	echo 1 >"$src/a"
	run_backup 0
	rm "$src/a"
	run_backup 1
	status 1
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	echo 'process 42 on elsewhere' >"$dest/.backup/lock"
	MAX_AGE=1h status 0
	[ "${lines[0]}" = 'healthy: a run is in progress: process 42 on elsewhere' ]
	status 0 --json
	jq -e '.healthy and .running and .holder == "process 42 on elsewhere" and .last.exit == 1' <<<"$output"
	exec {lock}>&-
	status 1
}

@test "the line that a crash cut short does not count, nor does a run that found the lock taken" {
	echo 1 >"$src/a"
	run_backup 0
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 75
	exec {lock}>&-
	[ "$(tail -n 1 "$dest/.backup/history.jsonl" | jq .exit)" = 75 ]
	status 0
	printf '{"time": 17' >>"$dest/.backup/history.jsonl"
	status 0
	head -c 4096 /dev/zero >>"$dest/.backup/history.jsonl"
	status 0
}

@test "a dry run is not a run" {
	echo 1 >"$src/a"
	run_backup 0 --dry-run
	mkdir "$dest"
	run_backup 0 --dry-run
	status 1
	[ "${lines[0]}" = 'unhealthy: there was no run yet' ]
}

@test "--json says the same and more" {
	mkdir "$dest"
	status 1 --json
	jq -e '(.healthy or .running | not) and .last == null and .holder == null and
		.why == "there was no run yet"' <<<"$output"
	echo 1 >"$src/a"
	TZ=UTC-2 run_backup 0
	status 0 --json
	jq -e --arg name "$(basename "$(newest)")" '.healthy and (.running | not) and
		.last.result == "ok" and .last.exit == 0 and .last.snapshot == $name and
		.last.reason == "" and (.last.time | endswith("+02:00")) and
		.last.duration > 0 and .last.epoch > 1700000000' <<<"$output"
}

@test "a reason with control characters stays one line" {
	echo 1 >"$src/a"
	run_backup 0
	BACKUP_SRC=$work/$'no\nsuch\033[2J' run_backup 1
	status 1
	[ "$(grep -c such <<<"$output")" -eq 2 ] # the verdict, and the last bad run
	[ "$(grep -c 'no\\nsuch\\x1b\[2J' <<<"$output")" -eq 2 ]
	[[ ${lines[0]} == *'no\nsuch\x1b[2J'* ]]
}

@test "on a destination that is read-only" {
	echo 1 >"$src/a"
	mount_on "$dest" -t tmpfs tmpfs
	run_backup 0
	mount -o remount,ro "$dest"
	run_backup 0 status
	[[ ${lines[0]} == 'healthy: '* ]]
	mount -o remount,rw "$dest"
}

@test "as another user: says what it may not read" {
	needs_root
	needs setpriv
	echo 1 >"$src/a"
	run_backup 0
	chmod 755 "$work" "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
	run -1 setpriv --reuid 65534 --regid 65534 --clear-groups "$BACKUP" status
	[[ $output == "backup status: destination '$dest': "*".backup"*'Permission denied'* ]]
}

@test "no run is turned away because somebody looks, however often" {
	echo 1 >"$src/a"
	run_backup 0
	for _ in 1 2 3; do
		while :; do "$BACKUP" status; done >"$work/looked" 2>&1 3>&- 4>&- &
	done
	# one that was stopped while it held the lock for its moment
	flock -s "$dest/.backup/lock" sleep 1 3>&- 4>&- &
	for _ in {1..15}; do
		run_backup 0
	done
	[ "$(snapshots | wc -l)" -eq 16 ]
	grep -q '^healthy: ' "$work/looked"
}
