#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Full disks, no more inodes, read-only destinations: the run fails and says where and
# what to do, no earlier snapshot changes, and with room again the next run works.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2030,SC2031 # every test has its own variables
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	needs_root
	head -c 50000 /dev/urandom >"$src/a"
	mkdir "$src/d"
	echo b >"$src/d/b"
	disk=$work/disk
	dest=$disk/dest
	export BACKUP_DEST=$dest
}

# A first snapshot on that disk, to be left as it is.
first_snapshot() {
	run_backup 0
	before=$(newest)
	fingerprint "$before" inodes >"$work/before"
}

still_as_before() {
	[ "$(snapshots)" = "${before#"$dest"/}" ]
	[ "$(readlink -f "$dest/latest")" = "$before" ]
	fingerprint "$before" inodes | cmp - "$work/before"
	run_backup 0 list --json
}

# The run ends with 1 and one error, which names the destination and says what to do.
fails_for_room() {
	run_backup 1
	[ "$(grep -c 'ERROR: ' <<<"$output")" = 1 ]
	[[ $output == *'ERROR: '*"$dest"*'; make room there ('*'backup prune'* ]]
	[[ $output == *"${1-}"* ]]
}

works_again() {
	run_backup 0
	same_as_source "$(newest)"
	[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
}

# fill FILE: until there is not a byte left.
fill() {
	dd if=/dev/zero of="$1" bs=4k status=none 2>"$work/dd" || grep -q 'No space left' "$work/dd"
}

@test "the disk gets full while files are copied" {
	mount_on "$disk" -t tmpfs -o size=2m tmpfs
	first_snapshot
	head -c 4000000 /dev/urandom >"$src/big"
	fails_for_room 'No space left on device'
	still_as_before
	rm "$src/big"
	works_again
}

@test "the disk gets full while files are copied, on ext4" {
	needs mkfs.ext4
	truncate -s 8M "$work/image"
	mkfs.ext4 -q "$work/image"
	mount_on "$disk" -o loop "$work/image"
	first_snapshot
	for i in {1..9}; do head -c 1000000 /dev/urandom >"$src/big$i"; done
	fails_for_room 'No space left on device'
	# what has been copied need not be copied again
	mapfile -t copied < <(cd "$dest"/.backup/building/*/ && ls -d big*)
	still_as_before
	mount -o remount,ro "$disk"
	mount -o remount,rw "$disk"
	mkdir "$work/kept"
	mv "$src/${copied[0]}" "$src/${copied[1]}" "$work/kept"
	rm "$src"/big*
	mv "$work/kept"/* "$src"
	works_again
}

@test "the disk is full from the start" {
	mount_on "$disk" -t tmpfs -o size=2m tmpfs
	first_snapshot
	fill "$disk/fill"
	fails_for_room 'no byte is free'
	still_as_before
	rm "$disk/fill"
	works_again
}

@test "the disk is full from the start, and new to us" {
	mount_on "$disk" -t tmpfs -o size=64k tmpfs
	fill "$disk/fill"
	fails_for_room
	rm "$disk/fill" "$src/a"
	works_again
}

@test "the inodes run out while files are copied" {
	mount_on "$disk" -t tmpfs -o size=2m,nr_inodes=100 tmpfs
	first_snapshot
	for i in {1..150}; do echo "$i" >"$src/f$i"; done
	fails_for_room 'No space left on device'
	[ "$(grep -c WARNING <<<"$output")" -lt 250 ]
	still_as_before
	mount -o remount,nr_inodes=400 "$disk"
	works_again
}

@test "there are not enough inodes from the start" {
	mount_on "$disk" -t tmpfs -o nr_inodes=60 tmpfs
	mkdir -p "$src"/dir{1..10}
	first_snapshot
	for i in {1..100}; do : >"$disk/f$i" || break; done 2>/dev/null
	rm "$disk"/f[1-5]
	fails_for_room 'free inodes, and a snapshot takes 13 at the least'
	still_as_before
	rm "$disk"/f*
	works_again
}

@test "not even our own directories can be made" {
	mount_on "$disk" -t tmpfs -o nr_inodes=4 tmpfs
	fails_for_room
	mount -o remount,nr_inodes=100 "$disk"
	works_again
}

@test "what an interrupted run copied does not keep the disk full for ever" {
	mount_on "$disk" -t tmpfs -o size=2m,nr_inodes=100 tmpfs
	first_snapshot
	for i in {1..150}; do echo "$i" >"$src/f$i"; done
	fails_for_room
	# but for what the run's files without a name gave back
	[ "$(stat -f -c %d "$disk")" -le 2 ]
	rm "$src"/f*
	run_backup 0
	[[ $output == *'there is no room: deleting what interrupted runs copied'* ]]
	same_as_source "$(newest)"
}

# What an interrupted run copied takes so much that the next copy finds no room.
little_room() {
	mount_on "$disk" -t tmpfs -o size=2m,nr_inodes=100 tmpfs
	first_snapshot
	for i in {1..150}; do echo "$i" >"$src/f$i"; done
	fails_for_room
	rm "$src"/f*
	mkdir "$src"/d{1..20}
	mount -o remount,nr_inodes=110 "$disk"
}

@test "... nor does it when a little room is left: the run deletes it and copies once more" {
	for ENGINE in rsync native; do
		export ENGINE
		little_room
		run_backup 0
		[ "$(grep -c 'there is no room: deleting what interrupted runs copied, and copying once more' <<<"$output")" = 1 ]
		[ "$(snapshots | wc -l)" = 2 ]
		same_as_source "$(newest)"
		fingerprint "$before" inodes | cmp - "$work/before"
		[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
		common_teardown
		rm -r "$src"/d{1..20}
	done
}

@test "... but once only, and with nothing lost when that fails too" {
	for ENGINE in rsync native; do
		export ENGINE
		little_room
		for i in {1..150}; do echo "$i" >"$src/f$i"; done
		fails_for_room 'No space left on device'
		[[ $output == *', and copying once more'* ]]
		still_as_before
		rm "$src"/f*
		works_again
		common_teardown
		rm -r "$src"/d{1..20}
	done
}

@test "... and killed anywhere on that way, nothing is lost" {
	export ENGINE=native
	little_room
	cp -a "$dest" "$work/template"
	fingerprint "$before" >"$work/first"
	local -i n points=0
	for ((n = 1; n < 400; n += 3)); do
		rm -rf "$dest"
		cp -a "$work/template" "$dest"
		LD_PRELOAD=$FAULT_SHIM FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_CALL=change \
			FAULT_NTH=$n run "$BACKUP" run
		[ "$status" -ne 0 ] || break
		echo "killed at $n"
		fingerprint "$before" | cmp - "$work/first"
		[ "$("$BACKUP" list --json | jq -r '.[].status' | sort -u)" = complete ]
		[[ $output != *', and copying once more'* ]] || points+=1
		LOCK_WAIT=20s works_again
	done
	echo "# $points points" >&3
	[ "$points" -ge 10 ]
}

@test "... and room is made for a pre-pass too" {
	export ENGINE=native
	little_room
	PRE_PASS=on run_backup 0
	[ "$(grep -c 'copying once more' <<<"$output")" = 1 ]
	[[ $output == *'pre-pass while services are up: '* ]]
	same_as_source "$(newest)"
	[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
}

@test "a full disk can be pruned" {
	mount_on "$disk" -t tmpfs -o size=2m tmpfs
	export KEEP_WITHIN=0s DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
	run_backup 0
	redate "$(snapshots)" 2001-01-01_00-00-00
	echo changed >"$src/a"
	run_backup 0
	fill "$disk/fill"
	fails_for_room
	run_backup 0 prune
	[ "$(snapshots | wc -l)" = 1 ]
	works_again
}

@test "logs on a full disk do not fail a run" {
	mount_on "$disk" -t tmpfs -o size=100k tmpfs
	mkdir "$disk/logs"
	fill "$disk/fill"
	dest=$work/dest
	export BACKUP_DEST=$dest LOG_FILE=$disk/logs/backup.log RUN_LOG_DIR=$disk/logs
	run_backup 0
	[[ $output == *"WARNING: "*"$disk/logs"*'No space left on device'* ]]
	same_as_source "$(newest)"
}

@test "a log on the destination that gets full neither hides nor changes the reason" {
	mount_on "$disk" -t tmpfs -o size=2m,nr_inodes=100 tmpfs
	export LOG_FILE=$disk/backup.log RUN_LOG_DIR=$disk
	first_snapshot
	for i in {1..150}; do echo "$i" >"$src/f$i"; done
	fails_for_room 'No space left on device'
	fill "$disk/fill"
	fails_for_room
}

@test "a quota is full" {
	mount_on "$disk" -t tmpfs tmpfs
	first_snapshot
	echo new >"$src/new"
	if by_rsync; then
		where=(FAULT_PROGRAM=rsync FAULT_CALL=rename FAULT_NTH=0)
	else
		where=(FAULT_CALL=link FAULT_NTH=2) # by the first one it finds out whether there are links
	fi
	with_fault 1 "${where[@]}" FAULT_ERRNO=122
	[[ $output == *'ERROR: '*"$dest"*'Disk quota exceeded'*'; make room there'* ]]
	still_as_before
	works_again
}

@test "a read-only destination" {
	mount_on "$disk" -t tmpfs tmpfs
	first_snapshot
	mount -o remount,ro "$disk"
	run_backup 1
	[[ $output == *"ERROR: open '$dest/.backup/lock': Read-only file system; mount BACKUP_DEST writable"* ]]
	still_as_before
	BACKUP_DEST=$disk/new run_backup 1
	[[ $output == *"ERROR: create BACKUP_DEST '$disk/new': Read-only file system; mount"* ]]
	run_backup 1 prune
	mount -o remount,rw "$disk"
	works_again
}

@test "a dry run on a read-only destination" {
	mount_on "$disk" -t tmpfs tmpfs
	first_snapshot
	mount -o remount,ro "$disk"
	run_backup 0 run --dry-run
	[[ $output == *'would publish daily/'* ]]
	still_as_before
}

@test "the destination becomes read-only during the run" {
	needs mkfs.ext4
	truncate -s 8M "$work/image"
	mkfs.ext4 -q "$work/image"
	mount_on "$disk" -o loop,errors=remount-ro "$work/image"
	first_snapshot
	error=/sys/fs/ext4/$(basename "$(findmnt -no SOURCE "$disk")")/trigger_fs_error
	[ -w "$error" ] || skip 'needs ext4 in sysfs'
	echo new >"$src/new"
	just_before "echo test >'$error'"
	run_backup 1
	[[ $output == *'ERROR: '*"$dest"*'Read-only file system'*'; mount BACKUP_DEST writable'* ]]
	still_as_before
}
