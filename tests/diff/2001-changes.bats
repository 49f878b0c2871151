#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Random trees through random edits: `backup diff` of each two snapshots says what rsync
# would do. By hand, with any seed and number of steps:
#
#	BACKUP=build/backup tests/diff/changes DIR SEED STEPS

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load ../cli/lib/common

# changes SEED...: a dozen steps each.
changes() {
	local seed
	needs rsync python3 setfacl getfattr
	needs_attributes
	# the sanitizers' runtime wants to come before the library that sets the clock
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0
	for seed; do
		mkdir "$work/$seed"
		"$BATS_TEST_DIRNAME/changes" "$work/$seed" "$seed" 12
	done
}

@test "changes 1, 2, 3, 4: as rsync itemizes them" {
	changes 1 2 3 4
}

@test "changes that nobody has seen before" {
	changes "$RANDOM" "$RANDOM" "$RANDOM"
}
