#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A snapshot had a name by which runs and lists call it, daily/NAME, that few commands took.

# shellcheck disable=SC2154,SC2034 # shared with lib/common.bash and run
load lib/common

@test "every command takes a snapshot by what lists call it" {
	echo 1 >"$src/a"
	run_backup 0
	redate "$(readlink "$dest/latest")" 2026-01-02_03-04-05 weekly
	local name
	for name in weekly/2026-01-02_03-04-05 2026-01-02_03-04-05 weekly/2026 2026-01-02; do
		run_backup 0 restore "$name" --to "$work/to"
		rm -r "$work/to"
		run_backup 0 ls "$name"
		run_backup 0 diff "$name" "$name"
		run_backup 0 verify "$name"
		run_backup 0 pin "$name"
		run_backup 0 unpin "$name"
		run_backup 0 forget "$name" --force --dry-run
		[[ $output == *'would remove weekly/2026-01-02_03-04-05'* ]]
		run_backup 1 ls "daily/${name#weekly/}"
		[[ $output == *"there is no snapshot 'daily/"* ]]
	done
	run_backup 1 forget latest --yes --force
	[[ $output == *"'latest' leads to one or another, at the moment to weekly/2026-01-02_03-04-05: say that name"* ]]
}

@test "where there is none at all, the destination is named" {
	mkdir -p "$dest"
	local command
	for command in "restore --to $work/to" ls 'diff 1d' verify 'verify --all' 'pin latest' \
		'unpin 2026' 'forget 2026 --yes'; do
		# shellcheck disable=SC2086 # words
		run_backup 1 $command
		[[ $output == *"there is no snapshot in BACKUP_DEST '$dest'"* ]]
	done
}
