#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Of two restores to one directory, each took what the other was making for what a killed
# one had left, and removed it.

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load lib/common

# Until a restore that goes on for long is at work in $target, by the process $first.
restore_slowly() {
	BWLIMIT=100K "$BACKUP" restore --to "$target" >"$work/first" 2>&1 &
	first=$!
	until [ -n "$(find "$target/.backup-restore.tmp" -name big -size +0 2>"$work/find")" ]; do
		kill -0 "$first"
		sleep 0.05
	done
}

@test "a second restore to a directory is turned away while one is at work there" {
	local target=$work/there
	head -c 20000000 /dev/urandom >"$src/big"
	run_backup 0
	restore_slowly
	run_backup 75 restore --to "$target"
	[[ $output == *"another restore to '$target' is at work: wait until it ends"* ]]
	run_backup 0 restore --to "$target" --dry-run
	run_backup 0 restore --to "$work/elsewhere"
	[ -e "$target/.backup-restore.tmp/big" ]
	kill -KILL "$first"
	wait "$first" || true
	run_backup 0 restore --to "$target"
	same_as_source "$target"
}
