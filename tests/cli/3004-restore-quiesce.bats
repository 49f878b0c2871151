#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup restore --quiesce: services are down while files are restored, and come back
# whatever happens.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load lib/common
load lib/swarm
load lib/restore

setup() {
	swarm_setup
	SCALE=off run_backup 0
	head -c 300k /dev/urandom >"$src/a"
	SCALE=off run_backup 0
	cp "$src/a" "$work/a"
	echo mine >"$src/a"
}

# slowly: a restore in place in the background, which writes for seconds.
slowly() {
	BWLIMIT=20k "$BACKUP" restore --in-place --yes --quiesce >"$work/out" 2>&1 3>&- &
	pid=$!
	eventually 20 test -s "$src/.backup-restore.tmp/a"
}

@test "services go down before and up after" {
	engine "$(service web 2)" "$(service db)"
	slowly
	is_down web
	is_down db
	wait $pid
	cmp "$src/a" "$work/a"
	is_up web 2
	is_up db 1
	grep -q "service 'web' was down for " "$work/out"
	[ "$(fake_requests POST | wc -l)" = 4 ]
}

@test "a dry run only says which" {
	engine "$(service web 2)"
	run_backup 0 restore --in-place --quiesce --dry-run
	said "would scale service 'web' from 2 to 0 and back"
	[ -z "$(fake_requests POST)" ]
	[ "$(cat "$src/a")" = mine ]
}

@test "services come back after a failure" {
	engine "$(service web 2)"
	echo file >"$work/file"
	run_backup 1 restore --quiesce --to "$work/file/none"
	[ -z "$(fake_requests POST)" ]
	mv "$(newest)/a" "$work/moved"
	mkdir "$work/to" "$work/to/a"
	echo mine >"$work/to/a/b"
	cp "$work/moved" "$(newest)/a"
	run_backup 3 restore --quiesce --no-keep --to "$work/to"
	is_up web 2
	[ "$(fake_requests POST | wc -l)" = 2 ]
}

@test "a signal ends the restore, and services come back" {
	engine "$(service web 2)"
	slowly
	kill -TERM $pid
	local status=0
	wait $pid || status=$?
	[ "$status" = 143 ]
	eventually 5 is_up web 2
	[ "$(cat "$src/a")" = mine ]
}

@test "the worker is killed: who supervises it brings services back" {
	engine "$(service web 2)"
	slowly
	kill -KILL "$(pgrep -P $pid)"
	local status=0
	wait $pid || status=$?
	[ "$status" = 1 ]
	grep -q "ERROR: the restore's process was killed by signal 9" "$work/out"
	is_up web 2
	[ "$(cat "$src/a")" = mine ]
}

@test "both are killed: recover brings services back" {
	engine "$(service web 2)"
	slowly
	local worker
	worker=$(pgrep -P $pid)
	kill -KILL $pid "$worker"
	wait $pid 2>"$work/wait" || true
	is_down web
	LOCK_WAIT=10s run_backup 0 recover
	is_up web 2
}

@test "without an engine, or with SCALE=off, nothing is restored" {
	SCALE=off run_backup 1 restore --in-place --yes --quiesce
	said "--quiesce stops services, and SCALE=off forbids it"
	SCALE=auto DOCKER_HOST=unix://$work/none run_backup 1 restore --in-place --yes --quiesce
	[ "$(cat "$src/a")" = mine ]
}
