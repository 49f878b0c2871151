#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Services stop and start in their order and in time, two hundred of them as well.

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

@test "services stop by ascending number and start in reverse, equals together" {
	local name
	lab_service_create first --label order=-1 "${ours[@]}"
	lab_service_create none "${ours[@]}"
	lab_service_create second --label order=2 "${ours[@]}"
	lab_service_create also --label order=2 "${ours[@]}"
	for name in first none second also; do
		lab_wait_for 60 lab_converged $name
	done
	# taken for 0, with a warning
	SCALE_ORDER_LABEL=order run_backup 0
	[[ $output == *"service 'first': label order='-1' is not a whole number"* ]]
	sed -n "s/.*\] \(stopping\|started\) service '\([a-z]*\)'.*/\1 \2/p" <<<"$output" >"$work/order"
	[ "$(sed -n '1,2p' "$work/order" | sort)" = $'stopping first\nstopping none' ]
	[ "$(sed -n '3,4p' "$work/order" | sort)" = $'stopping also\nstopping second' ]
	[ "$(sed -n '5,6p' "$work/order" | sort)" = $'started also\nstarted second' ]
	[ "$(sed -n '7,8p' "$work/order" | sort)" = $'started first\nstarted none' ]
}

@test "the next in order stops when the one before has stopped, and starts when it runs" {
	lab_service_slow early "$src" --label order=1 "${ours[@]}" --env SLOW=2
	lab_service late --label order=2 "${ours[@]}"
	docker events --filter type=container --filter event=die --filter event=start \
		--format '{{.Action}} {{index .Actor.Attributes "com.docker.swarm.service.name"}}' \
		>"$work/events" 2>/dev/null 3>&- 4>&- </dev/null &
	events=$!
	SCALE_ORDER_LABEL=order run_backup 0
	told() { grep -E ' (early|late)$' "$work/events"; }
	all_told() { [ "$(told | wc -l)" -ge 4 ]; }
	lab_wait_for 30 all_told
	kill "$events"
	told
	[ "$(told)" = $'die early\ndie late\nstart late\nstart early' ]
}

@test "STOP_TIMEOUT: no copy, everything comes back, the task and its node are told" {
	lab_service_gated stubborn "$src" --replicas 1 "${ours[@]}"
	lab_service web --replicas 2 "${ours[@]}"
	rm "$src/may-end"
	task=$(lab_tasks_json stubborn | jq -r '.[0].ID')
	STOP_TIMEOUT=3s run_backup 1
	[[ $output == *"services did not stop within 3"*"(STOP_TIMEOUT): "*"task ${task:0:12} of 'stubborn' on $(docker node ls --format '{{.Hostname}}') is running"* ]]
	copies_are 0
	[ -z "$(snapshots)" ]
	is_back web 2
	not_held stubborn 1
	: >"$src/may-end"
	comes_back stubborn 1
	STOP_TIMEOUT=60s run_backup 0
	is_back stubborn 1
}

@test "START_TIMEOUT: what cannot come back fails the run, is told, and nothing is removed" {
	mkdir "$work/bound"
	lab_service broken --replicas 2 --mount "type=bind,src=$work/bound,dst=/bound" \
		--restart-delay 500ms "${ours[@]}"
	lab_service web --replicas 2 "${ours[@]}"
	DAILY_COUNT=1 KEEP_WITHIN=0s run_backup 0
	first=$(redate "$(snapshots)" "$(made_at 3 days ago)")
	during "rm -r '$work/bound'"
	DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=0s START_TIMEOUT=8s run_backup 1
	[[ $output == *"ERROR: service 'broken' is not back: 0 of 2 tasks run after 8"*"bind source path does not exist"* ]]
	[[ $output == *"published daily/"* ]]
	[ -e "$dest/$first" ]
	[ "$(snapshots | wc -l)" = 2 ]
	is_back web 2
	not_held broken 2
	recorded_services '.services | map({(.name): .error}) | add | .web == null and (.broken | contains("0 of 2"))'
	mkdir "$work/bound"
	lab_wait_for 60 is_back broken 2
}

@test "two hundred services stop and start in one run, and none is left behind" {
	lab_service_many many 200 "${ours[@]}"
	# what a busy machine takes for so many is not what this is about
	STOP_TIMEOUT=300s START_TIMEOUT=300s run_backup 0
	[[ $output == *'200 services stopped'* ]]
	[[ $output != *WARNING* ]]
	lab_many_run many 200
	[ -z "$(docker service ls -q --filter label=backup-container.quiesced)" ]
	recorded_services '.services | length == 200 and all(.[]; .error == null and .downtime > 0)'
}
