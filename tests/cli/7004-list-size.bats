#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# list --size: what snapshots take on the disk, against du.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/cost

# used DIR...: bytes allocated, each inode once.
used() {
	du -s -c --block-size=1 -- "$@" | tail -n 1 | cut -f 1
}

# All snapshots, but not the directory they are in, which grows and shrinks by itself.
used_by_all() {
	(
		shopt -s nullglob
		used "$dest"/{daily,weekly,monthly}/20*
	)
}

# block FILE KIB: a file of so much that is no zeros.
block() {
	head -c "$2"K /dev/urandom >"$1"
}

# size FIELD TIER/NAME <JSON
size() {
	jq --arg name "${2#*/}" ".[] | select(.name == \$name).$1"
}

# history: snapshots of which files came, went, changed, moved, and are linked inside.
history() {
	local i
	mkdir "$src/d" "$src/d/e" "$src/many"
	block "$src/always" 100
	block "$src/twice" 40
	ln "$src/twice" "$src/d/twice"
	for i in {1..50}; do block "$src/many/$i" 1; done
	block "$src"/$'d/e/new\nline' 8
	block "$src/d/-dash" 8
	block "$src/d/"$'\xff' 8
	ln -s always "$src/link"
	mkfifo "$src/fifo"
	run_backup 0
	block "$src/second" 200
	block "$src/d/-dash" 12
	mv "$src/many" "$src/moved"
	run_backup 0
	rm "$src/second"
	block "$src/third" 64
	ln "$src/third" "$src/d/e/third"
	ln "$src/always" "$src/d/always"
	run_backup 0
	mkdir -p "$src/x/y/z"
	block "$src/x/y/z/deep" 24
	rm -r "$src/d"
	run_backup 0
	: >"$src/d" # a file where a directory was
	run_backup 0
}

