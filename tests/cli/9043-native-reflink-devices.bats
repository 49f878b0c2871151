#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# After a file of another file system, which cannot be reflinked, none was any more.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

is_shared() {
	filefrag -v "$1" | grep -q shared
}

@test "files are reflinked, whatever file systems are between them" {
	export ENGINE=native THREADS=1
	needs_root
	needs mkfs.btrfs mkfs.ext4 filefrag
	truncate -s 300M "$work/btrfs"
	truncate -s 50M "$work/ext4"
	mkfs.btrfs -q "$work/btrfs"
	mkfs.ext4 -q "$work/ext4"
	mount_on "$work/fs" -o loop "$work/btrfs"
	src=$work/fs/src dest=$work/fs/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir -p "$src/one" "$src/other"
	mount_on "$src/other" -o loop "$work/ext4"
	head -c 3M /dev/urandom | tee "$src/first" "$src/one/f" >"$src/other/f"
	# what is below a directory comes after its files
	mount_on "$src/other/back" --bind "$src/one"
	sync
	run_backup 0
	for file in first one/f other/back/f; do
		is_shared "$(newest)/$file"
	done
	run ! is_shared "$(newest)/other/f"
}
