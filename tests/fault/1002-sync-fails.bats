#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# When the disk says that it lost something, nothing of what this run or an interrupted
# one copied is trusted; what stays undone all the time fails the run with a reason.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	mkdir "$src/d"
	echo 1 >"$src/a"
	echo 2 >"$src/d/b"
	run_backup 0
	before=$(newest)
	fingerprint "$before" inodes >"$work/before"
	echo 3 >"$src/new"
}

nothing_happened() {
	[ "$(snapshots)" = "${before#"$dest"/}" ]
	[ "$(readlink -f "$dest/latest")" = "$before" ]
	fingerprint "$before" inodes | cmp - "$work/before"
}

# linked_from NAME: leaves in building/ what a run of that name copied and did not finish.
linked_from() {
	mkdir "$dest/.backup/building/$1"
	cp -a "$src/new" "$dest/.backup/building/$1/new"
	jq -n --rawfile boot /proc/sys/kernel/random/boot_id '{boot: $boot | rtrimstr("\n")}' \
		>"$dest/.backup/building/$1.json"
}

@test "syncfs fails: the run fails, nothing is published" {
	with_fault 1 FAULT_CALL=syncfs FAULT_NTH=1 FAULT_ERRNO=5
	[[ $output == *"ERROR: bring what was written below '$dest' to the disk: Input/output error"* ]]
	nothing_happened
	[ "$(jq -r .result "$dest/.backup/history.jsonl" | tail -n 1)" = failed ]
}

@test "syncfs fails: what was built is not linked from" {
	with_fault 1 FAULT_CALL=syncfs FAULT_NTH=1 FAULT_ERRNO=5
	[ -z "$(ls -A "$dest/.backup/building")" ]
	run_backup 0
	[[ $output != *'what it copied is used'* ]]
	[[ $output == *'1 new, 0 changed: 2 B copied'* ]]
	same_as_source "$(newest)"
}

@test "syncfs fails: what an earlier run had built is not linked from either" {
	linked_from 2001-01-01_00-00-00
	with_fault 1 FAULT_CALL=syncfs FAULT_NTH=1 FAULT_ERRNO=5
	[[ $output == *'what it copied is used'* ]]
	[ -z "$(ls -A "$dest/.backup/building")" ]
	run_backup 0
	[[ $output != *'what it copied is used'* ]]
	[[ $output == *'1 new, 0 changed: 2 B copied'* ]]
}

@test "while every sync fails, so does every run, and the snapshots stay" {
	for call in fsync syncfs; do
		with_fault 1 FAULT_CALL="$call" FAULT_NTH=0 FAULT_ERRNO=5
		[[ $output == *'ERROR: '*'Input/output error'* ]]
		nothing_happened
	done
	run_backup 0
	same_as_source "$(newest)"
}

@test "while nothing can be removed, a run fails, and the snapshots stay" {
	with_fault 1 FAULT_CALL=unlink FAULT_NTH=0 FAULT_ERRNO=1
	[[ $output == *'ERROR: '*'Operation not permitted'* ]]
	nothing_happened
	run_backup 0
	same_as_source "$(newest)"
}
