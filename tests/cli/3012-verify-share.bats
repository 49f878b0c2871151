#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# VERIFY_SHARE: each run reads a part of the content again; after some, all was read.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	local i
	mkdir -p "$src/d/e" "$src/f"
	for i in {1..40}; do head -c 10000 /dev/urandom >"$src/d/$i"; done
	for i in {1..40}; do head -c 10000 /dev/urandom >"$src/d/e/$i"; done
	for i in {1..20}; do head -c 10000 /dev/urandom >"$src/f/$i"; done
}

# read_again: how many files the last run read again
read_again() {
	sed -n 's/.*\] read \([0-9]*\) files\? (.*) again: good$/\1/p' <<<"$output"
}

cursor() {
	jq -r .path "$dest/.backup/verify.json"
}

@test "each run its share, and after some runs everything once" {
	local i total=0
	run_backup 0
	[ ! -e "$dest/.backup/verify.json" ]
	export VERIFY_SHARE=25
	for i in 1 2 3; do
		run_backup 0
		[ "$(read_again)" -ge 25 ]
		[ "$(read_again)" -le 27 ]
		total=$((total + $(read_again)))
		[ -n "$(cursor)" ]
	done
	run_backup 0
	[ -z "$(cursor)" ]
	[ $((total + $(read_again))) = 100 ]
}

@test "what was there all the time is then verified" {
	run_backup 0
	redate "$(snapshots)" 2020-01-01_00-00-00
	export VERIFY_SHARE=100
	run_backup 0
	[ "$(read_again)" = 100 ]
	jq -e '.verdict == "good" and (now - .time | . >= 0 and . < 100)' \
		"$dest/.backup/snapshots/2020-01-01_00-00-00.verified"
}

@test "damage is found within a round, and told" {
	local i file damaged
	run_backup 0
	file=$(newest)/d/e/17
	touch -r "$file" "$work/time"
	printf x | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
	touch -r "$work/time" "$file"
	damaged=0
	for i in 1 2 3 4; do
		VERIFY_SHARE=25 run_backup 0
		[[ $output != *DAMAGED*'  d/e/17: content'* ]] || damaged=$((damaged + 1))
	done
	[ "$damaged" = 1 ]
	[ "$(jq -s 'map(select(.verdict == "damaged")) | length' "$dest"/.backup/snapshots/*.verified)" -ge 2 ]
}

@test "what only an older snapshot has is read too" {
	local old
	echo only here >"$src/f/older"
	run_backup 0
	old=$(newest)
	rm "$src/f/older"
	run_backup 0
	touch -r "$old/f/older" "$work/time"
	echo ONLY HERE >"$old/f/older"
	touch -r "$work/time" "$old/f/older"
	VERIFY_SHARE=100 run_backup 0
	[[ $output == *"WARNING: daily/$(basename "$old") is DAMAGED: 1 finding"*'  f/older: content'* ]]
}

@test "a cursor that cannot be read begins a new round" {
	run_backup 0
	local content
	for content in '' '{' '[]' '{"path": "\\9", "dir": false, "since": 1}' \
		'{"path": "zzz", "dir": false, "since": 1}'; do
		printf '%s' "$content" >"$dest/.backup/verify.json"
		VERIFY_SHARE=10 run_backup 0
		jq -e .since "$dest/.backup/verify.json"
	done
}

@test "a dry run reads nothing again, and no value but a per cent is taken" {
	run_backup 0
	DRY_RUN=on VERIFY_SHARE=50 run_backup 0
	[ ! -e "$dest/.backup/verify.json" ]
	local value
	for value in 101 -1 x 5%; do
		VERIFY_SHARE=$value run_backup 2
		[[ $output == *VERIFY_SHARE* ]]
	done
}
