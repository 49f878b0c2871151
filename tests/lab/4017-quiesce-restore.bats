#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Services are down while their files are restored below them, and come back whatever happens.

# shellcheck disable=SC2154 # variables of the libraries, and of run
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

setup() { quiesce_setup; }
teardown() { quiesce_teardown; }

# A service that writes to the source, and a snapshot of that, kept in $work/then.
counting() {
	export LAB_SLOW=3 ENGINE=native
	lab_service_slow count "$src" "${ours[@]}"
	lab_spec count >"$work/spec"
	run_backup 0
	cp -a "$(newest)" "$work/then"
}

# slowly: a restore in place in the background, in the middle of a file when
# this returns.
slowly() {
	BWLIMIT=100k start_backup restore --in-place --yes --quiesce
	lab_wait_for 60 test -s "$src/.backup-restore.tmp/large"
}

@test "restored in place: the service is down while files change, and starts on what was restored" {
	head -c 500k /dev/urandom >"$src/large"
	counting
	head -c 500k /dev/urandom >"$src/large"
	slowly
	[ "$(lab_running count)" -eq 0 ]
	[ -z "$(docker ps -q --filter label=com.docker.swarm.service.name=count)" ]
	end_backup 0
	is_back count 1
	diff "$work/spec" <(lab_spec count)
	cmp "$src/large" "$work/then/large"
	# what it wrote until it was stopped was kept, whole
	[[ $output == *"stopping service 'count'"*"service 'count' was down for "* ]]
	local kept
	kept=$(echo "$src"/.backup-restore-*)
	[ "$(wc -l <"$kept/log.1")" = "$(cat "$kept/end.1")" ]
	[ "$(cat "$kept/end.1")" != "$(cat "$work/then/end.1")" ]
}

@test "a restore that fails leaves the service as it was, and so does a signal" {
	head -c 500k /dev/urandom >"$src/large"
	counting
	: >"$work/file"
	run_backup 1 restore --quiesce --to "$work/file/none"
	is_back count 1
	head -c 500k /dev/urandom >"$src/large"
	cp "$src/large" "$work/mine"
	slowly
	kill -TERM "$pid"
	end_backup 143
	comes_back count 1
	diff "$work/spec" <(lab_spec count)
	cmp "$src/large" "$work/mine"
}

@test "the one who restores is killed with its worker: recover brings the service back" {
	head -c 500k /dev/urandom >"$src/large"
	counting
	head -c 500k /dev/urandom >"$src/large"
	slowly
	kill -KILL "$pid" "$(worker)"
	end_backup 137
	is_held count
	run_backup 0 recover
	comes_back count 1
	diff "$work/spec" <(lab_spec count)
	run_backup 0 restore --in-place --yes --quiesce
	cmp "$src/large" "$work/then/large"
	is_back count 1
	[ ! -e "$src/.backup-restore.tmp" ]
}
