#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A laboratory leaves nothing behind, and changes nothing outside while it is there. What
# there is before and after is compared in namespaces of the test's own, where nobody else
# starts or ends anything.

bats_require_minimum_version 1.5.0
load lib/lab

setup() {
	lab_needs
}

# alone FUNCTION: calls it there, as the first process, in the test's directory.
alone() {
	# shellcheck disable=SC2016
	run -0 timeout -k 10 300 \
		unshare --mount --net --pid --fork --kill-child --mount-proc bash -euo pipefail -c '
			. "$1"
			eval "$2"
			cd "$3"
			network >network
			inventory >before
			same before
			"$4"
			' alone "$LAB_LIB" "$(declare -f)" "$BATS_TEST_TMPDIR" "$1" 3>&-
}

# Processes, mounts, and what there is of networks.
inventory() {
	pgrep -l .
	network
	mounts
}

# Those that there were before may go: others remove a directory that is mounted on here.
mounts() {
	[ -e mounts ] || sort /proc/self/mountinfo >mounts
	sort /proc/self/mountinfo | comm -23 - mounts
}

network() {
	ip -o link
	iptables-save | sed '/^#/d'
	[ ! -d /run/netns ] || ls /run/netns
}

# same BEFORE: the inventory is that of the file.
same() {
	inventory >now
	diff "$1" now
}

# cgroups NODE...: the control groups of these nodes of the lab.
cgroups() {
	local node names=()
	for node; do
		names+=(-o -name "$(lab_cgroup "$(lab_node_dir "$node")")")
	done
	find /sys/fs/cgroup -name none "${names[@]}"
}

# gone CGROUP...
gone() {
	local dir
	for dir; do
		[ ! -e "$dir" ]
	done
}

one_engine() {
	local groups
	lab_start lab
	lab_service web --replicas 2
	pgrep -x dockerd
	pgrep -f containerd-shim
	mapfile -t groups < <(cgroups '')
	[ ${#groups[@]} -gt 0 ]
	network | diff network -

	lab_stop lab
	lab_wait_for 10 same before || same before
	gone "${groups[@]}"
	[ "$(find lab | sort | xargs)" = 'lab lab/engine.log lab/holder.log' ]
	lab_stop lab
}

@test "one engine" {
	alone one_engine
}

engines_are() {
	[ "$(pgrep -c -x dockerd)" = "$1" ]
}

three_engines() {
	local groups
	lab_swarm3_start lab
	lab_service web --replicas 3
	# what one of them starts has its name for a moment
	lab_wait_for 10 engines_are 3
	mapfile -t groups < <(cgroups 1 2 3)
	[ ${#groups[@]} -ge 3 ]
	network | diff network -
	lab_node_cut 2

	lab_stop lab
	lab_wait_for 10 same before || same before
	gone "${groups[@]}"
	[ "$(find lab -type f -not -name '*.log')" = '' ]
}

@test "three engines" {
	alone three_engines
}

owner_killed() {
	local groups owner
	# shellcheck disable=SC2016
	bash -euc '. "$1"; lab_start lab; lab_service web; : >ready; exec sleep 1000' owner "$LAB_LIB" &
	owner=$!
	lab_wait_for 120 test -e ready
	lab_use lab
	mapfile -t groups < <(cgroups '')
	[ ${#groups[@]} -gt 0 ]
	kill -KILL "$owner"
	wait "$owner" || :
	lab_wait_for 60 same before || same before
	gone "${groups[@]}"
	[ ! -e lab/data ]
}

@test "its owner is killed" {
	alone owner_killed
}

# The next one in the directory does not lose its data to the end of the one before.
owner_gone_and_replaced() {
	# shellcheck disable=SC2016
	bash -euc '. "$1"; lab_start lab' owner "$LAB_LIB"
	lab_start lab
	lab_service web
	lab_stop lab
	lab_wait_for 10 same before || same before
}

@test "its owner is gone, and another one takes its directory" {
	alone owner_gone_and_replaced
}

engine_killed() {
	lab_start lab
	lab_service web
	lab_engine_stop KILL
	lab_stop lab
	lab_wait_for 10 same before || same before
}

@test "its engine was killed before" {
	alone engine_killed
}

# A start that fails can be cleaned up after like any other.
never_came_up() {
	# shellcheck disable=SC2034
	LAB_ENGINE_OPTIONS=(--no-such-option)
	! lab_start lab
	[ "$SECONDS" -lt 60 ]
	lab_stop lab
	lab_wait_for 10 same before || same before
}

@test "it never came up" {
	alone never_came_up
}
