#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Random trees through random edits: the native engine's snapshots are equal to the source,
# and share at least what rsync's do. By hand, with any seed and number of steps:
#
#	BACKUP=build/backup tests/diff/histories DIR SEED STEPS

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load ../cli/lib/common

# history SEED [STEPS]
history() {
	mkdir "$work/$1"
	"$BATS_TEST_DIRNAME/histories" "$work/$1" "$1" "${2:-12}" || return
	rm -rf "${work:?}/$1"
}

# histories SEED...: a dozen steps each, or $steps; as many at a time as there are processors.
histories() {
	needs python3 setfacl getfattr
	needs_attributes
	export -f history
	export work BATS_TEST_DIRNAME
	printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' bash -c "history {} ${steps:-12}"
}

@test "histories 11, 16, 22: a name more for a file, ACLs, sockets with odd modes" {
	histories 11 16 22
}

@test "histories 25, 26: files with several names below a default ACL" {
	histories 25 26
}

@test "histories 3, 6: changes that only CHECKSUM=on can see" {
	histories 3 6
}

@test "histories that nobody has seen before" {
	local i seeds=() steps=100
	for ((i = 0; i < ${HISTORIES:-3}; i++)); do
		seeds+=("$RANDOM")
	done
	echo "seeds: ${seeds[*]}"
	histories "${seeds[@]}"
}
