#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup restore: what comes back, from which snapshot, and what is refused.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	to=$work/to
}

# same: what was restored is equal to the newest snapshot.
same() {
	[ "$(fingerprint "$(newest)")" = "$(fingerprint "$to")" ]
}

# snapshot DAY CONTENT [TIER]: one of that day, in which the file "a" has that content.
snapshot() {
	echo "$2" >"$src/a"
	run_backup 0
	redate "$(latest)" "${1}_03-00-00" "${3-daily}"
}

# latest: TIER/NAME of what was made last
latest() {
	readlink "$dest/latest"
}

@test "everything comes back as it was" {
	needs_root
	mkdir -p "$src/d/e" "$src/empty"
	echo 1 >"$src/a"
	echo 2 >"$src/d/b"
	ln "$src/a" "$src/d/e/link"
	ln -s /nowhere "$src/symlink"
	ln "$src/symlink" "$src/d/symlink"
	mkfifo "$src/fifo"
	mknod "$src/null" c 1 3
	truncate -s 1M "$src/hole"
	echo end >>"$src/hole"
	printf x >"$src/"$'new\nline'
	printf x >"$src/"$'\377 *?['
	setfattr -n user.k -v v "$src/d/b"
	setfattr -n trusted.k -v v "$src/d"
	setfacl -m u:1234:r "$src/a"
	setfacl -d -m u:1234:r "$src/d"
	chmod 4711 "$src/d/b"
	chown 3000000000:3000000001 "$src/d/b"
	chmod 1777 "$src/empty"
	touch -d '1969-01-01 00:00:00.123456789' "$src/d/b" "$src/d"
	chmod 0750 "$src"
	run_backup 0

	run_backup 0 restore --to "$to"
	[[ $output == *"restored "*" files, 4 directories, "*" to '$to' in "* ]]
	same
	[ "$to/a" -ef "$to/d/e/link" ]
	[ "$(stat -c %h "$to/a")" = 2 ]
	[ "$(stat -c %b "$to/hole")" -lt 100 ]
}

@test "which snapshot: latest, a name, its beginning, a day, an age" {
	snapshot 2020-01-01 1
	snapshot 2020-01-02 2 weekly
	redate weekly/2020-01-02_03-00-00 2020-01-02_02-00-00
	snapshot 2020-01-02 3
	snapshot 2020-02-01 4
	local case
	for case in :4 latest:4 2020-01-01_03-00-00:1 2020-01-01:1 2020-01-02:3 2020-02:4 \
		2020-01-02_02:2 3d:4 1s:4; do
		run_backup 0 restore ${case%:*} --to "$to"
		[ "$(cat "$to/a")" = "${case#*:}" ]
		rm -r "$to"
	done
	snapshot "$(date -d '2 days ago' +%F)" 5
	for case in latest:5 1d:5 3d:4; do
		run_backup 0 restore ${case%:*} --to "$to"
		[ "$(cat "$to/a")" = "${case#*:}" ]
		rm -r "$to"
	done

	run_backup 1 restore 2020-01 --to "$to"
	[[ $output == *"ERROR: '2020-01' may be 2020-01-0"*" or 2020-01-0"*", say more of its name"* ]]
	run_backup 1 restore 2019-01-01 --to "$to"
	[[ $output == *"ERROR: there is no snapshot '2019-01-01'; 'backup list' lists them"* ]]
	run_backup 1 restore '' --to "$to"
	[[ $output == *"ERROR: there is no snapshot ''"* ]]
	run_backup 1 restore 1000w --to "$to"
	[[ $output == *"ERROR: no snapshot is as old as '1000w'"* ]]
	[ ! -e "$to" ]
}

