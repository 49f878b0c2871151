#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The three logs: standard output, LOG_FILE, and the file of one run.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
# shellcheck disable=SC2016 # scripts for another shell
load lib/common

line_form='^\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\] .'

setup() {
	common_setup
	echo 1 >"$src/a"
	mkdir "$work/bin"
	PATH=$work/bin:$PATH
}

# An rsync that runs SCRIPT first, to look around in the middle of a run.
spy() {
	printf '#!/bin/bash\nif [ "$1" != --version ]; then\n%s\nfi\nexec %q "$@"\n' \
		"$1" "$(PATH=${PATH#*:} command -v rsync)" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	export ENGINE=rsync
}

@test "every line has its time, on stdout and in LOG_FILE alike" {
	run --separate-stderr -0 "$BACKUP"
	[ -z "$stderr" ]
	for line in "${lines[@]}"; do [[ $line =~ $line_form ]]; done
	[ "$output" = "$(cat "$LOG_FILE")" ]
	! grep -Evq "$line_form" "$LOG_FILE" || false
	[[ ${lines[0]} == *'] backup '*' begins' ]]
	[[ ${lines[-1]} == *'] backup succeeded in '* ]]
}

@test "LOG_FILE is appended to" {
	echo 'from before' >"$LOG_FILE"
	run_backup 0
	run_backup 0
	[ "$(head -n 1 "$LOG_FILE")" = 'from before' ]
	[ "$(grep -c 'backup succeeded' "$LOG_FILE")" -eq 2 ]
}

@test "a failed run is logged too" {
	rm -r "$src"
	run_backup 1
	grep -q 'ERROR: BACKUP_SRC' "$LOG_FILE"
	grep -q 'backup failed' "$LOG_FILE"
}

@test "prune and list talk on stderr and leave LOG_FILE alone" {
	run_backup 0
	rm "$LOG_FILE"
	run --separate-stderr -0 "$BACKUP" prune
	[ -z "$output" ]
	[[ $stderr =~ $line_form ]]
	run --separate-stderr -0 "$BACKUP" list
	[ -z "$stderr" ]
	[ ! -e "$LOG_FILE" ]
}

@test "LOG_FILE is rotated at 10 MiB, and three old ones are kept" {
	truncate -s $((10 * 1024 * 1024)) "$LOG_FILE"
	for i in 1 2 3; do echo "old $i" >"$LOG_FILE.$i"; done
	run_backup 0
	[ "$output" = "$(cat "$LOG_FILE")" ]
	[ "$(stat -c %s "$LOG_FILE.1")" -eq $((10 * 1024 * 1024)) ]
	[ "$(cat "$LOG_FILE.2")" = 'old 1' ]
	[ "$(cat "$LOG_FILE.3")" = 'old 2' ]
	[ ! -e "$LOG_FILE.4" ]
}

@test "LOG_FILE is rotated in the middle of a run, and no line is lost" {
	truncate -s $((10 * 1024 * 1024 - 200)) "$LOG_FILE"
	run_backup 0
	[ -s "$LOG_FILE" ]
	[ "$output" = "$(tail -c +$((10 * 1024 * 1024 - 199)) "$LOG_FILE.1" && cat "$LOG_FILE")" ]
	[ "$(stat -c %s "$LOG_FILE.1")" -le $((10 * 1024 * 1024)) ]
	! grep -Evq "$line_form" "$LOG_FILE" || false
}

@test "below 10 MiB nothing is rotated" {
	truncate -s $((9 * 1024 * 1024)) "$LOG_FILE"
	run_backup 0
	[ ! -e "$LOG_FILE.1" ]
}

@test "a LOG_FILE that cannot be written is a warning and never fails a backup" {
	for path in "$work/no/such/dir/log" "$work" /dev/full "$src/a/log"; do
		LOG_FILE=$path run_backup 0
		grep -E "$line_form" <<<"$output" | grep "WARNING: .*'$path'" | grep -q 'going on without it'
		[[ ${lines[-1]} == *'backup succeeded with warnings in'* ]]
	done
	[ "$(snapshots | wc -l)" -eq 4 ]
}

