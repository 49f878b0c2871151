#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The laboratory itself, with three engines.

bats_require_minimum_version 1.5.0
load lib/lab
load lib/services

setup_file() {
	lab_needs
	lab_swarm3_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

# The number of nodes on which the service has a task that runs.
nodes_of() {
	lab_tasks "$1" | awk '$3 == "running" && $4 == "running" { print $2 }' | sort -u | wc -l
}

@test "three nodes are ready, the first is their only manager" {
	lab_nodes_ready 3
	[ "$(docker node ls --filter role=manager --format '{{.Hostname}}')" = "$(lab_node_name 1)" ]
	for node in 1 2 3; do
		lab_node_is "$node" ready
		[ "$(lab_node_docker "$node" info --format '{{.Name}}')" = "$(lab_node_name "$node")" ]
	done
	run ! lab_node_docker 2 node ls
}

@test "tasks are spread over all, and stop and start there" {
	lab_service web --replicas 6
	[ "$(nodes_of web)" = 3 ]
	for node in 1 2 3; do
		[ "$(lab_node_docker "$node" ps -q | wc -l)" = 2 ]
	done
	docker service scale -d web=0
	lab_wait_for 60 lab_stopped web
	docker service scale -d web=6
	lab_wait_for 60 lab_converged web
	[ "$(nodes_of web)" = 3 ]
	docker service rm web
}

@test "global: a task on every node" {
	lab_service_global everywhere
	[ "$(lab_running everywhere)" = 3 ]
	docker service rm everywhere
}

@test "every kind of service comes up" {
	mkdir "$BATS_TEST_TMPDIR/data"
	LAB_SLOW=1 lab_service_slow slow "$BATS_TEST_TMPDIR/data" --replicas 3
	[ "$(nodes_of slow)" = 3 ]
	lab_service_health healthy --replicas 3
	lab_service_everything everything
	docker service rm slow healthy everything
}

@test "a node that is cut off goes down, its task runs on; healed, it is ready again" {
	lab_service away --constraint "node.hostname==$(lab_node_name 3)"
	lab_node_cut 3
	lab_wait_for 120 lab_node_is 3 down
	lab_node_is 2 ready
	[ "$(lab_node_docker 3 ps -q | wc -l)" = 1 ]

	lab_node_heal 3
	lab_wait_for 120 lab_node_is 3 ready
	lab_wait_for 120 lab_converged away
	docker service rm away
}

@test "an engine of another node is killed and comes back" {
	lab_engine_stop KILL 2
	lab_wait_for 120 lab_node_is 2 down
	lab_engine_start 2
	lab_wait_for 120 lab_nodes_ready 3
}
