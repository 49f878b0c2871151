# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The container's entrypoint with an /etc and a /var/log of its own: this machine's are out
# of its reach.
#
#	load lib/common
#	load lib/entrypoint             # setup: entrypoint_setup, teardown: entrypoint_teardown
#	inside 0 list                   # exit code expected, then the entrypoint's arguments
#	[ "$(readlink "$etc/localtime")" = ... ]

# shellcheck disable=SC2154 # variables of lib/common.bash

ENTRYPOINT=${ENTRYPOINT:-$(dirname "$BACKUP")/entrypoint}

# Sets $etc, which becomes /etc (/var/log is $work/var-log), and $uid, whom nobody knows and
# who may go into $work.
entrypoint_setup() {
	needs_root
	needs unshare setpriv
	unshare -m true 2>/dev/null || skip 'cannot have mounts of its own'
	local dir
	etc=$work/etc
	uid=$((100000 + RANDOM * 10 + BATS_TEST_NUMBER))
	mkdir "$etc" "$work/var-log"
	for dir in passwd group hosts nsswitch.conf ssl ld.so.cache ld.so.conf alternatives localtime timezone; do
		[ ! -e "/etc/$dir" ] || cp -a "/etc/$dir" "$etc/"
	done
	for dir in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$work"; do
		chmod a+x "$dir"
	done
}

entrypoint_teardown() {
	[ -z "${uid-}" ] || rm -rf "/tmp/msmtp-$uid"
}

# inside CODE [ARGUMENT...]: runs it as root.
inside() {
	inside_as 0 "$@"
}

# inside_as UID CODE [ARGUMENT...]
inside_as() {
	local code=$2 as=()
	[ "$1" = 0 ] || as=(setpriv --reuid "$1" --regid "$1" --clear-groups)
	# shellcheck disable=SC2016
	run -"$code" unshare -m sh -ec '
		mount --bind "$1" /etc
		mount --bind "$2" /var/log
		shift 2
		[ -z "${READ_ONLY-}" ] || mount -o remount,bind,ro /etc
		exec "$@"' sh "$etc" "$work/var-log" "${as[@]}" "$ENTRYPOINT" "${@:3}"
}
