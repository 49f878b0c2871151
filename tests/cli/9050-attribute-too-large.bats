#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# An attribute that is too large for the destination's kind of file system was taken for a
# full disk: one such file ended every run.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# A source on XFS, which takes attributes of 64 KiB, and a destination on ext4, which takes
# those of a file that fit a block.
setup() {
	common_setup
	make_on "$work/xfs" xfs
	make_on "$work/ext4" ext4
	src=$work/xfs/src dest=$work/ext4/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir -p "$src/d"
	echo 1 >"$src/large"
	echo 2 >"$src/other"
	head -c 9000 /dev/zero | tr '\0' x >"$work/value"
	setfattr -n user.big -v "$(cat "$work/value")" "$src/large"
	setfattr -n user.small -v s "$src/large"
}

names_it() {
	run_backup 3
	[[ $output == *"'user.big' of 9000 bytes does not fit"*"'$src/large'"* ]]
	[[ $output != *'there is no room'* ]]
	is_all_but_big
}

is_all_but_big() {
	[ "$(cat "$(newest)/large" "$(newest)/other")" = $'1\n2' ]
	[ "$(getfattr --only-values -n user.small "$(newest)/large")" = s ]
	run ! getfattr -n user.big "$(newest)/large"
}

# bats test_tags=engine:native
@test "an attribute that does not fit is named, and all else is there" {
	names_it
	same_as_source "$(newest)" --no-X
	names_it
	setfattr -x user.big "$src/large"
	run_backup 0
	same_as_source "$(newest)"
}

# bats test_tags=engine:native
@test "... of a directory and a symbolic link, too" {
	setfattr -x user.big "$src/large"
	ln -s nowhere "$src/link"
	setfattr -n user.big -v "$(cat "$work/value")" "$src/d"
	setfattr -h -n trusted.big -v "$(cat "$work/value")" "$src/link"
	run_backup 3
	[[ $output == *"'user.big' of 9000 bytes does not fit"*"'$src/d'"* ]]
	[[ $output == *"'trusted.big' of 9000 bytes does not fit"*"'$src/link'"* ]]
	same_as_source "$(newest)" --no-X
}

# bats test_tags=engine:rsync
@test "rsync: an attribute that does not fit is no full disk" {
	run_backup 3
	[[ $output == *'user.big'*'No space left on device'* ]]
	[ "$(cat "$(newest)/large" "$(newest)/other")" = $'1\n2' ]
	run_backup 3
}
