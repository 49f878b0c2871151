#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Whether the source has attributes was asked of its top alone, so that what is mounted
# below it lost its own; and comparing content left its mark on older snapshots.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

has_attributes() {
	needs setfattr setfacl
	mount_on "$work/top" -t ramfs none # which has none
	src=$work/top
	export BACKUP_SRC=$src
	make_on "$src/below" ext4
	make_on "$work/fs" ext4
	dest=$work/fs/dest
	export BACKUP_DEST=$dest
	echo 1 >"$src/above"
	echo 2 >"$src/below/file"
	setfattr -n user.told -v 1 "$src/below/file"
	setfacl -m u:1234:r "$src/below/file"
	run_backup 0
	[[ $output != *WARNING* ]]
	[ "$(getfattr --only-values -n user.told "$(newest)/below/file")" = 1 ]
	getfacl -n "$(newest)/below/file" | grep -q '^user:1234:r--'
	run_backup 0
	[[ $output == *' 0 new, 0 changed: '* ]]
}

# bats test_tags=engine:native
@test "what is mounted below a source without attributes keeps its own" {
	has_attributes
}

# bats test_tags=engine:rsync
@test "rsync: what is mounted below a source without attributes keeps its own" {
	has_attributes
}

# bats test_tags=engine:native
@test "comparing content reads older snapshots without a trace" {
	make_on "$work/fs" ext4
	mount -o remount,strictatime "$work/fs"
	dest=$work/fs/dest
	export BACKUP_DEST=$dest
	echo 1 >"$src/a"
	run_backup 0
	touch -a -d 2001-01-01 "$(newest)/a"
	CHECKSUM=on run_backup 0
	[[ $output == *' 0 new, 0 changed: '* ]]
	[ "$(stat -c %x "$(newest)/a")" = '2001-01-01 00:00:00.000000000 +0000' ]
}
