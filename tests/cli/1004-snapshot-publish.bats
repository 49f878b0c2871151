#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What a run leaves behind: the snapshot's name, latest, its record, the history.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
# shellcheck disable=SC2016 # scripts for another shell
load lib/common

setup() {
	common_setup
	echo 1 >"$src/a"
}

@test "the layout on disk" {
	run_backup 0
	name=$(basename "$(newest)")
	[ "$(cd "$dest" && find . | sort)" = "$(grep . <<END | sort
.
./.backup
./.backup/building
./.backup/format
./.backup/history.jsonl
./.backup/lock
./.backup/snapshots
./.backup/snapshots/$name.json
./.backup/snapshots/$name.mtree.zst
$(by_rsync || echo "./.backup/snapshots/$name.table")
./.backup/trash
./daily
./daily/$name
./daily/$name/a
./latest
./monthly
./weekly
END
	)" ]
	jq -e '.format == 1 and (.id | test("^[0-9a-f]{32}$"))' "$dest/.backup/format"
	id=$(cat "$dest/.backup/format")
	run_backup 0
	[ "$(cat "$dest/.backup/format")" = "$id" ]
}

@test "a snapshot is named by the local time at which its run began" {
	before=$(date +%s)
	TZ=America/St_Johns run_backup 0
	after=$(date +%s)
	name=$(basename "$(newest)")
	[[ $name =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}$ ]]
	epoch=$(jq .time "$dest/.backup/snapshots/$name.json")
	[ "$before" -le "$epoch" ]
	[ "$epoch" -le "$after" ]
	[ "$name" = "$(TZ=America/St_Johns made_at "@$epoch")" ]
	offset=$(TZ=America/St_Johns date -d "@$epoch" +%::z)
	[[ $offset == -03:30:00 && $(jq .utc_offset "$dest/.backup/snapshots/$name.json") -eq -12600 ||
		$offset == -02:30:00 && $(jq .utc_offset "$dest/.backup/snapshots/$name.json") -eq -9000 ]]
}

@test "a name that is taken gets .2, then .3" {
	# all that the next seconds could be called is taken, whoever made it
	mkdir -p "$dest/daily" "$dest/weekly" "$dest/monthly"
	now=$(date +%s)
	for n in {0..20}; do
		mkdir "$dest/daily/$(made_at "@$((now + n))")"
		mkdir "$dest/weekly/$(made_at "@$((now + n))").2"
		: >"$dest/monthly/$(made_at "@$((now + n))").3"
	done
	run_backup 0
	[[ $output =~ published\ daily/([0-9_-]+\.4)$'\n' ]]
	name=${BASH_REMATCH[1]}
	[ -e "$dest/daily/$name/a" ]
	[ "$(readlink "$dest/latest")" = "daily/$name" ]
	jq -e --arg name "$name" '.name == $name' "$dest/.backup/snapshots/$name.json"
	[ -z "$(ls -A "$dest/daily/${name%.4}")" ]
}

@test "runs in the same second are all kept, in order" {
	for n in {1..12}; do
		echo "$n" >"$src/a"
		run_backup 0
	done
	[ "$(snapshots | wc -l)" -eq 12 ]
	[ "$(snapshots | while read -r snapshot; do cat "$dest/$snapshot/a"; done)" = "$(seq 12)" ]
	[ "$(cat "$dest/latest/a")" = 12 ]
	run_backup 0 list --json
	[ "$(jq -r '.[].name' <<<"$output")" = "$(snapshots | tac | cut -d / -f 2)" ]
}

@test "latest is a relative link to the newest and never dangles" {
	run_backup 0
	[ -L "$dest/latest" ]
	[ "$(readlink "$dest/latest")" = "$(snapshots)" ]
	echo 2 >"$src/a"
	run_backup 0
	[ "$(readlink "$dest/latest")" = "$(snapshots | tail -n 1)" ]
	[ "$(cat "$dest/latest/a")" = 2 ]
	# wherever the destination is looked at from
	mv "$dest" "$work/moved"
	[ "$(cat "$work/moved/latest/a")" = 2 ]
}

