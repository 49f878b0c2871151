#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Files that are so large that the native engine's threads copy them together: what they
# come to, and what becomes of errors that one of the threads meets.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2030,SC2031 # every test has its own variables
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	export ENGINE=native THREADS=3
	large=$src/large
}

make_large() {
	head -c $((300 * 1048576 + 12345)) /dev/urandom >"$large"
}

# traced CODE STRACE-OPTION...: a run under strace, which leaves $work/trace.
traced() {
	needs strace
	# the sanitizers' leak check cannot work under strace
	run -"$1" env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		strace -f -qq -y -o "$work/trace" "${@:2}" "$BACKUP" run
}

# helpers: how many threads took part in copying the large file.
helpers() {
	grep -E '(copy_file_range|pread64)\([0-9]+<[^>]*/large>' "$work/trace" |
		cut -d ' ' -f 1 | sort -u | wc -l
}

@test "several threads copy a large file together" {
	make_large
	# at a rate that gives them all the time to begin
	BWLIMIT=300M traced 0 -e trace=copy_file_range,pread64
	cmp "$large" "$(newest)/large"
	same_as_source "$(newest)"
	[ "$(helpers)" -gt 1 ]
	# ... one of several names, and several at once
	ln "$large" "$src/z"
	cp "$large" "$src/second"
	touch "$large"
	run_backup 0
	same_as_source "$(newest)"
	same_inode "$(newest)/large" "$(newest)/z"
}

@test "one thread copies it alone" {
	make_large
	THREADS=1 traced 0 -e trace=copy_file_range,pread64
	cmp "$large" "$(newest)/large"
	[ "$(helpers)" = 1 ]
}

@test "a large file with holes" {
	truncate -s 15T "$large" || truncate -s 1000G "$large"
	for at in 0 1000 70000000 70000001 900000000000; do
		echo "data at $at" | dd of="$large" bs=1 seek=$at conv=notrunc status=none
	done
	run_backup 0
	copy=$(newest)/large
	[ "$(stat -c '%s %b' "$copy")" = "$(stat -c '%s %b' "$large")" ]
	for at in 0 1000 70000000 900000000000; do
		cmp -n 100 -i $at "$large" "$copy"
	done
	# with no data at the end, nor at all
	truncate -s 500G "$large"
	truncate -s 15T "$src/hole" || truncate -s 1000G "$src/hole"
	run_backup 0
	[ "$(stat -c '%s %b' "$copy" "$(newest)"/{large,hole})" = "$(stat -c '%s %b' \
		"$copy" "$large" "$src/hole")" ]
}

@test "SPARSE=detect in a large file" {
	make_large
	dd if=/dev/zero of="$large" bs=1M seek=10 count=270 conv=notrunc status=none
	SPARSE=detect run_backup 0
	cmp "$large" "$(newest)/large"
	[ "$(stat -c %b "$(newest)/large")" -lt $((50 * 2048)) ]
	# ... zeros at its end
	truncate -s 280M "$large"
	SPARSE=detect run_backup 0
	cmp "$large" "$(newest)/large"
}

@test "a large file that one of the threads cannot read is named, and all else is there" {
	make_large
	echo 1 >"$src/small"
	traced 3 -e trace=copy_file_range,pread64 -e inject=copy_file_range:error=EXDEV \
		-e inject=pread64:error=EIO:when=20
	[[ $output == *"WARNING: read '$large': Input/output error"* ]]
	[ "$(cat "$(newest)/small")" = 1 ]
	[ ! -e "$(newest)/large" ]
	run_backup 0
	same_as_source "$(newest)"
}

@test "a large file that one of the threads cannot write ends the run" {
	echo 1 >"$src/small"
	run_backup 0
	make_large
	traced 1 -e trace=copy_file_range,pwrite64 -e inject=copy_file_range:error=EXDEV \
		-e inject=pwrite64:error=ENOSPC:when=20
	[[ $output == *"ERROR: "*"large': No space left on device"* ]]
	[ "$(snapshots | wc -l)" = 1 ]
	run_backup 0
	same_as_source "$(newest)"
}

@test "a large file for which there is no room is not even begun" {
	mount_on "$work/disk" -t tmpfs -o size=200m tmpfs
	dest=$work/disk/dest
	export BACKUP_DEST=$dest
	echo 1 >"$src/small"
	run_backup 0
	make_large
	traced 1 -e trace=copy_file_range,pread64
	[[ $output == *"ERROR: "*"large': No space left on device"* ]]
	[ "$(helpers)" = 0 ]
	rm "$large"
	run_backup 0
	same_as_source "$(newest)"
}

@test "a destination that cannot set room aside gets the file all the same" {
	make_large
	traced 0 -e trace=fallocate -e inject=fallocate:error=EOPNOTSUPP
	grep -q 'fallocate.*INJECTED' "$work/trace"
	cmp "$large" "$(newest)/large"
}

@test "a large file that changes while it is read is noticed" {
	make_large
	(while [ ! -e "$work/stop" ]; do
		printf x | dd of="$large" bs=1 conv=notrunc status=none
	done) &
	run_backup 0
	: >"$work/stop"
	wait
	[[ $output == *"WARNING: changed while it was read: '$large'"* ]]
	cmp -i 1 "$large" "$(newest)/large"
}

# begin RATE: a run in the background, $pid, that has begun to copy the large file.
begin() {
	BWLIMIT=$1 "$BACKUP" run >"$work/out" 2>&1 &
	pid=$!
	until [ -n "$(find "$dest/.backup/building" -name large -size +1M 2>/dev/null)" ]; do
		kill -0 $pid
		sleep 0.02
	done
}

@test "a large file that gets shorter while it is read is as long as it then was" {
	make_large
	begin 50M
	truncate -s 1234567 "$large"
	wait $pid
	cmp "$large" "$(newest)/large"
}

@test "a signal ends the copying of a large file" {
	make_large
	begin 20M
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code = 143 ]
	[ -z "$(snapshots)" ]
	run_backup 0
	same_as_source "$(newest)"
}
