#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Damage that a run found by VERIFY_SHARE was a warning among others, and no mail told of it.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/mail
load lib/damage

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "it is a reason for a mail, and named where the run is summed up" {
	mail_by off
	run_backup 0 run
	redate "$(snapshots)" 2020-01-01_00-00-00
	export VERIFY_SHARE=100
	run_backup 0 run
	mails 0
	jq -es '.[-1].damaged == null' "$dest/.backup/history.jsonl"
	flip "$(newest)/a" 0
	run_backup 0 run
	# the two that were there, and the new one, which is linked to them
	said 'DAMAGED: 3 snapshots, see the warnings above' 'backup succeeded with warnings'
	mails 1
	[[ $(mail .subject) == *'] backup succeeded and found damage 20'* ]]
	mail .text | grep -q '^DAMAGED: *3 snapshots'
	jq -es '.[-1] | .damaged == 3 and .exit == 0 and .result == "warnings"' "$dest/.backup/history.jsonl"
	run_backup 1 status
	EMAIL_ON_FAILURE=off run_backup 0 run
	mails 1
}
