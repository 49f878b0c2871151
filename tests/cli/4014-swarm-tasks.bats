#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The copy begins when no task is left, and not before.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # jq has variables too, each test is a subshell
load lib/common
load lib/swarm

# Nothing was copied, nothing is down.
nothing_happened() {
	[ "$(copies)" = 0 ]
	[ -z "$(snapshots)" ]
	[ "$(fake_state "[.by_name[] | select(.labels | has(\"$mark\"))] | length")" = 0 ]
}

@test "a task that does not end in STOP_TIMEOUT: no copy, all back, task and node are told" {
	fake_start "$work/docker" "$(fake_script "$(service web 2 '{"stop_delay": null, "node": "far"}')" "$(service db)" |
		jq '.nodes = [{}, {"hostname": "far"}]')"
	task=$(fake_state '.by_name.web.id as $id | [.tasks[] | select(.ServiceID == $id).ID[:12]] | sort | first')
	STOP_TIMEOUT=1s run_backup 1 run
	said 'services did not stop within 1.0 s (STOP_TIMEOUT): task'
	said "task $task of 'web' on far is running"
	said 'all services are started again'
	unsaid "of 'db'"
	nothing_happened
	is_up db 1
	[ "$(fake_state .by_name.web.replicas)" = 2 ]
	tail -n 1 "$dest/.backup/history.jsonl" | jq -e '.exit == 1 and (.reason | contains("far"))'
}

@test "many tasks that do not end: the first are told, and how many more" {
	engine "$(service web 9 '{"stop_delay": null}')"
	STOP_TIMEOUT=1s run_backup 1 run
	said 'and 4 more'
	nothing_happened
}

@test "a task that ends late: the copy waits for it" {
	engine "$(service web 2 '{"stop_delay": 2}')" "$(service db)"
	during 'fake_state ".tasks | length" >$work/seen'
	run_backup 0 run
	[ "$(cat "$work/seen")" = 0 ]
	is_up web 2
}

@test "a service at 0 whose last task is still ending: the copy waits, others stay up meanwhile" {
	engine "$(service web 1 '{"stop_delay": 3}')" "$(service db)"
	fake_set '{"service": "web", "replicas": 0}'
	during 'fake_state ".tasks | length" >$work/seen'
	run_backup 0 run
	[ "$(cat "$work/seen")" = 0 ]
	[ -z "$(fake_requests POST /services/web/update)" ]
	is_up db 1
}

@test "a service at 0 whose last task does not end: nothing is stopped, no copy" {
	engine "$(service web 1 '{"stop_delay": null}')" "$(service db)"
	fake_set '{"service": "web", "replicas": 0}'
	STOP_TIMEOUT=1s run_backup 1 run
	said "of 'web' on"
	[ "$(copies)" = 0 ]
	[ -z "$(fake_requests POST)" ]
}

@test "a task that vanishes once and is there again" {
	engine "$(service web 1 '{"stop_delay": 1.5}')"
	# the first look counts what runs, the second waits
	fake_rule '{"on": "GET /tasks.*", "times": [2, 4], "status": 200, "body": []}'
	during 'fake_state ".tasks | length" >$work/seen'
	run_backup 0 run
	[ "$(cat "$work/seen")" = 0 ]
	[ "$(fake_requests GET /tasks | wc -l)" -ge 8 ]
}

@test "an orphaned task is not an ended one" {
	fake_start "$work/docker" "$(fake_script "$(service web 1 '{"stop_delay": null, "node": "far"}')" "$(service db)" |
		jq '.nodes = [{}, {"hostname": "far"}]')"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "after": {"node": "far", "state": "down", "orphan": true}}'
	STOP_TIMEOUT=1s START_TIMEOUT=2s run_backup 1 run
	said "of 'web' on far is orphaned"
	nothing_happened
	is_up db 1
}

@test "a node that is down keeps its tasks: no copy" {
	fake_start "$work/docker" "$(fake_script "$(service web 1 '{"node": "far"}')" |
		jq '.nodes = [{}, {"hostname": "far"}]')"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "after": {"node": "far", "state": "down"}}'
	STOP_TIMEOUT=1s START_TIMEOUT=3s run "$BACKUP" run
	[ "$status" -eq 1 ]
	said "of 'web' on far is running"
	nothing_happened
}

