#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The name of a snapshot that was removed was taken again within its second, by one that was
# then taken for older than those between the two, and removed in their place.

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load lib/common

@test "a snapshot is the newest, though names before it are free" {
	local now i
	echo 1 >"$src/a"
	run_backup 0
	now=$(date +%s)
	mv "$(newest)" "$work/was"
	rm "$dest"/.backup/snapshots/*
	for ((i = 0; i < 20; i++)); do
		cp -a "$work/was" "$dest/daily/$(date -d "@$((now + i))" +%F_%H-%M-%S).3"
	done
	run_backup 0
	grep -q 'published daily/.*\.4$' <<<"$output"
}