@test "a LOG_FILE that is a FIFO without a reader does not hang the run" {
	mkfifo "$work/fifo"
	LOG_FILE=$work/fifo run_backup 0
	[[ $output == *WARNING*"$work/fifo"* ]]
}

@test "the run's own log is there during the run with mode 0600, and gone after it" {
	umask 000
	spy 'stat -c "%a %F %n" "$RUN_LOG_DIR"/* >"$BACKUP_DEST/../seen"; cat "$RUN_LOG_DIR"/* >"$BACKUP_DEST/../content"'
	run_backup 0
	[[ $(cat "$work/seen") =~ ^600\ regular\ file\ $RUN_LOG_DIR/backup_run_[0-9]+\.log$ ]]
	grep -q "source '$src'" "$work/content"
	[ -z "$(ls -A "$RUN_LOG_DIR")" ]
	# after a failure as well
	spy 'exit 12'
	run_backup 1
	[ -z "$(ls -A "$RUN_LOG_DIR")" ]
}

# Puts SCRIPT's work at the run's log path before the run begins: exec keeps the pid.
with_obstacle() {
	run -0 bash -c "path=\$RUN_LOG_DIR/backup_run_\$\$.log; $1; exec \"\$BACKUP\""
}

@test "a symbolic link at the run log's path is refused with a warning, and not followed" {
	export BACKUP
	echo precious >"$work/victim"
	with_obstacle "ln -s '$work/victim' \"\$path\""
	[[ $output == *"WARNING: create run log '$RUN_LOG_DIR/backup_run_"*'going on without it'* ]]
	[ "$(cat "$work/victim")" = precious ]
	[ "$(find "$RUN_LOG_DIR" -type l | wc -l)" -eq 1 ]
	rm "$RUN_LOG_DIR"/*
	# nor is a file made through a dangling one
	with_obstacle "ln -s '$work/made' \"\$path\""
	[[ $output == *'WARNING: create run log'* ]]
	[ ! -e "$work/made" ]
}

@test "neither a hard link nor a directory nor a FIFO there is used; a dead run's file is" {
	export BACKUP
	echo precious >"$work/victim"
	with_obstacle "ln '$work/victim' \"\$path\""
	[[ $output == *'WARNING: create run log'* ]]
	[ "$(cat "$work/victim")" = precious ]
	with_obstacle 'mkdir "$path"'
	[[ $output == *'WARNING: create run log'* ]]
	with_obstacle 'mkfifo "$path"'
	[[ $output == *'WARNING: create run log'* ]]
	rm -r "${RUN_LOG_DIR:?}"/*
	with_obstacle 'echo stale >"$path"'
	[[ $output != *WARNING* ]]
	[ -z "$(ls -A "$RUN_LOG_DIR")" ]
}

@test "a RUN_LOG_DIR that is not there is a warning" {
	RUN_LOG_DIR=$work/missing run_backup 0
	[[ $output == *"WARNING: create run log '$work/missing/"* ]]
}

@test "a file's name cannot forge a line of the log" {
	forged=$'x\n[2030-01-01 00:00:00] backup succeeded\r\033[2J'
	echo 1 >"$src/$forged"
	# as an rsync would that does not escape what it prints
	spy 'printf "file has vanished: \"%s\"\n" "$BACKUP_SRC/$FORGED" >&2
printf "rsync: [sender] send_files failed to open \"%s\": Permission denied (13)\n" "$FORGED" >&2'
	FORGED=$forged run_backup 0
	for line in "${lines[@]}"; do [[ $line =~ $line_form ]]; done
	! grep -q '^\[2030' "$LOG_FILE" || false
	! grep -q $'[\r\033]' "$LOG_FILE" || false
	# and in what the run says itself
	BACKUP_SRC=$src/$forged run_backup 1
	[[ $output == *'x\n[2030-01-01'* ]]
	! grep -q '^\[2030' "$LOG_FILE" || false
}

@test "names in TZ: the log's times are the zone's" {
	TZ=UTC+11 run_backup 0
	a=${lines[0]:1:13}
	[ "$a" = "$(TZ=UTC+11 date -d '-1 minute' '+%Y-%m-%d %H')" ] ||
		[ "$a" = "$(TZ=UTC+11 date '+%Y-%m-%d %H')" ]
}
