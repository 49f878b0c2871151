#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# How far verify is was told by what it had met, not by what it had read: of a few large
# files 99 % from the first line on.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/terminal

@test "of large files, what was read of them counts" {
	needs python3
	truncate -s 2G "$src/1" "$src/2" # holes take their time, too
	run_backup 0
	on_terminal 200 verify
	tr '\r' '\n' <"$work/raw" | grep -o '[0-9]* % .*' | tee "$work/lines"
	[ "$(head -n 1 "$work/lines" | cut -d ' ' -f 1)" -lt 90 ]
	head -n 1 "$work/lines" | grep -q 'iB/s, .* left'
	[ "$(cut -d ' ' -f 1 "$work/lines")" = "$(cut -d ' ' -f 1 "$work/lines" | sort -n)" ]
}
