#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A record that could not be removed kept the whole trash from being emptied.

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load lib/common

@test "one record that cannot be removed does not keep the trash from being emptied" {
	echo 1 >"$src/file"
	run_backup 0
	mkdir -p "$dest/.backup/trash/"2001-01-0{1,2,3}_00-00-00/dir
	mkdir "$dest/.backup/snapshots/2001-01-02_00-00-00.json"
	run_backup 1 prune
	[[ $output == *"ERROR: "*"remove '2001-01-02_00-00-00.json'"* ]]
	[ -z "$(ls -A "$dest/.backup/trash")" ]
	[ -d "$dest/.backup/snapshots/2001-01-02_00-00-00.json" ]
}
