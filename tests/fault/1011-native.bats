#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the native engine does by itself, and how it gets on when a call fails.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2030,SC2031 # every test has its own variables
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	export ENGINE=native
}

# threads_used: how many threads a run has, the one that waits for them left out.
threads_used() {
	local list="$work/tasks"
	echo x >"$src/x"
	with_fault 0 FAULT_CALL=write FAULT_NTH=0 \
		FAULT_COMMAND="ls /proc/\$PPID/task | wc -l >>$list"
	echo $(($(sort -n "$list" | tail -n 1) - 1))
	rm "$list"
}

@test "THREADS says on how many threads, otherwise the processors do, at most 4" {
	needs taskset
	[ "$(THREADS=1 threads_used)" = 1 ]
	[ "$(THREADS=7 threads_used)" = 7 ]
	cpu=$(taskset -cp $$ | grep -o '[0-9]*$')
	taskset -cp "$cpu" $BASHPID
	[ "$(threads_used)" = 1 ]
}

# counts EXPRESSION: of the newest snapshot's record, in jq.
counts() {
	local name
	name=$(basename "$(newest)")
	jq -e ".counts | $1" "$dest/.backup/snapshots/$name.json"
}

@test "what cannot be linked any more is copied, and said" {
	mkdir "$src/d"
	echo 1 >"$src/one"
	echo 2 >"$src/d/two"
	ln -s one "$src/symlink"
	run_backup 0
	[[ $output != *'copied though unchanged'* ]]
	for nth in 2 3 4; do # the first is to see whether there are links at all
		THREADS=1 DAILY_COUNT=9 with_fault 0 FAULT_CALL=link FAULT_NTH=$nth FAULT_ERRNO=31
		[[ $output == *' 0 new, 0 changed: '*' 2 linked: '*' 1 copied though unchanged: '* ]]
		counts '.files == 3 and .unlinkable == 1 and .linked == 2'
		same_as_source "$(newest)"
	done
	run_backup 0
	counts '.unlinkable == 0 and .linked == 3'
}

# Source and destination on an ext4 of their own, where a file has at most 65000 names.
on_ext4() {
	needs mkfs.ext4
	truncate -s 256M "$work/image"
	mkfs.ext4 -q "$work/image"
	mount_on "$work/disk" -o loop "$work/image"
	src=$work/disk/src dest=$work/disk/dest
	mkdir "$src" "$work/disk/more"
	export BACKUP_SRC=$src BACKUP_DEST=$dest
}

# name_more FILE DIRECTORY N: until the file has so many names.
name_more() {
	python3 - "$@" <<-'END'
		import os, sys
		for i in range(os.stat(sys.argv[1]).st_nlink, int(sys.argv[3])):
		    os.link(sys.argv[1], f"{sys.argv[2]}/{i}")
	END
}

@test "a file of which the base has as many names as there can be" {
	on_ext4
	echo full >"$src/full"
	echo other >"$src/other"
	run_backup 0
	name_more "$(newest)/full" "$work/disk/more" 65000
	run_backup 0
	[[ $output == *' 1 linked: '*' 1 copied though unchanged: '* ]]
	counts '.files == 2 and .unlinkable == 1 and .linked == 1'
	same_as_source "$(newest)"
	run_backup 0
	counts '.unlinkable == 0 and .linked == 2'
	[ "$(stat -c %h "$(newest)/full")" = 2 ]
}

# inodes: how many files the newest snapshot has, whatever their names.
inodes() {
	find "$(newest)" -type f -printf '%i\n' | sort -u | wc -l
}

@test "a file with more names than the base's copy can still get is copied once" {
	on_ext4
	mkdir "$src"/{0..9}
	echo many >"$src/many"
	name_more "$src/many" "$src/3" 20000
	name_more "$src/many" "$src/7" 40000
	run_backup 0
	[ "$(stat -c %h "$(newest)/many")" = 40000 ]
	# two that find the limit at the same moment make two copies
	export THREADS=1
	run_backup 0
	counts '.files == 40000 and .unlinkable == 1'
	[ "$(inodes)" = 2 ]
	unset THREADS
	run_backup 0
	[ "$(inodes)" -le 4 ]
	[ "$(find "$(newest)" -type f | wc -l)" = 40000 ]
	find "$(newest)" -type f -exec cat {} + | sort -u | cmp - "$src/many"
}

