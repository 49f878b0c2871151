#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# METRICS_FILE cannot be written at each of its steps: the run is no worse for it, and who
# reads it finds what was there before, whole.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common

# fails CALL N: a run in which the N-th of those calls fails for lack of room; false: it
# did not make so many.
fails() {
	rm -f "$work/hit"
	"$BACKUP" >"$work/clean" # so that each begins alike
	echo 'of old' >"$metrics"
	run env ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" LD_PRELOAD="$FAULT_SHIM" \
		FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_CALL="$1" \
		FAULT_NTH="$2" FAULT_ERRNO=28 FAULT_HIT="$work/hit" "$BACKUP"
	[ -e "$work/hit" ]
}

# each_fails CALL: sets $warned to how many runs warned of METRICS_FILE, for lack of room
# and for nothing else, and leaves the last one's file as $work/left.
each_fails() {
	local n
	warned=0
	for n in {1..60}; do
		fails "$1" "$n" || return 0
		[[ $output == *"WARNING: METRICS_FILE '$metrics': "*'No space left on device, ignoring'* ]] || continue
		echo "$1 $n: $output"
		warned=$((warned + 1))
		[ "$status" -eq 0 ]
		[ "$(ls "$work/metrics")" = backup.prom ]
		cp "$metrics" "$work/left"
		[ "$(tail -n 1 "$dest/.backup/history.jsonl" | jq .exit)" = 0 ]
	done
	return 1 # there cannot be so many
}

@test "each step of leaving the metrics fails: a warning, and the old ones stay" {
	mkdir "$work/metrics"
	metrics=$work/metrics/backup.prom
	export METRICS_FILE=$metrics ALLOW_EMPTY_SOURCE=on MANIFEST=off
	run_backup 0
	for call in create chmod write rename; do
		each_fails "$call"
		[ "$warned" -eq 1 ]
		[ "$(cat "$work/left")" = 'of old' ]
	done
	# the file, and then its directory, in which the new one is by then
	each_fails fsync
	[ "$warned" -eq 2 ]
	grep -q '^backup_healthy' "$work/left"
	run_backup 0
	[[ $output != *WARNING* ]]
}
