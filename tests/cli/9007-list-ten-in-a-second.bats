#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Of snapshots of one second, .10 was taken for older than .2.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "the tenth snapshot of a second is newer than the ninth" {
	echo 1 >"$src/a"
	run_backup 0
	redate "$(snapshots)" 2026-03-04_05-06-07
	for n in {2..11}; do
		cp -al "$dest/daily/2026-03-04_05-06-07" "$dest/daily/2026-03-04_05-06-07.$n"
		jq ".name += \".$n\"" "$dest/.backup/snapshots/2026-03-04_05-06-07.json" \
			>"$dest/.backup/snapshots/2026-03-04_05-06-07.$n.json"
	done
	run_backup 0 list --json
	[ "$(jq -r '.[].name' <<<"$output" | head -n 10)" = "$(for n in {11..2}; do echo "2026-03-04_05-06-07.$n"; done)" ]
	[ "$(jq -r '.[0].reason' <<<"$output")" = 'newest of 2026-03-04' ]
	DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 run_backup 0
	[[ $output == *'linking unchanged files to daily/2026-03-04_05-06-07.11'* ]]
}
