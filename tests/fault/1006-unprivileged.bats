#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# As a user who may not read, or not write, everything.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	needs_root
	needs setpriv
	# not below the test's own directory, which nobody else may enter
	home=$(mktemp -d /tmp/backup-unprivileged.XXXXXX)
	chmod 755 "$home"
	install -m 755 "$BACKUP" "$home/backup"
	src=$home/src
	dest=$home/dest
	mkdir -p "$src/d" "$dest" "$home/logs"
	echo a >"$src/a"
	echo b >"$src/d/b"
	chown -R 65534:65534 "$src" "$dest" "$home/logs"
	export BACKUP_SRC=$src BACKUP_DEST=$dest LOG_FILE=$home/logs/log RUN_LOG_DIR=$home/logs
	export KEEP_WITHIN=0s DAILY_COUNT=1 WEEKLY_COUNT=1 MONTHLY_COUNT=0
}

teardown() {
	rm -rf "${home:?}"
	common_teardown
}

as_user() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# user_backup CODE [ARGUMENT]...
user_backup() {
	run -"$1" as_user "$home/backup" "${@:2}"
}

nothing_left_over() {
	[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
}

# Snapshots of three other days, the newest of them still the one to link to.
three_old_ones() {
	local day
	for day in 2001-01-01 2001-01-10 2001-01-20; do
		KEEP_WITHIN=9999d user_backup 0
		redate "daily/$(basename "$(newest)")" "${day}_00-00-00"
	done
	[ "$(snapshots | wc -l)" = 3 ]
}

@test "unreadable files and directories: a partial snapshot, exit 3, nothing removed" {
	three_old_ones
	echo new >"$src/new"
	echo secret >"$src/secret"
	mkdir "$src/closed"
	echo inside >"$src/closed/file"
	chown root: "$src/secret" "$src/closed"
	chmod 600 "$src/secret"
	chmod 700 "$src/closed"

	user_backup 3
	grep -q "WARNING: .*$src/secret['\"].*: Permission denied" <<<"$output"
	grep -q "WARNING: .*$src/closed['\"].*: Permission denied" <<<"$output"
	[[ $output == *'ERROR: some files could not be read'* ]]
	[[ $output == *'no snapshot is moved or removed: some files could not be read'* ]]
	partial=$(newest)
	[ "$(cat "$partial/new")" = new ]
	[ ! -e "$partial/secret" ]
	[ "$(snapshots | wc -l)" = 4 ]
	[ "$(readlink "$dest/latest")" = daily/2001-01-20_00-00-00 ]
	user_backup 0 list --json
	[ "$(jq -r '.[0].status' <<<"$output")" = partial ]
	[ "$(jq -r '.[0].name' <<<"$output")" = "$(basename "$partial")" ]
	[ "$(tail -n 1 "$dest/.backup/history.jsonl" | jq -c '[.exit, .result]')" = '[3,"partial"]' ]

	# readable again: it is all there, the latest, and the old ones go
	chown -R 65534:65534 "$src"
	user_backup 0
	same_as_source "$(newest)"
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	[ ! -e "$dest/daily/2001-01-01_00-00-00" ]
	nothing_left_over
}

@test "a partial snapshot never outlives or outranks a good one" {
	three_old_ones
	echo secret >"$src/secret"
	chown root: "$src/secret"
	chmod 600 "$src/secret"
	for _ in 1 2 3; do
		sleep 1
		user_backup 3
		[ "$(readlink "$dest/latest")" = daily/2001-01-20_00-00-00 ]
	done
	user_backup 0 prune
	[ -d "$dest/daily/2001-01-20_00-00-00" ]
	[ "$(readlink "$dest/latest")" = daily/2001-01-20_00-00-00 ]
}

@test "the first snapshot of all is a partial one" {
	echo secret >"$src/secret"
	chown root: "$src/secret"
	chmod 600 "$src/secret"
	user_backup 3
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	rm "$src/secret"
	sleep 1
	user_backup 0
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	same_as_source "$(newest)"
}

@test "a source that may not be read at all" {
	user_backup 0
	chown root: "$src"
	chmod 700 "$src"
	user_backup 1
	[[ $output == *"ERROR: BACKUP_SRC '$src': Permission denied"* ]]
	[ "$(snapshots | wc -l)" = 1 ]
}

@test "a destination that may not be written" {
	chown root: "$dest"
	user_backup 1
	[[ $output == *"ERROR: destination '$dest': create directory '.backup': Permission denied"* ]]
	[ -z "$(ls -A "$dest")" ]
}

@test "directories without write permission are kept so, moved and removed" {
	mkdir -p "$src/d/e/f"
	echo c >"$src/d/e/f/c"
	chown -R 65534:65534 "$src"
	chmod 444 "$src/a" "$src/d/e/f/c"
	chmod 555 "$src/d/e/f" "$src/d/e" "$src/d" "$src"
	three_old_ones
	user_backup 0
	same_as_source "$(newest)"
	[ "$(stat -c %a "$(newest)" "$(newest)/d/e")" = $'555\n555' ]
	# one was moved to weekly/, one removed, one is linked to
	[ -d "$dest/weekly/2001-01-10_00-00-00" ]
	[ "$(stat -c %a "$dest/weekly/2001-01-10_00-00-00")" = 555 ]
	[ ! -e "$dest/daily/2001-01-01_00-00-00" ]
	same_as_source "$dest/weekly/2001-01-10_00-00-00"
	[ "$(snapshots | wc -l)" = 3 ]
	nothing_left_over
}

@test "an interrupted run's directories without write permission are put away" {
	chmod 555 "$src/d" "$src"
	user_backup 0
	name=2001-01-01_00-00-00
	cp -a "$src" "$dest/.backup/building/$name"
	echo '{"boot": "another"}' >"$dest/.backup/building/$name.json"
	chown -R 65534:65534 "$dest/.backup/building"
	user_backup 0
	nothing_left_over
	same_as_source "$(newest)"
}
