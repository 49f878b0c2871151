#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A run that is killed, interrupted, or whose engine goes away: while services stop, while
# files are copied, and while services start. Whatever happens, they are what they were.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

load ../cli/lib/common
load lib/lab
load lib/services
load lib/quiesce

setup_file() {
	lab_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() {
	quiesce_setup
	export SCALE_ORDER_LABEL=order
}

teardown() { quiesce_teardown; }

# web stops first and starts last; gate is what holds a run up.
two_services() {
	lab_service web --replicas 2 --label order=1 "${ours[@]}"
	lab_service_gated gate "$src" --label order=2 "${ours[@]}"
	lab_spec web >"$work/web"
	lab_spec gate >"$work/gate"
}

gate_starts() {
	copies_are 1 && [ -z "$(mark gate)" ] && is_held web
}

# run_into PHASE [ARGUMENT...]: a backup in the background that is, and stays, in that
# phase.
run_into() {
	: >"$src/may-end"
	: >"$src/may-start"
	rm -f "$work/hold" "$work/copies" "$work/during"
	case $1 in
	stopping) rm "$src/may-end" ;;
	copying) : >"$work/hold" ;;
	starting) during "rm '$src/may-start'" ;;
	esac
	start_backup "${@:2}"
	case $1 in
	stopping) lab_wait_for 60 is_held gate && copies_are 0 ;;
	copying) lab_wait_for 60 copies_are 1 && is_held gate ;;
	starting) lab_wait_for 60 gate_starts ;;
	esac && is_held web && kill -0 "$pid"
}

# Nothing is held up any longer.
let_go() {
	rm -f "$work/hold"
	: >"$src/may-end"
	: >"$src/may-start"
}

# both_are_back: what they were, mark gone, every field equal.
both_are_back() {
	comes_back web 2 && comes_back gate 1 &&
		diff "$work/web" <(lab_spec web) && diff "$work/gate" <(lab_spec gate)
}

# At the same moment: neither does anything for the other one any more. What the script
# that stands for rsync has started, its sleep, ends and lets go of the lock thereafter.
kill_both() {
	local worker
	worker=$(worker)
	kill -STOP "$pid" "$worker"
	kill -KILL "$pid" "$worker"
	lab_wait_for 20 flock --nonblock "$dest/.backup/lock" true
}

# What a failed run must not have done.
nothing_is_published() {
	[ -z "$(snapshots)" ] && [ ! -e "$dest/latest" ]
}

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
