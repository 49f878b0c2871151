#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A destination that was still to be made was taken for one inside the source when a
# neighbour of it was mounted there.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a neighbour of the destination may be mounted in the source" {
	mkdir -p "$work/fs/neighbour" "$work/fs"
	mount_on "$work/fs" -t tmpfs none
	mkdir "$work/fs/neighbour"
	echo 1 >"$work/fs/neighbour/a"
	mount_on "$src/neighbour" --bind "$work/fs/neighbour"
	dest=$work/fs/dest
	BACKUP_DEST=$dest run_backup 0
	[ -e "$(newest)/neighbour/a" ]
}

@test "the destination's parent may not" {
	mkdir -p "$work/fs"
	mount_on "$work/fs" -t tmpfs none
	mkdir "$work/fs/parent"
	mount_on "$src/parent" --bind "$work/fs/parent"
	BACKUP_DEST=$work/fs/parent/dest run_backup 1
	[[ $output == *'EXCLUDE=/parent/dest/'* ]]
	[ ! -e "$work/fs/parent/dest" ]
}
