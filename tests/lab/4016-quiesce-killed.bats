#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A run that is killed while services stop, while files are copied, and while services
# start. Whatever happens, they are what they were.

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

@test "SIGKILL of the worker: the supervisor brings services back at once and reports" {
	two_services
	for phase in stopping copying starting; do
		echo "phase: $phase"
		run_into $phase
		kill -KILL "$(worker)"
		[ $phase != starting ] || let_go
		end_backup 1
		[[ $output == *"killed by signal 9"*"service 'web' was left down by run "* ]]
		not_held web 2
		not_held gate 1
		let_go
		both_are_back
		nothing_is_published
		jq -es 'last | .result == "failed" and (.reason | contains("killed"))' \
			"$dest/.backup/history.jsonl"
	done
}

@test "SIGKILL of worker and supervisor: 'backup recover' brings services back" {
	two_services
	for phase in stopping copying starting; do
		echo "phase: $phase"
		run_into $phase
		kill_both
		end_backup 137
		is_held web
		let_go
		run_backup 0 recover --dry-run
		[[ $output == *"service 'web' was left down by run "* ]]
		is_held web
		run_backup 0 recover
		[[ $output == *"started service 'web': 2 replicas"* ]]
		is_back web 2
		both_are_back
		nothing_is_published
	done
	run_backup 0 recover
	[[ $output == *"0 services brought back"* ]]
}

@test "SIGKILL of worker and supervisor: the next run brings services back first" {
	two_services
	for phase in stopping copying starting; do
		echo "phase: $phase"
		run_into $phase
		kill_both
		end_backup 137
		is_held web
		let_go
		rm -f "$work/during"
		run_backup 0
		[[ $output == *"service 'web' was left down by run "*"stopping service 'web'"* ]]
		is_back web 2
		is_back gate 1
		both_are_back
		[ -e "$(newest)/may-start" ]
	done
}

@test "SIGKILL of the supervisor alone: the worker brings services back" {
	two_services
	run_into copying
	local worker
	worker=$(worker)
	kill -KILL "$pid"
	end_backup 137
	lab_wait_for 60 not_held web 2
	let_go
	both_are_back
	worker_gone() { ! kill -0 "$worker"; }
	lab_wait_for 60 worker_gone
	nothing_is_published
}
