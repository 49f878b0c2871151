#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup restore into a directory with other content: what is created, replaced, kept and
# deleted there, and what stays as it is.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/restore
load lib/cost

setup() {
	common_setup
	needs rsync
	to=$work/to
	mkdir "$to"
}

# dated FILE CONTENT TIME
dated() {
	echo "$2" >"$1"
	touch -d "$3" "$1"
}

@test "everything comes back where all kinds of other things are" {
	needs_root
	needs_attributes
	everything "$src"
	run_backup 0
	run_backup 0 # most of a snapshot's files are links to another's
	other "$to"
	run_backup 0 restore --to "$to"
	equal "$(newest)" "$to"
	[ "$to/a" -ef "$to/d/e/link" ]
	[ "$to/a" -ef "$to/z" ]
	[ "$(stat -c %h "$to/d/symlink" "$to/d/b" "$to/hole" | paste -sd ' ')" = '2 1 1' ]
	[ "$(stat -c %b "$to/hole")" -lt 100 ]
	[ "$(cat "$to/other/deep/file" "$work/outside/y/1")" = "$(printf 'mine\noutside')" ]
	[[ $output == *"what was replaced or deleted is kept in '$(kept)'"* ]]
	[ "$(cat "$(kept)/was-dir/full/file")" = mine ]
	[ -L "$(kept)/was-link" ]
	[ "$(find "$to" -name '.backup-restore.tmp')" = '' ]

	run_backup 0 restore --delete --to "$to"
	[[ $output == *'created 0, replaced 0, kept '*', deleted 2: 0 B to '* ]]
	equal "$(newest)" "$to" --delete
	[ "$(find "$to" -name file | grep -c /.backup-restore-)" = 2 ]

	run_backup 0 restore --to "$to" --overwrite always --no-keep
	[[ $output == *'created 0, replaced '*', kept '* ]]
	equal "$(newest)" "$to" --delete
	[ "$to/a" -ef "$to/z" ]
}

@test "what is equal already is not touched" {
	needs_root
	needs_attributes
	everything "$src"
	run_backup 0
	run_backup 0 restore --to "$to"
	local before
	before=$(fingerprint "$to" all)
	sleep 0.01
	run_backup 0 restore --to "$to" --delete
	[[ $output == *"created 0, replaced 0, kept $(find "$src" ! -type d -printf x | wc -c), deleted 0: 0 B to "* ]]
	[ "$before" = "$(fingerprint "$to" all)" ]
}

@test "which files are overwritten" {
	dated "$src/same" snap 2020-01-01
	dated "$src/older" snap 2020-01-02
	dated "$src/newer" snap 2020-01-01
	dated "$src/mode" snap 2020-01-01
	dated "$src/missing" snap 2020-01-01
	dated "$src/hidden" snap 2020-01-01
	run_backup 0
	local mode
	while read -r mode same older newer mode_ hidden; do
		rm -rf "$to"
		mkdir "$to"
		dated "$to/same" snap 2020-01-01
		dated "$to/older" mine 2020-01-01
		dated "$to/newer" mine 2020-01-02
		dated "$to/hidden" mine 2020-01-01
		dated "$to/mode" snap 2020-01-01
		chmod 600 "$to/mode"
		echo extra >"$to/extra"
		same_was=$(stat -c %i "$to/same")
		run_backup 0 restore --overwrite="$mode" --to "$to"
		[ "$(cat "$to/missing" "$to/extra" "$to/older" "$to/newer" | paste -sd ' ')" = \
			"snap extra $older $newer" ]
		[ "$(stat -c %a "$to/mode")" = "$mode_" ]
		[ "$(cat "$to/hidden")" = "$hidden" ]
		if [ "$same" = kept ]; then
			[ "$(stat -c %i "$to/same")" = "$same_was" ]
		else
			[ "$(stat -c %i "$to/same")" != "$same_was" ]
		fi
	done <<-'END'
		always replaced snap snap 644 snap
		changed kept snap snap 644 mine
		newer kept snap mine 600 mine
		never kept mine mine 600 mine
	END
	run_backup 0 restore --to "$to"
	CHECKSUM=on run_backup 0 restore --to "$to"
	[ "$(cat "$to/hidden")" = snap ]
	run_backup 2 restore --overwrite=some --to "$to"
	[[ $output == *"--overwrite is always, changed, newer or never, not 'some'"* ]]
	run_backup 2 restore --overwrite= --to "$to"
}

