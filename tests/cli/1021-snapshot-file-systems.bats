#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The native engine on other file systems: as destinations, as source and destination at
# once, and those that lack something.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	export ENGINE=native
}

# fill: a source with one of everything, old enough to be trusted.
fill() {
	mkdir -p "$src/d/e"
	echo 1 >"$src/a"
	ln "$src/a" "$src/d/b"
	ln -s a "$src/symlink"
	mkfifo "$src/fifo"
	head -c 300k /dev/urandom >"$src/d/large"
	truncate -s 10M "$src/hole"
	echo end >>"$src/hole"
	echo 2 >"$src/d/e/moves"
	echo 3 >"$src/changes"
	setfattr -n user.k -v v "$src/d/large"
	setfacl -m u:1234:r "$src/changes"
	touch -d '2020-01-01 00:00:00.123456789' "$src/a" "$src/d"
}

# XFS shows ACLs as attributes of its own, too.
is_same() {
	same_as_source "$1" --filter='-x trusted.SGI_ACL_*'
}

# Of each file system, as destination of a source on another.
holds_all() {
	local first
	make_on "$work/fs" "$@"
	dest=$work/fs/dest
	export BACKUP_DEST=$dest
	fill
	run_backup 0
	first=$(newest)
	is_same "$first"
	[ "$(stat -c %b "$first/hole")" -lt 1000 ]
	run_backup 0 # all is so young that it is compared
	[[ $output == *' 0 new, 0 changed: '* ]]

	echo more >>"$src/changes"
	mv "$src/d/e" "$src/f"
	sleep 1.1 # another name
	run_backup 0
	is_same "$(newest)"
	same_inode "$first/d/large" "$(newest)/d/large"
	same_inode "$first/a" "$(newest)/d/b"
	same_inode "$first/symlink" "$(newest)/symlink"
	[ "$(cat "$first/changes")" = 3 ]
	DAILY_COUNT=1 KEEP_WITHIN=0 run_backup 0 prune
	[ ! -e "$first" ]
	is_same "$(newest)"
}

@test "ext4 holds all" {
	holds_all ext4
}

@test "XFS holds all" {
	holds_all xfs
}

@test "btrfs holds all" {
	holds_all btrfs
}

@test "tmpfs holds all" {
	holds_all tmpfs
}

# shares_extents FILE: it has extents that another file has, too.
shares_extents() {
	sync "$1"
	filefrag -v "$1" | grep -q 'shared'
}

# Source and destination on one file system with reflinks.
clones() {
	needs filefrag
	make_on "$work/fs" "$@"
	src=$work/fs/src dest=$work/fs/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir "$src"
	fill
	sync -f "$src"
	run_backup 0
	same_as_source "$(newest)"
	shares_extents "$(newest)/d/large"
	echo changed | dd of="$src/d/large" conv=notrunc status=none
	run_backup 0
	same_as_source "$(newest)"

	BWLIMIT=1g run_backup 0 # copies are counted, not cloned
	echo changed again | dd of="$src/d/large" conv=notrunc status=none
	BWLIMIT=1g run_backup 0
	same_as_source "$(newest)"
	run ! shares_extents "$(newest)/d/large"
}

@test "XFS: a large file is a reflink of its source" {
	clones xfs
}

@test "btrfs: a large file is a reflink of its source" {
	clones btrfs
}

# calls SYSCALL: how often a run made it with success.
calls() {
	grep -c "^[0-9]* *$1(.* = [0-9]*\$" "$work/trace" || true
}

@test "a reflink, a copy in the kernel, read and write: whatever works" {
	needs strace
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # which does not go with it
	make_on "$work/fs" ext4
	head -c 3M /dev/urandom >"$src/large"
	traced() {
		run -0 strace -f -o "$work/trace" -e trace=ioctl,copy_file_range,pwrite64 "$@" "$BACKUP" run
		same_as_source "$(newest)"
	}
	# from one file system to another neither of the first two works
	dest=$work/fs/dest
	BACKUP_DEST=$dest traced
	[ "$(grep -c 'FICLONE.* = -1 ' "$work/trace")" = 1 ]
	[ "$(calls pwrite64)" -ge 3 ]

	# on one file system without reflinks the kernel copies
	mkdir "$work/fs/src"
	cp "$src/large" "$work/fs/src/large"
	src=$work/fs/src
	export BACKUP_SRC=$src
	dest=$work/fs/dest2
	BACKUP_DEST=$dest traced
	[ "$(calls copy_file_range)" -ge 1 ]

	# unless it says that it does not
	dest=$work/fs/dest3
	BACKUP_DEST=$dest traced -e inject=copy_file_range:error=ENOSYS
	[ "$(calls copy_file_range)" = 0 ]
	[ "$(calls pwrite64)" -ge 3 ]
	# or copies nothing, as for files of the kernel's own
	dest=$work/fs/dest4
	BACKUP_DEST=$dest traced -e inject=copy_file_range:retval=0
	[ "$(calls pwrite64)" -ge 3 ]
}

@test "a destination that keeps whole seconds links all the same" {
	local first
	make_on "$work/fs" ext4 -I 128
	dest=$work/fs/dest
	export BACKUP_DEST=$dest
	fill
	run_backup 0
	first=$(newest)
	same_as_source "$first" --modify-window=1
	run_backup 0
	[[ $output == *' 0 new, 0 changed: '* ]]
	same_inode "$first/a" "$(newest)/a"
}

@test "a destination without attributes says so once, and links all the same" {
	needs strace
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	fill
	plain() {
		run -0 strace -f -o /dev/null -e inject=fsetxattr:error=EOPNOTSUPP "$BACKUP" run
	}
	plain
	plain
	[ "$(grep -c 'the destination has no ' <<<"$output")" = 2 ] # attributes, and ACLs
	[[ $output == *' 0 new, 0 changed: '* ]]
	same_as_source "$(newest)" --no-X --no-A
}
