# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of common.bash and of run
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the tests share that let things go wrong on purpose; load it after common.bash.

export BACKUP
export FAULT_SHIM=${FAULT_SHIM:-$root/build/tests/inject.so}
# the sanitizers' runtime wants to come before the library that injects the faults
export ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0

# Sets $bench, a directory for each-call: in memory where that can be had.
bench_setup() {
	bench=$work/bench
	mkdir "$bench"
	if mount -t tmpfs tmpfs "$bench" 2>/dev/null; then mounts+=("$bench"); fi
}

# Undoes the mounts that each-call leaves when it is ended itself.
bench_teardown() {
	local mount
	findmnt -rno TARGET | grep -F "$bench/" | while read -r mount; do
		umount -l "$mount"
	done
}

# each_call SCENARIO KIND...: with $least, how many points there are at the least. Of what is
# done as well by the default engine, or without sanitizers, a part will do.
each_call() {
	local -i points every=1
	! by_rsync || every=3
	[ -z "${TEST_ENGINE-}" ] || every=10
	! is_sanitized || every=10
	# in a mount namespace of its own: one that somebody else makes meanwhile would keep
	# a file system that lost its power alive
	local own=()
	[ "$(id -u)" -ne 0 ] || own=(unshare -m)
	run -0 env EVERY="$every" "${own[@]}" "$BATS_TEST_DIRNAME/each-call" "$bench" "$@"
	points=$(sed -n 's/ points, 0 wrong$//p' <<<"$output")
	echo "# $*: $points points" >&3
	[ "$((points * every))" -ge "${least:-1}" ]
}

# with_fault CODE VARIABLE=VALUE...: a run that meets a fault (see inject.c), and how it
# has to end.
with_fault() {
	rm -f "$work/hit"
	run -"$1" env LD_PRELOAD="$FAULT_SHIM" FAULT_PROGRAM=backup FAULT_FORKS=1 \
		FAULT_HIT="$work/hit" \
		"${@:2}" "$BACKUP"
	[ -e "$work/hit" ]
}

# just_before COMMANDS: sh runs them, once, when the copy of the next run is to begin: before
# the program opens anything with a directory to copy to.
just_before() {
	cat >"$work/just-before" <<-END
		set -- "$dest"/.backup/building/*/
		[ -d "\$1" ] && mkdir "$work/just-before.done" 2>"$work/just-before.twice" || exit 0
		$1
	END
	rm -rf "$work/just-before.done"
	export LD_PRELOAD=$FAULT_SHIM FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_CALL=open FAULT_NTH=0
	export FAULT_COMMAND="sh '$work/just-before'"
}

# is_begun NAME: the copy of a large file of that name at the source's top.
is_begun() {
	compgen -G "$dest/.backup/building/*/$1" >/dev/null ||
		compgen -G "$dest/.backup/building/*/.$1.*" >/dev/null # rsync's own name for it
}

# wait_for COMMAND...: until it succeeds, for ten seconds at the most.
wait_for() {
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" && return
		sleep 0.05
	done
	return 1
}
