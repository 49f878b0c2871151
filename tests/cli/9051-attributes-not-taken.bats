#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Attributes that the destination has no place for, or that we may not give, made each run
# partial, and each file that has one was copied in every run.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	export ENGINE=native DAILY_COUNT=9
}

# A source on btrfs with properties of its own, and a destination on ext4.
btrfs_to_ext4() {
	needs setfattr
	make_on "$work/btrfs" btrfs
	make_on "$work/ext4" ext4
	src=$work/btrfs/src dest=$work/ext4/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir -p "$src/d"
	echo 1 >"$src/one"
	echo 2 >"$src/d/two"
	echo 3 >"$src/plain"
	setfattr -n btrfs.compression -v zstd "$src/one"
	setfattr -n btrfs.compression -v zstd "$src/d"
	setfattr -n btrfs.compression -v zlib "$src/d/two"
	setfattr -n user.told -v 1 "$src/one"
}

# said_once ATTRIBUTE
said_once() {
	[ "$(grep -c "WARNING: .*'$1'" <<<"$output")" = 1 ]
	[[ $output == *"WARNING: the destination does not take the attribute '$1' "* ]]
}

status_is() {
	[ "$("$BACKUP" list --json | jq -r '.[0].status')" = "$1" ]
}

@test "properties of btrfs are said once, left out, and files link all the same" {
	btrfs_to_ext4
	run_backup 0
	said_once btrfs.compression
	status_is complete
	same_as_source "$(newest)" --filter='-x btrfs.*'
	first=$(newest)
	run_backup 0
	said_once btrfs.compression
	[[ $output == *' 0 new, 0 changed: '*' 3 linked: '* ]]
	sleep 3.1 # what is older is in the table
	run_backup 0
	mv "$src/one" "$src/moved"
	mv "$src/d" "$src/e"
	run_backup 0
	said_once btrfs.compression
	[[ $output == *' 0 new, 0 changed: '*' 3 linked: '* ]]
	same_inode "$first/one" "$(newest)/moved"
	same_inode "$first/d/two" "$(newest)/e/two"
	setfattr -n user.told -v 2 "$src/moved"
	run_backup 0
	[[ $output == *' 0 new, 1 changed: '*' 2 linked: '* ]]
	same_as_source "$(newest)" --filter='-x btrfs.*'
}

@test "... and a dry run counts them as unchanged" {
	btrfs_to_ext4
	run_backup 0
	run_backup 0 run --dry-run
	[[ $output == *' 0 new, 0 changed: '*' 3 linked: '* ]]
}

@test "... and a restore to another kind of file system says it once" {
	btrfs_to_ext4
	BACKUP_DEST=$work/btrfs/dest run_backup 0
	export BACKUP_DEST=$work/btrfs/dest
	run_backup 0 restore latest --to "$work/ext4/fresh"
	said_once btrfs.compression
	same_as_source "$work/ext4/fresh" --filter='-x btrfs.*'
	echo new >"$work/ext4/fresh/new"
	run_backup 0 restore latest --to "$work/ext4/fresh"
	said_once btrfs.compression
	[[ $output == *'created 0, replaced 0, kept 3,'* ]]
}

# without_admin CODE: a run of root's that may not give attributes of the kind security.
without_admin() {
	needs setpriv
	run -"$1" setpriv --bounding-set -sys_admin "$BACKUP" run
}

@test "attributes that we may not give are said once, and come when we may" {
	needs_root
	needs_attributes
	mkdir "$src/d"
	for name in a b c d/e; do
		echo $name >"$src/$name"
		setfattr -n security.told -v 1 "$src/$name"
	done
	setfattr -n security.other -v 1 "$src/d/e"
	without_admin 0
	said_once security.told
	said_once security.other
	status_is complete
	same_as_source "$(newest)" --filter='-x security.*'
	sleep 3.1
	without_admin 0
	without_admin 0
	said_once security.told
	[[ $output == *' 0 new, 0 changed: '*' 4 linked: '* ]]

	run_backup 0
	[[ $output != *WARNING* && $output == *' 4 changed: '* ]]
	same_as_source "$(newest)"
	run_backup 0
	[[ $output == *' 0 new, 0 changed: '*' 4 linked: '* ]]
	without_admin 0 # and stay, where they are
	[[ $output == *' 0 new, 0 changed: '*' 4 linked: '* ]]
	same_as_source "$(newest)"
}

@test "what one file alone is refused makes the snapshot partial all the same" {
	needs_root
	needs setpriv setcap
	cp /bin/true "$src/able"
	setcap cap_net_raw+ep "$src/able"
	run -3 setpriv --bounding-set -setfcap "$BACKUP" run
	[[ $output == *"give attribute 'security.capability' to the copy of '$src/able'"* ]]
	status_is partial
}
