#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Zones that the C library takes for UTC without a word were accepted: rules with an
# abbreviation of less than three characters, and files that hold no zone.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a zone that the C library would not understand is refused" {
	echo 'no zone' >"$work/zone"
	for zone in '<X>-13:30' '<XY>3' XY3 "$work/zone" /etc/passwd; do
		TZ=$zone run_backup 2 config
		[[ $output == *"TZ='$zone': expected a zone"* ]]
	done
	cp "$(realpath /usr/share/zoneinfo/Europe/Berlin)" "$work/zone"
	for zone in '<XYZ>3' '<+1330>-13:30' "$work/zone"; do
		TZ=$zone run_backup 0 config
	done
}
