#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# NICE and IONICE: with what priority files are copied, as the kernel tells of a copy that
# is slow enough to be looked at.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load lib/common

setup() {
	common_setup
	needs ionice setsid
	export BWLIMIT=100K
	head -c 300000 /dev/urandom >"$src/slow"
	# so young that what a pre-pass made of it is not trusted
	touch -d '+1 day' "$src/slow"
	pid=
}

teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	common_teardown
}

start() {
	setsid "$BACKUP" run >"$work/out" 2>&1 &
	pid=$!
}

# during copy|pre-pass: waits until that is under way, then prints "NICE CLASS..." of all
# threads and processes of the run but the supervisor.
during() {
	local suffix='' stat line fields
	[ "$1" = copy ] || suffix=.2
	until [ -n "$(find "$dest/.backup/building/"????-??-??_??-??-??"$suffix" -type f)" ]; do
		kill -0 "$pid" || return
		sleep 0.02
	done 2>/dev/null
	# with no process of its own for each that is looked at: on a busy machine all that
	# would take longer than the copy
	for stat in /proc/[0-9]*/task/*/stat; do
		{ read -r line <"$stat"; } 2>/dev/null || continue
		read -r -a fields <<<"${line##*) }"
		stat=${stat%/stat}
		# of its session
		if [ "${fields[3]-}" = "$pid" ] && [ "${stat##*/}" != "$pid" ]; then
			echo "${fields[16]} $(ionice -p "${stat##*/}")"
		fi
	done | sort -u
}

# Whether that is as if nothing had been set; kernels do not say it all in the same way.
is_unchanged() {
	[[ $output =~ ^0\ (none|best-effort):\ prio\ [04]$ ]]
}

ends_well() {
	wait "$pid" || {
		cat "$work/out"
		false
	}
	pid=
	same_as_source "$(newest)"
}

@test "as it was started, where nothing is said" {
	start
	run -0 during copy
	is_unchanged
	ends_well
}

@test "idle in the pre-pass, and as it was started in the copy that follows" {
	PRE_PASS=on start
	run -0 during pre-pass
	[ "$output" = '0 idle' ]
	run -0 during copy
	is_unchanged
	ends_well
}

@test "what is said holds for both" {
	NICE=5 IONICE=best-effort:6 PRE_PASS=on start
	run -0 during pre-pass
	[ "$output" = '5 best-effort: prio 6' ]
	run -0 during copy
	[ "$output" = '5 best-effort: prio 6' ]
	ends_well
	run -1 grep WARNING "$work/out"
}

@test "IONICE=none leaves the pre-pass alone too, IONICE=idle holds without one" {
	IONICE=none PRE_PASS=on start
	run -0 during pre-pass
	is_unchanged
	ends_well
	rm -r "$dest"
	IONICE=idle start
	run -0 during copy
	[ "$output" = '0 idle' ]
	ends_well
}

@test "a nice value that we have no right to is a warning" {
	needs_root
	needs setpriv
	chmod 755 "$BATS_RUN_TMPDIR" "$work"
	chown -R 65534:65534 "$work"
	NICE=-5 run -0 setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$BACKUP" run
	[[ $output == *'WARNING: NICE=-5: Permission denied; '*CAP_SYS_NICE* ]]
	same_as_source "$(newest)"
}
