# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A run that something happens to in a certain phase: while services stop, while files are
# copied, while services start. To be loaded after quiesce, with these two functions:
#
#	setup()    { phases_setup; }
#	teardown() { quiesce_teardown; }
#	@test "..." {
#		two_services
#		run_into copying
#		kill -TERM "$pid"
#		end_backup 143
#		let_go
#		both_are_back
#	}

# shellcheck disable=SC2154 # variables of ../cli/lib/common and quiesce

phases_setup() {
	quiesce_setup
	export SCALE_ORDER_LABEL=order
}

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