@test "what is not overwritten is counted, a directory's attributes too" {
	mkdir "$src/d"
	echo 1 >"$src/a"
	chmod 700 "$src/d"
	run_backup 0
	mkdir -m 755 "$to/d"
	echo mine >"$to/a"
	ln -s nowhere "$to/d/link"
	run_backup 0 restore --overwrite never --to "$to"
	[[ $output == *'created 0, replaced 0, kept 1, deleted 0: 0 B'* ]]
	[[ $output == *'1 of those kept differs from the snapshot'* ]]
	[ "$(stat -c %a "$to/d")" = 755 ]
	run_backup 0 restore --to "$to"
	[ "$(stat -c %a "$to/d")" = 700 ]
	[ -L "$to/d/link" ]
}

@test "one file, one directory, an older version; nothing is deleted but below them" {
	mkdir -p "$src/a/b" "$src/x"
	echo old >"$src/a/b/1"
	echo old >"$src/a/2"
	echo old >"$src/x/3"
	chmod 700 "$src/a"
	run_backup 0
	redate "daily/$(basename "$(newest)")" 2020-01-01_03-00-00
	echo new >"$src/a/b/1"
	run_backup 0
	mkdir -p "$to/a/b/extra" "$to/x"
	chmod 711 "$to/a"
	echo mine >"$to/a/b/1"
	echo mine >"$to/a/extra"
	echo mine >"$to/extra"

	run_backup 0 restore latest a/b/1 --to "$to"
	[ "$(cat "$to/a/b/1")" = new ]
	[ ! -e "$to/a/2" ]
	[ -z "$(ls "$to/x")" ]
	run_backup 0 restore 2020-01-01 a/b --delete --to "$to"
	[ "$(cat "$to/a/b/1")" = old ]
	[ ! -e "$to/a/b/extra" ]
	[ "$(cat "$to/a/extra" "$to/extra" | uniq)" = mine ]
	[ "$(stat -c %a "$to/a")" = 711 ]
	[ ! -e "$to/a/2" ]
	run_backup 0 restore 2020 a x --delete --to "$to"
	[ "$(stat -c %a "$to/a")" = 700 ]
	[ ! -e "$to/a/extra" ]
	[ "$(cat "$to/extra" "$to/x/3" | paste -sd ' ')" = 'mine old' ]
}

@test "what is replaced or deleted is kept, by its path, for its owner alone" {
	mkdir -p "$src/d/e"
	echo new >"$src/d/e/1"
	echo new >"$src/dir"
	run_backup 0
	mkdir -p "$to/d/e" "$to/d/gone/below" "$to/dir/full"
	chmod 751 "$to/d/e"
	echo mine >"$to/d/e/1"
	echo mine >"$to/d/gone/below/2"
	echo mine >"$to/dir/full/3"
	local was
	was=$(stat -c %i "$to/d/e/1" "$to/dir")
	run_backup 0 restore --delete --to "$to"
	[ "$was" = "$(stat -c %i "$(kept)/d/e/1" "$(kept)/dir")" ]
	[ "$(cat "$(kept)"/{d/e/1,d/gone/below/2,dir/full/3} | uniq)" = mine ]
	[ "$(stat -c '%a %h' "$(kept)" "$(kept)/d/e" "$(kept)/d/e/1" | paste -sd ' ')" = '700 4 751 2 644 1' ]
	[ "$(basename "$(kept)" | sed 's/[0-9]/9/g')" = .backup-restore-9999-99-99_99-99-99 ]
	# another restore of that second has a folder of its own, and none goes with --delete
	echo mine >"$to/dir"
	sleep 1
	run_backup 0 restore --delete --to "$to"
	[ "$(find "$to" -maxdepth 1 -name '.backup-restore-*' | wc -l)" = 2 ]
}

@test "without a folder, a directory in the way goes only with --delete" {
	echo new >"$src/a"
	echo new >"$src/b"
	mkdir "$src/d"
	run_backup 0
	mkdir -p "$to/a/full" "$to/b"
	echo mine >"$to/extra"
	ln -s nowhere "$to/d"
	run_backup 3 restore --no-keep --to "$to"
	[[ $output == *"WARNING: replace '$to/a': Directory not empty"* ]]
	[ -d "$to/a/full" ]
	[ "$(cat "$to/b" "$to/extra" | paste -sd ' ')" = 'new mine' ]
	unkept
	run_backup 0 restore --no-keep --delete --to "$to"
	equal "$(newest)" "$to" --delete
	unkept
}

