#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Holes: the native engine keeps those there are, and with SPARSE=detect makes more of
# them where there are zeros. The content is the same either way.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# Source and destination on an ext4 of their own, where blocks are 4 KiB.
setup() {
	common_setup
	needs mkfs.ext4
	truncate -s 256M "$work/image"
	mkfs.ext4 -q -b 4096 "$work/image"
	mount_on "$work/disk" -o loop "$work/image"
	src=$work/disk/src dest=$work/disk/dest
	mkdir "$src"
	export BACKUP_SRC=$src BACKUP_DEST=$dest ENGINE=native
}

# data FILE: its ranges of data, as FIRST-END, in blocks.
data() {
	python3 - "$1" <<'END'
import os, sys
fd, at, ranges = os.open(sys.argv[1], os.O_RDONLY), 0, []
end = os.fstat(fd).st_size
while at < end:
    try:
        data = os.lseek(fd, at, os.SEEK_DATA)
    except OSError:
        break
    at = os.lseek(fd, data, os.SEEK_HOLE)
    ranges.append(f"{data // 4096}-{-(-at // 4096)}")
print(*ranges)
END
}

# put FILE BLOCK BYTES...: random bytes from that block on, the file's other content
# being zeros that are written.
put() {
	dd if=<(head -c "$3" /dev/urandom | tr '\0' x) of="$src/$1" bs=4096 seek="$2" \
		conv=notrunc iflag=fullblock status=none
}

make_files() {
	head -c 8M /dev/zero | tee "$src/start" "$src/middle" "$src/end" "$src/zeros" >"$src/both"
	put start 1024 4194304
	put middle 0 4096
	put middle 2047 4096
	put end 0 4194304
	put both 300 4097
	head -c 10000 /dev/zero >"$src/odd" # ends within a block
	head -c 1 /dev/zero >"$src/one-zero"
	head -c 4096 /dev/zero >"$src/block"
	echo tiny >"$src/tiny"
	: >"$src/empty"
	# zeros as long as a block, but across two
	put across 0 8192
	dd if=/dev/zero of="$src/across" bs=1 seek=2048 count=4096 conv=notrunc status=none
	truncate -s 8M "$src/hole"
	put hole 100 4096
	truncate -s 1M "$src/all-hole"
	fallocate -l 4M "$src/preallocated"
	put preallocated 512 4096
	head -c 3M /dev/urandom >"$src/random"
	sync -f "$src"
}

same_content() {
	local file
	for file in "$src"/*; do
		cmp "$file" "$(newest)/${file##*/}"
	done
	same_as_source "$(newest)"
}

@test "holes are kept, and zeros are written where there are none" {
	make_files
	run_backup 0
	same_content
	for file in start middle end both zeros odd one-zero block tiny across hole all-hole random; do
		[ "$(data "$(newest)/$file")" = "$(data "$src/$file")" ]
	done
	[ "$(data "$(newest)/hole")" = 100-101 ]
	[ "$(data "$(newest)/zeros")" = 0-2048 ]
}

@test "SPARSE=detect makes holes of blocks that are zeros" {
	make_files
	SPARSE=detect run_backup 0
	same_content
	while read -r file wanted; do
		[ "$(data "$(newest)/$file")" = "$wanted" ] || {
			echo "$file: $(data "$(newest)/$file"), not $wanted"
			return 1
		}
	done <<-'END'
		start 1024-2048
		middle 0-1 2047-2048
		end 0-1024
		both 300-302
		zeros
		odd
		one-zero
		block
		tiny 0-1
		empty
		across 0-2
		hole 100-101
		all-hole
		preallocated 512-513
		random 0-768
	END
	[ "$(stat -c %b "$(newest)/zeros")" = 0 ]
	# what is the same is linked, whatever its holes
	run_backup 0
	[[ $output == *' 0 new, 0 changed'* ]]
}

@test "SPARSE=detect, and pieces that do not end with a block" {
	head -c 1M /dev/zero >"$src/slow"
	put slow 0 1
	put slow 200 4097
	SPARSE=detect BWLIMIT=1M run_backup 0
	same_content
	[ "$(data "$(newest)/slow")" = '0-1 200-202' ]
}

@test "rsync makes holes either way" {
	make_files
	export ENGINE=rsync
	for SPARSE in keep detect; do
		export SPARSE
		DAILY_COUNT=9 run_backup 0
		same_content
		[ "$(stat -c %b "$(newest)/zeros")" = 0 ]
	done
}
