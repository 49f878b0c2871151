#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup diff: what differs between two snapshots. Random ones are compared with rsync's
# answers in ../diff.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/cost

# snapshot DAY: one of that day. The engine's table goes along.
snapshot() {
	run_backup 0
	redate "$(readlink "$dest/latest")" "$1_03-00-00" >"$work/redated"
	mv "$dest"/.backup/snapshots/*.table "$dest/.backup/snapshots/$1_03-00-00.table"
}

# old_enough: what is in the source can be linked though it is moved.
old_enough() {
	sleep 3.1
}

# told [ARGUMENT...]: "WHAT PATH HOW,HOW" for each change from one day to the other.
told() {
	run_backup 0 diff --json 2020-01-01 2020-01-02 "$@"
	jq -r '.changes[] | "\(.what) \(.from // "")>\(.path) \(.how // [] | join(","))"' <<<"$output"
}

# total KIND: its number and bytes.
total() {
	jq -r --arg k "$1" '.totals[$k] | "\(.count) \(.bytes)"' <<<"$output"
}

@test "added, removed, changed, moved; sizes and totals; by path" {
	mkdir -p "$src/d/gone" "$src/keep"
	echo 1 >"$src/same"
	echo 22 >"$src/d/gone/x"
	echo 333 >"$src/d/longer"
	echo 4444 >"$src/d/moved"
	echo 55555 >"$src/keep/mode"
	old_enough
	snapshot 2020-01-01
	rm -r "$src/d/gone"
	echo 666666 >>"$src/d/longer"
	mv "$src/d/moved" "$src/z moved"
	chmod 600 "$src/keep/mode"
	mkdir "$src/new"
	echo 7777777 >"$src/new/y"
	snapshot 2020-01-02

	told >"$work/told"
	diff "$work/told" - <<'END'
removed >d/gone 
removed >d/gone/x 
changed >d/longer content,time
changed >keep/mode mode
added >new 
added >new/y 
moved d/moved>z moved 
END
	run_backup 0 diff --json 2020-01-01 2020-01-02
	[ "$(total added)" = '2 8' ]
	[ "$(total removed)" = '2 3' ]
	[ "$(total changed)" = '2 17' ]
	[ "$(total moved)" = '1 5' ]
	[ "$(jq '.totals | .same, .unreadable, .all_moved_found' <<<"$output" | tr '\n' ' ')" = '4 0 true ' ]
	[ "$(jq -r '.old + " " + .new + " " + .path' <<<"$output")" = \
		'daily/2020-01-01_03-00-00 daily/2020-01-02_03-00-00 ' ]
	jq -e '.changes[2] | .old.size == 4 and .new.size == 11 and .new.mode == "0644" and
		.old.type == "file"' <<<"$output"

	run_backup 0 diff 2020-01-01 2020-01-02
	[ "$output" = 'WHAT            SIZE  PATH
removed    directory  d/gone/
removed          3 B  d/gone/x
changed         11 B  d/longer (content, time; was 4 B)
changed          6 B  keep/mode (mode)
added      directory  new/
added            8 B  new/y
moved            5 B  d/moved -> z moved' ]
	run_backup 0 diff 2020-01-01 2020-01-02 --stat
	[ "$output" = 'added              2          8 B
removed            2          3 B
changed            2         17 B
moved              1          5 B
same               4' ]
	run_backup 0 diff --json --stat 2020-01-01 2020-01-02
	jq -e 'has("changes") | not' <<<"$output"
	[ "$(total added)" = '2 8' ]
	# the other way round
	run_backup 0 diff 2020-01-02 2020-01-01 --stat
	[[ ${lines[0]} == 'added  '*' 2  '*' 3 B' ]]
}

@test "each way in which something can change, and types" {
	needs_root
	needs_attributes
	for f in content owner group mode time xattr acl kind dir2file; do echo 1 >"$src/$f"; done
	mkdir "$src/d" "$src/dir" "$src/touched" "$src/none"
	touch "$src/dir/in"
	mv "$src/dir2file" "$src/d/file"
	ln -s a "$src/link"
	mknod "$src/device" c 1 3
	setfattr -n user.a -v 1 "$src/xattr"
	touch -d '2020-01-01 12:00' "$src/content" "$src/touched" "$src/none"
	touch -h -d '2020-01-01 12:00' "$src/link"
	snapshot 2020-01-01
	echo 2 >"$src/content" # the size is the same, and so will be the time
	touch -d '2020-01-01 12:00' "$src/content"
	chown 5 "$src/owner"
	chgrp 5 "$src/group"
	chmod 4711 "$src/mode"
	touch -d '2020-01-02 12:00:00.5' "$src/time" "$src/touched"
	setfattr -n user.a -v 2 "$src/xattr"
	setfacl -m u:1:r "$src/acl"
	rm -r "$src/kind" "$src/d" "$src/link" "$src/device"
	mkdir "$src/kind"
	touch "$src/kind/in"
	echo 1 >"$src/d"
	ln -s b "$src/link"
	touch -h -d '2020-01-01 12:00' "$src/link"
	mknod "$src/device" c 1 5
	chmod 700 "$src/dir"
	chown 5 "$src/none"
	export CHECKSUM=on
	snapshot 2020-01-02

	told >"$work/told"
	sed -i '/^changed >device /s/,time//; /^changed >acl/s/mode,//' "$work/told"
	diff "$work/told" - <<'END'
changed >acl acl
changed >content content
changed >d type
removed >d/file 
changed >device content
changed >dir mode
changed >group owner
changed >kind type
added >kind/in 
changed >link content
changed >mode mode
changed >none owner
changed >owner owner
changed >time time
changed >touched time
changed >xattr xattrs
END
	run_backup 0 diff 2020-01-01 2020-01-02
	[[ $output == *'changed '*' 2 B  d (type; was directory)'* ]]
	[[ $output == *'changed '*' directory  kind/ (type; was file)'* ]]
}

@test "what is one inode in both is not even opened" {
	needs strace
	mkdir "$src/d"
	for i in {1..30}; do echo "$i" >"$src/d/$i"; done
	snapshot 2020-01-01
	touch "$src/d/7"
	snapshot 2020-01-02
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -f -qq -o "$work/trace" \
		-e trace=openat,getxattr,lgetxattr,llistxattr "$BACKUP" diff 2020-01-01 2020-01-02
	[ "$(grep -c '"7", O_RDONLY' "$work/trace")" = 2 ]
	for i in {1..6} {8..30}; do ! grep -F "\"$i\"" "$work/trace" || return 1; done
	# nor anything of a snapshot compared with itself
	[ "$("$BACKUP" diff latest latest)" = 'nothing differs' ]
}

@test "a path: a directory, a file, in one of them alone, in none, or out of it" {
	mkdir -p "$src/d/e" "$src/old"
	echo 1 >"$src/a"
	echo 1 >"$src/d/b"
	echo 1 >"$src/d/e/c"
	echo 1 >"$src/old/x"
	ln -s d "$src/link"
	snapshot 2020-01-01
	for f in a d/b d/e/c; do echo 22 >"$src/$f"; done
	rm -r "$src/old"
	snapshot 2020-01-02
	[ "$(told d | cut -d ' ' -f 2 | tr '\n' ' ')" = '>d/b >d/e/c ' ]
	[ "$(told ./d//e/ | cut -d ' ' -f 2)" = '>d/e/c' ]
	[ "$(told d/b | cut -d ' ' -f 1,2)" = 'changed >d/b' ]
	[ "$(told /old | cut -d ' ' -f 1,2 | tr '\n' ' ')" = 'removed >old removed >old/x ' ]
	[ "$(told old/x | cut -d ' ' -f 1,2)" = 'removed >old/x' ]
	[ -z "$(told link)" ]
	run_backup 1 diff 2020-01-01 2020-01-02 none/x
	[[ $output == *"ERROR: there is no 'none/x' in snapshot 2020-01-01_03-00-00, nor in 2020-01-02_03-00-00"* ]]
	run_backup 1 diff 2020-01-01 2020-01-02 link/b
	run_backup 2 diff 2020-01-01 2020-01-02 d/../../x
	[[ $output == *'leads out of the snapshot'* ]]
}

@test "B is the latest unless it is said; what is refused" {
	echo 1 >"$src/a"
	snapshot 2020-01-01
	echo 22 >"$src/a"
	snapshot 2020-01-02
	run_backup 0 diff 2020-01-01
	[[ $output == *' a (content, time; was 2 B)'* ]]
	run_backup 0 diff latest
	[ "$output" = 'nothing differs' ]
	run_backup 0 diff --json latest
	[ "$(jq -c .changes <<<"$output")" = '[]' ]
	run_backup 2 diff
	[[ $output == *'say which snapshot'* ]]
	run_backup 2 diff a b c d
	run_backup 1 diff 2020-01
	[[ $output == *'may be'* ]]
	run_backup 1 diff 2020-01-01 2021
	[[ $output == *"there is no snapshot '2021'"* ]]
	BACKUP_DEST=$work/none run_backup 1 diff latest
}

@test "hostile names" {
	touch "$src/-dash" "$src/"$'new\nline' "$src/"$'\377' "$src/\\"
	echo 1 >"$src/"$'\033[2Jx'
	old_enough
	snapshot 2020-01-01
	rm "$src/-dash" "$src/"$'new\nline' "$src/"$'\377' "$src/\\"
	mv "$src/"$'\033[2Jx' "$src/"$'\033[2Jy'
	snapshot 2020-01-02
	run_backup 0 diff 2020-01-01 2020-01-02
	[ "${#lines[@]}" = 6 ]
	[[ $output != *$'\033'* ]]
	[[ $output == *' new\nline'* ]]
	[[ $output == *' \x1b[2Jx -> \x1b[2Jy'* ]]
	run_backup 0 diff --json 2020-01-01 2020-01-02 $'new\nline'
	[ "$(jq -r '.changes[0].path' <<<"$output")" = $'new\nline' ]
}

@test "what cannot be read is said, and not taken for gone" {
	needs_root
	mkdir "$src/secret" "$src/d"
	touch "$src/secret/a" "$src/d/a"
	echo 1 >"$src/d/unreadable"
	snapshot 2020-01-01
	touch "$src/secret/a" "$src/d/unreadable"
	echo 1 >"$src/d/a"
	snapshot 2020-01-02
	chmod 711 "$BATS_RUN_TMPDIR" "${work%/*}" "$work"
	chown -R 65534 "$dest"
	chown root "$dest/daily/2020-01-02_03-00-00/secret" "$dest/daily/2020-01-02_03-00-00/d/unreadable"
	chmod 700 "$dest/daily/2020-01-02_03-00-00/secret"
	chmod 600 "$dest/daily/2020-01-02_03-00-00/d/unreadable"
	run -3 setpriv --reuid=65534 --regid=65534 --clear-groups "$BACKUP" diff 2020-01-01 2020-01-02
	[[ $output == *"WARNING: cannot read 'd/unreadable': Permission denied"* ]]
	[[ $output == *"WARNING: cannot read 'secret': Permission denied"* ]]
	[[ $output != *secret/a* ]]
	[[ $output == *' d/a ('* ]]
	[[ $output == *' d/unreadable ('*time*')'* ]]
}

@test "snapshots of other programs, without a run of ours, and nothing is written" {
	mkdir -p "$dest"/daily/2020-01-0{1,2}_03-00-00/d
	echo 1 >"$dest/daily/2020-01-01_03-00-00/d/a"
	ln "$dest/daily/2020-01-01_03-00-00/d/a" "$dest/daily/2020-01-02_03-00-00/d/b"
	fingerprint "$dest" all >"$work/before"
	[ "$(told d)" = 'moved d/a>d/b ' ]
	fingerprint "$dest" all | cmp "$work/before" -
}

@test "a directory that was moved: its files are, and cost little memory" {
	needs pgrep
	mkdir -p "$dest"/daily/2020-01-0{1,2}_03-00-00/flat "$dest/daily/2020-01-01_03-00-00/here"
	"${PYTHON:-python3}" -S - "$dest/daily/2020-01-01_03-00-00" "$dest/daily/2020-01-02_03-00-00" <<-'END'
		import os, sys
		old, new = sys.argv[1:]
		for i in range(20000):
		    path = f"{old}/here/{i:040}"
		    os.mknod(path)
		    os.link(path, f"{old}/flat/{i:0200}")
		    os.link(path, f"{new}/flat/{i:0200}")
		os.mkdir(f"{new}/there")
		for i in range(20000):
		    os.link(f"{old}/here/{i:040}", f"{new}/there/{i:040}")
	END
	measured RssAnon "$work/peak" "$BACKUP" diff 2020-01-01 2020-01-02 --stat
	grep -q '^moved  *20,000 ' "$work/out"
	grep -q '^same  *20,00[12]$' "$work/out"
	echo "# $(cat "$work/peak") KiB" >&3
	is_sanitized || [ "$(cat "$work/peak")" -lt 8192 ]
}
