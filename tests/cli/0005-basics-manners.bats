#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# How much is told, and in which colours.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/terminal

setup() {
	common_setup
	export TERM=xterm
	echo 1 >"$src/a"
	mkdir "$dest" "$dest/daily"
	echo no >"$dest/daily/2026-01-01_00-00-00" # a file, which is worth a warning
}

@test "quiet: warnings and errors alone, and the log is complete" {
	for option in --quiet -q; do
		run --separate-stderr -0 "$BACKUP" run "$option"
		[ -z "$stderr" ]
		[ "$(grep -c . <<<"$output")" -gt 0 ]
		[ "$(grep -cv '] WARNING: ' <<<"$output")" = 0 ]
		[[ $(tail -n 1 "$LOG_FILE") == *'backup succeeded'* ]]
		grep -q ' begins$' "$LOG_FILE"
		rm "$LOG_FILE"
	done
	rm -r "$src"
	run --separate-stderr -1 "$BACKUP" -q
	[[ $output == *'] ERROR: BACKUP_SRC'* ]]
	[[ $output != *'begins'* ]]
	[[ $(tail -n 1 "$LOG_FILE") == *'backup failed'* ]]
}

@test "quiet: what was asked for is printed all the same" {
	run_backup 0 run
	"$BACKUP" list --json 2>/dev/null >"$work/talking"
	"$BACKUP" list --json --quiet 2>/dev/null >"$work/quiet"
	jq -e 'length == 1' "$work/quiet"
	cmp "$work/talking" "$work/quiet"
	run --separate-stderr -0 "$BACKUP" --quiet version
	[[ $output == 'backup '* ]]
	run --separate-stderr -0 "$BACKUP" prune --quiet
	[ "$(grep -cv '] WARNING: ' <<<"$stderr")" = 0 ]
	run --separate-stderr -0 "$BACKUP" restore --to "$work/out" --quiet
	[ -z "$stderr" ]
	[ -e "$work/out/a" ]
}

@test "quiet: a terminal is not shown how far it is" {
	export ENGINE=native
	for i in {1..20}; do head -c 100000 /dev/urandom >"$src/$i"; done
	BWLIMIT=2M on_terminal 100 run --quiet
	! grep -q 'iB' "$work/raw" || false
	grep -q 'WARNING' "$work/raw"
}

@test "verbose: more, in the log, too" {
	run_backup 0
	rm "$LOG_FILE"
	run_backup 0
	usual=$(sed 's/^.\{22\}//' "$LOG_FILE" | wc -l)
	rm "$LOG_FILE"
	run_backup 0 -v run
	[ "$(wc -l <"$LOG_FILE")" -gt "$usual" ]
	[ "$(wc -l <<<"$output")" = "$(wc -l <"$LOG_FILE")" ]
	run_backup 0 prune
	usual=${#lines[@]}
	run_backup 0 prune --verbose
	[ "${#lines[@]}" -gt "$usual" ]
	[[ $output == *'keeping daily/'* ]]
	# the last word counts
	run_backup 0 prune --verbose --quiet
	[[ $output != *'keeping daily/'* ]]
}

@test "these options stand before the command or after it, and before run's own" {
	run_backup 0 -q list --json
	run_backup 0 --verbose list
	run_backup 0 -q --dry-run
	[[ $output != *'would publish'* ]]
	run_backup 2 --quiet teleport
	[[ $output == *"there is no command 'teleport'"* ]]
	run_backup 2 --quiet=yes
	[[ $output == "backup run: unknown option '--quiet=yes'"* ]]
	run_backup 0 -v --help
	[[ $output == 'usage: backup '* ]]
}

@test "a terminal sees warnings in yellow and errors in red" {
	on_terminal 100 run
	grep -qP '^(\r\x1b\[K)?\[....-..-.. ..:..:..\] \x1b\[33mWARNING: .*\x1b\[0m\r$' "$work/raw"
	! grep -q $'\x1b\\[3' "$LOG_FILE" || false
	rm -r "$src"
	on_terminal 100 run || true
	grep -qP '\] \x1b\[31mERROR: BACKUP_SRC.*\x1b\[0m\r$' "$work/raw"
}

@test "no colours: by NO_COLOR, on a dumb terminal or none, in a pipe" {
	NO_COLOR=1 on_terminal 100 run
	! grep -q $'\x1b\\[3' "$work/raw" || false
	grep -q WARNING "$work/raw"
	NO_COLOR='' on_terminal 100 run # which says nothing
	grep -q $'\x1b\\[33m' "$work/raw"
	TERM=dumb on_terminal 100 run
	! grep -q $'\x1b' "$work/raw" || false
	(
		unset TERM
		on_terminal 100 run
	)
	! grep -q $'\x1b' "$work/raw" || false
	run_backup 0 run
	[[ $output == *WARNING* && $output != *$'\x1b'* ]]
}
