# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Damage to files of snapshots that nothing but their content shows.

# shellcheck disable=SC2154 # variables of common.bash

# keeping_time FILE COMMAND...: a change that leaves no trace in the file's time
keeping_time() {
	touch -r "$1" "$work/time"
	"${@:2}"
	touch -r "$work/time" "$1"
}

# flip FILE AT: one bit of that byte
flip() {
	local byte
	byte=$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tu1)
	# shellcheck disable=SC2059
	keeping_time "$1" dd of="$1" bs=1 seek="$2" conv=notrunc status=none \
		< <(printf "\\x$(printf %x $((byte ^ 1 << RANDOM % 8)))")
}