@test "latest resolves after a failed run, and a dangling one is put right" {
	run_backup 0
	target=$(readlink "$dest/latest")
	mv "$src" "$src.away"
	run_backup 1
	[ "$(readlink "$dest/latest")" = "$target" ]
	mv "$src.away" "$src"
	ln -sfn daily/2001-01-01_00-00-00 "$dest/latest"
	run_backup 0
	[ "$(readlink "$dest/latest")" = "$(snapshots | tail -n 1)" ]
}

@test "latest follows a snapshot that moves to another tier" {
	export DAILY_COUNT=0 KEEP_WITHIN=0
	run_backup 0
	redate "$(snapshots)" "$(made_at '1 hour ago')"
	run_backup 0 prune
	[ -e "$dest/latest/a" ]
	[ "$(readlink "$dest/latest")" = "$(snapshots)" ]
}

@test "a real directory or file called latest is left alone, with a warning" {
	mkdir -p "$dest/latest"
	echo mine >"$dest/latest/file"
	run_backup 0
	[[ $output == *"WARNING: '$dest/latest' is not a symbolic link, left alone"* ]]
	[ "$(cat "$dest/latest/file")" = mine ]
	[ -e "$(newest)/a" ]
	rm -r "$dest/latest"
	echo mine >"$dest/latest"
	run_backup 0
	[ "$(cat "$dest/latest")" = mine ]
}

@test "the record holds what a run came to" {
	ln "$src/a" "$src/b"
	mkdir "$src/dir"
	printf 12345 >"$src/dir/c"
	run_backup 0
	echo changed >"$src/dir/c"
	touch "$src/d"
	run_backup 0
	name=$(basename "$(newest)")
	jq -e --arg name "$name" --arg src "$src" --arg host "$(uname -n)" \
		--arg engine "${ENGINE:-native}" '
		.name == $name and .status == "complete" and .source == $src and
		.host == $host and .engine == $engine and .utc_offset == 0 and
		.duration >= 0 and .duration < 60 and
		.counts.files == 4 and .counts.dirs == 2 and .counts.new == 1 and
		.counts.changed == 1 and .counts.bytes_copied == 8 and
		.counts.vanished == 0 and .counts.unreadable == 0' "$dest/.backup/snapshots/$name.json"
	[ "$(stat -c %a "$dest/.backup/snapshots/$name.json")" = 600 ]
}

@test "history.jsonl has a line of JSON for each run, failed ones too, but no dry one" {
	run_backup 0
	mv "$src" "$src.away"
	run_backup 1
	run_backup 1
	mv "$src.away" "$src"
	run_backup 0 --dry-run
	LOG_FILE=/no/such/dir run_backup 0
	BACKUP_SRC=$work/$'broken "quote" \377' run_backup 1

	history=$dest/.backup/history.jsonl
	while IFS= read -r line; do
		jq -e '(.time | type) == "number" and (.files | type) == "number" and (.duration | type) == "number"' <<<"$line"
	done <"$history"
	[ "$(jq -r .result "$history" | tr '\n' ' ')" = 'ok failed failed warnings failed ' ]
	[ "$(jq -r .exit "$history" | tr '\n' ' ')" = '0 1 1 0 1 ' ]
	[ "$(jq -r '.snapshot // "none"' "$history" | tr '\n' ' ')" = "$(snapshots | cut -d / -f 2 | sed '1a none\nnone' | tr '\n' ' ')none " ]
	jq -es '.[1].reason | contains("BACKUP_SRC")' "$history"
	jq -es '.[4].reason | contains("broken \"quote\"")' "$history"
}

@test "a line of the history that a crash cut short does not spoil the next" {
	run_backup 0
	printf '{"time":1,"resu' >>"$dest/.backup/history.jsonl"
	run_backup 0
	[ "$(wc -l <"$dest/.backup/history.jsonl")" -eq 3 ]
	tail -n 1 "$dest/.backup/history.jsonl" | jq -e '.result == "ok"'
}