@test "a dry run names what would be done, and writes nothing" {
	mkdir "$src/d" "$src/new" "$src/link"
	echo 1 >"$src/d/same"
	echo 2 >"$src/d/"$'line\nbreak'
	echo 3 >"$src/new/a"
	echo 4 >"$src/link/b"
	run_backup 0
	mkdir -p "$to/d" "$to/extra/below" "$work/outside"
	cp -p "$src/d/same" "$to/d"
	echo mine >"$to/d/"$'line\nbreak'
	ln -s "$work/outside" "$to/link"
	cp -p "$src/d/same" "$work/outside/b"
	local before
	before=$(fingerprint "$work/to" all)$(fingerprint "$work/outside" all)
	"$BACKUP" restore --dry-run --delete --to "$to" >"$work/out" 2>"$work/err"
	[ "$before" = "$(fingerprint "$work/to" all)$(fingerprint "$work/outside" all)" ]
	[ "$(sort "$work/out")" = "$(printf '%s\n' 'create  link/b' 'create  new/' 'create  new/a' \
		'delete  extra/' 'replace d/line\nbreak' 'replace link/')" ]
	grep -q 'would have created 3, replaced 2, kept 1, deleted 1: ' "$work/err"
	"$BACKUP" restore --dry-run --overwrite=never --to "$to" >"$work/out" 2>"$work/err"
	[ "$(sort "$work/out")" = "$(printf '%s\n' 'create  new/' 'create  new/a' \
		'keep    d/line\nbreak' 'keep    link')" ]
	[ "$before" = "$(fingerprint "$work/to" all)$(fingerprint "$work/outside" all)" ]
}

@test "no symbolic link of the target is followed" {
	mkdir -p "$src/a/b" "$src/c"
	echo 1 >"$src/a/b/1"
	echo 2 >"$src/file"
	echo 3 >"$src/c/3"
	run_backup 0
	mkdir -p "$work/outside/b" "$to"
	echo outside >"$work/outside/b/1"
	echo outside >"$work/outside/extra"
	echo outside >"$work/outside/file"
	ln -s ../outside "$to/a"
	ln -s "$work/outside/file" "$to/file"
	ln -s . "$to/c"
	local before
	before=$(fingerprint "$work/outside" inodes)
	run_backup 0 restore --delete --to "$to"
	[ "$before" = "$(fingerprint "$work/outside" inodes)" ]
	equal "$(newest)" "$to" --delete
	[ "$(readlink "$(kept)/a" "$(kept)/c" | paste -sd ' ')" = '../outside .' ]
	rm -r "$to"
	mkdir "$to"
	ln -s ../outside "$to/a"
	run_backup 0 restore --delete --no-keep --to "$to"
	[ "$before" = "$(fingerprint "$work/outside" inodes)" ]
	equal "$(newest)" "$to" --delete
}

@test "absolute symbolic links are pointed out" {
	mkdir "$src/d"
	for i in {1..7}; do ln -s "/abs/$i" "$src/d/$i"; done
	ln -s relative "$src/r"
	run_backup 0
	run_backup 0 restore --to "$to"
	[[ $output == *"7 symbolic links lead to an absolute path, which need not be in '$to': 'd/"*"' -> '/abs/"*' ...'* ]]
	rm "$to"/d/[2-7]
	echo mine >"$to/d/3"
	run_backup 0 restore latest d/1 d/3 --to "$to"
	[[ $output == *"1 symbolic link leads to an absolute path, which need not be in '$to': 'd/3' -> '/abs/3'"$'\n'* ]]
}

