#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the destination would not take of a file's attributes was lost without a mark on the
# snapshot, and with the time or mode so was the file, without a word.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# without CAPABILITY CODE: a run that lacks it.
without() {
	needs_root
	needs setpriv
	export ENGINE=native
	run -"$2" setpriv --bounding-set "-$1" "$BACKUP" run
}

setup() {
	common_setup
	echo 1 >"$src/mine"
	echo 2 >"$src/other"
	[ "$(id -u)" -ne 0 ] || chown 1000:1000 "$src/other"
}

@test "owners that cannot be given make the snapshot partial, and are given where they can be" {
	without chown 3
	[[ $output == *"WARNING: "*"'$src/other': Operation not permitted"* ]]
	[ "$(cat "$(newest)/mine" "$(newest)/other")" = $'1\n2' ]
}

@test "times and modes that cannot be set make the snapshot partial, and no file is missing" {
	without fowner 3
	[[ $output == *"WARNING: "*"'$src/other': Operation not permitted"* ]]
	[ "$(cat "$(newest)/mine" "$(newest)/other")" = $'1\n2' ]
	[ "$(stat -c %u "$(newest)/other")" = 1000 ]
}

@test "a device that root may not make makes the snapshot partial" {
	needs_root
	mknod "$src/device" c 1 3
	without mknod 3
	[[ $output == *"WARNING: "*"'$src/device'"* ]]
}
