#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What a run checks before it writes, and what it thinks of the source afterwards.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
# shellcheck disable=SC2016 # scripts for another shell
load lib/common

# A destination with one snapshot of 20 files.
one_snapshot() {
	local n
	for n in {1..20}; do echo "$n" >"$src/$n"; done
	run_backup 0
}

status_of() {
	jq -r .status "$dest/.backup/snapshots/${1##*/}.json"
}


@test "a source that is not there, is a file, or a link to nowhere" {
	for path in "$work/missing" "$work/file" "$work/dangling" "$work/file/below"; do
		: >"$work/file"
		ln -sfn nowhere "$work/dangling"
		BACKUP_SRC=$path run_backup 1
		grep -qF "ERROR: BACKUP_SRC '$path': " <<<"$output"
		[ ! -e "$dest" ]
	done
}

@test "a missing source leaves the snapshots alone" {
	one_snapshot
	fingerprint "$dest/daily" all >"$work/before"
	mv "$src" "$src.away"
	run_backup 1
	fingerprint "$dest/daily" all | cmp "$work/before" -
	[ -z "$(ls -A "$dest/.backup/building")" ]
	mv "$src.away" "$src"
	run_backup 0
}

@test "an empty source is refused until ALLOW_EMPTY_SOURCE=on" {
	run_backup 1
	[[ $output == *"BACKUP_SRC '$src' is empty; is it mounted?"*'ALLOW_EMPTY_SOURCE=on' ]] ||
		[[ $output == *"BACKUP_SRC '$src' is empty; is it mounted?"*'ALLOW_EMPTY_SOURCE=on'* ]]
	[ ! -e "$dest" ]
	ALLOW_EMPTY_SOURCE=on run_backup 0
	[ -z "$(ls -A "$(newest)")" ]
	run_backup 1
	mkdir "$src/dir" # an empty directory is something
	run_backup 0
}