@test "parts of a snapshot come back by their paths" {
	mkdir -p "$src/a/b/c" "$src/a/x" "$src/[k]*" "$src/other"
	echo 1 >"$src/a/b/c/1"
	echo 2 >"$src/a/b/2"
	echo 3 >"$src/a/x/3"
	echo 4 >"$src/[k]*/4"
	echo 5 >"$src/kx"
	echo 6 >"$src/back\\slash"
	chmod 0711 "$src/a"
	run_backup 0
	run_backup 0 restore latest a/b --to "$to"
	[ "$(cd "$to" && find . | sort | tr '\n' ' ')" = ". ./a ./a/b ./a/b/2 ./a/b/c ./a/b/c/1 " ]
	[ "$(stat -c %a "$to/a")" = 711 ]
	rm -r "$to"

	run_backup 0 restore latest /a//b/./c/ a/b/c/1 a/x/3 '[k]*' 'back\slash' --to="$to"
	[ "$(cd "$to" && find . -type f | sort | tr '\n' ' ')" = \
		"./[k]*/4 ./a/b/c/1 ./a/x/3 ./back\\slash " ]
	rm -r "$to"

	mkdir "$src/-dash"
	run_backup 0
	run_backup 0 restore --to "$to" -- latest -dash
	[ "$(cd "$to" && echo *)" = -dash ]
	rm -r "$to"

	ln -s a/b "$src/link"
	run_backup 0
	local case
	for case in 'nothing:there is no ' 'a/b/2/x:there is no ' \
		'link/c:there is no '; do
		run_backup 1 restore latest a "${case%%:*}" --to "$to"
		[[ $output == *"ERROR: "*"${case#*:}"* ]]
		[ ! -e "$to" ]
	done
	for case in '../x:leads out of the snapshot' 'a/..:leads out' \
		'/:for the whole snapshot' ':for the whole snapshot'; do
		run_backup 2 restore latest a "${case%%:*}" --to "$to"
		[[ $output == *"${case#*:}"* ]]
		[ ! -e "$to" ]
	done
}

@test "where to: a directory that is there, or is made" {
	echo 1 >"$src/a"
	run_backup 0
	mkdir "$to"
	run_backup 0 restore --to "$to/"
	same
	run_backup 1 restore --to "$to/a"
	[[ $output == *"ERROR: open '$to/a': Not a directory"* ]]
	run_backup 0 restore --dry-run --to "$work/none/./two//none/"
	[[ $output == *" to '$work/none/two/none'"* ]]
	[ ! -e "$work/none" ]
	run_backup 0 restore --to "$work/none/./two//none/"
	[ "$(cat "$work/none/two/none/a")" = 1 ]
	[ "$(stat -c %a "$work/none")" = "$(printf %o $((0777 & ~$(umask))))" ]
	run_backup 1 restore --to "$work/not/../none"
	[[ $output == *"ERROR: '$work/not/../none' leads back from what is not there"* ]]
	run_backup 1 restore --to "$to/a/b"
	[[ $output == *"ERROR: open '$to/a/b': Not a directory"* ]]
	ln -s nowhere "$work/dangling"
	run_backup 1 restore --to "$work/dangling/x"
	[[ $output == *"ERROR: create '$work/dangling': "* || $output == *"ERROR: create '$work/dangling/x': "* ]]
	run_backup 2 restore --to ''
	[[ $output == *'--to needs a directory'* ]]
	run_backup 2 restore
	[[ $output == *'say where to, with --to DIR'* ]]
	run_backup 2 restore --to
	[[ $output == *"nothing follows the option '--to'"* ]]
	run_backup 2 restore --too="$to"
	run_backup 2 restore --dry-run=yes --to "$to"

	(cd "$work" && run_backup 0 restore --to relative && [ -e relative/a ])
	ln -s "$work" "$work/link"
	run_backup 0 restore --to "$work/link/two"
	[ -e "$work/two/a" ]
}

