#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Services whose tasks are spread over three nodes, of which one may go away.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

load ../cli/lib/common
load lib/lab
load lib/services
load lib/quiesce

setup_file() {
	lab_needs
	lab_swarm3_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() { quiesce_setup; }

teardown() {
	lab_node_heal 3
	lab_wait_for 120 lab_nodes_ready 3
	quiesce_teardown
}

@test "tasks on every node have ended before the copy starts, and run again after it" {
	lab_service_slow slow "$src" --replicas 6 --env SLOW=3 "${ours[@]}"
	[ "$(lab_tasks slow | awk '{ print $2 }' | sort -u | wc -l)" = 3 ]
	lab_spec slow >"$work/before"
	during 'for node in 1 2 3; do docker -H "unix://$LAB_DIR/$node/docker.sock" ps -q --filter label=com.docker.swarm.service.name=slow; done >"$work/alive"'
	export work
	run_backup 0
	[ "$(wc -l <"$work/alive")" = 0 ]
	for slot in 1 2 3 4 5 6; do
		[ "$(wc -l <"$(newest)/log.$slot")" = "$(cat "$(newest)/end.$slot")" ]
	done
	is_back slow 6
	diff "$work/before" <(lab_spec slow)
}

@test "SCALE_GLOBAL=on drains a global service on every node" {
	lab_service_global everywhere "${ours[@]}"
	lab_spec everywhere >"$work/before"
	during 'for node in 1 2 3; do docker -H "unix://$LAB_DIR/$node/docker.sock" ps -q --filter label=com.docker.swarm.service.name=everywhere; done >"$work/alive"'
	export work
	SCALE_GLOBAL=on run_backup 0
	[ "$(wc -l <"$work/alive")" = 0 ]
	[ "$(lab_running everywhere)" = 3 ]
	diff "$work/before" <(lab_spec everywhere)
}

@test "a node that is cut off while its task runs: no copy, and everything comes back" {
	lab_service away --constraint "node.hostname==$(lab_node_name 3)" "${ours[@]}"
	lab_service web --replicas 2 --constraint "node.hostname!=$(lab_node_name 3)" "${ours[@]}"
	lab_spec away >"$work/away"
	task=$(lab_tasks_json away | jq -r '.[0].ID')
	lab_node_cut 3
	# cut off just now, not yet noticed
	STOP_TIMEOUT=15s START_TIMEOUT=5s run_backup 1
	[[ $output == *"services did not stop within 15"*"task ${task:0:12} of 'away' on $(lab_node_name 3) is running"* ]]
	copies_are 0
	is_back web 2
	not_held away 1
	[ "$(lab_node_docker 3 ps -q | wc -l)" -ge 1 ]

	# and when it has been down for a while
	lab_wait_for 120 lab_node_is 3 down
	STOP_TIMEOUT=5s START_TIMEOUT=5s run_backup 1
	[[ $output == *"services did not stop within 5"*"of 'away' on $(lab_node_name 3)"* ]]
	copies_are 0
	[ -z "$(snapshots)" ]
	is_back web 2
	not_held away 1
	diff "$work/away" <(lab_spec away)

	lab_node_heal 3
	lab_wait_for 120 lab_node_is 3 ready
	lab_wait_for 120 lab_converged away
	run_backup 0
	is_back away 1
}

@test "contact lost while files are copied: services are not left at 0" {
	lab_service spread --replicas 3 "${ours[@]}"
	: >"$work/hold"
	start_backup
	lab_wait_for 60 copies_are 1
	lab_node_cut 3
	lab_wait_for 120 lab_node_is 3 down
	rm "$work/hold"
	# the two nodes that are left run all three
	end_backup 0
	is_back spread 3
}

@test "on a worker node: required and auto fail, and say where to run" {
	for scale in required auto; do
		SCALE=$scale DOCKER_HOST=unix://$LAB_DIR/2/docker.sock run_backup 1
		[[ $output == *'does not manage its Swarm: run on a manager (constraint node.role==manager)'* ]]
		[ -z "$(snapshots)" ]
	done
	SCALE=off DOCKER_HOST=unix://$LAB_DIR/2/docker.sock run_backup 0
}
