#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup verify: every kind of damage is found, and nothing else; what several snapshots
# share is read once; what was found is remembered.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/damage

setup() {
	common_setup
	mkdir -p "$src/d/e"
	echo one >"$src/a"
	echo two >"$src/d/b"
	head -c 100000 /dev/urandom >"$src/d/e/c"
	ln -s target "$src/link"
	mkfifo "$src/fifo"
}

# found PATH FAULTS: the newest has that fault, and it is the only one.
found() {
	run_backup 1 verify --json
	jq -e --arg path "$1" --arg faults "$2" '.[0].verdict == "damaged" and .[0].findings == 1
		and .[0].damage[0].path == $path and (.[0].damage[0].faults | join(" ")) == $faults' \
		<<<"$output"
}

good() {
	run_backup 0 verify
	[[ $output == *': good; '* ]]
}

@test "each kind of damage is found, and none is when it is mended" {
	local top d
	run_backup 0
	top=$(newest) d=$(newest)/d
	good

	flip "$d/e/c" 77777
	found d/e/c content
	cp -p "$src/d/e/c" "$d/e/c"
	good

	keeping_time "$d/b" truncate -s 2 "$d/b"
	found d/b size
	keeping_time "$d/b" cp "$src/d/b" "$d/b"
	good

	keeping_time "$d" rm "$d/b"
	found d/b missing
	keeping_time "$d" cp -p "$src/d/b" "$d/b"
	good

	keeping_time "$d" touch "$d/extra"
	found d/extra extra
	keeping_time "$d" rm "$d/extra"

	touch "$top/a"
	found a time
	touch -r "$src/a" "$top/a"
	touch "$d/e"
	found d/e time
	touch -r "$src/d/e" "$d/e"

	chmod g+w "$top/a"
	found a mode
	chmod g-w "$top/a"
	chmod o-x "$d"
	found d mode
	chmod --reference "$src/d" "$d"
	good

	keeping_time "$top" ln -sfn elsewhere "$top/link"
	touch -hr "$src/link" "$top/link"
	found link target
	keeping_time "$top" ln -sfn target "$top/link"
	touch -hr "$src/link" "$top/link"

	keeping_time "$top" rm "$top/fifo"
	keeping_time "$top" touch "$top/fifo"
	touch -r "$src/fifo" "$top/fifo"
	chmod --reference "$src/fifo" "$top/fifo"
	found fifo type
	keeping_time "$top" rm "$top/fifo"
	keeping_time "$top" mkfifo "$top/fifo"
	touch -r "$src/fifo" "$top/fifo"
	good

	chmod 700 "$top"
	found '' mode
	chmod --reference "$src" "$top"
	good
}

@test "another owner, another device" {
	needs_root
	mknod "$src/null" c 1 3
	run_backup 0
	chown 12:34 "$(newest)/a"
	found a owner
	chown 0:0 "$(newest)/a"
	keeping_time "$(newest)" rm "$(newest)/null"
	keeping_time "$(newest)" mknod "$(newest)/null" c 1 5
	touch -r "$src/null" "$(newest)/null"
	found null device
}

@test "one flipped bit, at random places of random files: each is found" {
	local i file at
	for i in {1..40}; do head -c $((RANDOM * 3 + 1)) /dev/urandom >"$src/d/$i"; done
	run_backup 0
	for i in {1..40}; do
		file=d/$((RANDOM % 40 + 1))
		at=$(shuf -n 1 -i 0-$(($(stat -c %s "$src/$file") - 1)))
		echo "$file at $at"
		flip "$(newest)/$file" "$at"
		found "$file" content
		keeping_time "$(newest)/$file" cp "$src/$file" "$(newest)/$file"
	done
	good
}

@test "a hundred runs, and nothing is wrong after any" {
	local nth # `run` has an i of its own
	for nth in {1..100}; do
		echo "$nth" >"$src/d/$((nth % 7))"
		run_backup 0
		run_backup 0 verify
		[ $((nth % 10)) != 0 ] || run_backup 0 verify --all
	done
	[ "$(grep -c ': good; ' <<<"$output")" = 100 ]
}

@test "hostile names" {
	local name
	for name in $'new\nline' $'\377\376' '-rf' '#x' 'a b' '*?[' '\040' $'\e[31m'; do
		echo x >"$src/$name"
		mkdir "$src/d/$name"
		echo y >"$src/d/$name/$name"
	done
	run_backup 0
	good
	flip "$(newest)/d/"$'\377\376/\377\376' 0
	run_backup 1 verify
	[[ $output == *'  d/\xff\xfe/\xff\xfe: content'* ]]
	flip "$(newest)/"$'new\nline' 0
	run_backup 1 verify
	[[ $output == *'  new\nline: content'* ]]
}

