#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What verify found was lost when another snapshot's record could not be read, when a run
# held the lock, and when it was the manifest that could not be read.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/damage

setup() {
	common_setup
	echo one >"$src/a"
	echo two >"$src/b"
	run_backup 0
	first=$(redate "$(snapshots)" 2020-01-01_00-00-00)
	records=$dest/.backup/snapshots
}

@test "one record that cannot be read keeps no other verdict from being remembered" {
	local last
	rm "$src/b"
	run_backup 0
	last=$(basename "$(newest)")
	echo garbage >"$records/$last.json"
	flip "$dest/$first/b" 0
	run_backup 1 verify --all
	said "'$dest/.backup/snapshots/$last.json' cannot be understood" \
		"daily/$last: good" "$first: DAMAGED"
	run_backup 1 status --json
	jq -e '.snapshots.damaged == ["2020-01-01_00-00-00"] and .snapshots.verified == 2' <<<"$output"
	run_backup 1 status
	[[ ${lines[1]} == 'unhealthy: snapshot 2020-01-01_00-00-00 is damaged'* ||
		${lines[0]} == 'unhealthy: snapshot 2020-01-01_00-00-00 is damaged'* ]]
}

@test "a verdict that cannot be written keeps no other from being remembered, and is said" {
	local last
	run_backup 0
	last=$(basename "$(newest)")
	mkdir "$records/$last.verified"
	flip "$dest/$first/b" 0
	run_backup 1 verify --all
	said "WARNING: what was found of $last is not remembered"
	run_backup 1 status --json
	jq -e '.snapshots.damaged == ["2020-01-01_00-00-00"]' <<<"$output"
}

@test "while a run holds the lock" {
	flip "$dest/$first/b" 0
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 1 verify
	unsaid 'not remembered'
	exec {lock}>&-
	run_backup 1 status
	[[ ${lines[0]} == 'unhealthy: snapshot 2020-01-01_00-00-00 is damaged'* ]]
}

@test "a manifest that cannot be read is not well, until it is verified again" {
	cp "$records/2020-01-01_00-00-00.mtree.zst" "$work/manifest"
	printf x | dd of="$records/2020-01-01_00-00-00.mtree.zst" bs=1 seek=40 conv=notrunc status=none
	run_backup 1 verify
	run_backup 1 status
	[[ ${lines[0]} == 'unhealthy: the manifest of snapshot 2020-01-01_00-00-00 was damaged'* ]]
	said '; damaged manifest: 2020-01-01_00-00-00'
	run_backup 1 status --json
	jq -e '.snapshots | .bad_manifests == ["2020-01-01_00-00-00"] and
		.each[0].verdict == "bad manifest"' <<<"$output"
	run_backup 1 status --prometheus
	said 'backup_snapshots_bad_manifest{destination="'"$dest"'"} 1'
	cp "$work/manifest" "$records/2020-01-01_00-00-00.mtree.zst"
	run_backup 1 status
	run_backup 0 verify
	run_backup 0 status
}

@test "what programs of before left in the record counts until there is something newer" {
	jq '.verified = 1700000000 | .damaged = true' "$records/2020-01-01_00-00-00.json" >"$work/record"
	cp "$work/record" "$records/2020-01-01_00-00-00.json"
	run_backup 1 status
	said 'snapshot 2020-01-01_00-00-00 is damaged'
	run_backup 0 list --json
	jq -e '.[0] | .verified == 1700000000 and .damaged and .verdict == "damaged"' <<<"$output"
	run_backup 0 verify
	run_backup 0 status
	run_backup 0 list --json
	jq -e '.[0] | .verified > 1700000000 and (.damaged | not)' <<<"$output"
	# and one that nobody understands is not passed over in silence
	echo garbage >"$records/2020-01-01_00-00-00.verified"
	run_backup 0 list
	said "verify '2020-01-01_00-00-00' again"
}

@test "it goes with its snapshot, and the history's line is no run" {
	run_backup 0
	run_backup 0 verify --all
	[ "$(find "$records" -name '*.verified' | wc -l)" = 2 ]
	run_backup 0 status --json
	jq -e '.last.result == "ok"' <<<"$output"
	run_backup 0 forget 2020 --yes
	[ "$(find "$records" -name '*.verified' | wc -l)" = 1 ]
}
