#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Manifests: others read them, the checksums are right, and only what is new is read for
# them.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	records=$dest/.backup/snapshots
}

# manifest [SNAPSHOT]: its path, the newest's by default
manifest() {
	echo "$records/${1-$(basename "$(newest)")}.mtree.zst"
}

# checksums: what sha256sum says of the newest snapshot, as the manifest should have it
checksums() {
	(cd "$(newest)" && find . -type f -print0 | sort -z | xargs -0 sha256sum -z --) |
		tr '\0' '\n' | cut -c -64 | sort
}

# noted: the checksums in the newest manifest
noted() {
	zstdcat "$(manifest)" | sed -n 's/.* sha256digest=//p' | sort
}

# taken OVER READ: of so many files the last run took checksums over, and read others.
taken() {
	[[ $output == *"manifest of $(basename "$(newest)"): checksums of $2 file"*" made, of $1 taken over"* ]]
}

@test "bsdtar reads it: names, types, modes, owners, times, sizes, targets" {
	needs bsdtar zstdcat
	mkdir -p "$src/d/e"
	echo 1 >"$src/a b#=*"
	printf x >"$src/"$'new\nline'
	printf xy >"$src/"$'\377?[\\'
	printf x >"$src/-rf"
	printf x >"$src/d/e/f"
	ln -s '../a b' "$src/d/sym link"
	mkfifo "$src/fifo"
	touch -d '1999-01-02 03:04:05' "$src/d/e/f"
	chmod 4751 "$src/d/e/f"
	chmod 1777 "$src/d/e"
	run_backup 0
	zstdcat "$(manifest)" >"$work/mtree"

	(cd "$(newest)" && find . -print0 | sort -z) >"$work/is"
	bsdtar -tf "$work/mtree" >"$work/names" 2>"$work/err"
	[ ! -s "$work/err" ]
	[ "$(wc -l <"$work/names")" = "$(tr -cd '\0' <"$work/is" | wc -c)" ]
	bsdtar -tf "$(manifest)" | cmp - "$work/names"
	# its own archive of the tree lists likewise, in whatever order
	(cd "$(newest)" && bsdtar --no-recursion -cf "$work/tar" --null -T "$work/is")
	# shellcheck disable=SC2016 # awk's
	local columns='{ print $1, $3, $4, $1 ~ /^[dlp]/ ? 0 : $5, $6, $7, $8, $9, $10, $11, $12 }'
	TZ=UTC bsdtar -tvf "$work/tar" | awk "$columns" | sed 's,/* *$,,' | sort >"$work/tar.list"
	TZ=UTC bsdtar -tvf "$work/mtree" | awk "$columns" | sed 's,/* *$,,' | sort >"$work/mtree.list"
	diff <(sed "s/ $(id -un) $(id -gn) / $(id -u) $(id -g) /" "$work/tar.list") "$work/mtree.list"
}

@test "bsdtar can make the tree's shape out of it" {
	needs bsdtar zstdcat
	mkdir "$src/d"
	echo 1 >"$src/a"
	ln -s x "$src/d/l"
	run_backup 0
	# the content comes from where it looks
	(cd "$(newest)" && bsdtar --format pax -cf "$work/tar" "@$(manifest)")
	mkdir "$work/to"
	bsdtar -xpf "$work/tar" -C "$work/to"
	touch -r "$(newest)" "$work/to" # was there before
	[ "$(fingerprint "$(newest)")" = "$(fingerprint "$work/to")" ]
}

@test "its checksums are sha256sum's, of every file" {
	local i
	mkdir "$src/d"
	: >"$src/empty"
	for i in {1..300}; do head -c $((RANDOM * 4)) /dev/urandom >"$src/d/$i"; done
	head -c 5000001 /dev/urandom >"$src/large"
	truncate -s 300001 "$src/hole"
	ln "$src/large" "$src/d/again"
	run_backup 0
	[ "$(noted | wc -l)" = 304 ]
	diff <(noted) <(checksums)
	[ "$(stat -c %a "$(manifest)")" = 600 ]
}

@test "checksums of unchanged files are taken over, and only the new are read" {
	needs strace
	local i
	mkdir "$src/d"
	for i in {1..50}; do echo "$i" >"$src/d/$i"; done
	run_backup 0
	taken 0 50
	run_backup 0
	taken 50 0
	echo changed >"$src/d/7"
	echo new >"$src/d/new"
	mv "$src/d/8" "$src/d/moved"
	rm "$src/d/9"
	# the sanitizers' leak check cannot work under strace
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run -0 strace -f -qq -e trace=openat -o "$work/trace" "$BACKUP"
	# what was moved is another name, so it is read
	taken 47 3
	diff <(noted) <(checksums)
	[ "$(grep -c 'O_NOATIME.*= [0-9]' "$work/trace")" -ge 3 ]
	[ "$(grep 'O_NONBLOCK.*O_NOATIME.*= [0-9]' "$work/trace" | grep -vc '"7"\|"new"\|"moved"')" = 0 ]
}

@test "an inode of the same name, size and time, but another one, is read" {
	echo one >"$src/a"
	run_backup 0
	touch -r "$src/a" "$work/time"
	echo two >"$src/a"
	touch -r "$work/time" "$src/a"
	CHECKSUM=on run_backup 0
	taken 0 1
	diff <(noted) <(checksums)
}

