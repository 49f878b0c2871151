#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The command line: what there is, what each says of itself, what is refused.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

commands='run list status find ls diff restore verify pin unpin forget prune recover mail-test config version help'

@test "version names the program and a version, --version does the same" {
	run_backup 0 version
	[[ $output =~ ^backup\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	version=$output
	run_backup 0 --version
	[ "$output" = "$version" ]
}

@test "help lists every command, --help and -h do the same" {
	run_backup 0 help
	help=$output
	for command in $commands; do
		grep -q "^  $command  *[a-z]" <<<"$output"
	done
	run_backup 0 --help
	[ "$output" = "$help" ]
	run_backup 0 -h
	[ "$output" = "$help" ]
}

@test "each command has --help, which help COMMAND prints too and which does nothing" {
	for command in $commands; do
		for option in --help -h; do
			run_backup 0 "$command" "$option" 2>&-
			[[ $output == "usage: backup "*"$command"* ]]
		done
		[ "$command" != config ] || continue # help config lists the variables
		usage=$output
		run_backup 0 help "$command"
		[ "$output" = "$usage" ]
	done
	[ ! -e "$dest" ]
	[ ! -e "$LOG_FILE" ]
}

@test "what every command explains ends with an example" {
	for command in $commands; do
		run_backup 0 "$command" --help
		grep -qE '^examples?: ([A-Z_]+=[^ ]+ )*backup' <<<"$output"
	done
}

@test "--help answers even when the configuration is wrong" {
	DAILY_COUNT=many run_backup 0 run --help
	DAILY_COUNT=many run_backup 0 version
}

@test "an unknown command suggests the nearest, goes to stderr and does nothing" {
	while read -r wrong right; do
		run --separate-stderr -2 "$BACKUP" "$wrong"
		[ -z "$output" ]
		[ "$stderr" = "backup: there is no command '$wrong'; did you mean '$right'?" ]
	done <<'END'
lst list
lits list
prnue prune
Prune prune
rum run
confg config
versoin version
hlep help
END
	run_backup 2 teleport
	[ "$output" = "backup: there is no command 'teleport'; 'backup help' lists them" ]
	run_backup 2 help lst
	[[ $output == *"did you mean 'list'?" ]]
	[ ! -e "$dest" ]
}

@test "unknown options and extra arguments are refused by each command" {
	for command in $commands; do
		run_backup 2 "$command" --frobnicate
		[ "$output" = "backup $command: unknown option '--frobnicate'; see 'backup $command --help'" ]
		run_backup 2 "$command" -x
		[[ $output == *"unknown option '-x'"* ]]
		[[ " help find ls diff restore verify pin unpin forget " == *" $command "* ]] || {
			run_backup 2 "$command" one
			[[ $output == "backup $command: unexpected argument 'one'"* ]]
		}
	done
	run_backup 2 help config prune
	[[ $output == *"unexpected argument 'prune'"* ]]
	run_backup 2 --frobnicate
	[[ $output == "backup run: unknown option '--frobnicate'"* ]]
	[ ! -e "$dest" ]
}

@test "what is not printable in an argument is escaped" {
	run_backup 2 $'li\033[2Jst\nback'
	[ ${#lines[@]} -eq 1 ]
	[[ $output == *"'li\\x1b[2Jst\\nback'"* ]]
}

@test "run is the default, also with options alone" {
	echo 1 >"$src/a"
	run_backup 0
	run_backup 0 run
	[ "$(snapshots | wc -l)" -eq 2 ]
	run_backup 0 --dry-run
	[[ $output == *'dry run'* ]]
	[ "$(snapshots | wc -l)" -eq 2 ]
}
