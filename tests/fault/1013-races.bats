#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The source is changed by others as fast as they can while the native engine reads it: see
# race. For longer, `make soak`.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	bench_setup
	export ENGINE=native
}

# race DIRECTORY KIND: for ten seconds.
race() {
	mkdir "$1/race"
	run "$BATS_TEST_DIRNAME/race" "$1/race" "$2" 10 "$RANDOM"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# $output" >&3
}

@test "directories and files become links to what is outside, and back" {
	race "$bench" swap
}

@test "files are replaced, written, renamed and removed" {
	needs rsync
	race "$work" change # where inodes are used again soon
}
