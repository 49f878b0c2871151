#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What a restore in place kept, or left when it was killed, went into the next snapshot.

# shellcheck disable=SC2154,SC2034 # shared with lib/common.bash and run
load lib/common

@test "what restores made at the top of the source gets into no snapshot" {
	local kept=.backup-restore-2026-01-02_03-04-05
	mkdir -p "$src/$kept/d" "$src/$kept.2" "$src/.backup-restore.tmp/half" "$src/d/$kept" \
		"$src/.backup-restore-mine"
	echo 1 >"$src/a"
	echo old >"$src/$kept/d/a"
	for EXCLUDE in '' '/b' '+ /.backup*,!,/b' '!'; do
		export EXCLUDE
		run_backup 0
		[[ $output == *"leaving out '$kept', which a restore left"* ]]
		[ "$(cd "$(newest)" && find . -mindepth 1 | sort | paste -sd ' ')" = \
			"./.backup-restore-mine ./a ./d ./d/$kept" ]
	done
}

@test "a source with nothing else is empty" {
	mkdir "$src/.backup-restore.tmp"
	run_backup 1
	[[ $output == *"is empty; is it mounted?"* ]]
}

@test "the restore that keeps something says how it is removed" {
	echo 1 >"$src/a"
	run_backup 0
	echo changed >"$src/a"
	run_backup 0 restore --in-place --yes
	[[ $output == *"is kept in '$src/.backup-restore-"*"; when it is not needed any more, remove that with 'rm -r'" ]]
}