@test "nothing is restored into the destination" {
	echo 1 >"$src/a"
	run_backup 0
	local dir
	ln -s "$dest" "$work/link"
	mkdir "$dest/mine"
	for dir in "$dest/new" "$work/link/new" "$dest/mine" "$(newest)/new" "$dest/daily/../new"; do
		run_backup 1 restore --to "$dir"
		[[ $output == *"is in BACKUP_DEST, where only backups belong"* ]]
		[ ! -e "$dest/new" ]
	done
	[ "$(ls "$(newest)")" = a ]
}

@test "a dry run says how much it would be, and makes nothing" {
	mkdir "$src/d"
	echo 1 >"$src/d/a"
	echo 2 >"$src/b"
	run_backup 0
	run_backup 0 restore --dry-run --to "$to"
	[[ $output == *"would restore 2 files, 2 directories, 4 B to '$to'"* ]]
	[ ! -e "$to" ]
	run_backup 0 restore --dry-run latest d --to "$to"
	[[ $output == *"would restore 1 file, 2 directories, 2 B to '$to'"* ]]
	run_backup 1 restore --dry-run latest c --to "$to"
}

@test "snapshots stay as they are, and a run may go on meanwhile" {
	echo 1 >"$src/a"
	ln "$src/a" "$src/b"
	run_backup 0
	local before
	before=$(fingerprint "$(newest)" inodes)
	flock "$dest/.backup/lock" "$BACKUP" restore --to "$to"
	same
	echo changed >>"$to/a"
	chmod 600 "$to/a"
	[ "$before" = "$(fingerprint "$(newest)" inodes)" ]
}

@test "what cannot be written fails the restore, and says that it is not complete" {
	needs_root
	head -c 3M /dev/urandom >"$src/a"
	run_backup 0
	mount_on "$work/small" -t tmpfs -o size=1M none
	mkdir "$work/small/to"
	run_backup 1 restore --to "$work/small/to"
	[[ $output == *"WARNING: what is in '$work/small/to' is not complete"* ]]
	[[ $output == *'ERROR: the directory restored to cannot be written: '*'No space left on device'* ]]
}

@test "a snapshot that goes away meanwhile is not called restored" {
	head -c 1M /dev/urandom | (cd "$src" && split -b 4k -a 3)
	run_backup 0
	BWLIMIT=100 "$BACKUP" restore --to "$to" >"$work/out" 2>&1 3>&- &
	local pid=$! status=0
	until [ -e "$to/xaa" ] || [ -n "$(ls -A "$to" 2>/dev/null)" ]; do sleep 0.05; done
	rm -r "$(newest)"
	wait $pid || status=$?
	[ "$status" = 3 ]
	grep -q 'ERROR: some files could not be restored' "$work/out"
}

@test "a signal ends it" {
	head -c 1M /dev/urandom >"$src/a"
	run_backup 0
	BWLIMIT=1k "$BACKUP" restore --to "$to" >"$work/out" 2>&1 3>&- &
	local pid=$! status=0
	until [ -s "$to/.backup-restore.tmp/a" ]; do sleep 0.05; done
	kill -TERM $pid
	wait $pid || status=$?
	[ "$status" = 143 ]
	grep -q "what is in '$to' is not complete" "$work/out"
}

@test "an unprivileged user restores what is readable, as its own" {
	needs_root
	echo 1 >"$src/a"
	echo 2 >"$src/secret"
	chmod 600 "$src/secret"
	run_backup 0
	chmod 711 "$BATS_RUN_TMPDIR" "${work%/*}" "$work"
	install -d -o 65534 "$work/theirs"
	chown -R 65534 "$dest"
	chown root "$(newest)/secret"
	run -3 setpriv --reuid=65534 --regid=65534 --clear-groups "$BACKUP" restore --to "$work/theirs/to"
	[[ $output == *'not root: everything restored will be ours'* ]]
	[[ $output == *"WARNING: open '$(newest)/secret': Permission denied"* ]]
	[ "$(stat -c %u "$work/theirs/to/a")" = 65534 ]
}
