#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The first name of a file with three was replaced by another file after it had been looked
# at: the other names then got the content of that other file.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "a name that is replaced in between does not give its content to the file's other names" {
	mkdir "$src/d"
	echo old >"$src/d/one"
	ln "$src/d/one" "$src/d/two"
	ln "$src/d/one" "$src/d/three"
	# the order in which the engine meets them
	mapfile -t names < <(find "$src/d" -type f -printf '%f\n')
	echo new >"$work/new"
	# before each open(2): the first once the directory is made is that of the directory
	# itself, the next one that of a name which has been looked at
	cat >"$work/replace" <<END
[ -e "$work/new" ] && ls -d "$dest"/.backup/building/*/d || exit 0
[ -e "$work/made" ] && mv "$work/new" "$src/d/${names[0]}"
: >"$work/made"
END
	ENGINE=native LD_PRELOAD=${FAULT_SHIM:-$root/build/tests/inject.so} \
		ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
		FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_CALL=open FAULT_NTH=0 \
		FAULT_COMMAND="sh $work/replace >$work/replace.out 2>&1" run_backup 0
	[ ! -e "$work/new" ]
	[ "$(cat "$(newest)/d/${names[0]}")" = new ]
	[ "$(cat "$(newest)/d/${names[1]}" "$(newest)/d/${names[2]}")" = $'old\nold' ]
}
