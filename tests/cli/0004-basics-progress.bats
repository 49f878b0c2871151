#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# How far a run has come: on a terminal a line that is rewritten in place, which no line of
# the log is mixed up with; nothing of it in a file or a pipe.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/terminal

setup() {
	common_setup
	export ENGINE=native TERM=xterm
	for i in {1..40}; do head -c 100000 /dev/urandom >"$src/$i"; done
}

# What was shown in place, one a line.
statuses() {
	tr '\r' '\n' <"$work/raw" | sed -n 's/^\x1b\[K\([^[].*\)/\1/p'
}

@test "a terminal shows how far the run is, in one line" {
	BWLIMIT=2M on_terminal 100
	[ "$(statuses | wc -l)" -ge 2 ]
	[ "$(statuses | grep -cvE '^[0-9]+ files?, [0-9.]+ [KM]iB, [0-9.]+ [KM]iB/s$')" = 0 ]
	# it is taken away before a line of the log comes, and when the copy is done
	[ "$(grep -cP '[^\n\rK]\[\d{4}-' "$work/raw")" = 0 ]
	grep -q $'\x1b\\[K\\[....-..-.. ..:..:..] copied in' "$work/raw"
	# now it is known how much there is
	for i in {1..40}; do head -c 100000 /dev/urandom >"$src/$i"; done
	BWLIMIT=2M on_terminal 100
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files?, .*, [0-9.]+ m?i?n? ?[0-9]* ?s left$'
	[ "$(grep -cE 'iB/s|about' "$LOG_FILE")" = 0 ]
}

@test "a narrow terminal gets no more than fits into a line" {
	BWLIMIT=2M on_terminal 10
	[ "$(statuses | wc -l)" -ge 2 ]
	[ "$(statuses | wc -L)" -le 9 ]
}

@test "no terminal, and one that can nothing: no such line" {
	BWLIMIT=2M run_backup 0
	[[ $output != *$'\x1b'* && $output != *'iB/s'* ]]
	for i in {1..40}; do head -c 100000 /dev/urandom >"$src/$i"; done
	TERM=dumb BWLIMIT=2M on_terminal 100
	[ "$(grep -c $'\x1b' "$work/raw")" = 0 ]
	grep -q 'published' "$work/raw"
}

@test "after a run that was killed its line is taken away" {
	(
		until [ -s "$work/raw" ] && [ -n "$(statuses)" ]; do
			sleep 0.05
		done
		kill -KILL "$(pgrep -P "$(cat "$work/raw.pid")")"
	) &
	code=0
	BWLIMIT=1M on_terminal 100 || code=$?
	wait
	[ $code = 1 ]
	grep -q 'killed by signal 9' "$work/raw"
	[ -n "$(statuses)" ]
	[ "$(grep -cP '[^\n\rK]\[\d{4}-' "$work/raw")" = 0 ]
}

# Like on_terminal, each call CALL taking a twentieth of a second.
slowly() {
	local call=$1
	shift
	LD_PRELOAD=${FAULT_SHIM:-$root/build/tests/inject.so} \
		ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 FAULT_PROGRAM=backup \
		FAULT_CALL=$call FAULT_NTH=0 FAULT_COMMAND='sleep 0.05' on_terminal 100 "$@"
}

@test "so does what else takes long: find, verify, restore, diff, list, ls, prune" {
	rm "$src"/{11..40}
	for i in {1..12}; do
		mkdir "$src/dir$i"
		echo "$i" >"$src/dir$i/file"
	done
	run_backup 0
	slowly open find 'dir7'
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files, [0-9.]+ m?s left$'
	slowly open verify
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files?, [0-9.]+ [KMG]?i?B, .* left$'
	slowly open restore --verify --to "$work/out"
	statuses | grep -qE '^ *[0-9]+ % .*compared with the manifest: [0-9]+ files?, .* left$'
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files?, .* left$'
	export KEEP_WITHIN=0s DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
	redate "$(snapshots)" 2026-01-01_00-00-00
	run_backup 0
	slowly open diff 2026-01-01
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files?, .* left$'
	slowly open list --size
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files?, .* left$'
	# in no list that is on the terminal itself
	slowly open ls --recursive
	[ -z "$(statuses)" ]
	local program=$BACKUP
	BACKUP=/bin/sh slowly open -c "exec '$program' ls --recursive >'$work/list'"
	statuses | grep -qE '^ *[0-9]+ % \[=*> *\] [0-9]+ files?, .* left$'
	[ "$(wc -l <"$work/list")" = 34 ]
	mkdir -p "$dest/.backup/trash"
	cp -r "$src" "$dest/.backup/trash/2026-01-02_00-00-00"
	cp -r "$src" "$dest/.backup/trash/2026-01-03_00-00-00"
	slowly unlink prune
	statuses | grep -qE '^deleting: [0-9]+ files?$'
	# and where there is no terminal, nothing is heard of it
	run_backup 0 verify
	[[ $output != *$'\x1b'* && $output != *' left'* ]]
}
