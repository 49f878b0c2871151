#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Where the snapshot before has a symbolic link and the source has a directory by now,
# rsync looks for files to link to behind the link: a snapshot got the inodes of live
# files outside the destination, and changed when they did.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
# shellcheck disable=SC1003 # odd names on purpose
load lib/common

# linked PATH TARGET: a symbolic link in the source.
linked() {
	mkdir -p "$(dirname "$src/$1")"
	ln -s "$2" "$src/$1"
}

# unlinked PATH FROM: a directory in its place, with what is in FROM.
unlinked() {
	rm "$src/$1"
	cp -a "$2" "$src/$1"
}

# No file of the newest snapshot is also one below any of these directories.
shares_nothing_with() {
	find "$(newest)" ! -type d -printf '%D:%i\n' | sort -u >"$work/inodes"
	! find "$@" ! -type d -printf '%D:%i\n' | sort -u | comm -12 - "$work/inodes" | grep . || false
}

@test "a link that became a directory does not bring live files into the snapshot" {
	mkdir -p "$work/live" "$src/deep"
	echo 1 >"$work/live/file"
	ln -s "$work/live" "$src/deep/link"
	run_backup 0
	rm "$src/deep/link"
	cp -a "$work/live" "$src/deep/link"
	run_backup 0
	same_as_source "$(newest)"
	[ "$(stat -c %i "$(newest)/deep/link/file")" -ne "$(stat -c %i "$work/live/file")" ]
	echo changed >>"$work/live/file"
	[ "$(cat "$(newest)/deep/link/file")" = 1 ]
}

@test "it is told, counted as new, and linked to from the next run on" {
	mkdir -p "$work/live/sub"
	echo 12345 >"$work/live/file"
	echo 1 >"$work/live/sub/file"
	echo 1 >"$src/other"
	linked link "$work/live"
	run_backup 0
	unlinked link "$work/live"
	run_backup 0
	! by_rsync || [[ $output == *"'link' was found behind"* ]]
	[[ $output == *'3 files, 3 directories'* ]]
	[[ $output == *'2 new, 0 changed: 8 B copied'* ]]
	[[ $output == *'1 linked: 2 B'* ]]
	[[ $output == *'backup succeeded'* ]]
	[ "$(ls -A "$(newest)")" = $'link\nother' ]
	first=$(newest)
	run_backup 0
	[[ $output != *'was found behind'* ]]
	[[ $output == *'3 linked'* ]]
	same_inode "$first/link/sub/file" "$(newest)/link/sub/file"
}

@test "content behind the link that only looks the same is not taken for the source's" {
	mkdir -p "$src/releases/1" "$work/2"
	echo one >"$src/releases/1/file"
	echo two >"$work/2/file"
	touch -d 1985-10-26 "$src/releases/1/file" "$work/2/file"
	linked current releases/1
	run_backup 0
	unlinked current "$work/2"
	run_backup 0
	same_as_source "$(newest)"
	[ "$(cat "$(newest)/current/file")" = two ]
	# what the link pointed to is linked all the same
	same_inode "$(newest)/releases/1/file" "$dest/$(snapshots | head -n 1)/releases/1/file"
}

@test "hard links do not carry a live file to other names" {
	mkdir -p "$work/live" "$src/z"
	echo 1 >"$work/live/file"
	ln -s file "$work/live/alias"
	linked a/link "$work/live"
	cp -a "$work/live/file" "$src/z/file"
	cp -a "$work/live/file" "$src/z/clean"
	run_backup 0
	unlinked a/link "$work/live"
	ln -f "$src/a/link/file" "$src/z/file"
	ln "$src/a/link/file" "$src/z/more"
	run_backup 0
	shares_nothing_with "$work/live"
	same_as_source "$(newest)"
	same_inode "$(newest)/z/clean" "$dest/$(snapshots | head -n 1)/z/clean"
	echo changed >>"$work/live/file"
	[ "$(cat "$(newest)/z/more")" = 1 ]
}

