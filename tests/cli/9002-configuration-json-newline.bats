#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# config --json escaped control characters once for people and once for JSON, so that a
# newline came out as a backslash and an n.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a value comes out of config --json as it went in" {
	for value in $'one\ntwo' $'tab\there' 'back\slash' $'\001' 'ümläut'; do
		EXCLUDE=$value run_backup 0 config --json
		[ "$(jq -r .EXCLUDE.value <<<"$output")" = "$value" ]
	done
}