# bats test_tags=engine:rsync
@test "a run that fails in the middle publishes nothing and the next one uses what it copied" {
	for n in {1..10}; do echo "$n" >"$src/$n"; done
	printf '#!/bin/sh\n[ "$1" != --version ] || exec %q "$@"\n%q "$@"\nexit 11\n' \
		"$(command -v rsync)" "$(command -v rsync)" >"$work/rsync"
	chmod +x "$work/rsync"
	PATH=$work:$PATH run_backup 1
	[[ $output == *'ERROR: rsync failed with exit code 11'* ]]
	[ -z "$(snapshots)" ]
	[ ! -e "$dest/latest" ]
	left=$(stat -c %i "$dest"/.backup/building/*/5)
	run_backup 0
	[[ $output == *'was interrupted; what it copied is used'* ]]
	[ "$(stat -c %i "$(newest)/5")" = "$left" ]
	[ -z "$(ls -A "$dest/.backup/building")" ]
	[ -z "$(ls -A "$dest/.backup/trash")" ]
	same_as_source "$(newest)"
}

# bats test_tags=engine:rsync
@test "what vanishes during the run is a warning with a count, and the snapshot complete" {
	printf '#!/bin/sh\n[ "$1" != --version ] || exec %q "$@"\n%q "$@"\necho "file has vanished: \\"/data/x\\"" >&2\necho "file has vanished: \\"/data/y\\"" >&2\nexit 24\n' \
		"$(command -v rsync)" "$(command -v rsync)" >"$work/rsync"
	chmod +x "$work/rsync"
	PATH=$work:$PATH run_backup 0
	[[ $output == *'WARNING: file has vanished: "/data/x"'* ]]
	[[ $output == *'2 vanished before they could be copied'* ]]
	jq -e '.status == "complete" and .counts.vanished == 2' "$dest/.backup/snapshots/$(basename "$(newest)").json"
}

# bats test_tags=engine:rsync
@test "what is partial is published and marked, ends with 3, and removes nothing" {
	export DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	run_backup 0
	old=$(redate "$(snapshots)" 2020-01-01_00-00-00)
	run_backup 0
	good=$(snapshots | tail -n 1)
	printf '#!/bin/sh\n[ "$1" != --version ] || exec %q "$@"\n%q "$@"\necho "rsync: [sender] send_files failed to open \\"/data/secret\\": Permission denied (13)" >&2\nexit 23\n' \
		"$(command -v rsync)" "$(command -v rsync)" >"$work/rsync"
	chmod +x "$work/rsync"
	PATH=$work:$PATH run_backup 3
	[[ $output == *'WARNING: rsync: [sender] send_files failed to open "/data/secret"'* ]]
	[[ $output == *'no snapshot is moved or removed: some files could not be read'* ]]
	partial=$(snapshots | tail -n 1)
	jq -e '.status == "partial" and .counts.unreadable == 1' "$dest/.backup/snapshots/${partial#*/}.json"
	[ "$(readlink "$dest/latest")" = "$good" ]
	[ -e "$dest/$old" ]
	tail -n 1 "$dest/.backup/history.jsonl" | jq -e '.result == "partial" and .exit == 3'
	# and never takes the place of a good one
	run_backup 0 prune
	[ -e "$dest/$good" ]
	run_backup 0 list
	grep -qE "^daily +${partial#*/} +partial " <<<"$output"
}

# bats test_tags=engine:rsync
@test "each other exit code of rsync fails the run and publishes nothing" {
	for code in 1 2 3 4 5 10 11 12 13 14 20 21 22 25 30 35 124; do
		printf '#!/bin/sh\n[ "$1" != --version ] || exec %q "$@"\n%q "$@"\nexit %d\n' \
			"$(command -v rsync)" "$(command -v rsync)" "$code" >"$work/rsync"
		chmod +x "$work/rsync"
		PATH=$work:$PATH run_backup 1
		[[ $output == *"ERROR: rsync failed with exit code $code: "* ]]
	done
	[ -z "$(snapshots)" ]
	[ "$(find "$dest/.backup/building" -mindepth 1 -maxdepth 1 -type d | wc -l)" -le 5 ]
	run_backup 0
	[ -z "$(ls -A "$dest/.backup/building")" ]
}

@test "a run does not follow or change links and permissions of the destination's own" {
	umask 077
	run_backup 0
	[ "$(stat -c %a "$dest")" = 700 ]
	chmod 750 "$dest"
	run_backup 0
	[ "$(stat -c %a "$dest")" = 750 ]
	# a destination reached by a link is fine
	ln -s dest "$work/link"
	BACKUP_DEST=$work/link run_backup 0
	[ "$(snapshots | wc -l)" -eq 3 ]
}
