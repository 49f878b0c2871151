#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Directories and files of the source become links to what is outside, and back, for a
# minute: see race. Apart from 1013-races, and with little of the processors, since what it
# takes is time.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	bench_setup
	export ENGINE=native
}

@test "directories and files become links to what is outside, and back" {
	mkdir "$bench/race"
	run nice -n 10 "$BATS_TEST_DIRNAME/race" "$bench/race" swap 60 "$RANDOM"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# $output" >&3
}
