#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Whether a file has holes was told by its blocks; those that lie ready beyond its end, as
# for a log that is being written, made up for the ones that are missing.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a file with blocks beyond its end keeps its holes" {
	export ENGINE=native
	truncate -s 40M "$src/hole"
	fallocate -n -o 40M -l 41M "$src/hole" || skip 'no room beyond the end here'
	[ "$(stat -c %b "$src/hole")" -gt 80000 ]
	run_backup 0
	[ "$(stat -c %s "$(newest)/hole")" -eq $((40 << 20)) ]
	[ "$(stat -c %b "$(newest)/hole")" -lt 1000 ]
}
