#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup restore --verify: what is not as it was saved is named, left out, and never takes
# the place of anything.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load lib/common
load lib/restore
load lib/damage

# left_out NAME...
left_out() {
	local name
	for name in "$@"; do
		grep -q "WARNING: left out, as it is not what was saved: '.*/$name'\$" <<<"$output" || {
			printf '%s was not left out:\n%s\n' "$name" "$output"
			return 1
		}
	done
}

setup() {
	common_setup
	export ENGINE=native
	to=$work/to
	mkdir -p "$src/d"
	echo one >"$src/a"
	echo two >"$src/d/b"
	echo three >"$src/c"
}

@test "all is as it was saved: it is said, and restored" {
	: >"$src/empty"
	ln "$src/a" "$src/d/link"
	ln -s /nowhere "$src/symlink"
	mkfifo "$src/fifo"
	head -c 3000001 /dev/urandom >"$src/large"
	truncate -s 3M "$src/holes"
	echo middle >>"$src/holes"
	truncate -s 7M "$src/holes"
	run_backup 0
	run_backup 0 restore --verify --to "$to"
	said 'verified: all that was copied is as it was saved'
	equal "$(newest)" "$to"
	[ "$(stat -c %b "$to/holes")" -lt 100 ]
	same_inode "$to/a" "$to/d/link"
	echo mine >"$src/a"
	run_backup 0 restore --verify --in-place --yes
	[ "$(cat "$src/a")" = one ]
	same_inode "$src/a" "$src/d/link"
	run_backup 0 restore --verify --dry-run --to "$work/other"
	said 'read: all as when they were saved'
	[ ! -e "$work/other" ]
}

@test "everything comes back, with one thread and with several" {
	needs_root
	everything "$src"
	run_backup 0
	for threads in 1 4; do
		THREADS=$threads run_backup 0 restore --verify --to "$to$threads"
		equal "$(newest)" "$to$threads"
	done
}

@test "damaged files are left out, and all others restored" {
	head -c 2M /dev/zero >"$src/zeros"
	truncate -s 2M "$src/hole"
	head -c 2M /dev/urandom >"$src/large"
	ln "$src/large" "$src/d/large"
	echo four >"$src/short"
	echo five >"$src/gone"
	ln -s there "$src/link"
	run_backup 0
	local snapshot
	snapshot=$(newest)
	flip "$snapshot/a" 1
	flip "$snapshot/zeros" 1000000
	flip "$snapshot/hole" 2000000
	flip "$snapshot/large" 2097151
	echo fou >"$snapshot/short"
	echo more >"$snapshot/d/extra"
	rm "$snapshot/gone"
	ln -sfn elsewhere "$snapshot/link"
	for threads in 1 2; do
		THREADS=$threads run_backup 3 restore --verify --to "$to$threads"
		said 'damaged: short: size' 'damaged: d/extra: extra' 'damaged: gone: missing' \
			'damaged: link: ' "'backup find PATH' tells"
		left_out a zeros hole large d/large short d/extra link
		[ "$(cd "$to$threads" && find . -type f | sort | paste -sd ' ')" = './c ./d/b' ]
		[ ! -L "$to$threads/link" ]
	done
	# what is not damaged can be had
	run_backup 0 restore latest c --verify --to "$work/c"
	unsaid damaged
	run_backup 0 restore --to "$work/other"
	[ -e "$work/other/a" ]
}

@test "no damaged file takes the place of another" {
	local snapshot mode
	run_backup 0
	snapshot=$(newest)
	flip "$snapshot/a" 1
	for mode in changed always; do
		for keep in --yes --no-keep; do
			echo mine >"$src/a"
			echo mine >"$src/c"
			run_backup 3 restore --verify --in-place --yes "$keep" --overwrite "$mode"
			left_out a
			[ "$(cat "$src/a" "$src/c" | paste -sd ' ')" = 'mine three' ]
		done
	done
	[ -z "$(find "$src"/.backup-restore-* -name a)" ]
	rm -r "$src"/.backup-restore-*
	# the same is not copied, and so not read
	touch -r "$snapshot/a" "$src/a"
	echo one >"$src/a"
	touch -r "$snapshot/a" "$src/a"
	run_backup 0 restore --verify --in-place --yes
	[ "$(cat "$src/a")" = one ]
	# a file that is not there is no reason to delete what is
	run_backup 0 restore --verify --in-place --yes --delete
}

