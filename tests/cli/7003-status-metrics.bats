#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Metrics for Prometheus: status --prometheus, and METRICS_FILE after each run.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	metrics=$work/metrics/backup.prom
	mkdir "$work/metrics"
}

# value NAME [LABELS] <TEXT: of that metric, whose further labels are LABELS.
value() {
	awk -v name="backup_$1{destination=\"$dest\"${2:+,$2}}" 'index($0, name " ") == 1 { print $2 }'
}

# accepted <TEXT: by Prometheus' own reader.
accepted() {
	needs promtool
	promtool check metrics
}

@test "--prometheus: each metric, and promtool has nothing to say" {
	echo 12345 >"$src/a"
	run_backup 0
	run_backup 0 status --prometheus
	text=$output
	[ "$(value healthy <<<"$text")" = 1 ]
	[ "$(value running <<<"$text")" = 0 ]
	[ "$(value last_run_status 'status="ok"' <<<"$text")" = 1 ]
	[ "$(value last_run_status 'status="failed"' <<<"$text")" = 0 ]
	[ "$(value last_run_exit_code <<<"$text")" = 0 ]
	[ "$(value last_run_files <<<"$text")" = 1 ]
	[ "$(value last_run_size_bytes <<<"$text")" = 6 ]
	[ "$(value last_run_copied_bytes <<<"$text")" = 6 ]
	[ "$(value snapshots 'tier="daily"' <<<"$text")" = 1 ]
	[ "$(value snapshots 'tier="monthly"' <<<"$text")" = 0 ]
	began=$(jq .time "$dest/.backup/history.jsonl")
	[ "$(value last_success_timestamp_seconds <<<"$text")" = "$began" ]
	[ "$(value last_run_timestamp_seconds <<<"$text")" = "$began" ]
	[ -z "$(value last_failure_timestamp_seconds <<<"$text")" ]
	[ -z "$(value services_down <<<"$text")" ] # SCALE=off
	[ "$(value destination_free_bytes <<<"$text")" -gt 0 ]
	rm "$src/a"
	run_backup 1
	run_backup 1 status --prometheus
	[ "$(value healthy <<<"$output")" = 0 ]
	[ "$(value last_run_status 'status="failed"' <<<"$output")" = 1 ]
	[ "$(value last_success_timestamp_seconds <<<"$output")" = "$began" ]
	[ "$(value last_failure_timestamp_seconds <<<"$output")" -ge "$began" ]
	accepted <<<"$output"
	accepted <<<"$text"
}

@test "what is not known is left out" {
	mkdir "$dest"
	run_backup 1 status --prometheus
	[ "$(value healthy <<<"$output")" = 0 ]
	[[ $output != *last_run* ]]
	[[ $output != *full_in* ]]
	accepted <<<"$output"
}

@test "a destination with an odd name" {
	for name in $'new\nline' 'quote"back\slash' $'no\xffutf8' '-dash ü'; do
		export BACKUP_DEST=$work/$name
		mkdir "$BACKUP_DEST"
		run_backup 1 status --prometheus
		accepted <<<"$output"
		[ "$(grep -vc '^#' <<<"$output")" -eq "$(grep -c '^backup_.*{destination=".*"} [0-9.]*$\|^backup_.*{destination=".*",.*"} [0-9.]*$' <<<"$output")" ]
	done
}

@test "METRICS_FILE is written after each run, for everybody, also when it fails early" {
	export METRICS_FILE=$metrics
	umask 077
	echo 1 >"$src/a"
	run_backup 0
	[ "$(stat -c %a "$metrics")" = 644 ]
	[ "$(value healthy <"$metrics")" = 1 ]
	[ "$(value running <"$metrics")" = 0 ]
	[ "$(value snapshots 'tier="daily"' <"$metrics")" = 1 ]
	accepted <"$metrics"
	good=$(value last_success_timestamp_seconds <"$metrics")
	rm "$src/a"
	run_backup 1
	[ "$(value last_run_status 'status="failed"' <"$metrics")" = 1 ]
	[ "$(value last_success_timestamp_seconds <"$metrics")" = "$good" ]
	# the source is not even there
	rm "$metrics"
	BACKUP_SRC=/nonexistent run_backup 1
	[ "$(value healthy <"$metrics")" = 0 ]
	[ "$(value last_success_timestamp_seconds <"$metrics")" = "$good" ]
	[ "$(ls "$work/metrics")" = backup.prom ]
	# nor the destination
	dest=$work/no/where BACKUP_DEST=$work/no/where run_backup 1
	[ "$(dest=$work/no/where value last_run_status 'status="failed"' <"$metrics")" = 1 ]
	run ! grep -q '^backup_snapshots\|^backup_destination' "$metrics"
	accepted <"$metrics"
}

@test "a run that finds the destination held tells of the one before" {
	export METRICS_FILE=$metrics
	echo 1 >"$src/a"
	run_backup 0
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 75
	[ "$(value running <"$metrics")" = 1 ]
	[ "$(value healthy <"$metrics")" = 1 ]
	[ "$(value last_run_status 'status="ok"' <"$metrics")" = 1 ]
	exec {lock}>&-
}

@test "a METRICS_FILE that can only be a directory is refused" {
	METRICS_FILE=$work/metrics/ run_backup 2
	[[ $output == *"METRICS_FILE='$work/metrics/': expected a file, such as '$work/metrics/backup.prom'"* ]]
	[ ! -e "$dest" ]
}

@test "not after a dry run, and none without METRICS_FILE" {
	echo 1 >"$src/a"
	run_backup 0
	METRICS_FILE=$metrics run_backup 0 --dry-run
	[ -z "$(ls "$work/metrics")" ]
}

@test "when it cannot be written the run warns, and is no worse for it" {
	echo 1 >"$src/a"
	METRICS_FILE=$work/none/backup.prom run_backup 0
	[[ $output == *"WARNING: METRICS_FILE '$work/none/backup.prom': open directory"*', ignoring'* ]]
	mkdir "$metrics"
	METRICS_FILE=$metrics run_backup 0
	[[ $output == *"WARNING: METRICS_FILE '$metrics': "*', ignoring'* ]]
	[ "$(ls "$work/metrics")" = backup.prom ]
	rmdir "$metrics"
	# a link is replaced, not followed
	echo mine >"$work/victim"
	ln -s "$work/victim" "$metrics"
	METRICS_FILE=$metrics run_backup 0
	[ "$(cat "$work/victim")" = mine ]
	[ ! -L "$metrics" ]
	cd "$work/metrics"
	METRICS_FILE=here.prom run_backup 0
	[ -s here.prom ]
}

@test "a run that is killed leaves metrics, too" {
	export METRICS_FILE=$metrics
	mkfifo "$work/wait"
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || exec $(command -v rsync) --version
		kill -KILL \$PPID
	END
	chmod +x "$work/bin/rsync"
	echo 1 >"$src/a"
	ENGINE=rsync PATH=$work/bin:$PATH run_backup 1
	[[ $output == *'was killed by signal 9'* ]]
	[ "$(value last_run_status 'status="failed"' <"$metrics")" = 1 ]
	[ "$(value healthy <"$metrics")" = 0 ]
}
