#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# DRY_RUN=on writes nothing below the destination, and what it foretells comes true.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# The lines of $output that tell of snapshots, as a real run would put them: without
# times, the new name and the words that make them a forecast.
deeds() {
	sed -En 's/^\[[^]]*\] (would )?(publish|move|remove)(e?d)? (.*)$/\2 \4/p' <<<"$output" |
		sed -E 's/(publish daily\/).*/\1NEW/'
}

counts() {
	grep -E '\]   [0-9,]+ (files?|new|linked)' <<<"$output" | cut -d ']' -f 2
}

# dry CODE [ARGUMENT...]: a dry run that leaves all of the destination as it is.
dry() {
	fingerprint "$dest" all >"$work/before"
	DRY_RUN=on run_backup "$@"
	fingerprint "$dest" all | cmp "$work/before" -
}

@test "a missing destination stays missing" {
	echo 1 >"$src/a"
	before=$(stat -c %y%z "$work")
	LOG_FILE=$src/../runlogs/log DRY_RUN=on run_backup 0
	[ ! -e "$dest" ]
	[ "$(stat -c %y%z "$work")" = "$before" ]
	[[ $output == *'1 new, 0 changed: 2 B copied'* ]]
	[[ $output =~ would\ publish\ daily/[0-9]{4}- ]]
	[[ ${lines[0]} == *'begins, dry run' ]]
	[[ ${lines[-1]} == *'dry run succeeded in '* ]]
}

@test "an empty destination stays empty, and one the shell scripts made as it is" {
	echo 1 >"$src/a"
	mkdir "$dest"
	dry 0
	mkdir -p "$dest/daily/2020-01-02_03-04-05" "$dest/weekly/2020-01-02_03-04-05"
	cp -a "$src/a" "$dest/daily/2020-01-02_03-04-05/"
	ln -s daily/2020-01-02_03-04-05 "$dest/latest"
	dry 0
	[[ $output == *'1 linked'* ]]
}

@test "a used destination: every byte and time stays, with all that is left lying about" {
	for n in {1..5}; do echo "$n" >"$src/$n"; done
	run_backup 0
	run_backup 0
	mkdir -p "$dest/.backup/building/2020-01-01_00-00-00" "$dest/.backup/trash/2019-01-01_00-00-00/x"
	echo '{"boot": "gone"}' >"$dest/.backup/building/2020-01-01_00-00-00.json"
	ln -sfn daily/nowhere "$dest/latest"
	touch "$src/1"
	rm "$src/2"
	echo new >"$src/6"
	dry 0
	[[ $output == *'5 files, 1 directory,'* ]]
	[[ $output == *'1 new, 1 changed: 6 B copied'* ]]
	[[ $output == *'3 linked'* ]]
	dry 0 run
	unset DRY_RUN
	fingerprint "$dest" all >"$work/before"
	run_backup 0 --dry-run
	run_backup 0 prune --dry-run
	run_backup 0 list
	run_backup 0 list --json
	run_backup 0 config
	fingerprint "$dest" all | cmp "$work/before" -
}

@test "a failing dry run leaves the destination as it is, too" {
	echo 1 >"$src/a"
	run_backup 0
	rm "$src/a"
	dry 1
	rmdir "$src"
	dry 1
}

@test "the forecast of counts, moves and removals comes true" {
	needs_attributes
	export TZ=Europe/Berlin DAILY_COUNT=3 WEEKLY_COUNT=2 MONTHLY_COUNT=2
	for n in {1..30}; do echo "$n" >"$src/$n"; done
	ln "$src/1" "$src/linked"
	ln -s 1 "$src/symlink"
	for days in 400 200 100 65 40 35 30 25 20 16 12 9 8 5 4 3 2 1; do
		run_backup 0
		redate "daily/$(basename "$(newest)")" "$(made_at "$days days ago")"
	done
	run_backup 0 prune
	# by now there are all tiers; bring those back into daily/ that another policy would
	# not have moved, and let latest point to one of them
	for snapshot in $(snapshots | head -n 4); do
		redate "$snapshot" "${snapshot#*/}" daily || true
	done
	ln -sfn "$(snapshots | head -n 2 | tail -n 1)" "$dest/latest"
	for round in 1 2; do
		echo "$round" >"$src/$round"
		echo "$round" >"$src/new.$round"
		rm "$src/2$round"
		DAILY_COUNT=$((3 - round)) dry 0
		forecast=$(deeds)
		expected=$(counts)
		DAILY_COUNT=$((3 - round)) run_backup 0
		echo "$forecast"
		[ "$(deeds)" = "$forecast" ]
		[ "$(counts)" = "$expected" ]
		[ "$(wc -l <<<"$forecast")" -ge 2 ]
	done
	grep -q '^publish daily/NEW' <<<"$forecast"
}

@test "prune --dry-run foretells what prune does" {
	echo 1 >"$src/a"
	for days in 90 60 45 30 20 15 10 6 5 4 3 2; do
		run_backup 0
		redate "daily/$(basename "$(newest)")" "$(made_at "$days days ago")"
	done
	export DAILY_COUNT=3 WEEKLY_COUNT=2 MONTHLY_COUNT=1
	fingerprint "$dest" all >"$work/before"
	run_backup 0 prune --dry-run
	fingerprint "$dest" all | cmp "$work/before" -
	forecast=$(deeds)
	grep -q '^move daily/.* to weekly/: newest of week ' <<<"$forecast"
	grep -q '^move daily/.* to monthly/: newest of month ' <<<"$forecast"
	grep -q '^remove daily/.*: beyond the counts' <<<"$forecast"
	[[ ${lines[-1]} =~ \]\ 12\ snapshots,\ [0-9]+\ would\ be\ moved,\ [0-9]+\ would\ be\ removed$ ]]
	run_backup 0 prune
	[ "$(deeds)" = "$forecast" ]
	[[ ${lines[-1]} =~ \]\ 12\ snapshots,\ [0-9]+\ moved,\ [0-9]+\ removed$ ]]
	[ "$(snapshots | wc -l)" -eq 6 ]
	DRY_RUN=on run_backup 0 prune
	[ -z "$(deeds)" ]
}
