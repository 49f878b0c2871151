#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the native engine does by itself, and how it gets on when a call fails.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2030,SC2031 # every test has its own variables
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	export ENGINE=native
}

# threads_used: how many threads a run has, the one that waits for them left out.
threads_used() {
	local list="$work/tasks"
	echo x >"$src/x"
	with_fault 0 FAULT_CALL=write FAULT_NTH=0 \
		FAULT_COMMAND="ls /proc/\$PPID/task | wc -l >>$list"
	echo $(($(sort -n "$list" | tail -n 1) - 1))
	rm "$list"
}

@test "THREADS says on how many threads, otherwise the processors do, at most 4" {
	needs taskset
	[ "$(THREADS=1 threads_used)" = 1 ]
	[ "$(THREADS=7 threads_used)" = 7 ]
	cpu=$(taskset -cp $$ | grep -o '[0-9]*$')
	taskset -cp "$cpu" $BASHPID
	[ "$(threads_used)" = 1 ]
}
