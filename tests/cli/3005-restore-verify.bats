#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup restore --verify: nothing is restored while anything of it is damaged.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load lib/common
load lib/restore
load lib/damage

setup() {
	common_setup
	to=$work/to
	mkdir -p "$src/d"
	echo one >"$src/a"
	echo two >"$src/d/b"
	echo three >"$src/c"
	ENGINE=native run_backup 0
}

@test "all is as it was saved: it is said, and restored" {
	run_backup 0 restore --verify --to "$to"
	said 'verified 5 names, 14 B read: all as when they were saved'
	equal "$(newest)" "$to"
	echo mine >"$src/a"
	run_backup 0 restore --verify --in-place --yes
	[ "$(cat "$src/a")" = one ]
}

@test "damaged: named, and nothing is written, in place or elsewhere" {
	echo mine >"$src/c"
	flip "$(newest)/a" 1
	rm "$(newest)/d/b"
	run_backup 1 restore --verify --to "$to"
	said 'damaged: a: content'
	said 'damaged: d/b: missing' # and the time of d
	said 'is damaged (3 findings), so nothing was restored; restore other paths'
	[ ! -e "$to" ]
	run_backup 1 restore --verify --in-place --yes
	[ "$(cat "$src/a" "$src/c" | paste -sd ' ')" = 'one mine' ]
	unkept "$src"
	run_backup 1 restore --verify --dry-run --to "$to"
	# what is not damaged can be had
	run_backup 0 restore latest c --verify --to "$to"
	said 'verified 1 name, 6 B read'
	[ "$(cat "$to/c")" = three ]
	run_backup 1 restore latest c d --verify --to "$to"
	run_backup 0 restore --to "$work/other"
	[ -e "$work/other/a" ]
}

@test "a hundred damaged files are named, and the others counted" {
	local i
	for i in {101..230}; do echo "$i" >"$src/d/$i"; done
	ENGINE=native run_backup 0
	for i in {101..230}; do echo x >"$(newest)/d/$i"; done
	run_backup 1 restore --verify --to "$to"
	[ "$(grep -c 'damaged: d/' <<<"$output")" = 100 ]
	said 'and 30 more'
	said 'is damaged (130 findings)'
}

@test "a snapshot without a manifest, or with a broken one, cannot be verified" {
	rm "$dest"/.backup/snapshots/*.mtree.zst
	run_backup 1 restore --verify --to "$to"
	said "has no manifest to verify it with"
	[ ! -e "$to" ]
	ENGINE=native run_backup 0
	echo junk >"$dest/.backup/snapshots/$(basename "$(newest)").mtree.zst"
	run_backup 1 restore --verify --to "$to"
	said '.mtree.zst' 'cannot be used'
	[ ! -e "$to" ]
}

@test "a file that cannot be read is no good" {
	needs_root
	chmod 000 "$(newest)/a"
	run -1 setpriv --bounding-set=-dac_override,-dac_read_search "$BACKUP" restore \
		--verify --to "$to"
	said 'damaged: a: mode' 'damaged: a: unreadable'
	[ ! -e "$to" ]
}