@test "each as du says, all together, and what du loses when it is removed" {
	history
	mapfile -t names < <(snapshots)
	[ ${#names[@]} -eq 5 ]
	run_backup 0 list --size --json
	listed=$output
	for name in "${names[@]}"; do
		[ "$(size disk_size "$name" <<<"$listed")" -eq "$(used "$dest/$name")" ]
	done
	[ "$(jq .total "$dest/.backup/sizes.json")" -eq "$(cd "$dest" && used "${names[@]}")" ]
	for i in 1 3 0 4; do
		name=${names[i]}
		run_backup 0 list --size --json
		alone=$(size alone_size "$name" <<<"$output")
		before=$(used_by_all)
		rm -r "${dest:?}/$name"
		echo "$name: $alone"
		[ $((before - $(used_by_all))) -eq "$alone" ]
	done
}

@test "what each added to the one before" {
	history
	mapfile -t names < <(snapshots)
	run_backup 0 list --size --json
	for i in "${!names[@]}"; do
		before=
		[ "$i" -eq 0 ] || before=${names[i - 1]}
		# du counts an inode where it meets it first
		added=$(cd "$dest" && du -s --block-size=1 ${before:+"$before"} "${names[i]}" | tail -n 1 | cut -f 1)
		[ "$(size added_size "${names[i]}" <<<"$output")" -eq "$added" ]
	done
}

@test "what is linked elsewhere, or from a run that died, is nobody's alone" {
	block "$src/a" 400
	run_backup 0
	name=$(snapshots)
	run_backup 0 list --size --json
	[ "$(size alone_size "$name" <<<"$output")" -ge $((400 * 1024)) ]
	rm "$dest/.backup/sizes.json"
	ln "$dest/$name/a" "$dest/.backup/building/a"
	run_backup 0 list --size --json
	[ "$(size alone_size "$name" <<<"$output")" -lt $((400 * 1024)) ]
	[ "$(size disk_size "$name" <<<"$output")" -ge $((400 * 1024)) ]
	# and it is not kept, since nothing tells when that link goes
	[ ! -e "$dest/.backup/sizes.json" ]
	rm "$dest/.backup/building/a"
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 0 list --size --json
	[ ! -e "$dest/.backup/sizes.json" ]
	exec {lock}>&-
}

@test "it is measured once, and again when a snapshot comes or goes" {
	history
	run_backup 0 list --size
	kept=$dest/.backup/sizes.json
	jq '.total = 12345 | .snapshots[0].alone = 1024' "$kept" >"$work/kept"
	cp "$work/kept" "$kept"
	run_backup 0 list --size
	[ "${lines[-1]}" = 'all together: 12.1 KiB' ]
	[[ ${lines[1]} == *' 1.0 KiB '* ]]
	run_backup 0 status
	[[ $output == *'on the disk    12.1 KiB, measured 20'* ]]
	[ "$("$BACKUP" status --json | jq .size.bytes)" = 12345 ]
	run_backup 0
	run_backup 0 list --size
	[ "$(jq .total "$kept")" -gt 100000 ]
	[ "$(jq '.snapshots | length' "$kept")" -eq 6 ]
	rm -r "${dest:?}/$(snapshots | head -n 1)"
	run_backup 0 list --size
	[ "$(jq '.snapshots | length' "$kept")" -eq 5 ]
	# one that is damaged is as good as none
	for damage in '' '{' '[]' '{"time":1,"total":-1,"snapshots":[]}' '{"time":1,"total":1,"snapshots":[{"name":1}]}'; do
		echo "$damage" >"$kept"
		run_backup 0 list --size
		[ "$(jq .total "$kept")" -gt 100000 ]
	done
	rm "$kept"
	mkdir "$kept"
	run_backup 0 list --size
	[[ ${lines[-1]} == 'all together: '* ]]
}

@test "the table, and snapshots that other programs made" {
	mkdir -p "$dest/daily/2026-01-02_03-04-05"
	block "$dest/daily/2026-01-02_03-04-05/a" 64
	run_backup 0 list --size
	[[ ${lines[0]} =~ ^TIER\ +SNAPSHOT\ +STATUS\ +FILES\ +ON\ DISK\ +ALONE\ +ADDED$ ]]
	[[ ${lines[1]} =~ ^daily\ +2026-01-02_03-04-05\ +complete\ +-\ +6[0-9].*KiB ]]
	[ ! -e "$dest/.backup" ]
	rm -r "$dest/daily"
	run_backup 0 list --size
	[ "$output" = "no snapshots in '$dest'" ]
	run_backup 0 list --size --json
	[ "$output" = '[]' ]
}

@test "on a destination that is read-only" {
	mount_on "$dest" -t tmpfs tmpfs
	block "$src/a" 64
	run_backup 0
	mount -o remount,ro "$dest"
	run_backup 0 list --size --json
	[ "$(jq '.[0].alone_size' <<<"$output")" -ge 65536 ]
	mount -o remount,rw "$dest"
}

@test "with few descriptors, many snapshots, and a tree that is deep and wide" {
	export DAILY_COUNT=100
	mkdir -p "$src"/{a,b,c}/1/2/3/4/5/6/7/8/9/{x,y,z}
	for dir in "$src"/{a,b,c}/1/2/3/4/5/6/7/8/9/{x,y,z}; do block "$dir/f" 4; done
	run_backup 0
	for i in {1..11}; do
		redate "$(snapshots | tail -n 1)" "$(made_at "$((20 - i)) days ago")"
		block "$src/b/1/2/3/f" "$i"
		run_backup 0
	done
	run bash -c 'ulimit -n 60 && exec "$0" list --size --json' "$BACKUP"
	[ "$status" -eq 0 ]
	[[ $output != *'could not be read'* ]]
	mapfile -t names < <(snapshots)
	for name in "${names[@]}"; do
		[ "$(size disk_size "$name" <<<"$output")" -eq "$(used "$dest/$name")" ]
	done
	alone=$(size alone_size "${names[5]}" <<<"$output")
	before=$(used_by_all)
	rm -r "${dest:?}/${names[5]}"
	[ $((before - $(used_by_all))) -eq "$alone" ]
}

@test "what is mounted in a snapshot is not entered" {
	block "$src/a" 64
	mkdir "$src/m"
	run_backup 0
	run_backup 0 list --size --json
	listed=$(size disk_size "$(snapshots)" <<<"$output")
	rm "$dest/.backup/sizes.json"
	mount_on "$(newest)/m" -t tmpfs tmpfs
	block "$(newest)/m/b" 512
	run_backup 0 list --size --json
	[ "$(size disk_size "$(snapshots)" <<<"$output")" -le "$listed" ]
}

@test "as another user: what cannot be read is said, and the figures are not kept" {
	needs_root
	needs setpriv
	block "$src/a" 4
	mkdir "$src/closed"
	block "$src/closed/b" 4
	run_backup 0
	chown -R 65534:65534 "$dest"
	chown 0:0 "$(newest)/closed"
	chmod 700 "$(newest)/closed"
	chmod 755 "$work" "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
	run -0 setpriv --reuid 65534 --regid 65534 --clear-groups "$BACKUP" list --size
	[[ $output == *'WARNING: 1 directory could not be read'* ]]
	[ ! -e "$dest/.backup/sizes.json" ]
}

@test "while runs come and snapshots go" {
	mkdir "$src/d"
	for i in {1..200}; do echo "$i" >"$src/d/$i"; done
	export DAILY_COUNT=2 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0
	run_backup 0
	for _ in {1..20}; do "$BACKUP" || touch "$work/bad"; done >"$work/runs" 2>&1 3>&- 4>&- &
	for _ in {1..20}; do
		run "$BACKUP" list --size --json
		[ "$status" -eq 0 ] || [[ $output == *'snapshots come and go while they are measured; try again later' ]]
		[ "$status" -ne 0 ] || jq -e 'length > 0 and all(.[]; .disk_size > 0)' <<<"$output"
	done
	wait
	[ ! -e "$work/bad" ]
	# what was kept is of snapshots that are there
	run_backup 0 list --size --json
	listed=$output
	for name in $(snapshots); do
		[ "$(size disk_size "$name" <<<"$listed")" -eq "$(used "$dest/$name")" ]
	done
}
