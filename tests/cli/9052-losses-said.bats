#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What a destination, or a user without privilege, cannot keep was lost without a word, and
# a time beyond what the destination holds had its file copied in every run.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

teardown() {
	rm -rf "${home:-$work/none}"
	common_teardown
}

# said_times N TEXT
said_times() {
	[ "$(grep -cF "$2" <<<"$output")" = "$1" ] || {
		printf 'not said %s times: %s\n%s\n' "$1" "$2" "$output"
		return 1
	}
}

@test "a destination that keeps whole seconds says so" {
	make_on "$work/fs" ext4 -I 128
	dest=$work/fs/dest
	export BACKUP_DEST=$dest
	echo 1 >"$src/a"
	run_backup 0
	said_times 1 'the destination does not keep fractions of a second'
	run_backup 0
	said_times 1 'the destination does not keep fractions of a second'
	BACKUP_DEST=$work/dest run_backup 0
	said_times 0 'fractions of a second'
}

@test "who is not root is told that owners are not kept" {
	needs_root
	needs setpriv
	home=$(mktemp -d /tmp/backup-losses.XXXXXX) # which another user may enter
	chmod 755 "$home"
	install -m 755 "$BACKUP" "$home/backup"
	mkdir -p "$home/src" "$home/dest"
	echo 1 >"$home/src/a"
	chown -R 65534:65534 "$home"
	export BACKUP_SRC=$home/src BACKUP_DEST=$home/dest LOG_FILE=$home/log RUN_LOG_DIR=$home
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$home/backup" run --verbose
	said_times 1 'not root: owners are not kept'
	said_times 1 'kept: modes, times'
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	echo 1 >"$src/a"
	run_backup 0 run --verbose
	said_times 0 'not root'
	said_times 1 'kept: modes, owners, times'
}

# bats test_tags=engine:native
@test "a time that the destination cannot hold is said once, and its file links" {
	make_on "$work/tmpfs" tmpfs
	make_on "$work/ext4" ext4
	src=$work/tmpfs dest=$work/ext4/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir "$src/d"
	echo 1 >"$src/now"
	for name in a b d/c d; do
		[ -e "$src/$name" ] || echo $name >"$src/$name"
		touch -d '@99999999999.5' "$src/$name"
	done
	ln -s nowhere "$src/link"
	touch -h -d '1800-01-01 00:00:00.5' "$src/link"
	run_backup 0
	said_times 1 'WARNING: the destination holds no time after 2446-05-10, and gets that instead'
	said_times 1 "WARNING: the destination holds no time before 1901-12-13, and gets that instead: '$src/link'"
	first=$(newest)
	for wait in 0 2.1 0; do
		sleep $wait
		run_backup 0
		said_times 1 'holds no time after'
		said_times 1 'holds no time before'
		[[ $output == *' 0 new, 0 changed: '* ]]
		same_inode "$first/a" "$(newest)/a"
		same_inode "$first/link" "$(newest)/link"
	done
	umount "$work/ext4" # what is on the disk, too
	mount -o loop "$work/image-ext4" "$work/ext4"
	run_backup 0
	[[ $output == *' 0 new, 0 changed: '* ]]
	touch -d '2446-01-01' "$src/a"
	touch -d '2020-01-01' "$src/d/c"
	run_backup 0
	[[ $output == *' 0 new, 2 changed: '* ]]
	[ "$(stat -c %y "$(newest)/a")" = '2446-01-01 00:00:00.000000000 +0000' ]
}

# bats test_tags=engine:native
@test "many owners that cannot be given are few lines" {
	needs_root
	needs setpriv
	touch "$src"/{1..30}
	chown 1000 "$src"/*
	run -3 setpriv --bounding-set -chown "$BACKUP" run
	said_times 3 "WARNING: give its owner to the copy of '$src/"
	said_times 1 'WARNING: 27 more owners cannot be given: Operation not permitted'
	[ "$(jq .counts.unreadable "$dest/.backup/snapshots/$(basename "$(newest)").json")" = 30 ]
}