@test "where something could be lost, nothing is restored" {
	run_backup 0
	rm "$(newest)/d/b"
	echo mine >"$src/c"
	for option in --delete --no-keep; do
		run_backup 1 restore --verify --in-place --yes "$option"
		said 'damaged: d/b: missing' 'is damaged, so nothing was restored' "$option"
		[ "$(cat "$src/c" "$src/d/b" | paste -sd ' ')" = 'mine two' ]
		unkept "$src"
	done
	run_backup 3 restore --verify --in-place --yes
	[ "$(cat "$src/c" "$src/d/b" | paste -sd ' ')" = 'three two' ]
}

@test "a dry run reads all" {
	run_backup 0
	flip "$(newest)/a" 1
	run_backup 3 restore --verify --dry-run --to "$to"
	said 'damaged: a: content'
	[ ! -e "$to" ]
	echo mine >"$src/a"
	run_backup 3 restore --verify --dry-run --in-place --yes
	said 'damaged: a: content'
	[ "$(cat "$src/a")" = mine ]
}

@test "a hundred damaged files are named, and the others counted" {
	local i
	for i in {101..230}; do echo "$i" >"$src/d/$i"; done
	run_backup 0
	for i in {101..230}; do echo x >"$(newest)/d/$i"; done
	run_backup 3 restore --verify --to "$to"
	[ "$(grep -c 'damaged: d/' <<<"$output")" = 100 ]
	said 'and 30 more'
	[ "$(ls "$to/d")" = b ]
}

@test "a snapshot without a manifest, or with a broken one, cannot be verified" {
	run_backup 0
	rm "$dest"/.backup/snapshots/*.mtree.zst
	run_backup 1 restore --verify --to "$to"
	said "has no manifest to verify it with"
	[ ! -e "$to" ]
	run_backup 0
	echo junk >"$dest/.backup/snapshots/$(basename "$(newest)").mtree.zst"
	run_backup 1 restore --verify --to "$to"
	said '.mtree.zst' 'cannot be used'
	[ ! -e "$to" ]
}

@test "a file whose content the manifest does not know is restored, and it is said" {
	truncate -s 70G "$src/holes"
	run_backup 0
	run_backup 0 restore --verify --to "$to"
	said 'of 1 file the manifest does not know the content'
	[ "$(stat -c %s "$to/holes")" = $((70 << 30)) ]
}

@test "a file that cannot be read is left out" {
	needs_root
	run_backup 0
	chmod 000 "$(newest)/a"
	run -3 setpriv --bounding-set=-dac_override,-dac_read_search "$BACKUP" restore \
		--verify --to "$to"
	said 'damaged: a: mode'
	left_out a
	[ "$(ls "$to")" = $'c\nd' ]
}

@test "what is reflinked is read, too" {
	needs_root
	needs mkfs.btrfs filefrag
	truncate -s 300M "$work/btrfs"
	mkfs.btrfs -q "$work/btrfs"
	mount_on "$work/fs" -o loop "$work/btrfs"
	dest=$work/fs/dest
	export BACKUP_DEST=$dest
	mkdir "$dest"
	head -c 3M /dev/urandom | tee "$src/good" >"$src/bad"
	run_backup 0
	flip "$(newest)/bad" 3000000
	sync
	run_backup 3 restore --verify --to "$work/fs/to"
	left_out bad
	[ ! -e "$work/fs/to/bad" ]
	cmp "$src/good" "$work/fs/to/good"
	sync
	filefrag -v "$work/fs/to/good" | grep -q shared
}