@test "every state but the last ones counts as there" {
	engine "$(service web 1 '{"stop_delay": null}')"
	for state in new pending assigned accepted preparing ready starting running orphaned made-up; do
		fake_rules_clear
		fake_rule "$(jq -cn --arg id "$(fake_state .by_name.web.id)" --arg state "$state" \
			'{on: "GET /tasks.*", times: "2-", status: 200,
			body: [{ID: "t", ServiceID: $id, DesiredState: "remove", Status: {State: $state}}]}')"
		STOP_TIMEOUT=0s START_TIMEOUT=0s run_backup 1 run
		said "task t of 'web' on no node is $state"
	done
	for state in complete shutdown failed rejected remove; do
		fake_rules_clear
		fake_rule "$(jq -cn --arg id "$(fake_state .by_name.web.id)" --arg state "$state" \
			'{on: "GET /tasks.*", times: "2-3", status: 200,
			body: [{ID: "t", ServiceID: $id, DesiredState: "remove", Status: {State: $state}}]}')"
		rm -f "$work/copies"
		fake_set '{"service": "web", "stop_delay": 0}'
		run_backup 0 run
		[ "$(copies)" = 1 ]
	done
}

@test "tasks cannot be listed while services stop: no copy, all back" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "GET /tasks.*", "times": "2-", "status": 500, "message": "made up"}'
	STOP_TIMEOUT=1s START_TIMEOUT=1s run_backup 1 run
	said 'list tasks: the Docker Engine answered 500: made up'
	nothing_happened
	eventually 5 is_up web 2
	eventually 5 is_up db 1
}

@test "a service whose task is steady only after its monitor period" {
	engine "$(service web 1 '{"spec": {"UpdateConfig": {"Monitor": 2000000000}}}')"
	run_backup 0 run
	# from the way back to the end: at least the period
	fake_log -e '[.[] | select(.method == "POST").time][1] as $back | .[-1].time - $back > 2'
}

@test "a group that does not stop: the one before it comes back too, the next is never told" {
	engine "$(service a 1 '{"labels": {"order": "1"}}')" \
		"$(service b 1 '{"labels": {"order": "2"}, "stop_delay": null}')" \
		"$(service c 1 '{"labels": {"order": "3"}}')"
	SCALE_ORDER_LABEL=order STOP_TIMEOUT=1s run_backup 1 run
	nothing_happened
	is_up a 1
	[ "$(fake_state .by_name.b.replicas)" = 1 ]
	[ -z "$(fake_requests POST /services/c/update)" ]
}

@test "SIGTERM while services stop, during the copy, and while they start" {
	engine "$(service web 2 '{"stop_delay": 1.5, "start_delay": 1.5}')"
	n=0
	for on in 'POST /services/web/update' 'GET /tasks.*' copy; do
		n=$((n + 1))
		fake_rules_clear
		rm -f "$work/during" "$work/pid"
		kill="until [ -e $work/pid ]; do sleep 0.02; done; kill -TERM \$(cat $work/pid); sleep 0.2"
		: >"$fake_dir/requests.jsonl"
		[ "$on" != copy ] || during "$kill"
		"$BACKUP" run >"$work/out" 2>&1 3>&- &
		echo $! >"$work/pid.new"
		mv "$work/pid.new" "$work/pid"
		case $on in
		POST*) eventually 10 requested 1 POST ;;
		GET*) eventually 10 requested 3 GET /tasks ;;
		copy) eventually 10 requested 2 POST ;;
		esac
		[ "$on" = copy ] || kill -TERM "$(cat "$work/pid")"
		code=0
		wait "$(cat "$work/pid")" || code=$?
		[ "$code" = 143 ]
		grep 'interrupted by SIGTERM' "$work/out"
		[ "$(fake_state ".by_name.web | [.replicas, (.labels | has(\"$mark\"))] | tostring")" = '[2,false]' ]
		[ -z "$(snapshots)" ]
		eventually 5 is_up web 2
	done
}

requested() {
	[ "$(fake_requests "${@:2}" | wc -l)" -ge "$1" ]
}
