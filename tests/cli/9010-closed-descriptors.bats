#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Started without standard descriptors, as some schedulers do, the first files that were
# opened took their numbers: the log went into the pipe that wakes us for signals, and
# every run ended as interrupted.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load lib/common

@test "a run works without standard input, output and error" {
	local code=0
	echo data >"$src/file"
	"$BACKUP" run <&- >&- 2>&- || code=$?
	[ "$code" -eq 0 ]
	same_as_source "$(newest)"
	grep -q 'backup succeeded' "$LOG_FILE"
}
