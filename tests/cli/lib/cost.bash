# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the tests, and with common.bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What a run costs, for the tests that set bounds; load it after common.bash.

# measured FIELD FILE COMMAND...: runs it and notes in FILE the most that FIELD of its
# status was, in KiB, in the larger of its two processes; rsync's does not count.
# VmHWM: all memory; RssAnon: without what is mapped from files.
measured() {
	local peak=0 worker='' pid file line lines
	"${@:3}" >"$work/out" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		[ -n "$worker" ] || worker=$(pgrep -P "$pid" -x backup) || :
		for file in /proc/"$pid"/status /proc/"$worker"/status; do
			{ mapfile -t lines <"$file"; } 2>/dev/null || continue
			for line in "${lines[@]}"; do
				[[ $line =~ ^$1:[[:space:]]*([0-9]+) ]] || continue
				[ "${BASH_REMATCH[1]}" -le "$peak" ] || peak=${BASH_REMATCH[1]}
			done
		done
		sleep 0.05
	done
	echo "$peak" >"$2"
	wait "$pid"
}

# count_calls COMMAND...: sets $calls to how many system calls it makes with all that it
# starts. strace's own counting leaves out those that it has no name for.
count_calls() {
	# the sanitizers' leak check cannot work under strace
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
		strace -f -qq -e raw=all -o "$work/trace" "$@" >"$work/out" 2>&1
	calls=$(grep -cE '^[0-9]+ +[a-z0-9_]+\(' "$work/trace")
}
