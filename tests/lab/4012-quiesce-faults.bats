#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A run that is interrupted, or whose engine goes away: while services stop, while files
# are copied, and while services start. Whatever happens, they are what they were.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

load ../cli/lib/common
load lib/lab
load lib/services
load lib/quiesce
load lib/phases

setup_file() {
	lab_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() { phases_setup; }
teardown() { quiesce_teardown; }

@test "SIGTERM and SIGINT: services first, then the report, exit 128+n" {
	two_services
	for phase in stopping copying starting; do
		for signal in TERM INT; do
			echo "phase: $phase, SIG$signal"
			run_into $phase
			# to one of them, or as from a terminal to all
			case $signal in
			TERM) kill -TERM "$pid" && end_backup 143 ;;
			INT) kill -INT "$pid" "$(worker)" && end_backup 130 ;;
			esac
			[[ $output == *"started service 'web': 2 replicas"*"interrupted by SIG$signal"* ]]
			not_held web 2
			not_held gate 1
			let_go
			both_are_back
			nothing_is_published
		done
	done
	jq -es 'length == 6 and all(.[]; .result == "interrupted")' "$dest/.backup/history.jsonl"
}

engine_is_back() { lab_engine_start && lab_wait_for 60 lab_is_manager; }

@test "the engine is restarted while services stop, while files are copied, while they start" {
	two_services
	for how in stopping:TERM stopping:KILL copying:TERM starting:KILL; do
		phase=${how%:*}
		echo "phase: $phase, SIG${how#*:}"
		run_into "$phase"
		# its own end would wait for the task
		[ "$phase" != stopping ] || : >"$src/may-end"
		lab_engine_stop "${how#*:}"
		let_go
		engine_is_back
		end_backup 0
		is_back web 2
		both_are_back
		[[ $output == *'published daily/'* ]]
	done
}

@test "an engine that does not come back fails the run, and the next one brings all back" {
	two_services
	START_TIMEOUT=3s run_into copying
	lab_engine_stop
	let_go
	end_backup 1
	[[ $output == *"ERROR: service 'web' could not be brought back: "*"'backup recover' tries again"* ]]
	[[ $output == *'published daily/'* ]]
	engine_is_back
	is_held web
	run_backup 0 recover
	both_are_back
}
