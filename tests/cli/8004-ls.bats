#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup ls: what is in a snapshot.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	mkdir -p "$src/d/e"
	echo 1 >"$src/b"
	echo 22 >"$src/a"
	echo 333 >"$src/d/c"
	echo 4444 >"$src/d/e/f"
	chmod 640 "$src/a"
	touch -d '2020-02-03 04:05:06' "$src/a"
}

# paths [ARGUMENT...]: of all that is listed.
paths() {
	run_backup 0 ls --json "$@"
	jq -r '.[].path' <<<"$output" | tr '\n' ' '
}

@test "a directory, by name, as a table" {
	needs_root
	ln -s a "$src/link"
	chown 5:6 "$src/a"
	run_backup 0
	run_backup 0 ls
	[ "${#lines[@]}" = 4 ]
	[ "${lines[0]}" = '-rw-r----- 5:6                   3 B  2020-02-03 04:05:06  a' ]
	[[ ${lines[1]} == '-rw-r--r-- 0:0 '*' 2 B  '*'  b' ]]
	[[ ${lines[2]} == 'drwxr-xr-x 0:0 '*' -  '*'  d/' ]]
	[[ ${lines[3]} == 'lrwxrwxrwx 0:0 '*' -  '*'  link -> a' ]]
	run_backup 0 ls latest d
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == *' 4 B '*'  c' ]]
	TZ=Asia/Kolkata run_backup 0 ls latest a
	[ "$output" = '-rw-r----- 5:6                   3 B  2020-02-03 09:35:06  a' ]
}

@test "modes as ls has them, and types" {
	needs_root
	mkdir "$src/modes"
	for mode in 0000 7777 4644 2644 1644 4755 2755 1755 0421; do
		touch "$src/modes/$mode"
		chmod "$mode" "$src/modes/$mode"
	done
	mkfifo "$src/modes/fifo"
	mknod "$src/modes/char" c 1 3
	mknod "$src/modes/block" b 7 8
	"${PYTHON:-python3}" -S -c 'import os, stat, sys; os.mknod(sys.argv[1], stat.S_IFSOCK | 0o600)' "$src/modes/socket"
	run_backup 0
	run_backup 0 ls latest modes
	awk '{ print $1, $NF }' <<<"$output" >"$work/ours"
	# shellcheck disable=SC2012 # it is ls that we compare with
	ls -lA "$(newest)/modes" | awk 'NR > 1 { print $1, $NF }' | diff "$work/ours" -
	[[ $output == *' 1, 3  '*' char'* ]]
	[[ $output == *' 7, 8  '*' block'* ]]
	run_backup 0 ls latest modes --json
	[ "$(jq -r '[.[].type] | unique | join(" ")' <<<"$output")" = 'device fifo file socket' ]
	[ "$(jq -r '.[] | select(.path == "modes/4755").mode' <<<"$output")" = 4755 ]
}

@test "--recursive goes by path, --json has all of it" {
	run_backup 0
	[ "$(paths)" = 'a b d ' ]
	[ "$(paths latest --recursive)" = 'a b d d/c d/e d/e/f ' ]
	[ "$(paths latest d --recursive)" = 'd/c d/e d/e/f ' ]
	[ "$(paths latest /d/./e//)" = 'd/e/f ' ]
	[ "$(paths latest d/e/f)" = 'd/e/f ' ]
	run_backup 0 ls --recursive
	[[ ${lines[5]} == *'  d/e/f' ]]
	run_backup 0 ls --json
	jq -e '.[0] | .type == "file" and .mode == "0640" and .size == 3 and .links == 1 and
		.modified == "2020-02-03T04:05:06+00:00" and .epoch == 1580702706 and
		(.uid | type) == "number" and .inode > 0' <<<"$output"
	mkdir "$src/none"
	run_backup 0
	run_backup 0 ls latest none
	[ -z "$output" ]
	run_backup 0 ls latest none --json
	[ "$output" = '[]' ]
}

@test "which snapshot, as for restore" {
	run_backup 0
	redate "$(readlink "$dest/latest")" 2020-01-01_03-00-00
	rm "$src/a"
	run_backup 0
	[ "$(paths)" = 'b d ' ]
	[ "$(paths 2020-01-01)" = 'a b d ' ]
	[ "$(paths 1d)" = 'a b d ' ]
	run_backup 1 ls 2019
	[[ $output == *"there is no snapshot '2019'"* ]]
}

@test "hostile names, links and paths" {
	ln -s $'to\nsomewhere' "$src/d/link"
	ln -s d "$src/dirlink"
	touch "$src/d/"$'new\nline' "$src/d/"$'\377' "$src/d/-dash"
	run_backup 0
	run_backup 0 ls latest d
	[ "${#lines[@]}" = 6 ]
	[[ $output == *'  link -> to\nsomewhere'* ]]
	[[ $output == *'  new\nline'* ]]
	[[ $output == *'  \xff'* ]]
	run_backup 0 ls latest $'d/new\nline'
	[[ $output == *'  d/new\nline' ]]
	run_backup 0 ls -- latest d/-dash
	[[ $output == *'  d/-dash' ]]
	# no link is followed
	run_backup 1 ls latest dirlink/c
	[[ $output == *"ERROR: there is no 'dirlink/c' in snapshot "* ]]
	run_backup 0 ls latest dirlink
	[[ $output == *'  dirlink -> d' ]]
	run_backup 1 ls latest none
	run_backup 1 ls latest d/c/x
	run_backup 2 ls latest ../daily
	[[ $output == *'leads out of the snapshot'* ]]
	run_backup 2 ls latest d e
}

@test "what cannot be read is said" {
	needs_root
	run_backup 0
	chmod 711 "$BATS_RUN_TMPDIR" "${work%/*}" "$work"
	chown -R 65534 "$dest"
	chown root "$(newest)/d/e"
	chmod 700 "$(newest)/d/e"
	run -3 setpriv --reuid=65534 --regid=65534 --clear-groups "$BACKUP" ls --recursive
	[[ $output == *"WARNING: cannot read 'd/e': Permission denied"* ]]
	[[ $output == *'  d/c'* ]]
}

to_full_disk() {
	"$BACKUP" "$@" >/dev/full
}

@test "an answer that cannot be written does not pass for done" {
	run_backup 0
	run -1 to_full_disk ls --recursive
	run -1 to_full_disk ls --json
	run -1 to_full_disk diff latest latest
}