@test "which other snapshots hold the damaged file" {
	local first
	run_backup 0
	first=$(snapshots)
	run_backup 0
	echo changed >"$src/a"
	run_backup 0
	flip "$(newest)/d/b" 1
	flip "$(newest)/a" 1
	run_backup 1 verify --json
	jq -e '.[0].damage | length == 2 and (map(select(.path == "a"))[0].also_in == []) and
		(map(select(.path == "d/b"))[0].also_in | length == 2)' <<<"$output"
	jq -e --arg first "$first" '.[0].damage[] | select(.path == "d/b").also_in | index($first)' <<<"$output"
	run_backup 1 verify --all --json
	jq -e 'map(.verdict == "damaged") | all' <<<"$output"
	jq -e 'map(.damage | map(.path) | sort | join(" ")) == ["a d/b", "d/b", "d/b"]' <<<"$output"
}

@test "what snapshots share is read once" {
	run_backup 0
	run_backup 0
	echo changed >"$src/a"
	run_backup 0
	run_backup 0 verify --all --json
	jq -e 'map([.read, .shared]) == [[3, 0], [1, 2], [0, 3]]' <<<"$output"
}

@test "a file that is gone from the newest is read in the one before" {
	run_backup 0
	run_backup 0
	flip "$(newest)/d/b" 0
	keeping_time "$(newest)/d" rm "$(newest)/d/b"
	run_backup 1 verify --all --json
	jq -e 'map(.damage[0].faults[0]) == ["missing", "content"]' <<<"$output"
}

@test "it is remembered when, and what came of it" {
	local verdict name before
	run_backup 0
	name=$(basename "$(newest)")
	verdict=$dest/.backup/snapshots/$name.verified
	good
	jq -e '.verdict == "good" and (now - .time | . >= 0 and . < 100) and .compared == 8 and
		.read == 3 and .findings == 0' "$verdict"
	run_backup 0 list --json
	jq -e '.[0] | .verdict == "good" and .damaged == false and .verified > 1700000000' <<<"$output"
	flip "$(newest)/a" 0
	run_backup 1 verify
	jq -e '.verdict == "damaged" and .findings == 1' "$verdict"
	run_backup 0 list --json
	jq -e '.[0] | .verdict == "damaged" and .damaged and .status == "complete"' <<<"$output"
	run_backup 1 status --json
	jq -e --arg name "$name" '.snapshots.each | length == 1 and (.[0] | .name == $name and
		.tier == "daily" and .verdict == "damaged" and .verified > 1700000000)' <<<"$output"
	tail -n 2 "$dest/.backup/history.jsonl" | jq -es --arg name "$name" '
		map(.verified == [$name] and .utc_offset == 0 and now - .time < 100) == [true, true] and
		map(.damaged) == [0, 1]'
	before=$(cat "$verdict" "$dest/.backup/history.jsonl")
	DRY_RUN=on run_backup 1 verify
	[ "$before" = "$(cat "$verdict" "$dest/.backup/history.jsonl")" ]
	run_backup 0 list
}

@test "which: latest, names, the beginning of one, none, several" {
	run_backup 0
	redate "$(snapshots)" 2020-01-01_00-00-00
	run_backup 0
	run_backup 0 verify 2020
	[[ $output == daily/2020-01-01_00-00-00:* ]]
	run_backup 0 verify latest 2020 --json
	jq -e 'length == 2' <<<"$output"
	run_backup 1 verify 1999
	[[ $output == *"there is no snapshot '1999'"* ]]
	run_backup 2 verify --all latest
	run_backup 2 verify --al
	BACKUP_DEST=$work/empty
	mkdir "$work/empty"
	run_backup 1 verify
	said "there is no snapshot in BACKUP_DEST '$work/empty'"
	run_backup 1 verify --all
	said "there is no snapshot in BACKUP_DEST '$work/empty'"
}

@test "no manifest is not good" {
	run_backup 0
	run_backup 0
	rm "$dest/.backup/snapshots/$(basename "$(newest)").mtree.zst"
	run_backup 3 verify --all --json
	jq -e 'map(.verdict) == ["no manifest", "good"]' <<<"$output"
	flip "$dest/$(snapshots | head -n 1)/a" 0
	run_backup 1 verify --all
}

@test "a file that cannot be read is damage" {
	run_backup 0
	chmod 000 "$(newest)/a"
	if [ "$(id -u)" = 0 ]; then
		needs setpriv
		run -1 setpriv --bounding-set=-dac_override,-dac_read_search "$BACKUP" verify --json
	else
		run_backup 1 verify --json
	fi
	jq -e '.[0].damage | map(select(.path == "a").faults[]) | sort == ["mode", "unreadable"]' <<<"$output"
}
