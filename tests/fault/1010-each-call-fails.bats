#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Every single call by which the program changes a file fails once: see each-call.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	bench_setup
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
