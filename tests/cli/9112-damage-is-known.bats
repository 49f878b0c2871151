#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A snapshot that was found damaged was restored without a word and listed as complete, and
# nobody said how later ones get rid of the damage.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/damage

setup() {
	common_setup
	echo one >"$src/a"
	run_backup 0
	name=$(basename "$(newest)")
	flip "$(newest)/a" 0
	run_backup 1 verify
}

@test "restore and list say so" {
	run_backup 0 restore --to "$work/to"
	said "WARNING: the snapshot is damaged, as 'backup verify $name' found" 'restore --verify'
	run_backup 3 restore --verify --to "$work/to2"
	unsaid "is damaged"
	run_backup 0 list
	said "$name   damaged "
	run_backup 0 list --size
	said "$name   damaged "
	run_backup 0 list --json
	jq -e '.[0].status == "complete" and .[0].damaged' <<<"$output"
	cp -p "$src/a" "$(newest)/a"
	run_backup 0 verify
	run_backup 0 list
	said "$name   complete "
	run_backup 0 restore --to "$work/to3"
	unsaid damaged
}

@test "verify names the cure, and it is one" {
	said 'CHECKSUM=on copies anew what differs'
	run_backup 0
	same_inode "$(newest)/a" "$dest/daily/$name/a"
	CHECKSUM=on run_backup 0
	same_as_source "$(newest)"
	run_backup 0 verify
	unsaid CHECKSUM
	run_backup 0
	same_as_source "$(newest)"
	run_backup 0 verify
}
