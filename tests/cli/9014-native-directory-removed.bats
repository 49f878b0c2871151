#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A directory that was removed while it was read made the snapshot partial, though all that
# is left of it had been copied.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a directory that is removed while it is read has no more names, and that is no error" {
	mkdir "$src/d"
	echo 1 >"$src/stays"
	echo 2 >"$src/d/goes"
	cat >"$work/remove" <<END
[ ! -d "$dest"/.backup/building/*/d ] || rm -r "$src/d"
END
	ENGINE=native LD_PRELOAD=${FAULT_SHIM:-$root/build/tests/inject.so} \
		ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
		FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_CALL=readdir FAULT_NTH=0 \
		FAULT_COMMAND="sh $work/remove" run_backup 0
	[ ! -e "$src/d" ]
	[ -e "$(newest)/stays" ]
	[ -d "$(newest)/d" ]
}
