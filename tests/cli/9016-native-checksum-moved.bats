#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# With CHECKSUM=on a file that had been moved was linked from its old place by its size and
# time alone.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "CHECKSUM=on compares the content of a file that was moved" {
	export ENGINE=native CHECKSUM=on
	echo 1 >"$src/before"
	touch -d '2020-01-01' "$src/before"
	sleep 3.1 # too young for the table otherwise
	run_backup 0
	mv "$src/before" "$src/after"
	echo 2 >"$src/after"
	touch -d '2020-01-01' "$src/after"
	run_backup 0
	[ "$(cat "$(newest)/after")" = 2 ]
}
