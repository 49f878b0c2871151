#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Random exclude patterns: the native engine leaves out what rsync does. By hand:
#
#	BACKUP=build/backup tests/diff/patterns DIR SEED COUNT

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load ../cli/lib/common

@test "patterns of one seed, and of one that nobody has seen before" {
	needs python3
	for seed in 1 "$RANDOM"; do
		mkdir "$work/$seed"
		"$BATS_TEST_DIRNAME/patterns" "$work/$seed" "$seed" 20
	done
}