@test "one that is missing is made by the next run, as are those between" {
	echo 1 >"$src/a"
	run_backup 0
	run_backup 0
	local second
	second=$(basename "$(newest)")
	rm "$(manifest)"
	MANIFEST=off run_backup 0
	[[ $output != *manifest* ]]
	[ "$(find "$records" -name '*.mtree.zst' | wc -l)" = 1 ]
	run_backup 0
	[[ $output == *"manifest of $second: "*"of 1 taken over"* ]]
	[ "$(find "$records" -name '*.mtree.zst' | wc -l)" = 4 ]
	run_backup 0 verify --all
}

@test "one that is damaged is not taken from" {
	local i
	for i in {1..20}; do echo "$i" >"$src/$i"; done
	run_backup 0
	printf x | dd of="$(manifest)" bs=1 seek=40 conv=notrunc status=none
	run_backup 0
	[[ $output == *"WARNING: '"*"cannot be used: "*': all files were read'* ]]
	diff <(noted) <(checksums)
	# of the older one nothing is known any more
	said 'DAMAGED: 1 snapshot, see the warnings above'
	run_backup 1 status
	said 'the manifest of snapshot'
	run_backup 0 verify
	run_backup 1 verify --all
	[[ $output == *'NOT VERIFIED'*'; the next run with MANIFEST=on makes it anew' ]]
}

@test "one that was found damaged is made anew by the next run, and it is said what that means" {
	local first second
	echo 1 >"$src/a"
	run_backup 0
	first=$(redate "$(snapshots)" 2020-01-01_00-00-00)
	echo 2 >"$src/b"
	run_backup 0
	second=$(basename "$(newest)")
	printf x | dd of="$(manifest "${first#*/}")" bs=1 seek=40 conv=notrunc status=none
	printf x | dd of="$(manifest "$second")" bs=1 seek=40 conv=notrunc status=none
	run_backup 1 verify --all
	MANIFEST=off run_backup 0
	unsaid 'made anew'
	run_backup 0
	said 'WARNING: the manifest of 2020-01-01_00-00-00 is damaged and made anew: its checksums are' \
		"manifest of $second: checksums of 1 file (2 B) made, of 1 taken over"
	taken 2 0
	# well again only when somebody has looked
	run_backup 1 status
	run_backup 0 verify --all
	run_backup 0 status
	run_backup 0
	unsaid 'made anew'
}

@test "what cannot be written is a warning, and the snapshot stays" {
	echo 1 >"$src/a"
	run_backup 0
	local i name
	redate "$(snapshots)" 2020-01-01_00-00-00
	# a directory by the temporary name, of whatever snapshot comes next
	for i in {0..20}; do
		mkdir "$records/$(made_at "now + $i seconds").mtree.zst.tmp"
	done
	run_backup 0
	[[ $output == *'WARNING: manifest of '*'ignoring; a later run makes it'* ]]
	[ "$(snapshots | wc -l)" = 2 ]
	same_as_source "$(newest)"
	rmdir "$records"/*.tmp
	name=$(basename "$(newest)")
	run_backup 0
	[ -e "$(manifest "$name")" ]
	[ -e "$(manifest)" ]
}

@test "it goes with its snapshot" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	echo 1 >"$src/a"
	run_backup 0
	redate "$(snapshots)" 2020-01-01_00-00-00
	[ -e "$(manifest 2020-01-01_00-00-00)" ]
	run_backup 0 # links to it, and so keeps it
	run_backup 0
	[[ $output == *'removed daily/2020-01-01_00-00-00'* ]]
	[ "$(cd "$records" && ls -- *.mtree.zst)" = "$(snapshots | sed 's|.*/||; s|$|.mtree.zst|' | sort)" ]
}

@test "a dry run, and MANIFEST=off, write none" {
	echo 1 >"$src/a"
	MANIFEST=off run_backup 0
	DRY_RUN=on run_backup 0
	[ "$(find "$records" -name '*.mtree*' | wc -l)" = 0 ]
	run_backup 3 verify
	[[ $output == *'not verified: it has no manifest'* ]]
}

@test "holes are zeros that are not read, wherever they are" {
	needs strace
	local size at
	for size in 65536 65537 131072 200000 9000000; do
		truncate -s $size "$src/only-$size"
		head -c $size /dev/zero >"$src/zeros-$size"
	done
	for at in 0 65536 70000 1000000 1048576 5000001; do
		printf data | dd of="$src/some" bs=1 seek=$at conv=notrunc status=none
	done
	cp "$src/some" "$src/more"
	truncate -s 100M "$src/more"
	run_backup 0
	diff <(noted) <(checksums)
	rm "$(manifest)"
	touch "$src/some"
	# the sanitizers' leak check cannot work under strace
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run -0 strace -f -qq -y -e trace=read \
		-o "$work/trace" "$BACKUP"
	[ "$(grep -c '/more>.* = 65536$' "$work/trace")" -lt 100 ]
}

@test "a file with more holes than it is worth has no checksum, and is verified without" {
	# as /var/log/lastlog is where users have large numbers
	truncate -s 1T "$src/lastlog"
	echo data >>"$src/lastlog"
	echo other >"$src/other"
	run_backup 0
	[[ $output == *'1 file has more than 64 GiB of holes and no checksum'* ]]
	[[ $output == *'checksums of 1 file (6 B) made'* ]]
	[ "$(noted)" = "$(sha256sum <"$src/other" | cut -c -64)" ]
	run_backup 0 verify
	[[ $output == *': good; 3 names compared, 1 read (6 B), 1 without checksum'* ]]
	run_backup 0 verify --json
	jq -e '.[0].without_checksum == 1' <<<"$output"
	truncate -s 1T "$(newest)/lastlog"
	run_backup 1 verify
	[[ $output == *'lastlog: size'* ]]
}
