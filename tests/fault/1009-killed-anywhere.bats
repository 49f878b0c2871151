#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Killed from outside, by the kernel's own count of system calls: the program with
# everything it started, and rsync alone. Fewer points than each-call has, others each time,
# and all kinds.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	needs strace
	bench_setup
	dest=$bench/dest
	export BACKUP_DEST=$dest
	# the sanitizers' leak check cannot work under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	export KEEP_WITHIN=0s DAILY_COUNT=1 WEEKLY_COUNT=1 MONTHLY_COUNT=0
	mkdir -p "$src/d/e"
	for i in {1..5}; do echo "$i" >"$src/d/file$i"; done
	ln "$src/d/file1" "$src/d/e/hard"
	ln -s file1 "$src/d/soft"

	# three old snapshots: one to link to, one to be moved to weekly/, one to be removed
	for day in 2001-01-01 2001-01-10 2001-01-20; do
		echo "$day" >"$src/changing"
		KEEP_WITHIN=9999d run_backup 0
		redate "daily/$(basename "$(newest)")" "${day}_00-00-00"
		fingerprint "$(newest)" >"$work/$day"
	done
	echo today >"$src/changing"
	mv "$dest" "$bench/template"
}

# What must hold after every kill.
whole() {
	local name tier
	"$BACKUP" list --json >"$work/list"
	[ "$(jq -r '.[].status' "$work/list" | sort -u)" = complete ]
	while read -r tier name; do
		case $name in
		2001-*) fingerprint "$dest/$tier/$name" | cmp - "$work/${name%%_*}" ;;
		*) same_as_source "$dest/$tier/$name" ;;
		esac
	done < <(jq -r '.[] | .tier + " " + .name' "$work/list")
	[ -d "$dest/latest/d" ]
	jq -e --arg l "$(readlink "$dest/latest")" 'any(.[]; .tier + "/" + .name == $l)' "$work/list"
	jq -e 'any(.[]; .name == "2001-01-20_00-00-00")' "$work/list"
}

# killed_at CALLS NTH [OPTION]...: a run under strace that gets SIGKILL at that call; fails
# when it has fewer of them.
killed_at() {
	rm -rf "$dest"
	cp -a "$bench/template" "$dest"
	strace -f -qq -o "$work/trace" -e trace="$1" -e inject="$1:signal=KILL:when=$2" \
		"${@:3}" "$BACKUP" >"$work/out" 2>&1 || true
	grep -q '+++ killed by SIGKILL +++' "$work/trace"
}

puts_right() {
	whole
	# this run keeps it, the next one may not
	jq -e 'any(.[]; .name == "2001-01-10_00-00-00")' "$work/list"
	LOCK_WAIT=20s run_backup 0
	whole
	[ -z "$(ls -A "$dest/.backup/building")$(ls -A "$dest/.backup/trash")" ]
	same_as_source "$(newest)"
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	rm -f "$dest/.backup/snapshots/$(basename "$(newest)").table"
	# half of one is never seen, and the newest has one
	zstd -tq "$dest"/.backup/snapshots/*.mtree.zst
	rm "$dest/.backup/snapshots/$(basename "$(newest)").mtree.zst"
	rm -f "$dest"/.backup/snapshots/*.mtree.zst
	[ "$(ls "$dest/.backup/snapshots")" = "$(snapshots | sed 's|.*/||; s|$|.json|' | sort)" ]
}

@test "killed with everything it started, at system calls of every kind" {
	local points=0 least=30
	while read -r calls step most; do
		by_rsync || step=$(((step + 1) / 2)) # nobody else has calls to count
		# most of what is ours was killed with the other engine
		[ -z "${TEST_ENGINE-}" ] || step=$((step > 1 ? 2 * step : 1)) least=10
		for ((n = 1 + RANDOM % step; n <= most; n += step)); do
			killed_at "$calls" "$n" || break
			echo "killed at $calls $n"
			puts_right
			points=$((points + 1))
		done
		[ "$n" -gt "$step" ] # there was one of each kind
	done <<-'END'
		?renameat2,?renameat,?rename 2 40
		?mkdirat,?mkdir 4 40
		?unlinkat,?unlink 4 40
		?openat,?openat2 23 400
		?linkat,?link 2 10
		?symlinkat,?symlink 1 2
		?fsync 4 40
		?syncfs 1 2
		?write,?pwrite64 9 90
	END
	echo "# $points points" >&3
	[ "$points" -ge "$least" ]
}

# bats test_tags=engine:rsync
@test "rsync alone is killed, at system calls of every kind" {
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || exec "$(command -v rsync)" "\$@"
		exec strace -f -qq -o "$work/trace" -e trace="\$calls" \
			-e inject="\$calls:signal=KILL:when=\$nth" "$(command -v rsync)" "\$@"
	END
	chmod +x "$work/bin/rsync"
	local points=0
	while read -r calls step most; do
		for ((n = 1 + RANDOM % step; n <= most; n += step)); do
			rm -rf "$dest"
			cp -a "$bench/template" "$dest"
			run env calls="$calls" nth="$n" PATH="$work/bin:$PATH" "$BACKUP"
			echo "killed at $calls $n: $status"
			grep -q '+++ killed by SIGKILL +++' "$work/trace" || break
			[ "$status" -eq 1 ]
			[[ $output == *'ERROR: rsync '* ]]
			[ "$(snapshots | wc -l)" = 3 ]
			puts_right
			points=$((points + 1))
		done
		[ "$n" -gt "$step" ] # there was one of each kind
	done <<-'END'
		?mkdirat,?mkdir 2 10
		?openat,?openat2 20 100
		?linkat,?link 3 10
		?utimensat 3 10
		?write 7 40
	END
	echo "# $points points" >&3
	[ "$points" -ge 10 ]
}