@test "a source that became empty cannot push the good snapshots out" {
	one_snapshot
	good=$(snapshots)
	rm "$src"/*
	run_backup 1
	export DAILY_COUNT=0 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0 ALLOW_EMPTY_SOURCE=on
	run_backup 0
	[[ $output == *WARNING*'SHRINK_LIMIT'* ]]
	run_backup 0
	[ "$(snapshots | head -n 1)" = "$good" ]
}

@test "a destination that cannot be made: the parent is missing, or it is a file" {
	echo 1 >"$src/a"
	BACKUP_DEST=$work/no/such run_backup 1
	[[ $output == *"BACKUP_DEST '$work/no/such': No such file or directory"* ]]
	[ ! -e "$work/no" ]
	echo precious >"$work/file"
	BACKUP_DEST=$work/file run_backup 1
	[[ $output == *"'$work/file'"*'Not a directory'* ]]
	[ "$(cat "$work/file")" = precious ]
	ln -s nowhere "$work/dangling"
	BACKUP_DEST=$work/dangling run_backup 1
	[[ $output == *"'$work/dangling'"* ]]
}

@test "the destination inside the source is refused: directly, missing, by symbolic link" {
	echo 1 >"$src/a"
	mkdir "$src/inner"
	ln -s "$src/inner" "$work/link"
	ln -s "$src" "$work/srclink"
	for path in "$src/inner" "$src/new" "$src" "$work/link" "$work/link/new" "$work/srclink/new" "$src/../src/inner" "$src/inner/../"; do
		BACKUP_DEST=$path run_backup 1
		grep -q "ERROR: BACKUP_DEST '$path' is inside BACKUP_SRC '$src'" <<<"$output"
	done
	[ "$(find "$src" | wc -l)" -eq 3 ]
	BACKUP_SRC=$work/srclink BACKUP_DEST=$src/inner run_backup 1
}

@test "the source inside the destination is refused: directly and by symbolic link" {
	mkdir -p "$dest/data/deeper"
	echo 1 >"$dest/data/a"
	ln -s "$dest/data" "$work/link"
	for path in "$dest/data" "$work/link" "$dest/data/deeper/.."; do
		BACKUP_SRC=$path run_backup 1
		grep -qF "ERROR: BACKUP_SRC '$path' is inside BACKUP_DEST '$dest': move one" <<<"$output"
	done
	[ "$(ls -A "$dest")" = data ]
	# not even a snapshot can be the source
	rm -r "$dest"
	one_snapshot
	BACKUP_SRC=$(newest) run_backup 1
}

@test "nested by bind mounts, both ways" {
	echo 1 >"$src/a"
	mkdir -p "$dest" "$src/sub" "$dest/data"
	# the destination shows inside the source
	mount_on "$src/bound" --bind "$dest"
	run_backup 1
	[[ $output == *"BACKUP_DEST '$dest' is inside BACKUP_SRC"*'/bound/'* ]]
	BACKUP_DEST=$src/bound run_backup 1
	umount "$src/bound"
	unset 'mounts[-1]'
	# a part of the source is mounted elsewhere and is the destination
	mount_on "$work/elsewhere" --bind "$src/sub"
	BACKUP_DEST=$work/elsewhere run_backup 1
	[[ $output == *'is inside BACKUP_SRC'* ]]
	# the source is a bind mount of a directory in the destination
	echo 1 >"$dest/data/a"
	mount_on "$work/data" --bind "$dest/data"
	BACKUP_SRC=$work/data run_backup 1
	[[ $output == *"BACKUP_SRC '$work/data' is inside BACKUP_DEST '$dest'"* ]]
	# a parent of the destination shows inside the source
	mount_on "$src/parent" --bind "$work"
	run_backup 1
	[[ $output == *'is inside BACKUP_SRC'* ]]
}

@test "neighbours whose names begin alike are not nested" {
	echo 1 >"$src/a"
	BACKUP_DEST=$src.backup run_backup 0
	mkdir "$work/s"
	BACKUP_DEST=$work/s run_backup 0
}

@test "a nested destination is fine when it is left out, and is not copied" {
	echo 1 >"$src/a"
	mkdir -p "$src/var/backup dir"
	dest="$src/var/backup dir"
	export BACKUP_DEST=$dest
	run_backup 1
	hint=$(grep -o 'set EXCLUDE=.*' <<<"$output")
	# what the message proposes works
	EXCLUDE=${hint#set EXCLUDE=} run_backup 0
	EXCLUDE=/var/ run_backup 0
	EXCLUDE='- /var/backup dir' run_backup 0
	[ "$(cd "$(newest)" && find . | sort)" = $'.\n./a\n./var' ]
	# but not by a rule that may not hold
	for exclude in 'backup dir' '/var/back*' $'+ /var/\n/var/' /var/backup '/var/backup dir/daily'; do
		EXCLUDE=$exclude run_backup 1
	done
	# and not under a name that must be escaped in a pattern
	mkdir "$src/[ab]"
	BACKUP_DEST="$src/[ab]" run_backup 1
}

@test "a nested destination on another file system is fine with ONE_FILE_SYSTEM=on" {
	echo 1 >"$src/a"
	mount_on "$src/disk" -t tmpfs tmpfs
	export BACKUP_DEST=$src/disk ONE_FILE_SYSTEM=on
	run_backup 0
	dest=$src/disk
	[ "$(cd "$(newest)" && find . | sort)" = $'.\n./a\n./disk' ]
	ONE_FILE_SYSTEM=off run_backup 1
}

@test "INIT=never refuses a destination that is missing, empty or made by others, and leaves it so" {
	echo 1 >"$src/a"
	INIT=never run_backup 1
	[[ $output == *"'$dest'"* ]]
	[ ! -e "$dest" ]
	mkdir "$dest"
	INIT=never run_backup 1
	[[ $output == *"BACKUP_DEST '$dest' was not used for backups before; is it mounted?"*INIT=auto* ]]
	[ -z "$(ls -A "$dest")" ]
	mkdir -p "$dest/daily/2020-01-01_00-00-00"
	INIT=never run_backup 1
	[ "$(ls -A "$dest")" = daily ]
	run_backup 0
	INIT=never run_backup 0
	INIT=never run_backup 0 --dry-run
}

@test "a disk that is not mounted is told by INIT=never" {
	echo 1 >"$src/a"
	mount_on "$dest" -t tmpfs tmpfs
	run_backup 0
	INIT=never run_backup 0
	umount "$dest"
	mounts=()
	INIT=never run_backup 1
	[ -z "$(ls -A "$dest")" ]
}

@test "a destination on another file system works, links included" {
	one_snapshot
	mount_on "$work/other" -t tmpfs tmpfs
	dest=$work/other/backup
	export BACKUP_DEST=$dest
	run_backup 0
	run_backup 0
	[[ $output == *'20 linked'* ]]
	same_inode "$(newest)/1" "$dest/$(snapshots | head -n 1)/1"
}

# bats test_tags=engine:rsync
@test "rsync that is missing, too old, or something else" {
	echo 1 >"$src/a"
	mkdir "$work/bin"
	PATH=$work/bin run_backup 1
	[[ $output == *'ERROR: rsync is not installed'* ]]
	fake() {
		printf '#!/bin/sh\necho "%s"\n' "$1" >"$work/bin/rsync"
		chmod +x "$work/bin/rsync"
	}
	fake 'rsync  version 3.2.6  protocol version 31'
	PATH=$work/bin:$PATH run_backup 1
	[[ $output == *'ERROR: rsync 3.2.6 is too old: install 3.2.7 or later'* ]]
	fake 'openrsync: protocol version 29'
	PATH=$work/bin:$PATH run_backup 1
	[[ $output == *"'rsync --version' was not understood"* ]]
	[ ! -e "$dest" ]
	printf '#!/bin/sh\n[ "$1" != --version ] || exec echo "rsync  version v3.4.9  protocol version 32"\nexec %q "$@"\n' \
		"$(command -v rsync)" >"$work/bin/rsync"
	PATH=$work/bin:$PATH run_backup 0
	[[ $output == *'WARNING: rsync 3.4.9 has security faults that 3.5.0 mended'* ]]
}

@test "SHRINK_LIMIT: a source that lost too much is published, marked, and removes nothing" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	one_snapshot
	old=$(redate "$(snapshots)" 2020-01-01_00-00-00)
	run_backup 0
	[ "$(snapshots | wc -l)" -eq 2 ] # the base of a run is not removed by it
	good=$(snapshots | tail -n 1)

	rm "$src"/{1..11}
	run_backup 0
	[[ $output == *'WARNING: the source has 9 files and had 20: more than SHRINK_LIMIT=50 %'*'SHRINK_LIMIT=100'* ]]
	[[ $output == *'no snapshot is moved or removed: the source shrank'* ]]
	shrunk=$(newest)
	[ "$(status_of "$shrunk")" = shrunk ]
	[ -e "$dest/$old" ]
	same_as_source "$shrunk"

	# it stays so in the runs that follow, which compare with the good one
	run_backup 0
	[ "$(status_of "$(newest)")" = shrunk ]
	[ -e "$dest/$old" ]
	[ -e "$dest/$good" ]
	# prune does not trust them either
	run_backup 0 prune
	[ -e "$dest/$good" ]

	SHRINK_LIMIT=100 run_backup 0
	[ "$(status_of "$(newest)")" = complete ]
	[ ! -e "$dest/$old" ]
	# and from then on it is the measure
	run_backup 0
	[[ $output != *WARNING* ]]
	[ "$(status_of "$(newest)")" = complete ]
}

@test "SHRINK_LIMIT: exactly the limit is fine, none at all is not with 0" {
	one_snapshot
	rm "$src"/{1..10}
	run_backup 0
	[ "$(status_of "$(newest)")" = complete ]
	rm "$src/11"
	SHRINK_LIMIT=0 run_backup 0
	[ "$(status_of "$(newest)")" = shrunk ]
	touch "$src/new" "$src/newer"
	SHRINK_LIMIT=0 run_backup 0
	[ "$(status_of "$(newest)")" = complete ]
}

@test "SHRINK_LIMIT: excluding much counts as losing it" {
	one_snapshot
	EXCLUDE='1*' run_backup 0
	[[ $output == *'WARNING: the source has 9 files and had 20'* ]]
}

@test "links that collapse are a warning" {
	for n in {1..40}; do echo "$n" >"$src/$n"; done
	run_backup 0
	run_backup 0
	[[ $output != *WARNING* ]]
	touch "$src"/*
	run_backup 0
	[[ $output == *'WARNING: only 0 of 40 files are unchanged since'* ]]
	[ "$(status_of "$(newest)")" = complete ]
	run_backup 0
	[[ $output != *WARNING* ]]
}