# The first two attributes are set to see whether there are any.
@test "no room for an attribute where there is room: it is named, and the snapshot is partial" {
	on_ext4
	echo 1 >"$src/file"
	setfattr -n user.told -v v "$src/file"
	with_fault 3 FAULT_CALL=setxattr FAULT_NTH=3 FAULT_ERRNO=28
	[[ $output == *"WARNING: attribute 'user.told' of 1 byte does not fit on the copy of '$src/file'"* ]]
	same_as_source "$(newest)" --no-X
	run_backup 0
	same_as_source "$(newest)"
}

@test "... and where the disk is full, it fails the run" {
	mount_on "$work/disk" -t tmpfs -o nr_inodes=300 none # they hold attributes, too
	setfattr -n user.probe -v 1 "$work/disk" || skip 'tmpfs has no attributes here'
	dest=$work/disk/dest
	export BACKUP_DEST=$dest
	echo 1 >"$src/file"
	setfattr -n user.told -v "$(head -c 3000 /dev/zero | tr '\0' x)" "$src/file"
	with_fault 1 FAULT_CALL=setxattr FAULT_NTH=3 FAULT_COMMAND="
		i=0; while : >$work/disk/\$i; do i=\$((i + 1)); done"
	[[ $output == *"the destination cannot be written: give attribute 'user.told' to the copy of "*'No space left on device'* ]]
	[ -z "$(snapshots)" ]
}

# lease FILE SECONDS [TEXT]: somebody has a lease on it, and gives it up so long after being
# asked to, when he has written the text. 'never': not of his own accord. $holder is who.
lease() {
	python3 - "$1" "$2" "$work/leased" "${3-}" <<-'END' &
		import fcntl, os, signal, sys, time
		fd = os.open(sys.argv[1], os.O_RDWR)
		signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
		fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
		open(sys.argv[3], "w").close()
		signal.sigwait([signal.SIGIO])
		open(sys.argv[3] + ".asked", "w").close()
		if sys.argv[2] == "never":
		    time.sleep(60)
		time.sleep(float(sys.argv[2]))
		os.write(fd, sys.argv[4].encode())
		fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
	END
	holder=$!
	until [ -e "$work/leased" ]; do
		kill -0 $holder
		sleep 0.02
	done
}

@test "a file that somebody has a lease on is copied when he gives it up" {
	echo 1 >"$src/held"
	echo 2 >"$src/other"
	lease "$src/held" 0.5 'written late'
	run_backup 0
	[ -e "$work/leased.asked" ]
	[ "$(cat "$(newest)/held" "$(newest)/other")" = 'written late2' ]
	same_as_source "$(newest)"
}

@test "... and compared, too" {
	echo 1 >"$src/held"
	run_backup 0
	lease "$src/held" 0.5
	CHECKSUM=on run_backup 0
	[ -e "$work/leased.asked" ]
	[[ $output == *' 0 new, 0 changed: '*' 1 linked: '* ]]
}

@test "a signal ends a run that waits for a lease" {
	echo 1 >"$src/held"
	lease "$src/held" never
	"$BACKUP" run >"$work/out" 2>&1 &
	pid=$!
	until [ -e "$work/leased.asked" ]; do
		kill -0 $pid
		sleep 0.02
	done
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code = 143 ]
	kill -0 $holder # he has not given it up
	kill $holder
	[ -z "$(snapshots)" ]
}

@test "a FIFO that comes in place of a file that was looked at is not waited for" {
	mkdir "$src/d"
	echo 1 >"$src/d/file"
	mkfifo "$work/fifo"
	# the first open(2) once the directory is made is the directory's, the next the file's
	cat >"$work/replace" <<-END
		ls -d "$dest"/.backup/building/*/d || exit 0
		[ ! -e "$work/made" ] || [ ! -e "$work/fifo" ] || mv -f "$work/fifo" "$src/d/file"
		: >"$work/made"
	END
	with_fault 3 FAULT_CALL=open FAULT_NTH=0 \
		FAULT_COMMAND="sh $work/replace >$work/replace.out 2>&1"
	[ ! -e "$work/fifo" ]
	[[ $output == *"became something else while it was read: '$src/d/file'"* ]]
}
