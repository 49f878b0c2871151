#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The native engine's table of the last run: what was moved is linked from its old place,
# and nothing that has changed is taken for unchanged.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

root_backup=$BACKUP

setup() {
	common_setup
	export ENGINE=native
}

# old_enough: what is in the source is too old to be changed in the same tick of a clock.
old_enough() {
	sleep 3.1
}

# snapshot: a run, whose snapshot is equal to the source; its path in $new, the one before
# in $old.
snapshot() {
	old=${new-}
	run_backup 0
	new=$(newest)
	[ "$new" != "$old" ]
	[ -z "$(rsync -aHAXn --checksum --delete --itemize-changes "$src/" "$new/")" ]
}

# shared NAME [OLD-NAME]: it is the same inode as in the snapshot before.
shared() {
	[ "$(stat -c %i "$new/$1")" = "$(stat -c %i "$old/${2-$1}")" ]
}

table() {
	echo "$dest/.backup/snapshots/$(basename "$(newest)").table"
}

@test "a file that was renamed is linked, and counted as linked" {
	mkdir "$src/d"
	echo content >"$src/a"
	ln -s target "$src/l"
	old_enough
	snapshot
	mv "$src/a" "$src/d/b"
	mv "$src/l" "$src/d/l2"
	snapshot
	shared d/b a
	shared d/l2 l
	[[ $output == *' 0 new, 0 changed: 0 B copied'* ]]
}

@test "below a directory that was renamed, or moved, all is linked" {
	mkdir -p "$src/d/e/f" "$src/to"
	echo 1 >"$src/d/1"
	echo 2 >"$src/d/e/2"
	echo 3 >"$src/d/e/f/3"
	old_enough
	snapshot
	mv "$src/d" "$src/to/g"
	snapshot
	shared to/g/1 d/1
	shared to/g/e/2 d/e/2
	shared to/g/e/f/3 d/e/f/3

	# and once more, from a table of which all rows were taken over
	mv "$src/to/g/e" "$src/h"
	snapshot
	shared h/f/3 to/g/e/f/3
}

@test "two that changed places are linked from each other's" {
	mkdir "$src/a" "$src/b"
	printf 1111 >"$src/a/f"
	printf 2222 >"$src/b/f"
	touch -d '2020-01-01' "$src"/?/f
	old_enough
	snapshot
	mv "$src/a" "$src/c"
	mv "$src/b" "$src/a"
	mv "$src/c" "$src/b"
	snapshot
	shared a/f b/f
	shared b/f a/f

	mv "$src/a/f" "$src/f"
	mv "$src/b/f" "$src/a/f"
	mv "$src/f" "$src/b/f"
	snapshot
	shared a/f b/f
	shared b/f a/f
}

@test "logs that move on by one are linked, but for the new one" {
	local i
	for i in 1 2 3; do
		echo "log $i" >"$src/log.$i"
	done
	old_enough
	snapshot
	mv "$src/log.3" "$src/log.4"
	mv "$src/log.2" "$src/log.3"
	mv "$src/log.1" "$src/log.2"
	echo fresh >"$src/log.1"
	snapshot
	shared log.4 log.3
	shared log.3 log.2
	shared log.2 log.1
	[[ $output == *' 0 new, 1 changed: 6 B copied'* ]]
}

@test "a group of names that was renamed is linked, and stays a group" {
	mkdir "$src/d"
	echo 1 >"$src/a"
	ln "$src/a" "$src/d/b"
	old_enough
	snapshot
	mv "$src/a" "$src/d/c"
	mv "$src/d/b" "$src/e"
	snapshot
	shared d/c a
	shared e a
}

