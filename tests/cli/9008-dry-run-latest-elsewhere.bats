#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A dry run thought that what latest points to would be kept, which the real run moves
# on before it rotates.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a dry run foretells the removal of what latest points to" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
	echo 1 >"$src/a"
	run_backup 0
	old=$(redate "$(snapshots)" 2020-01-01_00-00-00)
	run_backup 0
	redate "$(snapshots | tail -n 1)" 2020-01-02_00-00-00
	mkdir -p "$dest/daily/2019-12-31_00-00-00"
	ln -sfn "$old" "$dest/latest"
	run_backup 0 --dry-run
	[[ $output == *"would remove $old: "* ]]
	run_backup 0
	[[ $output == *"removed $old: "* ]]
}
