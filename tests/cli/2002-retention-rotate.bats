#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Rotation of real destinations. The rules themselves are tested from tables.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	echo 1 >"$src/a"
}

# made NAME: a snapshot of ours of that time in daily/; no other is removed for it.
made() {
	DAILY_COUNT=1000 run_backup 0
	redate "$(readlink "$dest/latest")" "$1"
}

@test "a source whose own mtime is years old is not pruned on its first day" {
	touch -d 2001-01-01 "$src/a" "$src"
	for n in {1..3}; do
		DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 run_backup 0
		[[ $output != *removed* ]]
	done
	[ "$(snapshots | wc -l)" -eq 3 ]
	[ "$(stat -c %Y "$(newest)")" -eq "$(date -d 2001-01-01 +%s)" ]
	run_backup 0 prune
	[ "$(snapshots | wc -l)" -eq 3 ]
	run_backup 0 list --json
	[ "$(jq '[.[] | select(.action != "keep")] | length' <<<"$output")" -eq 0 ]
}

@test "what is promoted is renamed: same inodes, nothing copied, in exactly one tier" {
	for n in {1..10}; do made "2026-06-$((n + 10))_12-00-00"; done
	fingerprint "$dest/daily/2026-06-16_12-00-00" inodes >"$work/16"
	fingerprint "$dest/daily/2026-06-17_12-00-00" inodes >"$work/17"
	DAILY_COUNT=3 WEEKLY_COUNT=1 MONTHLY_COUNT=1 run_backup 0 prune
	[ "$(snapshots)" = "$(sort -t / -k 2 <<'END'
daily/2026-06-18_12-00-00
daily/2026-06-19_12-00-00
daily/2026-06-20_12-00-00
weekly/2026-06-17_12-00-00
monthly/2026-06-16_12-00-00
END
	)" ]
	fingerprint "$dest/monthly/2026-06-16_12-00-00" inodes | cmp "$work/16" -
	fingerprint "$dest/weekly/2026-06-17_12-00-00" inodes | cmp "$work/17" -
	[ "$(find "$dest/.backup/snapshots" -name '*.json' | wc -l)" -eq 5 ]
	[ -z "$(ls -A "$dest/.backup/trash")" ]
}

@test "a tree of every kind survives promotion unchanged and can be removed" {
	mkdir -m 0500 "$src/readonly"
	mkdir -p "$src/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})"
	echo 1 >"$src/"$'odd\n\xff'
	mkfifo "$src/fifo"
	ln -s /nowhere "$src/link"
	made 2026-06-10_12-00-00
	made 2026-07-10_12-00-00
	fingerprint "$dest/daily/2026-06-10_12-00-00" inodes >"$work/before"
	DAILY_COUNT=1 WEEKLY_COUNT=1 run_backup 0 prune
	fingerprint "$dest/weekly/2026-06-10_12-00-00" inodes | cmp "$work/before" -
	DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 run_backup 0 prune
	[ "$(snapshots)" = daily/2026-07-10_12-00-00 ]
	[ -z "$(ls -A "$dest/.backup/trash")" ]
	same_as_source "$(newest)"
}

@test "removing a snapshot changes nothing in those that share its files" {
	for n in {1..20}; do echo "$n" >"$src/$n"; done
	chmod 400 "$src/1"
	made 2026-06-10_12-00-00
	made 2026-06-11_12-00-00
	fingerprint "$dest/daily/2026-06-11_12-00-00" inodes >"$work/before"
	DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 run_backup 0 prune
	[[ $output == *'removed daily/2026-06-10_12-00-00: beyond the counts of days, weeks and months'* ]]
	fingerprint "$dest/daily/2026-06-11_12-00-00" inodes | cmp "$work/before" -
}

@test "counts of 0 keep the newest good snapshot, whatever is newer" {
	export DAILY_COUNT=0 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	made 2026-06-10_12-00-00
	good=daily/2026-06-11_12-00-00
	made "${good#*/}"
	made 2026-06-12_12-00-00
	record=$dest/.backup/snapshots/2026-06-12_12-00-00.json
	jq '.status = "partial"' "$record" >"$work/record" && cp "$work/record" "$record"
	run_backup 0 prune
	[ -e "$dest/$good" ]
	[ ! -e "$dest/daily/2026-06-10_12-00-00" ]
	run_backup 0 prune
	[ -e "$dest/$good" ]
}

@test "the run's own snapshot and what it links to outlive it even with counts of 0" {
	export DAILY_COUNT=0 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	made 2026-06-10_12-00-00
	run_backup 0
	[ "$(snapshots | wc -l)" -eq 2 ]
	run_backup 0
	[ "$(snapshots | wc -l)" -eq 2 ]
	[ ! -e "$dest/daily/2026-06-10_12-00-00" ]
	[ -e "$dest/latest/a" ]
}

@test "KEEP_WITHIN keeps all that is younger in daily/" {
	for hours in 31 30 3 2 1; do made "$(made_at "$hours hours ago")"; done
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
	KEEP_WITHIN=4h run_backup 0 prune
	[ "$(snapshots | grep -c ^daily/)" -eq 3 ]
	KEEP_WITHIN=0 run_backup 0 prune
	[ "$(snapshots | wc -l)" -eq 1 ]
}

