#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Which engine makes a snapshot, and that it says so.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	echo 1 >"$src/a"
}

# made_by ENGINE: by the log, and by the snapshot's record.
made_by() {
	if [ "$1" = rsync ]; then said=', rsync 3.'; else said=', native engine'; fi
	[[ $output == *"source '$src', destination '$dest'$said"* ]]
	[ "$(jq -r .engine "$dest/.backup/snapshots/$(basename "$(newest)").json")" = "$1" ]
}

@test "ENGINE says which one, auto takes rsync where there are options for it" {
	ENGINE=native run_backup 0
	made_by native
	ENGINE=rsync run_backup 0
	made_by rsync
	run_backup 0
	made_by native
	RSYNC_ARGS=--fuzzy run_backup 0
	made_by rsync
	ENGINE=rsync RSYNC_ARGS=--fuzzy run_backup 0
	made_by rsync
	# each has linked to what the other made
	[ "$(stat -c %h "$(newest)/a")" = 5 ]
}

@test "ENGINE=native with RSYNC_ARGS is refused" {
	ENGINE=native RSYNC_ARGS=--fuzzy run_backup 2
	[[ $output == *'RSYNC_ARGS is set and ENGINE=native: unset one of them'* ]]
	[ ! -e "$dest" ]
}

@test "without rsync on the machine, only what asks for it fails" {
	mkdir "$work/bin"
	PATH=$work/bin ENGINE=native run_backup 0
	PATH=$work/bin run_backup 0
	PATH=$work/bin run_backup 0 prune
	PATH=$work/bin RSYNC_ARGS=--fuzzy run_backup 1
	[[ $output == *'ERROR: rsync is not installed'* ]]
	[ "$(snapshots | wc -l)" = 2 ]
}