@test "a file that was renamed and changed is copied, whatever changed" {
	local f
	for f in content mode time attribute; do
		printf 12345678 >"$src/$f"
		mkdir "$src/in-$f"
		printf 12345678 >"$src/in-$f/f"
	done
	old_enough
	snapshot
	for f in "$src"/*; do
		mv "$f" "$f-2"
	done
	for f in '' in-; do
		g=${f:+-2/f}
		printf 87654321 >"$src/${f}content${g:--2}"
		chmod 600 "$src/${f}mode${g:--2}"
		touch -d 2001-01-01 "$src/${f}time${g:--2}"
		setfattr -n user.k -v v "$src/${f}attribute${g:--2}"
	done
	snapshot
	[[ $output == *' 0 linked: '* ]]
}

# fill_up DIR: its file system has no inode left, so that the next file gets that of one
# that is removed.
fill_up() {
	local i=0
	while : >"$1/more-$i"; do
		i=$((i + 1))
	done 2>/dev/null
	rm -f "$1/more-$i"
}

@test "another file that has got the number of the inode is copied" {
	local fs=$work/fs ino
	needs_root
	truncate -s 32M "$work/image"
	mkfs.ext4 -q -N 16 "$work/image"
	mkdir "$fs"
	mount -o loop "$work/image" "$fs"
	mounts+=("$fs")
	export BACKUP_SRC=$fs ALLOW_EMPTY_SOURCE=on
	src=$fs
	rmdir "$fs/lost+found"
	printf 1111 >"$fs/a"
	touch -d 2020-01-01 "$fs/a"
	ino=$(stat -c %i "$fs/a")
	fill_up "$fs"
	old_enough
	snapshot
	rm "$fs/a"
	printf 2222 >"$fs/b"
	touch -d 2020-01-01 "$fs/b"
	[ "$(stat -c %i "$fs/b")" = "$ino" ]
	snapshot
	run ! shared b a
}

@test "where births are not known, what was moved is compared" {
	local fs=$work/fs ino
	needs_root
	truncate -s 32M "$work/image"
	mkfs.ext4 -q -N 16 -I 128 "$work/image" # no room for them
	mkdir "$fs"
	mount -o loop "$work/image" "$fs"
	mounts+=("$fs")
	rmdir "$fs/lost+found"
	[ "$(stat -c %W "$fs")" = 0 ]
	export BACKUP_SRC=$fs
	src=$fs
	printf 1111 >"$fs/a"
	printf 3333 >"$fs/same"
	touch -d 2020-01-01 "$fs/a" "$fs/same"
	ino=$(stat -c %i "$fs/a")
	fill_up "$fs"
	old_enough
	snapshot
	mv "$fs/same" "$fs/same-2"
	rm "$fs/a"
	printf 2222 >"$fs/b"
	touch -d 2020-01-01 "$fs/b"
	[ "$(stat -c %i "$fs/b")" = "$ino" ]
	snapshot
	run ! shared b a
	shared same-2 same
}

@test "where statx() is not allowed, an older call does, and what was moved is compared" {
	needs strace
	mkdir "$src/d"
	printf 1111 >"$src/d/a"
	old_enough
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # which does not go with strace
	BACKUP=$work/without-statx
	printf '#!/bin/sh\nexec strace -f -o /dev/null -e inject=statx:error=EPERM %s "$@"\n' \
		"$root_backup" >"$BACKUP"
	chmod 755 "$BACKUP"
	snapshot
	mv "$src/d" "$src/e"
	snapshot
	shared e/a d/a
}

@test "with CHECKSUM=on what was moved is compared, too" {
	export CHECKSUM=on
	mkdir "$src/d"
	printf 1111 >"$src/a"
	printf 1111 >"$src/b"
	printf 3333 >"$src/d/c"
	touch -d 2020-01-01 "$src/b"
	old_enough
	snapshot
	mv "$src/a" "$src/a2"
	mv "$src/b" "$src/b2"
	mv "$src/d" "$src/d2"
	printf 2222 >"$src/b2"
	touch -d 2020-01-01 "$src/b2"
	snapshot
	shared a2 a
	shared d2/c d/c
	[ "$(cat "$new/b2")" = 2222 ]
}

@test "whatever changes of a file is noticed, when the table knows it" {
	local f
	for f in content mode time attribute target type; do
		printf 12345678 >"$src/$f"
	done
	ln -sf 12345678 "$src/target"
	printf same >"$src/same"
	old_enough
	snapshot
	printf 87654321 >"$src/content"
	chmod 600 "$src/mode"
	touch -d 2001-01-01 "$src/time"
	setfattr -n user.k -v v "$src/attribute"
	ln -sfn 87654321 "$src/target"
	ln -sf 12345678 "$src/type"
	snapshot
	shared same
	[[ $output == *' 0 new, 6 changed: '* ]]
	[ "$(readlink "$new/target")" != "$(readlink "$old/target")" ]

	snapshot
	[[ $output == *' 0 new, 0 changed: '* ]]
}

@test "what was damaged in the last snapshot is copied again, though the table knows it" {
	echo 1 >"$src/gone"
	echo 2 >"$src/longer"
	old_enough
	snapshot
	rm "$new/gone"
	echo more >>"$new/longer"
	snapshot
	[ "$(cat "$new/longer")" = 2 ]
}

@test "a table that is damaged, cut off, foreign or not there is not used" {
	local damage t
	seq 1000 | (cd "$src" && split -l 1 -a 3)
	old_enough
	snapshot
	# shellcheck disable=SC2016 # for eval
	for damage in 'printf "\377" | dd of="$t" bs=1 seek=3000 conv=notrunc status=none' \
		'truncate -s -8 "$t"' 'truncate -s 0 "$t"' 'truncate -s 63 "$t"' \
		'head -c 100000 /dev/urandom >"$t"' 'cat "$t" "$t" >"$t.2"; mv "$t.2" "$t"' \
		'rm "$t"' 'rm "$t"; mkdir "$t"' 'rm "$t"; mkfifo "$t"' \
		'rm "$t"; ln -s /dev/zero "$t"' 'chmod 0 "$t"'; do
		t=$(table)
		eval "$damage"
		snapshot
		[[ $output == *' 0 new, 0 changed: '* ]]
		[ ! -d "$t" ] || rmdir "$t"
	done
}

@test "there is a table of the newest snapshot only, and none of what came to nothing" {
	echo 1 >"$src/a"
	snapshot
	snapshot
	[ "$(ls "$dest/.backup/snapshots"/*.table)" = "$(table)" ]
	[ -z "$(ls -A "$dest/.backup/building")" ]

	touch "$dest/.backup/building/2020-01-01_00-00-00.table" \
		"$dest/.backup/building/2020-01-01_00-00-00.2.table"
	echo mine >"$dest/.backup/building/notes.table"
	echo mine >"$dest/.backup/snapshots/notes.table"
	ENGINE=rsync snapshot
	[ "$(ls "$dest/.backup/building")" = notes.table ]
	[ "$(cd "$dest/.backup/snapshots" && echo *.table)" = notes.table ]
}

@test "a dry run foretells what was moved, and leaves the table as it is" {
	mkdir "$src/d"
	echo 1 >"$src/d/a"
	old_enough
	snapshot
	mv "$src/d" "$src/e"
	before=$(sha256sum "$(table)")
	run_backup 0 --dry-run
	[[ $output == *' 0 new, 0 changed: '* ]]
	[ "$before" = "$(sha256sum "$(table)")" ]
}

@test "another setting for attributes makes the table useless, not the snapshot wrong" {
	needs_root
	echo 1 >"$src/a"
	setfattr -n user.k -v v "$src/a"
	old_enough
	chmod 755 "$src"
	mkdir -m 700 "$dest"
	chown 1000:1000 "$dest"
	# unprivileged: owners are not kept
	chmod 711 "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$work"
	setpriv --reuid 1000 --regid 1000 --clear-groups env LOG_FILE=/dev/null RUN_LOG_DIR= \
		"$BACKUP" run
	[ "$(stat -c %u "$(newest)/a")" = 1000 ]
	snapshot
	[ "$(stat -c %u "$(newest)/a")" = 0 ]
}
