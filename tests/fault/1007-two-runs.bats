#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Two runs at once, runs that are asked to end, runs that are killed, and what they leave
# for the next one.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2030,SC2031 # every test has its own variables
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	mkdir "$src/d"
	echo small >"$src/d/small"
}

teardown() {
	local pid
	for pid in $(jobs -p); do kill -KILL "$pid" 2>/dev/null || true; done
	common_teardown
}

# Starts a run that takes some seconds, and returns once it copies the large file $src/$big,
# and has copied the small one $src/$first.
start_slow_run() {
	touch "$src/one" "$src/two"
	mapfile -t names < <(in_order "$src" | grep -x 'one\|two')
	first=${names[0]} big=${names[1]}
	echo first >"$src/$first"
	head -c 3000000 /dev/urandom >"$src/$big"
	BWLIMIT=1M "$@" "$BACKUP" >"$work/slow" 2>&1 &
	slow=$!
	wait_for is_begun "$big" || { cat "$work/slow"; return 1; }
	working=$(worker)
}

# ends_with CODE PID
ends_with() {
	local code=0
	wait "$2" || code=$?
	[ "$code" -eq "$1" ] || { echo "$2 ended with $code" && cat "$work/slow" && false; }
}

# The process of the slow run that does the work; its parent looks after it.
worker() {
	pgrep -P "$slow" -x backup
}

# Processes that copy: the rsyncs, or the one that works.
workers() {
	if by_rsync; then pgrep -f "^rsync .*$dest/"; else ps -o pid= -p "$working"; fi || true
}

nobody_works() {
	[ -z "$(workers)" ]
}

@test "a second run is told who holds the destination and how to wait" {
	start_slow_run
	run_backup 75
	[[ $output == *"ERROR: another run holds the destination '$dest': process $slow on "*' since 20'*'; to wait for it, set LOCK_WAIT, such as LOCK_WAIT=2h'* ]]
	run_backup 75 prune
	[[ $output == *"another run holds the destination '$dest': process $slow on "* ]]
	run_backup 75 run --dry-run
	ends_with 0 "$slow"
	[ "$(snapshots | wc -l)" = 1 ]
	same_as_source "$(newest)"
}

@test "a second run waits as long as it was told" {
	start_slow_run
	SECONDS=0
	LOCK_WAIT=1s run_backup 75
	[ "$SECONDS" -ge 1 ]
	LOCK_WAIT=1m run_backup 0
	[[ $output == *'3 linked'* ]]
	ends_with 0 "$slow"
	[ "$(snapshots | wc -l)" = 2 ]
	same_as_source "$(newest)"
}

@test "a run that waits can be ended" {
	start_slow_run
	LOCK_WAIT=1m "$BACKUP" >"$work/waiting" 2>&1 &
	waiting=$!
	sleep 0.5
	kill -TERM "$waiting"
	ends_with 143 "$waiting"
	ends_with 0 "$slow"
}

@test "a run that waited is not taken for one of the past" {
	run_backup 0
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	LOCK_WAIT=1m "$BACKUP" >"$work/waiting" 2>&1 {lock}>&- &
	waiting=$!
	sleep 1.5
	# meanwhile another one makes a snapshot
	redate "$(snapshots)" "$(made_at now)"
	exec {lock}>&-
	ends_with 0 "$waiting"
	run cat "$work/waiting"
	[[ $output != *'dated later than now'* ]]
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	[ "$(snapshots | wc -l)" = 2 ]
}

