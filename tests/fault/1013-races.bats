#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The source is changed by others as fast as they can while the native engine reads it: see
# race, and 1015-races-swap. For longer, `make soak`.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	export ENGINE=native
}

@test "files are replaced, written, renamed and removed" {
	needs rsync
	mkdir "$work/race" # where inodes are used again soon
	run "$BATS_TEST_DIRNAME/race" "$work/race" change 10 "$RANDOM"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# $output" >&3
}
