#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The line that a run begins with was on stdout only.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "LOG_FILE holds the line that a run begins with" {
	echo 1 >"$src/a"
	run_backup 0
	[[ $(head -n 1 "$LOG_FILE") == *'] backup '*' begins' ]]
}
