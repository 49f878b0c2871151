#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Every single call by which the program changes a file is once its last: see each-call.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	bench_setup
}

@test "killed anywhere in the first run of all" {
	least=40 each_call fresh kill
}

@test "killed anywhere in a run that publishes, moves and removes" {
	least=80 each_call aged kill
}

@test "only the working process is killed, anywhere in such a run" {
	least=80 each_call aged kill-worker
}

@test "killed anywhere in a run that cleans up after others that were killed" {
	least=120 each_call wreck kill
}

@test "killed anywhere in a prune" {
	least=30 each_call prune kill
}

@test "killed anywhere while snapshots are removed by hand" {
	least=20 each_call forget kill
}

@test "killed anywhere while snapshots are pinned" {
	least=5 each_call pin kill
}
