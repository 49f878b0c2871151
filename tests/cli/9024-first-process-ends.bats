#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# As process 1 of a container, all commands but run went on whatever signal they got: docker
# stop waited, and Ctrl-C did nothing.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load lib/common

setup() {
	common_setup
	needs_root
	needs unshare pgrep
	unshare -p -f true 2>/dev/null || skip 'cannot have processes of its own'
	export TZ=UTC
}

# first COMMAND...: as process 1, writing to a pipe that nobody reads; its number here is
# $first. The reader ends it in any case.
first() {
	mkfifo "$work/pipe"
	# shellcheck disable=SC2217 # it holds the other end
	sleep 30 <"$work/pipe" 3>&- &
	reader=$!
	unshare -p -f "$BACKUP" "$@" >"$work/pipe" 2>"$work/errors" 3>&- &
	outer=$!
	for ((i = 0; i < 200; i++)); do
		first=$(pgrep -P "$outer" -x backup) && grep -q pipe "/proc/$first/wchan" "/proc/$first/stack" && break
		sleep 0.05
	done
}

@test "a command as process 1 ends with the signals that ask for it" {
	mkdir "$src/d"
	(cd "$src/d" && touch file-with-a-rather-long-name-so-that-a-pipe-is-soon-full-{1..3000})
	run_backup 0 run
	for signal in TERM INT HUP; do
		first ls latest d
		SECONDS=0
		kill -"$signal" "$first"
		code=0
		wait "$outer" || code=$?
		[ "$SECONDS" -lt 10 ]
		[ "$code" = $((128 + $(kill -l "$signal"))) ]
		kill "$reader"
		wait "$reader" || :
		rm "$work/pipe"
	done
}
