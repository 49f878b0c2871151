#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# THREADS did not bind deletion, which took as many threads as there are processors.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# threads_used COMMAND...: how many threads it starts, with its children.
threads_used() {
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
		strace -f -qq -e trace=clone,clone3 -o "$work/trace" "$@" >"$work/out" 2>&1
	grep -c CLONE_THREAD "$work/trace"
}

setup() {
	common_setup
	needs strace
	mkdir "$src/d"
	echo 1 >"$src/d/file"
	export MANIFEST=off KEEP_WITHIN=0s DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
}

@test "THREADS binds what prune and forget delete by" {
	local threads
	for threads in 1 3; do
		DAILY_COUNT=9 KEEP_WITHIN=24h run_backup 0
		DAILY_COUNT=9 KEEP_WITHIN=24h run_backup 0
		[ "$(THREADS=$threads threads_used "$BACKUP" prune)" = "$threads" ]
		grep -q removed "$work/out"
	done
	DAILY_COUNT=9 KEEP_WITHIN=24h run_backup 0
	[ "$(THREADS=1 threads_used "$BACKUP" forget --yes "$(snapshots | head -n 1 | cut -d / -f 2)")" = 1 ]
}

@test "THREADS binds what a restore deletes by" {
	run_backup 0
	mkdir -p "$work/to/extra/d"
	[ "$(THREADS=1 threads_used "$BACKUP" restore --delete --no-keep --to "$work/to" latest)" = 1 ]
	[ ! -e "$work/to/extra" ]
}
