#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Where the snapshot before has another user's symbolic link and the source has a
# directory by now, rsync 3.5.0 says that it refuses to follow the link. That was taken
# for an error on a file.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "another user's link that became a directory is no error" {
	needs_root
	ln -s /nowhere "$src/link"
	chown -h 12345 "$src/link"
	run_backup 0
	rm "$src/link"
	mkdir -p "$src/link/dir"
	ln -s target "$src/link/dir/inner"
	echo 1 >"$src/link/dir/file"
	run_backup 0
	[[ $output != *WARNING* ]]
	[[ $output != *'errors on single files'* ]]
	same_as_source "$(newest)"
}
