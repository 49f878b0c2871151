#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Where no birth is known, or none that tells files apart, and inodes have other numbers
# after each mount, a file was taken for another of the same size and time, although what
# was in them had not been compared.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	export ENGINE=native
}

# swap_numbers [OPTION...]: two files of one size and time on a file system, and then the
# same again with each other's inode numbers.
swap_numbers() {
	needs_root
	needs debugfs
	truncate -s 16M "$work/fs"
	mkfs.ext4 -q "$@" "$work/fs"
	mount_on "$src" -o loop "$work/fs"
	rmdir "$src/lost+found"
	echo aaaa >"$src/a"
	echo bbbb >"$src/b"
	touch -d 2020-01-01 "$src"/?
	a=$(stat -c %i "$src/a") b=$(stat -c %i "$src/b")
	at_once
	run_backup 0
	umount "$src"
	debugfs -w -f - "$work/fs" >"$work/debugfs.log" 2>&1 <<-END
		unlink a
		unlink b
		ln <$b> a
		ln <$a> b
	END
	mount -o loop "$work/fs" "$src"
	# the content goes back to its name, and nothing but the number has changed
	echo aaaa | dd of="$src/a" conv=notrunc status=none
	echo bbbb | dd of="$src/b" conv=notrunc status=none
	touch -d 2020-01-01 "$src"/?
	at_once
	[ "$(stat -c %i "$src/a")" = "$b" ]
	run_backup 0
	[ "$(cat "$(newest)/a")" = aaaa ]
	[ "$(cat "$(newest)/b")" = bbbb ]
}

# at_once: both files were changed, and born, at the same moment long ago.
at_once() {
	umount "$src"
	debugfs -w -f - "$work/fs" >>"$work/debugfs.log" 2>&1 <<-END
		set_inode_field <$a> ctime 20200101000000
		set_inode_field <$b> ctime 20200101000000
		set_inode_field <$a> ctime_extra 0
		set_inode_field <$b> ctime_extra 0
		set_inode_field <$a> crtime 20200101000000
		set_inode_field <$b> crtime 20200101000000
		set_inode_field <$a> crtime_extra 0
		set_inode_field <$b> crtime_extra 0
	END
	mount -o loop "$work/fs" "$src"
}

@test "files that have no birth are not taken for each other" {
	swap_numbers -I 128
}

@test "nor are those whose births are in full seconds" {
	swap_numbers
}
