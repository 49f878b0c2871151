#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Services of every kind are down while files are copied, and come back as they were.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

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

@test "health checks are waited for; jobs, zeros and other values are left alone" {
	mkdir "$work/job"
	lab_service_health healthy --replicas 2 "${ours[@]}"
	lab_service_job job "$work/job" --label com.example.autobackup.enable=true
	lab_service_create zero --replicas 0 "${ours[@]}"
	lab_service_global everywhere "${ours[@]}"
	lab_service other --label com.example.autobackup.enable=false
	lab_service longer --label com.example.autobackup.enable=true1
	lab_service deeper --container-label com.example.autobackup.enable=true
	for name in job zero everywhere other longer deeper; do
		spec_version $name >"$work/$name.version"
	done
	lab_spec healthy >"$work/before"
	run_backup 0

	for name in job zero everywhere other longer deeper; do
		[ "$(spec_version $name)" = "$(cat "$work/$name.version")" ]
	done
	[ "$(wc -l <"$work/job/ran")" = 1 ]
	is_back healthy 2
	diff "$work/before" <(lab_spec healthy)
	[[ $output == *'1 service stopped'* ]]
	[[ $output == *"service 'job' is a job and is left alone"* ]]
	[[ $output == *"WARNING: service 'everywhere' is global and keeps running"* ]]
	recorded_services '.services | length == 1 and .[0].downtime > 2'
}

@test "SCALE_GLOBAL=on drains global services, and takes exactly its constraint away" {
	lab_service_global plain "${ours[@]}"
	lab_service_global placed "${ours[@]}" --constraint node.role==manager \
		--constraint node.labels.gone!=yes
	lab_spec plain >"$work/plain"
	lab_spec placed >"$work/placed"
	during "docker ps -q >'$work/alive'
		docker service inspect --format '{{.Spec.TaskTemplate.Placement.Constraints}}' placed >'$work/constraints'"
	SCALE_GLOBAL=on run_backup 0
	[ "$(wc -l <"$work/alive")" -eq 0 ]
	[ "$(cat "$work/constraints")" = '[node.role==manager node.labels.gone!=yes node.id==quiesced-by-backup-container]' ]
	for name in plain placed; do
		diff "$work/$name" <(lab_spec $name)
		[ "$(lab_running $name)" -eq 1 ]
	done
	# the update is over or under way, not paused, so that the next run is fine too
	SCALE_GLOBAL=on run_backup 0
	diff "$work/placed" <(lab_spec placed)
	recorded_services '.services | length == 2 and all(.[]; .downtime > 0 and .error == null)'
}

@test "a paused update fails the run before anything is stopped" {
	lab_service_paused_update broken --label com.example.autobackup.enable=true
	lab_service web "${ours[@]}"
	version=$(spec_version web)
	broken=$(spec_version broken)
	run_backup 1
	[[ $output == *"service 'broken' has a paused update, which stopping it would resume: finish it or roll it back"* ]]
	[ "$(spec_version web)" = "$version" ]
	[ "$(spec_version broken)" = "$broken" ]
	copies_are 0
}

@test "a service that is being updated is waited for, but not for ever" {
	lab_service_updating busy 6 "${ours[@]}"
	version=$(spec_version busy)
	START_TIMEOUT=1s run_backup 1
	[[ $output == *"service 'busy' is being updated"* ]]
	[ "$(lab_api GET /services/busy | jq .Spec.Mode.Replicated.Replicas)" = 2 ]
	run ! is_marked busy
	copies_are 0

	run_backup 0
	[[ $output == *"'busy' is being updated, waiting"* ]]
	is_back busy 2
	copies_are 1
}

@test "our own service is never stopped, labelled though it is" {
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	lab_service web --replicas 2 "${ours[@]}"
	lab_spec web >"$work/before"
	mkdir "$dest"
	local path
	path=$(cd "$(dirname "$BACKUP")" && pwd)
	# shellcheck disable=SC2016
	lab_service_host backup "${ours[@]}" --restart-condition none --stop-grace-period 1m \
		--mount "type=bind,src=$path,dst=$path,readonly" \
		--mount "type=bind,src=$work,dst=$work" \
		--env "PROGRAM=$path/$(basename "$BACKUP")" --env "BACKUP_SRC=$src" --env "BACKUP_DEST=$dest" \
		--env SCALE=required --env "LOG_FILE=$work/own.log" --env "OUT=$work/own" \
		--env START_TIMEOUT=90s --env PRE_PASS=off -- \
		sh -c '"$PROGRAM" run >"$OUT.out" 2>&1; echo $? >"$OUT.code"; sleep 1000000'
	lab_wait_for 120 test -s "$work/own.code"
	cat "$work/own.out"
	[ "$(cat "$work/own.code")" = 0 ]
	grep -q "service 'backup' is this backup's own and is left alone" "$work/own.out"
	grep -q "started service 'web': 2 replicas" "$work/own.out"
	diff "$work/before" <(lab_spec web)
	[ -e "$(newest)/file" ]
	[ "$(lab_replicas backup)" = 1 ]
}

@test "a dry run tells what it would do and changes nothing" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_service_global everywhere "${ours[@]}"
	web=$(spec_version web)
	everywhere=$(spec_version everywhere)
	SCALE_GLOBAL=on run_backup 0 run --dry-run
	[[ $output == *"would scale service 'web' from 2 to 0 and back"* ]]
	[[ $output == *"would drain global service 'everywhere' and bring it back"* ]]
	[ "$(spec_version web)" = "$web" ]
	[ "$(spec_version everywhere)" = "$everywhere" ]
	[ ! -e "$dest/daily" ]
}