@test "a snapshot dated in the future stops removals, with a warning, and is kept" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	made 2020-01-01_00-00-00
	made 2020-01-02_00-00-00
	made "$(made_at '1 year')"
	future=$(snapshots | tail -n 1)
	for command in prune run list; do
		run_backup 0 "$command"
		[[ $output == *'WARNING: 1 snapshot is dated later than now: nothing is removed'* ]]
		[ -e "$dest/daily/2020-01-01_00-00-00" ]
	done
	[[ $output == *'dated in the future, not counted'* ]]
	[ -e "$dest/$future" ]
	rm -r "${dest:?}/$future"
	run_backup 0 prune
	[ ! -e "$dest/daily/2020-01-01_00-00-00" ]
}

@test "a record that cannot be read: kept, not counted, named in a warning" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	made 2020-01-01_00-00-00
	made 2020-01-02_00-00-00
	for content in '' '{' '[]' '{"status": 3}' $'\xff'; do
		printf '%s' "$content" >"$dest/.backup/snapshots/2020-01-01_00-00-00.json"
		run_backup 0 prune
		[[ $output == *"WARNING: "*"'daily/2020-01-01_00-00-00' is kept and not counted"* ]]
		[ -e "$dest/daily/2020-01-01_00-00-00" ]
	done
	run_backup 0 list --json 2>/dev/null
	[[ $output == *'"status": "unknown"'* ]]
}

@test "a record of another time than its name: the record counts" {
	made 2026-06-10_12-00-00
	record=$dest/.backup/snapshots/2026-06-10_12-00-00.json
	jq '.time -= 86400 * 3' "$record" >"$work/record" && cp "$work/record" "$record"
	run_backup 0 list --json
	[ "$(jq -r '.[0].time' <<<"$output")" = 2026-06-07T12:00:00+00:00 ]
}

@test "list: tier, time, status, files, sizes and reason, newest first" {
	head -c 2048 /dev/zero >"$src/b"
	made 2026-05-10_12-00-00
	made 2026-06-10_12-00-00
	head -c 1024 /dev/zero >"$src/c"
	TZ=Asia/Kolkata run_backup 0
	new=$(basename "$(newest)")
	redate daily/2026-05-10_12-00-00 2026-05-10_12-00-00 monthly
	run_backup 0 list
	[[ ${lines[0]} =~ ^TIER\ +SNAPSHOT\ +STATUS\ +FILES\ +SIZE\ +OWN\ +WHY$ ]]
	[[ ${lines[1]} =~ ^daily\ +$new\ +complete\ +3\ +3\.0\ KiB\ +1\.0\ KiB\ +newest\ of\ 20..-..-..$ ]]
	[[ ${lines[2]} =~ ^daily\ +2026-06-10_12-00-00\ +complete\ +2\ +2\.0\ KiB\ +0\ B\ +newest\ of\ 2026-06-10$ ]]
	[[ ${lines[3]} =~ ^monthly\ +2026-05-10_12-00-00\ +complete\ +2\ +2\.0\ KiB\ +2\.0\ KiB\ +to\ daily/:\ newest\ of\ 2026-05-10$ ]]
	[ ${#lines[@]} -eq 4 ]

	DAILY_COUNT=1 WEEKLY_COUNT=1 MONTHLY_COUNT=0 run_backup 0 list
	[[ ${lines[2]} == *'to weekly/: newest of week 2026-W24' ]]
	[[ ${lines[3]} == *'to be removed: beyond the counts of days, weeks and months' ]]
}

@test "list --json: each field" {
	made 2026-06-10_12-00-00
	TZ=Asia/Kolkata run_backup 0
	DAILY_COUNT=1 WEEKLY_COUNT=1 run_backup 0 list --json
	jq -e --arg name "$(basename "$(newest)")" --arg src "$src" --arg host "$(uname -n)" '
		length == 2 and
		(.[0] | .name == $name and .tier == "daily" and .status == "complete" and
			.action == "keep" and .target == "daily" and (.time | endswith("+05:30")) and
			.files == 1 and .directories == 1 and .new == 0 and .changed == 0 and
			.linked == 1 and .size == 2 and .own_size == 0 and .duration >= 0 and
			.host == $host and .source == $src and
			(.reason | startswith("newest of "))) and
		(.[1] | .action == "move" and .target == "weekly" and .tier == "daily" and
			.reason == "newest of week 2026-W24" and .epoch == 1781092800)' <<<"$output"
	MONTHLY_COUNT=0 WEEKLY_COUNT=0 DAILY_COUNT=1 run_backup 0 list --json
	jq -e '.[1].action == "remove"' <<<"$output"
}

@test "list of an empty, an unused and a missing destination" {
	mkdir "$dest"
	run_backup 0 list
	[ "$output" = "no snapshots in '$dest'" ]
	run_backup 0 list --json
	[ "$output" = '[]' ]
	[ -z "$(ls -A "$dest")" ]
	rmdir "$dest"
	run_backup 1 list
	[[ $output == *"ERROR: BACKUP_DEST '$dest': No such file or directory"* ]]
	run_backup 1 prune
	[ ! -e "$dest" ]
}

@test "prune on a destination that others made does not remove without a run of ours" {
	mkdir -p "$dest/daily/2020-01-01_00-00-00" "$dest/daily/2020-01-02_00-00-00"
	run --separate-stderr -0 env DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 "$BACKUP" prune --dry-run
	[ "$(ls -A "$dest")" = daily ]
	[[ $stderr == *'would remove daily/2020-01-01_00-00-00'* ]]
}

@test "no services are needed for retention, and no source" {
	made 2020-01-01_00-00-00
	made 2020-01-02_00-00-00
	rm -r "$src"
	DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 run_backup 0 prune
	[ "$(snapshots)" = daily/2020-01-02_00-00-00 ]
	run_backup 0 list
}
