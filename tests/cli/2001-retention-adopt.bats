#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Destinations that the shell scripts made: adopted as they stand, nothing lost.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# script_run NAME [TIER...]: what the scripts did: rsync with --link-dest to latest, then
# `cp -al` into other tiers under the same name.
script_run() {
	local tier name=$1
	mkdir -p "$dest"/{daily,weekly,monthly}
	rsync -aHAX --delete --link-dest="$dest/latest" "$src/" "$dest/daily/$name/" 2>/dev/null
	for tier in "${@:2}"; do
		[ "$tier" = daily ] || cp -al "$dest/daily/$name" "$dest/$tier/$name"
	done
	ln -sfn "daily/$name" "$dest/latest"
}

setup() {
	common_setup
	mkdir "$src/dir"
	for n in {1..9}; do echo "$n" >"$src/dir/$n"; done
	chmod 600 "$src/dir/1"
	touch -d 2001-01-01 "$src/dir/2" "$src"
	export TZ=Europe/Berlin
}

@test "the first run loses nothing, links to the newest, and moves and removes nothing" {
	for name in 2026-01-31 2026-06-30 2026-08-30; do script_run "${name}_03-00-00" monthly weekly; done
	for name in 2026-09-06 2026-09-13 2026-09-20; do script_run "${name}_03-00-00" weekly; done
	for n in {21..29}; do script_run "2026-09-${n}_03-00-00"; done
	fingerprint "$dest/daily" inodes >"$work/daily"
	fingerprint "$dest/weekly" inodes >"$work/weekly"
	fingerprint "$dest/monthly" inodes >"$work/monthly"
	before=$(snapshots)
	[ "$(wc -l <<<"$before")" -eq 24 ]

	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
	run_backup 0
	[[ $output == *'linking unchanged files to daily/2026-09-29_03-00-00'* ]]
	[[ $output == *'no snapshot is moved or removed: this is the first run on a destination that others made'* ]]
	[[ $output == *'9 linked'* ]]
	new=$(newest)
	same_inode "$new/dir/5" "$dest/daily/2026-09-29_03-00-00/dir/5"
	[ "$(readlink "$dest/latest")" = "daily/${new##*/}" ]
	[ "$(snapshots | grep -vxF "daily/${new##*/}")" = "$before" ]
	fingerprint "$dest/weekly" inodes | cmp "$work/weekly" -
	fingerprint "$dest/monthly" inodes | cmp "$work/monthly" -
	mv "$new" "$work/new"
	touch -d "$(sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* \(.*\) 0:0 '\.'\$|\1|p" "$work/daily")" "$dest/daily"
	fingerprint "$dest/daily" inodes | cmp "$work/daily" -
}

@test "later runs rotate it: what is due goes, one of two of the same name, newest last" {
	for name in 2026-01-31 2026-06-30 2026-08-30; do script_run "${name}_03-00-00" monthly weekly; done
	for name in 2026-09-06 2026-09-13 2026-09-20; do script_run "${name}_03-00-00" weekly; done
	for n in {21..29}; do script_run "2026-09-${n}_03-00-00"; done
	run_backup 0
	run_backup 0
	# 7 days: today and the 29th to the 24th; 4 weeks: the 23rd, 20th, 13th and 6th;
	# months: September (what is left of it), August, June, January
	[ "$(snapshots | grep -v "^daily/$(made_at now | cut -c 1-10)" | tac)" = "$(
		cat <<'END'
daily/2026-09-29_03-00-00
daily/2026-09-28_03-00-00
daily/2026-09-27_03-00-00
daily/2026-09-26_03-00-00
daily/2026-09-25_03-00-00
daily/2026-09-24_03-00-00
weekly/2026-09-23_03-00-00
monthly/2026-09-22_03-00-00
weekly/2026-09-20_03-00-00
weekly/2026-09-13_03-00-00
weekly/2026-09-06_03-00-00
monthly/2026-08-30_03-00-00
monthly/2026-06-30_03-00-00
monthly/2026-01-31_03-00-00
END
	)" ]
	# each of them whole
	snapshots | while read -r snapshot; do same_as_source "$dest/$snapshot"; done
	run_backup 0
	[[ $output != *removed* ]]
	[[ $output != *WARNING* ]]
}

@test "times are the names', in TZ, whatever the directories' mtimes say" {
	script_run 2026-03-01_12-00-00
	script_run 2026-02-01_12-00-00
	touch -d '2 years' "$dest/daily/2026-02-01_12-00-00"
	touch -d 1980-01-01 "$dest/daily/2026-03-01_12-00-00"
	run_backup 0 list --json
	jq -e '.[0].name == "2026-03-01_12-00-00" and .[0].time == "2026-03-01T12:00:00+01:00" and
		.[0].epoch == 1772362800 and .[0].files == null and .[0].size == null and
		.[0].status == "complete" and .[0].tier == "daily"' <<<"$output"
	run_backup 0 list
	grep -qE '^daily +2026-03-01_12-00-00 +complete +- +- +- ' <<<"$output"
	run_backup 0
	[[ $output == *'linking unchanged files to daily/2026-03-01_12-00-00'* ]]
}

@test "the newest may be in weekly or monthly only" {
	script_run 2026-03-01_12-00-00 weekly monthly
	rm -r "$dest/daily/2026-03-01_12-00-00" "$dest/weekly/2026-03-01_12-00-00"
	run_backup 0
	[[ $output == *'linking unchanged files to monthly/2026-03-01_12-00-00'* ]]
	same_inode "$(newest)/dir/1" "$dest/monthly/2026-03-01_12-00-00/dir/1"
}

@test "a source that shrank is told from a tree that others made" {
	script_run 2026-03-01_12-00-00
	rm "$src"/dir/{1..6}
	run_backup 0
	[[ $output == *'WARNING: the source has 3 files and had 9'* ]]
}

@test "what is not ours is never touched: names, files, links" {
	mkdir -p "$dest"/{daily,weekly,monthly,other,.hidden}
	script_run 2020-01-01_00-00-00
	mkdir "$dest/daily/mydata" "$dest/weekly/2020-01-01" "$dest/monthly/2020-13-01_00-00-00" \
		"$dest/daily/2020-01-01_00-00-00.1" "$dest/daily/2020-01-01_00-00-00.02" \
		"$dest/daily/2020-01-01_00-00-00.bak" "$dest/daily/2020-02-30_00-00-00" \
		"$dest/weekly/x2020-01-01_00-00-00" "$dest/daily/2020-01-01_00-00-00 " "$dest/daily/2020-01-01_24-00-00"
	echo mine >"$dest/daily/2019-01-01_00-00-00"
	ln -s "$work/elsewhere" "$dest/weekly/2019-01-01_00-00-00"
	ln -s ../daily/2020-01-01_00-00-00 "$dest/weekly/2018-01-01_00-00-00"
	mkdir -p "$work/elsewhere/keep"
	echo mine >"$dest/other/file"
	find "$dest" "$work/elsewhere" -name '2020-01-01_00-00-00' -type d -prune -o \( -name latest -o -name .backup \) -prune \
		-o -mindepth 2 -print | sort >"$work/before"
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	run_backup 0
	[[ $output == *"WARNING: 'daily/2019-01-01_00-00-00' is not a directory, left alone"* ]]
	run_backup 0
	run_backup 0
	run_backup 0 prune
	[ ! -e "$dest/daily/2020-01-01_00-00-00" ] # that one was due
	[ "$(cat "$dest/daily/2019-01-01_00-00-00")" = mine ]
	[ -d "$work/elsewhere/keep" ]
	while IFS= read -r path; do [ -e "$path" ] || [ -L "$path" ]; done <"$work/before"
	run --separate-stderr -0 "$BACKUP" list
	[[ $output != *mydata* ]]
	[[ $output != *2018* ]]
}

@test "tiers that are symbolic links or files are not written through" {
	mkdir -p "$dest" "$work/elsewhere/2020-01-01_00-00-00"
	ln -s "$work/elsewhere" "$dest/weekly"
	run "$BACKUP"
	[ -d "$work/elsewhere/2020-01-01_00-00-00" ]
	[ "$(ls "$work/elsewhere")" = 2020-01-01_00-00-00 ]
	rm "$dest/weekly"
	rm -rf "$dest/.backup"
	echo file >"$dest/weekly"
	run_backup 1
	[[ $output == *weekly* ]]
	[ "$(cat "$dest/weekly")" = file ]
}
