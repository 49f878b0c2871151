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
	same_as_source "$1" --filter='-x trusted.SGI_ACL_*' "${@:2}"
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

# furnish KIND: a source on such a file system, with all that tells them apart.
furnish() {
	fill
	mkdir -p "$src/acls/below" "$src/owners"
	head -c 2500 /dev/urandom | base64 -w 0 >"$work/value"
	echo large >"$src/attributes"
	setfattr -n user.large -v "$(cat "$work/value")" "$src/attributes"
	setfattr -n user.empty "$src/attributes"
	setfattr -n trusted.told -v 0x00ff00 "$src/attributes"
	setfattr -n security.told -v 1 "$src/attributes"
	setfattr -h -n trusted.link -v 1 "$src/symlink"
	setfacl -d -m u:1234:rwx,g:5:rx "$src/acls"
	setfacl -m u:1234:-,m::r "$src/acls"
	echo inherits >"$src/acls/below/file"
	for id in 1 1000 65534 4000000000; do
		echo $id >"$src/owners/$id"
		chown $id:$((id - 1)) "$src/owners/$id"
	done
	chmod 6755 "$src/owners/1000"
	mknod -m 640 "$src/owners/device" b 7 300
	cp "$(type -P true)" "$src/owners/able"
	setcap cap_net_raw+ep "$src/owners/able"
	truncate -s 3M "$src/hole-at-the-end"
	echo begins | dd of="$src/hole-at-the-end" conv=notrunc status=none
	echo future >"$src/future"
	touch -d '2477-01-01 00:00:00.123456789' "$src/future"
	touch -h -d '1969-12-31 23:59:59.999999999' "$src/symlink"
	[ "$1" != btrfs ] || setfattr -n btrfs.compression -v zstd "$src/attributes"
	[ "$1" != btrfs ] || setfattr -n btrfs.compression -v zlib "$src/owners"
}

# make_roomy DIR KIND: attributes of a file may take a page.
make_roomy() {
	if [ "$2" = ext4 ]; then make_on "$@" -b 4096; else make_on "$@"; fi
}

# from_to KIND OTHER: a source on one, and a destination on another.
from_to() {
	local first
	needs setcap
	make_roomy "$work/from" "$1"
	make_roomy "$work/to" "$2"
	src=$work/from/src dest=$work/to/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir "$src"
	furnish "$1"
	# what ext4 makes of its time is looked at in 9052
	held=(--filter='-x btrfs.*')
	[ "$2" != ext4 ] || held+=(--exclude=/future)
	run_backup 0
	first=$(newest)
	is_same "$first" "${held[@]}"
	[ "$(cat "$first/future")" = future ]
	[ "$(stat -c %b "$first/hole")" -lt 1000 ]
	[ "$(stat -c %b "$first/hole-at-the-end")" -lt 1000 ]
	for wait in 0 2.1 0; do # compared, and then by the table
		sleep $wait
		run_backup 0
		[[ $output == *' 0 new, 0 changed: '*' linked: '*', 100.0 % of all'* ]]
		(cd "$first" && find . ! -type d -printf '%i %p\n' | sort) >"$work/inodes"
		(cd "$(newest)" && find . ! -type d -printf '%i %p\n' | sort) | diff "$work/inodes" -
		is_same "$(newest)" "${held[@]}"
	done
	run_backup 0 restore latest --to "$work/from/back"
	is_same "$work/from/back" "${held[@]}" # and the properties do not come back from elsewhere
}

@test "from XFS to ext4 all is kept that ext4 can hold, and links" {
	from_to xfs ext4
}

@test "from btrfs to XFS all is kept but properties, and links" {
	from_to btrfs xfs
}

@test "from ext4 to btrfs all is kept, and links" {
	from_to ext4 btrfs
}

@test "from tmpfs to ext4 all is kept that ext4 can hold, and links" {
	from_to tmpfs ext4
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
