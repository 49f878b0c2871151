#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A signal was not heard while CHECKSUM=on compared a large file: services stayed down.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a comparison of a terabyte ends with SIGTERM" {
	export ENGINE=native CHECKSUM=on
	truncate -s 1T "$src/sparse" || skip 'no file of a terabyte here'
	CHECKSUM=off run_backup 0
	"$BACKUP" >"$work/output" 2>&1 &
	pid=$!
	# it is in the middle of it: at rest nobody reads that much
	until awk '/^rchar/ { exit !($2 > 100000000) }' "/proc/$(pgrep -P $pid)/io"; do
		kill -0 $pid
		sleep 0.1
	done
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code = 143 ]
	grep -q 'interrupted by SIGTERM' "$work/output"
}
