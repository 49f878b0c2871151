#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Sources that are not there, go away, change under our hands, or are hard to read.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2016 # odd names on purpose
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	mkdir "$src/d"
	echo a >"$src/a"
	echo b >"$src/d/b"
}

first_snapshot() {
	run_backup 0
	before=$(newest)
	fingerprint "$before" inodes >"$work/before"
}

still_as_before() {
	[ "$(snapshots)" = "${before#"$dest"/}" ]
	[ "$(readlink -f "$dest/latest")" = "$before" ]
	fingerprint "$before" inodes | cmp - "$work/before"
}

# Whether the program in the background ends with that code.
ends_with() {
	local code=0
	wait $! || code=$?
	[ "$code" -eq "$1" ] || { echo "ended with $code:" && cat "$work/out" && false; }
}

@test "a source that is not there" {
	first_snapshot
	mv "$src" "$src.away"
	run_backup 1
	[[ $output == *"ERROR: BACKUP_SRC '$src': No such file or directory"* ]]
	still_as_before
}

@test "a source that is a file" {
	BACKUP_SRC=$src/a run_backup 1
	[[ $output == *"ERROR: BACKUP_SRC '$src/a': Not a directory"* ]]
	[ ! -e "$dest" ]
}

@test "the source is removed before it is copied" {
	first_snapshot
	just_before "rm -r '$src'"
	run_backup 1
	[[ $output == *"ERROR: "*"BACKUP_SRC '$src' went away during the run"* ]]
	still_as_before
}

@test "the source is replaced before it is copied" {
	first_snapshot
	just_before "mv '$src' '$src.away'; mkdir '$src'; echo other >'$src/other'"
	run_backup 1
	[[ $output == *"ERROR: BACKUP_SRC '$src' was replaced or unmounted during the run"* ]]
	still_as_before
}

@test "the source is unmounted before it is copied" {
	mount_on "$src" -t tmpfs tmpfs
	echo a >"$src/a"
	first_snapshot
	just_before "umount -l '$src'"
	run_backup 1
	mount -t tmpfs tmpfs "$src" # for teardown
	[[ $output == *"ERROR: BACKUP_SRC '$src' was replaced or unmounted during the run"* ]]
	still_as_before
}

@test "the source is removed while it is copied" {
	first_snapshot
	head -c 2000000 /dev/urandom >"$src/big"
	mkdir "$src/late"
	echo late >"$src/late/file"
	BWLIMIT=1M "$BACKUP" >"$work/out" 2>&1 &
	wait_for is_begun big
	rm -r "$src"
	ends_with 1
	grep -q "ERROR: .*BACKUP_SRC '$src' went away during the run" "$work/out"
	still_as_before
}

@test "a file vanishes while others are copied" {
	first_snapshot
	touch "$src"/{one,two,three}
	mapfile -t names < <(in_order "$src" | grep -x 'one\|two\|three')
	head -c 1500000 /dev/urandom >"$src/${names[0]}"
	BWLIMIT=1M "$BACKUP" >"$work/out" 2>&1 &
	wait_for is_begun "${names[0]}"
	rm "$src/${names[1]}" "$src/${names[2]}"
	ends_with 0
	grep -q "WARNING: .*vanished.*$src/${names[1]}['\"]" "$work/out"
	grep -q "WARNING: .*vanished.*$src/${names[2]}['\"]" "$work/out"
	grep -q 'backup succeeded with warnings' "$work/out"
	[ "$(jq .counts.vanished "$dest/.backup/snapshots/$(basename "$(newest)").json")" = 2 ]
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	# the directory's time had been read before the files went
	same_as_source "$(newest)" --omit-dir-times
	run_backup 0 list --json
	[ "$(jq -r '.[0].status' <<<"$output")" = complete ]
}

@test "a file changes while it is copied" {
	head -c 1500000 /dev/urandom >"$src/big"
	BWLIMIT=1M "$BACKUP" >"$work/out" 2>&1 &
	wait_for is_begun big
	echo more >>"$src/big"
	ends_with 0
	run_backup 0
	same_as_source "$(newest)"
}

@test "names of 255 bytes, with newlines, and that are not UTF-8" {
	long=$(printf 'x%.0s' {1..255})
	mkdir "$src/$long"
	names=("$long/$long" $'new\nline' $'\nfirst' $'tab\t' $'\xff\xfe' $'caf\xe9' ' blank ' '-n'
		'--delete'  '*' 'back\slash' "quote'" '"' '$(touch x)' $'\e[31mred' $'\u00fcber' '.#x' '~')
	for name in "${names[@]}"; do echo "$name" >"$src/$name"; done
	mkdir "$src"/$'dir\n\xff'
	ln -s $'to\nnowhere\xff' "$src"/$'link\n\xff'
	first_snapshot
	same_as_source "$before"
	diff <(cd "$src" && find . -print0 | sort -z) <(cd "$before" && find . -print0 | sort -z)
	[[ $output == *'0 linked'* ]]

	# its owner's other files are linked, those that change are named in no odd way
	sleep 1.1
	echo again >"$src"/$'new\nline'
	run_backup 0
	[[ $output == *'0 new, 1 changed'* ]]
	same_as_source "$(newest)"
	same_inode "$before/$long/$long" "$(newest)/$long/$long"
	[ "$(grep -cv '^\[20' <<<"$output")" = 0 ]
	fingerprint "$before" inodes | cmp - "$work/before"
}