@test "what a killed restore left is removed, and not restored where it was saved" {
	mkdir -p "$src/d/.backup-restore.tmp"
	echo half >"$src/d/.backup-restore.tmp/half"
	echo 1 >"$src/d/a"
	run_backup 0
	mkdir -p "$to/d/.backup-restore.tmp/x/y" "$to/.backup-restore.tmp" "$work/outside"
	echo half >"$to/d/.backup-restore.tmp/x/y/z"
	echo outside >"$work/outside/a"
	run_backup 0 restore --to "$to"
	[ "$(cd "$to" && find . -mindepth 1 | sort | paste -sd ' ')" = './d ./d/a' ]
	rm "$to/d/a"
	ln -s "$work/outside" "$to/d/.backup-restore.tmp"
	run_backup 0 restore --to "$to"
	[ "$(cd "$to" && find . -mindepth 1 | sort | paste -sd ' ')" = './d ./d/a' ]
	[ -e "$work/outside/a" ]
}

@test "names of one file become one again" {
	echo 1 >"$src/a"
	ln "$src/a" "$src/b"
	ln "$src/a" "$src/c"
	run_backup 0
	run_backup 0
	local mode
	for mode in changed always; do
		rm -r "$to"
		mkdir "$to"
		cp -p "$src/a" "$to/a"
		cp -p "$src/a" "$to/b"
		run_backup 0 restore --overwrite $mode --to "$to"
		[ "$to/a" -ef "$to/b" ]
		[ "$to/a" -ef "$to/c" ]
		[ "$(stat -c %h "$to/a")" = 3 ]
	done
	# what is left as it is lends its content to no other name
	rm -r "$to"
	mkdir "$to"
	echo mine >"$to/a"
	echo mine >"$to/c"
	run_backup 0 restore --overwrite never --to "$to"
	[ "$(cat "$to/a" "$to/b" "$to/c" | paste -sd ' ')" = 'mine 1 mine' ]
}

@test "deep trees, and paths longer than PATH_MAX" {
	local name i
	name=$(printf 'd%.0s' {1..200})
	for base in "$src" "$to"; do
		cd "$base"
		for i in {1..150}; do
			mkdir "$name"
			cd "$name"
			echo "$base" >file
			echo "$base" >"in-${base##*/}-$i"
		done
	done
	cd "$BATS_TEST_TMPDIR"
	run_backup 0
	run_backup 0 restore --delete --dry-run --to "$to"
	[[ $output == *'would have created 150, replaced 150, kept 0, deleted 150'* ]]
	run_backup 0 restore --delete --to "$to"
	[[ $output == *' created 150, replaced 150, kept 0, deleted 150'* ]]
	cd "$to"
	for i in {1..150}; do
		cd "$name"
		[ "$(cat file "in-src-$i" | uniq)" = "$src" ]
		[ "$(find . -maxdepth 1 -type f | wc -l)" = 2 ]
	done
	cd "$BATS_TEST_TMPDIR"
	run_backup 0 restore --delete --to "$to"
	[[ $output == *' created 0, replaced 0, kept 300, deleted 0'* ]]
	rm -rf "$to"
	mkdir -p "$to/extra"
	run_backup 0 restore --delete --to "$to" --dry-run
	[[ $output == *'would have created 450, replaced 0, kept 0, deleted 1'* ]]
}

@test "an unprivileged user restores what is its own, and hears of the rest" {
	needs_root
	mkdir -p "$src/locked" "$src/theirs"
	echo 1 >"$src/a"
	echo 1 >"$src/locked/b"
	echo 1 >"$src/theirs/c"
	chmod 555 "$src/locked"
	run_backup 0
	chmod 711 "$BATS_RUN_TMPDIR" "${work%/*}" "$work"
	chown -R 65534 "$dest"
	mkdir -p "$to/locked" "$to/theirs"
	echo mine >"$to/a"
	echo mine >"$to/locked/b"
	echo root >"$to/theirs/c"
	chown -R 65534 "$to"
	chown -R 0 "$to/theirs"
	chmod 555 "$to/locked"
	run -3 setpriv --reuid=65534 --regid=65534 --clear-groups "$BACKUP" restore --to "$to"
	[[ $output == *"WARNING: create '$to/theirs/c': Permission denied"* ]]
	[[ $output == *'ERROR: some files could not be restored'* ]]
	[ "$(cat "$to/a" "$to/locked/b" "$to/theirs/c" | paste -sd ' ')" = '1 1 root' ]
	[ "$(stat -c %a "$to/locked")" = 555 ]
	[ "$(cat "$(kept)/a" "$(kept)/locked/b" | uniq)" = mine ]
}

