#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup pin and unpin. What retention makes of pins is tested from tables.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	echo 1 >"$src/a"
}

# made NAME [TIER]: a snapshot of ours of that time; no other is removed for it.
made() {
	DAILY_COUNT=1000 run_backup 0
	redate "$(readlink "$dest/latest")" "$1" "${2-daily}"
}

# pinned: the names of those that are, the oldest first.
pinned() {
	"$BACKUP" list --json | jq -r '[.[] | select(.pinned).name] | sort | join(" ")'
}

@test "a pinned snapshot outlives counts of 0, stays in its tier, and goes when unpinned" {
	for day in 10 11 12; do made "2026-06-${day}_12-00-00"; done
	fingerprint "$dest/daily/2026-06-10_12-00-00" inodes >"$work/before"
	run_backup 0 pin 2026-06-10_12-00-00
	[[ $output == *'2026-06-10_12-00-00 is pinned' ]]
	[ "$(pinned)" = 2026-06-10_12-00-00 ]
	run_backup 0 list
	[[ ${lines[3]} == 'daily '*' 2026-06-10_12-00-00 '*' pinned' ]]

	export DAILY_COUNT=0 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	run_backup 0 prune
	run_backup 0 run
	run_backup 0 run
	fingerprint "$dest/daily/2026-06-10_12-00-00" inodes | cmp "$work/before" -
	[ ! -e "$dest/daily/2026-06-11_12-00-00" ]

	run_backup 0 unpin 2026-06-10_12-00-00
	[[ $output == *'2026-06-10_12-00-00 is no longer pinned' ]]
	[ -z "$(pinned)" ]
	run_backup 0 prune
	[ ! -e "$dest/daily/2026-06-10_12-00-00" ]
	[ -z "$(find "$dest/.backup" -name '*pinned*')" ]
}

@test "a pinned snapshot is not promoted, and another has its week" {
	made 2026-06-10_12-00-00
	made 2026-06-11_12-00-00
	made 2026-06-20_12-00-00
	run_backup 0 pin 2026-06-11
	DAILY_COUNT=1 WEEKLY_COUNT=1 MONTHLY_COUNT=0 run_backup 0 prune
	[ "$(snapshots | tr '\n' ' ')" = \
		'weekly/2026-06-10_12-00-00 daily/2026-06-11_12-00-00 daily/2026-06-20_12-00-00 ' ]
}

@test "twice is once; several at a time; none if one is not there" {
	made 2026-06-10_12-00-00
	made 2026-06-11_12-00-00 weekly
	run_backup 0 pin latest 2026-06-10 2026-06-10
	[ "${#lines[@]}" = 2 ]
	[ "$(pinned)" = '2026-06-10_12-00-00 2026-06-11_12-00-00' ]
	run_backup 0 pin latest
	[[ $output == *'is pinned already' ]]
	run_backup 1 unpin 2026-06-10 2020
	[[ $output == *"ERROR: there is no snapshot '2020'"* ]]
	[ "$(pinned)" = '2026-06-10_12-00-00 2026-06-11_12-00-00' ]
	run_backup 0 unpin 2026-06-10 latest
	[ -z "$(pinned)" ]
	run_backup 0 unpin latest
	[[ $output == *'is not pinned' ]]
}

@test "a snapshot without a record, and with one that cannot be read" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	made 2020-01-01_00-00-00
	made 2020-01-02_00-00-00
	made 2020-01-03_00-00-00
	rm "$dest/.backup/snapshots/2020-01-01_00-00-00.json"
	echo '{' >"$dest/.backup/snapshots/2020-01-02_00-00-00.json"
	run_backup 0 pin 2020-01-01 2020-01-02
	run_backup 0 list --json 2>/dev/null
	run_backup 0 prune
	[ "$(snapshots | wc -l)" = 3 ]
	# the pin does not hang on the record
	rm "$dest/.backup/snapshots/2020-01-02_00-00-00.json"
	run_backup 0 prune
	[ "$(snapshots | wc -l)" = 3 ]
	[ "$(pinned)" = '2020-01-01_00-00-00 2020-01-02_00-00-00' ]
}

@test "a destination of the shell scripts: pinned, and its first run still removes nothing" {
	mkdir -p "$dest"/daily/2020-01-0{1,2,3}_00-00-00 "$dest/weekly/2020-01-01_00-00-00"
	run_backup 0 pin 2020-01-01_00-00-00
	[ "$(pinned)" = '2020-01-01_00-00-00 2020-01-01_00-00-00' ]
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	run_backup 0 run
	[[ $output == *'the first run on a destination that others made'* ]]
	[ "$(snapshots | wc -l)" = 5 ]
	run_backup 0 run
	[ "$(snapshots | grep -c 2020-01-01)" = 2 ]
	[ "$(snapshots | grep -c 2020)" = 2 ]
}

@test "nothing is made where there is nothing to pin" {
	run_backup 2 pin
	[[ $output == *'say which'* ]]
	run_backup 2 unpin
	run_backup 1 pin latest
	mkdir "$dest"
	run_backup 1 pin latest
	[[ $output == *'ERROR: there is no snapshot'* ]]
	[ -z "$(ls -A "$dest")" ]
}

@test "while another run holds the destination: 75, and nothing is changed" {
	made 2020-01-01_00-00-00
	flock "$dest/.backup/lock" sleep 30 &
	holder=$!
	for ((i = 0; i < 100; i++)); do flock -n "$dest/.backup/lock" true || break; done
	LOCK_WAIT=0 run_backup 75 pin latest
	LOCK_WAIT=0 run_backup 75 forget --force --yes 2020-01-01_00-00-00
	pkill -P "$holder"
	wait "$holder" || :
	[ -z "$(pinned)" ]
	[ -e "$dest/latest/a" ]
}

@test "what cannot be written is said" {
	needs_root
	made 2020-01-01_00-00-00
	chmod 711 "$BATS_RUN_TMPDIR" "${work%/*}" "$work"
	chown -R 65534 "$dest"
	chown root "$dest/.backup/snapshots"
	chmod 755 "$dest/.backup/snapshots"
	run -1 setpriv --reuid=65534 --regid=65534 --clear-groups "$BACKUP" pin latest
	[[ $output == *"ERROR: create '$dest/.backup/snapshots/2020-01-01_00-00-00.pinned': Permission denied"* ]]
	mkdir "$dest/.backup/snapshots/2020-01-01_00-00-00.pinned"
	run_backup 1 unpin latest
	[[ $output == *"ERROR: remove '$dest/.backup/snapshots/2020-01-01_00-00-00.pinned'"* ]]
	[ "$(pinned)" = 2020-01-01_00-00-00 ]
}