@test "many links with odd names, below each other and in two snapshots" {
	local names=('*' '[ab]' 'a?' $'new\nline' 'back\slash' 'trailing\' '**' ' blank ' '+ plus' $'\xff' '\*' a-b a)
	mkdir -p "$work/live/in/ner"
	echo 1 >"$work/live/in/ner/file"
	for name in "${names[@]}"; do linked "x/$name/y" "$work/live"; done
	for n in {1..120}; do linked "many/$n" ../../live; done
	run_backup 0
	for name in "${names[@]}"; do
		rm "$src/x/$name/y"
		cp -a "$work/live" "$src/x/$name/y"
	done
	for n in {1..120}; do
		rm "$src/many/$n"
		cp -a "$work/live" "$src/many/$n"
	done
	run_backup 0
	[[ $output == *'133 new, 0 changed'* ]]
	shares_nothing_with "$work/live" "$src"
	same_as_source "$(newest)"
}

@test "the directories on the way keep mode and time, and all else its inode" {
	mkdir -p "$work/live" "$src/a/b"
	echo 1 >"$work/live/file"
	echo 1 >"$src/a/beside"
	linked a/b/link "$work/live"
	linked top "$work/live"
	run_backup 0
	first=$(newest)
	unlinked a/b/link "$work/live"
	unlinked top "$work/live"
	chmod 555 "$src/a/b/link" "$src/a/b" "$src/a" "$src"
	touch -d '2001-02-03 04:05:06.123456789' "$src/a/b" "$src/a" "$src"
	run_backup 0
	chmod 755 "$src"
	same_inode "$first/a/beside" "$(newest)/a/beside"
	touch -r "$(newest)" "$src"
	[ "$(stat -c %A%y "$(newest)")" = 'dr-xr-xr-x2001-02-03 04:05:06.123456789 +0000' ]
	[ "$(cd "$src" && stat -c '%n %A%y' a a/b a/b/link top)" = \
		"$(cd "$(newest)" && stat -c '%n %A%y' a a/b a/b/link top)" ]
	shares_nothing_with "$work/live"
}

# bats test_tags=engine:rsync
@test "excludes hold in what is copied again, whatever RSYNC_ARGS adds" {
	mkdir -p "$work/live/cache" "$work/live/keep"
	touch "$work/live/cache/x" "$work/live/keep/"{x.tmp,x.o,x.c}
	echo 'Signature: 8a477f597d28d172789f06886806bc55' >"$work/live/cache/CACHEDIR.TAG"
	echo 1 >"$src/beside.c"
	linked link "$work/live"
	export EXCLUDE='*.tmp' EXCLUDE_CACHES=on
	export RSYNC_ARGS="--include=*.c --include=*/ --exclude=*.o --delete-excluded"
	run_backup 0
	first=$(newest)
	unlinked link "$work/live"
	run_backup 0
	[ "$(cd "$(newest)" && find . | sort)" = "$(printf '%s\n' . ./beside.c ./link \
		./link/cache ./link/cache/CACHEDIR.TAG ./link/keep ./link/keep/x.c)" ]
	same_inode "$first/beside.c" "$(newest)/beside.c"
	shares_nothing_with "$work/live"
}

@test "what a dead run linked to behind a link is not linked to again" {
	mkdir -p "$work/live" "$src/z"
	echo 1 >"$work/live/file"
	linked link "$work/live"
	run_backup 0
	# as if killed before it looked at what rsync made; another name is all that is left
	building=$dest/.backup/building/2020-01-01_00-00-00
	mkdir -p "$building/link" "$building/z"
	ln "$work/live/file" "$building/link/file"
	ln "$work/live/file" "$building/z/file"
	jq -n --rawfile boot /proc/sys/kernel/random/boot_id '{boot: ($boot | rtrimstr("\n"))}' \
		>"$building.json"
	cp -a "$work/live/file" "$src/z/file"
	touch -r "$building" "$building/z"
	run_backup 0
	[[ $output == *'was interrupted'* ]]
	shares_nothing_with "$work/live"
	same_as_source "$(newest)"
}

@test "a file that cannot be read there makes the snapshot partial, for any user" {
	needs setpriv
	mkdir -p "$work/live"
	echo 1 >"$work/live/file"
	echo 2 >"$work/live/secret"
	linked a/link "$work/live"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	if [ "$(id -u)" -eq 0 ]; then
		chown -R 65534:65534 "$work"
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	fi
	"${as[@]}" "$BACKUP"
	unlinked a/link "$work/live"
	chmod 0 "$src/a/link/secret"
	touch -d 2001-02-03 "$src/a/link" "$src/a"
	chmod 555 "$src/a/link" "$src/a"
	run -3 "${as[@]}" "$BACKUP"
	shares_nothing_with "$work/live"
	[ "$(cd "$src" && stat -c '%n %A%y' a a/link a/link/file)" = \
		"$(cd "$(newest)" && stat -c '%n %A%y' a a/link a/link/file)" ]
	[ ! -e "$(newest)/a/link/secret" ]
	[ "$(ls -A "$(newest)")" = a ]
	chmod -R u+w "$src"
}