@test "the first two runs of all, at once" {
	for _ in {1..10}; do
		rm -rf "$dest"
		"$BACKUP" >"$work/one" 2>&1 &
		one=$!
		LOCK_WAIT=1m "$BACKUP" >"$work/two" 2>&1 &
		two=$!
		a=0 b=0
		wait "$one" || a=$?
		wait "$two" || b=$?
		cat "$work/one" "$work/two"
		[ "$a" -eq 0 ] || [ "$a" -eq 75 ]
		[ "$b" -eq 0 ]
		[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
		same_as_source "$(newest)"
		[ "$(jq -r .id "$dest/.backup/format" | wc -c)" = 33 ]
	done
}

@test "the other one is first to make the destination" {
	with_fault 0 FAULT_CALL=mkdir FAULT_NTH=1 FAULT_COMMAND="mkdir '$dest'"
	same_as_source "$(newest)"
}

@test "SIGTERM and SIGINT: nobody works on, nothing is published, the copy is resumed" {
	for signal in TERM:143 INT:130 HUP:129; do
		# the shell lets its background processes ignore SIGINT
		start_slow_run env --default-signal=INT
		name=$(basename "$dest"/.backup/building/*.json .json)
		sleep 0.3
		kill -"${signal%:*}" "$slow"
		ends_with "${signal#*:}" "$slow"
		nobody_works
		[ -z "$(snapshots)" ]
		grep -q "ERROR: interrupted by SIG${signal%:*}" "$work/slow"
		[ -e "$dest/.backup/building/$name/$first" ]
		inode=$(stat -c %i "$dest/.backup/building/$name/$first")

		rm "$src/$big"
		run_backup 0
		[[ $output == *"run $name was interrupted; what it copied is used"* ]]
		[ "$(stat -c %i "$(newest)/$first")" = "$inode" ]
		same_as_source "$(newest)"
		[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
		[ "$(jq -s -r '.[-2].result' "$dest/.backup/history.jsonl")" = interrupted ]
		rm -r "$dest"
	done
}

@test "SIGKILL: nobody writes on, and the lock goes with the last of them" {
	start_slow_run
	name=$(basename "$dest"/.backup/building/*.json .json)
	[ -n "$(workers)" ]
	inode=$(stat -c %i "$dest/.backup/building/$name/$first")
	kill -KILL "$(worker)" "$slow"
	ends_with 137 "$slow"
	wait_for nobody_works
	rm "$src/$big"
	run_backup 0
	[[ $output == *"run $name was interrupted; what it copied is used"* ]]
	[ "$(stat -c %i "$(newest)/$first")" = "$inode" ]
	same_as_source "$(newest)"
}

@test "SIGKILL for the process that looks after the run: the run ends in good order" {
	start_slow_run
	kill -KILL "$slow"
	ends_with 137 "$slow"
	wait_for nobody_works
	LOCK_WAIT=20s run_backup 0
	[ "$(jq -s -r '.[-2].result' "$dest/.backup/history.jsonl")" = interrupted ]
	same_as_source "$(newest)"
}

@test "SIGKILL for the process that works: the other one says so" {
	start_slow_run
	kill -KILL "$(worker)"
	ends_with 1 "$slow"
	nobody_works
	grep -q 'ERROR: .*killed by signal 9' "$work/slow"
	[ "$(jq -s -r '.[-1].result' "$dest/.backup/history.jsonl")" = failed ]
	[ -z "$(snapshots)" ]
	rm "$src/$big"
	run_backup 0
	[[ $output == *'what it copied is used'* ]]
	same_as_source "$(newest)"
}

# bats test_tags=engine:rsync
@test "SIGKILL: an rsync that has nothing to say is gone as well" {
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || exec "$(command -v rsync)" "\$@"
		echo \$\$ >"$work/lives"
		exec sleep 30
	END
	chmod +x "$work/bin/rsync"
	PATH=$work/bin:$PATH "$BACKUP" >"$work/slow" 2>&1 &
	slow=$!
	wait_for [ -s "$work/lives" ]
	kill -KILL "$(worker)" "$slow"
	ends_with 137 "$slow"
	is_gone() { ! kill -0 "$(cat "$work/lives")" 2>/dev/null; }
	SECONDS=0
	wait_for is_gone
	[ "$SECONDS" -lt 9 ]
	run_backup 0
}

# bats test_tags=engine:rsync
@test "while somebody writes for a run that was killed, the destination is held" {
	# one that does not die with its parent
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || exec "$(command -v rsync)" "\$@"
		sleep 2 &
		: >"$work/lives"
		wait
	END
	chmod +x "$work/bin/rsync"
	PATH=$work/bin:$PATH "$BACKUP" >"$work/slow" 2>&1 &
	slow=$!
	wait_for [ -e "$work/lives" ]
	kill -KILL "$(worker)" "$slow"
	ends_with 137 "$slow"
	run_backup 75
	LOCK_WAIT=20s run_backup 0
	same_as_source "$(newest)"
}

@test "after a reboot, what an interrupted run copied is not used" {
	start_slow_run
	name=$(basename "$dest"/.backup/building/*.json .json)
	kill -TERM "$slow"
	ends_with 143 "$slow"
	echo '{"boot": "11111111-2222-3333-4444-555555555555"}' >"$dest/.backup/building/$name.json"
	rm "$src/$big"
	run_backup 0
	[[ $output != *'what it copied is used'* ]]
	[[ $output == *'2 new, 0 changed'* ]]
	same_as_source "$(newest)"
	[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
}

# bats test_tags=engine:rsync
@test "rsync is killed: the run fails, and the next one resumes" {
	start_slow_run
	kill -KILL "$(pgrep -P "$(worker)" -x rsync)"
	ends_with 1 "$slow"
	grep -q 'ERROR: rsync was killed by signal 9' "$work/slow"
	wait_for nobody_works
	[ -z "$(snapshots)" ]
	rm "$src/$big"
	run_backup 0
	[[ $output == *'what it copied is used'* ]]
	same_as_source "$(newest)"
}

# bats test_tags=engine:rsync
@test "one of rsync's own processes is killed: the run fails" {
	start_slow_run
	kill -KILL "$(pgrep -P "$(pgrep -P "$(worker)" -x rsync)" -x rsync)"
	ends_with 1 "$slow"
	grep -q 'ERROR: rsync failed with exit code' "$work/slow"
	[ -z "$(snapshots)" ]
	wait_for nobody_works
	rm "$src/$big"
	run_backup 0
	same_as_source "$(newest)"
}
