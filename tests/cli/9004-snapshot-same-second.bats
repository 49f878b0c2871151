#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# rsync compares whole seconds unless told otherwise: a file that was changed once more
# in the second in which it had been backed up, and kept its size, stayed as it was in
# all later snapshots.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a change within the same second is backed up, and a dry run foresees it" {
	echo one >"$src/a"
	touch -d '2020-01-01 00:00:00.111111111' "$src/a"
	run_backup 0
	touch "$dest/.backup/x" && rm "$dest/.backup/x"
	echo two >"$src/a"
	touch -d '2020-01-01 00:00:00.111111112' "$src/a"
	run_backup 0 --dry-run
	[[ $output == *'0 new, 1 changed'* ]]
	run_backup 0
	[ "$(cat "$(newest)/a")" = two ]
	same_as_source "$(newest)"
}
