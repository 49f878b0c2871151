#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Services of every kind are down while files are copied, and come back as they were.

load ../cli/lib/common
load lib/lab
load lib/services
load lib/quiesce

setup_file() {
	lab_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() { quiesce_setup; }
teardown() { quiesce_teardown; }

# containers NAME: a line for each that runs, told by the engine rather than by the Swarm.
containers() {
	docker ps -q --filter "label=com.docker.swarm.service.name=$1"
}

@test "a task that goes on for 8 s after SIGTERM has ended before the copy starts" {
	lab_service_slow slow "$src" --replicas 2 "${ours[@]}"
	lab_spec slow >"$work/before"
	during "docker ps -q --filter label=com.docker.swarm.service.name=slow >'$work/alive'"
	run_backup 0

	[ "$(wc -l <"$work/alive")" -eq 0 ]
	for slot in 1 2; do
		[ "$(cat "$(newest)/end.$slot")" -gt 100 ]
		[ "$(wc -l <"$(newest)/log.$slot")" = "$(cat "$(newest)/end.$slot")" ]
	done
	is_back slow 2
	diff "$work/before" <(lab_spec slow)

	[[ $output == *"stopping service 'slow'"* ]]
	[[ $output == *"1 service stopped in "* ]]
	[[ $output == *"started service 'slow': 2 replicas"* ]]
	[[ $output == *"service 'slow' was down for "* ]]
	recorded_services '.services | length == 1 and .[0].name == "slow" and
		.[0].replicas == 2 and .[0].error == null and
		.[0].downtime >= 8 and .[0].downtime < '"$((60 * ${LAB_SLOWNESS:-1}))"
	"$BACKUP" list --json >"$work/list"
	jq -e '[.. | .services? // empty | .[]] | length == 1 and .[0].downtime >= 8' "$work/list"
}

@test "a spec with every kind of field is equal afterwards, and so is the smallest" {
	lab_service_everything everything "${ours[@]}"
	lab_api POST /services/create '{
		"Name": "bare", "Labels": {"com.example.autobackup.enable": "true"},
		"Mode": {"Replicated": {}},
		"TaskTemplate": {
			"ContainerSpec": {"Image": "lab:busybox", "Command": ["sleep", "1000000"]},
			"Networks": [{"Target": "host"}]
		}
	}'
	lab_wait_for 60 lab_converged bare
	for name in everything bare; do
		lab_spec $name >"$work/$name"
		spec_version $name >"$work/$name.version"
	done
	grep -q '"MaxFailureRatio": 0.15,' "$work/everything"

	run_backup 0
	[[ $output == *"2 services stopped"* ]]
	for name in everything bare; do
		diff "$work/$name" <(lab_spec $name)
		[ "$(spec_version $name)" -gt "$(cat "$work/$name.version")" ]
	done
	is_back everything 2
	[ "$(lab_running bare)" -eq 1 ]
}