@test "what is on another file system cannot be kept aside, and stays" {
	echo 1 >"$src/a"
	mkdir "$src/m"
	echo 2 >"$src/m/b"
	run_backup 0
	mount_on "$to/m" -t tmpfs none
	echo mine >"$to/m/b"
	echo mine >"$to/m/extra"
	run_backup 3 restore --delete --to "$to"
	[[ $output == *"left alone (--no-keep does without one): '$to/m/b'"* ]]
	[ "$(cat "$to/m/b" "$to/m/extra" "$to/a" | paste -sd ' ')" = 'mine mine 1' ]
	run_backup 0 restore --delete --no-keep --to "$to"
	[ "$(cat "$to/m/b")" = 2 ]
	[ ! -e "$to/m/extra" ]
	# a mount that the snapshot does not have is not deleted
	mount_on "$to/n" -t tmpfs none
	echo mine >"$to/n/c"
	run_backup 3 restore --delete --no-keep --to "$to"
	[ "$(cat "$to/n/c")" = mine ]
	run_backup 3 restore --delete --to "$to"
	[ "$(cat "$to/n/c")" = mine ]
}

@test "a full disk: the old files stay, and it is said" {
	needs_root
	head -c 400k /dev/urandom >"$src/a"
	head -c 400k /dev/urandom >"$src/b"
	head -c 400k /dev/urandom >"$src/c"
	run_backup 0
	mount_on "$work/small" -t tmpfs -o size=1M none
	to=$work/small
	for i in a b c; do head -c 200k /dev/urandom >"$to/$i"; done
	cp -a "$to" "$work/before"
	run_backup 1 restore --to "$to"
	[[ $output == *"WARNING: what is in '$to' is not complete"* ]]
	[[ $output == *'ERROR: '*"write '$to/"*'No space left on device'* ]]
	unkept "$to" || kept "$to"
	for i in a b c; do
		cmp "$to/$i" "$src/$i" || cmp "$to/$i" "$work/before/$i"
	done
	[ -z "$(find "$to" -name .backup-restore.tmp)" ]
}

@test "a signal ends it, between two files" {
	head -c 1M /dev/urandom >"$src/a"
	echo 2 >"$src/b"
	run_backup 0
	echo mine >"$to/a"
	echo mine >"$to/b"
	BWLIMIT=1k "$BACKUP" restore --to "$to" >"$work/out" 2>&1 3>&- &
	local pid=$! status=0
	until [ -s "$to/.backup-restore.tmp/a" ]; do sleep 0.05; done
	kill -TERM $pid
	wait $pid || status=$?
	[ "$status" = 143 ]
	grep -q "what is in '$to' is not complete" "$work/out"
	[ "$(cat "$to/a")" = mine ]
	[ ! -e "$to/.backup-restore.tmp" ]
}

@test "memory does not grow with the number of files" {
	needs python3
	local i
	mkdir "$src/many"
	(cd "$src/many" && seq -f 'file-with-a-name-%06g' 1 30000 | xargs touch -d 2020-01-01)
	run_backup 0
	run_backup 0
	mkdir "$to/many"
	touch "$to/many/extra"
	peak() {
		python3 -c 'import os, resource, subprocess, sys
sys.exit(subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode or
	print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))' \
			"$BACKUP" restore --delete --to "$to"
	}
	local first second
	first=$(peak)
	second=$(peak)
	echo "# $first KiB to create, $second KiB to compare" >&3
	[ "$first" -lt 40000 ] || [[ ${ASAN_OPTIONS-} ]]
	[ "$(find "$to/many" -type f | wc -l)" = 30000 ]
}

@test "memory for 60,000 files that are links to others, into an empty directory" {
	mkdir "$src/many"
	(cd "$src/many" && seq -f 'file-with-a-name-%06g' 1 60000 | xargs touch -d 2020-01-01)
	ln "$src/many/file-with-a-name-031234" "$src/link"
	run_backup 0
	run_backup 0
	measured RssAnon "$work/peak" "$BACKUP" restore --to "$to"
	echo "# $(cat "$work/peak") KiB" >&3
	[ "$(find "$to/many" -type f -links 1 | wc -l)" = 59999 ]
	[ "$to/link" -ef "$to/many/file-with-a-name-031234" ]
	is_sanitized || [ "$(cat "$work/peak")" -lt 5500 ]
}
