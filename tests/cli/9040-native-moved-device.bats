#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A file on a file system that is a copy of another has the inode, the birth, the size and
# perhaps the time of the other's: it was taken for that one, moved, and linked to it.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	export ENGINE=native
}

# clone: what $src/x has is on a file system of its own, a copy of which is at $src/y.
clone() {
	needs_root
	needs mkfs.ext4
	mkdir "$src/x" "$src/y"
	truncate -s 16M "$work/one"
	mkfs.ext4 -q "$@" "$work/one"
	mount_on "$src/x" -o loop "$work/one"
	mkdir "$src/x/d"
	echo 1111 >"$src/x/f"
	echo 1111 >"$src/x/d/f"
	touch -d 2020-01-01 "$src/x/f" "$src/x/d/f"
	sync -f "$src/x"
	cp --sparse=always "$work/one" "$work/two"
	sleep 3.1 # too young for the table otherwise
}

changed_on_the_other() {
	clone "$@"
	run_backup 0
	mount_on "$src/y" -o loop "$work/two"
	echo 2222 | tee "$src/y/f" >"$src/y/d/f"
	touch -d 2020-01-01 "$src/y/f" "$src/y/d/f"
	run_backup 0
	[ "$(cat "$(newest)/y/f")" = 2222 ]
	[ "$(cat "$(newest)/y/d/f")" = 2222 ]
	[ "$(cat "$(newest)/x/f")" = 1111 ]
}

@test "a file that was changed on the copy of a file system is copied" {
	changed_on_the_other
}

@test "likewise where no birth is known" {
	changed_on_the_other -I 128
}

@test "one that was not changed there is linked" {
	clone
	run_backup 0
	mount_on "$src/y" -o loop "$work/two"
	run_backup 0
	[ "$(stat -c %i "$(newest)/y/f")" = "$(stat -c %i "$(newest)/x/f")" ]
	[ "$(cat "$(newest)/y/d/f")" = 1111 ]
}
