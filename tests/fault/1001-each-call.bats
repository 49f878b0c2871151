#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Every single call by which the program changes a file is once its last, and once fails:
# see each-call.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common

setup() {
	common_setup
	bench=$work/bench
	mkdir "$bench"
	# much faster; where it cannot be had, the disk will do
	if mount -t tmpfs tmpfs "$bench" 2>/dev/null; then mounts+=("$bench"); fi
	export FAULT_SHIM
	# the sanitizers' runtime wants to come before the library that injects the faults
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0
}

# each_call SCENARIO KIND...: says how many points there were.
each_call() {
	run -0 "$BATS_TEST_DIRNAME/each-call" "$bench" "$@"
	local -i points
	points=$(sed -n 's/ points, 0 wrong$//p' <<<"$output")
	echo "# $* : $points points" >&3
	[ "$points" -ge "$least" ]
}

@test "killed anywhere in the first run of all" {
	least=40 each_call fresh kill
}

@test "killed anywhere in a run that publishes, moves and removes" {
	least=80 each_call aged kill
}

@test "killed anywhere in a run that cleans up after others that were killed" {
	least=120 each_call wreck kill
}

@test "killed anywhere in a prune" {
	least=30 each_call prune kill
}

@test "each call fails, in the first run of all" {
	least=90 each_call fresh fail EIO ENOSPC EINTR
}

@test "each call fails, in a run that publishes, moves and removes" {
	least=80 each_call aged fail EIO
}

@test "each call fails, in a run that cleans up after others" {
	least=120 each_call wreck fail ENOSPC
}

@test "each call fails, in a prune" {
	least=30 each_call prune fail EIO
}

@test "nothing can be opened, once" {
	least=40 each_call aged fail EMFILE -- open
}
