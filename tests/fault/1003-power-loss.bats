#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The destination's disk loses power during a run, at each second call or fewer, others each
# time, and right after it: what is there when it is mounted again is whole. See each-call.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	needs_root
	needs mkfs.ext4 mkfs.xfs losetup
	bench_setup
}

teardown() {
	bench_teardown
	common_teardown
}

@test "ext4 without its journal: the first run of all" {
	least=15 each_call fresh power ext4 2 4
}

@test "ext4 without its journal: a run that publishes, moves and removes" {
	least=50 each_call aged power ext4 2 2
}

@test "ext4 without its journal: a run that cleans up after others" {
	least=25 each_call wreck power ext4 2 8
}

@test "ext4 with its journal" {
	least=12 each_call aged power ext4 1 8
}

@test "xfs without its log" {
	least=12 each_call aged power xfs 2 8
}

@test "xfs with its log" {
	least=6 each_call aged power xfs 1 15
}
