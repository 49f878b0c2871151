#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A file that changed each time it was read was kept with its last time, a mixture of old
# and new: every later snapshot took it for unchanged, and linked to it.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "what changed while it was read is copied again by the next run" {
	yes old | head -c 3M >"$src/file"
	# four times it is read, in three parts; the first part changes before the second is read
	cat >"$work/change" <<END
echo >>"$work/reads"
[ \$((\$(wc -l <"$work/reads") % 3)) -ne 2 ] || wc -l "$work/reads" | dd of="$src/file" conv=notrunc
END
	export ENGINE=native MANIFEST=off # which reads, too
	# without a reflink, and by read(2)
	BWLIMIT=1G SPARSE=detect LD_PRELOAD=${FAULT_SHIM:-$root/build/tests/inject.so} \
		ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
		FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_THREADS=1 FAULT_CALL=read FAULT_NTH=0 \
		FAULT_COMMAND="sh $work/change 2>$work/change.err" run_backup 0
	[[ $output == *"WARNING: changed while it was read: '$src/file'"* ]]
	[ "$(wc -l <"$work/reads")" -eq 12 ]
	run ! cmp -s "$src/file" "$(newest)/file"
	run_backup 0
	cmp "$src/file" "$(newest)/file"
}
