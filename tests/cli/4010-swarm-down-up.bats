#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Labelled services go down while files are copied and come back as they were.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # jq has variables too, each test is a subshell
load lib/common
load lib/swarm

@test "two services go down and come back, others are not touched" {
	engine "$(service web 2)" "$(service db 1 '{"stop_delay": 1}')" \
		"$(service plain 1 '{"labels": {"com.example.autobackup.enable": null}}')" \
		"$(service other 1 '{"labels": {"com.example.autobackup.enable": "false"}}')" \
		"$(service longer 1 '{"labels": {"com.example.autobackup.enable": "true "}}')"
	before=$(spec_of web && spec_of db && spec_of plain && spec_of other)
	during 'fake_state -c "[.by_name[] | [.replicas, .running, (.tasks | length)]] | unique" >$work/seen'
	run_backup 0 run
	# longer, other, plain; db, web: all tasks are gone when the copy begins
	[ "$(cat "$work/seen")" = '[[0,0,0],[1,1,1]]' ]
	is_up web 2
	is_up db 1
	[ "$(spec_of web && spec_of db && spec_of plain && spec_of other)" = "$before" ]
	[ "$(fake_requests POST | sort | uniq -c | awk '{ print $1, $3 }' | paste -sd ' ')" = \
		'2 /services/db/update 2 /services/web/update' ]
	said '2 services stopped in'
	said "service 'web' was down for"
	[ "$(snapshots | wc -l)" = 1 ]

	# one update each way; the first holds count and mark at once
	fake_updates web | head -n 1 | jq -e --arg mark "$mark" \
		'.Mode.Replicated.Replicas == 0 and
		(.Labels[$mark] | fromjson | .replicas == 2 and (.destination | length) > 8)'
	fake_updates web | tail -n 1 | jq -e --arg mark "$mark" \
		'.Mode.Replicated.Replicas == 2 and (.Labels | has($mark) | not)'

	# downtime is told
	run -0 --separate-stderr "$BACKUP" list --json
	jq -e '[.. | .downtime? // empty] | length == 2 and all(. > 0.2 and . < 30)' <<<"$output"
	jq -e '[.. | .downtime? // empty] | length == 2 and all(. > 0.2)' "$dest"/.backup/snapshots/*.json
}

@test "all of a group are told before any is waited for" {
	engine "$(service web 2)" "$(service db)" "$(service cache 3)"
	run_backup 0 run
	fake_log -e '[.[] | if .method == "POST" then "P" elif .path == "/tasks" then "t" else "g" end] |
		add | test("tg*P{3}t+g*P{3}t+$")'
}

@test "a dry run says what it would do and sends nothing but GET" {
	engine "$(service web 2)" "$(service none null)" "$(service off 0)" \
		"$(service glob 1 '{"mode": "global"}')" \
		"$(service left 0 '{"labels": {"com.example.autobackup.enable": null, "backup-container.quiesced": "{\"destination\":\"x\",\"run\":\"y\",\"replicas\":1}"}}')"
	SCALE_GLOBAL=on run_backup 0 run --dry-run
	said "service 'left' is held by a backup to another destination"
	said "would scale service 'web' from 2 to 0 and back"
	said "would scale service 'none' from 1 to 0 and back"
	said "would drain global service 'glob' and bring it back"
	unsaid "'off'"
	[ "$(fake_log '[.[].method] | unique | join(" ")')" = GET ]
	[ "$(fake_requests GET | grep -c /tasks)" -gt 0 ]
	is_up web 2
}

@test "SCALE=off asks nothing of the engine" {
	engine "$(service web 2)"
	SCALE=off run_backup 0 run
	[ -z "$(fake_requests)" ]
}

@test "another label and another value" {
	engine "$(service web 1 '{"labels": {"a b=c\"": "ja & 1", "'"$label"'": null}}')" "$(service db)"
	SCALE_LABEL='a b=c"' SCALE_VALUE='ja & 1' run_backup 0 run
	said "no service has the label"
	SCALE_LABEL='backup.me' SCALE_VALUE='ja & "1"=%41+' run_backup 0 run
	said "no service has the label"
	fake_set '{"service": "web", "labels": {"backup.me": "ja & \"1\"=%41+"}}'
	SCALE_LABEL='backup.me' SCALE_VALUE='ja & "1"=%41+' run_backup 0 run
	[ "$(fake_requests POST)" = "$(printf 'POST /services/web/update\n%.0s' 1 2)" ]
	is_up web 1
}

@test "a service at 0 is not touched, one without a count means 1" {
	engine "$(service off 0)" "$(service none null)"
	version=$(fake_state .by_name.off.version)
	run_backup 0 run
	[ "$(fake_state .by_name.off.version)" = "$version" ]
	[ -z "$(fake_requests POST /services/off/update)" ]
	is_up none 1
	unsaid 'somebody else'
	fake_updates none | tail -n 1 | jq -e '.Mode == {"Replicated": {}}'
	jq -e '.services == [.services[] | select(.name == "none" and .replicas == 1)]' \
		"$dest"/.backup/snapshots/*.json
}

@test "a service none of whose tasks ran is not waited for" {
	engine "$(service web 2 '{"stuck": "pending"}')"
	fake_set '{"service": "web", "tasks": {"state": "pending"}}'
	START_TIMEOUT=3s run_backup 0 run
	[ "$(fake_state .by_name.web.replicas)" = 2 ]
}

# raw_spec NAME: its spec as text; jq rounds large numbers.
raw_spec() {
	fake_control GET state | python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin)["by_name"][sys.argv[1]]["spec"], sort_keys=True))' "$1"
}

@test "what a spec holds goes back as it came" {
	fake_start "$work/docker" '{"services": [{"name": "web", "replicas": 3,
		"labels": {"com.example.autobackup.enable": "true", "odd": "a\u0000b\u001b\u20ac\"\\\n", "empty": ""},
		"spec": {"TaskTemplate": {"ForceUpdate": 9007199254740995,
			"ContainerSpec": {"StopGracePeriod": 9223372036854775807,
				"Healthcheck": {"Interval": -9223372036854775808, "Retries": 0},
				"Env": ["A=\u0000", "", "\ud83d\ude00"], "Args": [],
				"CapabilityAdd": ["CAP_NET_RAW"], "Unknown": {"deep": [1, "1.50", null, true]}},
			"RestartPolicy": {"Window": 9223372036854775806, "MaxAttempts": 0},
			"Resources": {"Limits": {"NanoCPUs": 1, "MemoryBytes": 9007199254740993}},
			"Placement": {"Constraints": ["node.role==manager"], "Preferences": []}},
		"UpdateConfig": {"Monitor": 1000000, "MaxFailureRatio": 0.1},
		"RollbackConfig": {"MaxFailureRatio": 0.15, "Delay": 0},
		"Networks": [], "EndpointSpec": {"Ports": [{"PublishedPort": 80, "TargetPort": 8080}]}}}]}'
	spec=$(raw_spec web)
	run_backup 0 run
	is_up web 3
	diff <(echo "$spec") <(raw_spec web)
	jq -r 'select(.method == "POST").body' "$fake_dir/requests.jsonl" >"$work/bodies"
	[ "$(wc -l <"$work/bodies")" = 2 ]
	for text in 9223372036854775807 -9223372036854775808 9007199254740993 '"ForceUpdate":9007199254740995' \
		'"A=\u0000"' '"Args":[]' '1,"1.50",null,true'; do
		[ "$(grep -ciF -- "$text" "$work/bodies")" = 2 ] || {
			echo "$text"
			cat "$work/bodies"
			return 1
		}
	done
}

@test "STOP_TIMEOUT=auto and a grace period without an end" {
	engine "$(service web 1 '{"spec": {"TaskTemplate": {"ContainerSpec": {"StopGracePeriod": 3600000000000}}}}')"
	STOP_TIMEOUT=auto run_backup 0 run
	is_up web 1
}

@test "every version of the API from 1.40 on is spoken as it is" {
	engine "$(service web 1 '{"stop_delay": 0, "start_delay": 0}')"
	for minor in {40..56}; do
		fake_set '{"engine": {"api": "1.'"$minor"'", "min_api": "1.'"$((minor > 44 ? 44 : minor))"'"}}'
		: >"$fake_dir/requests.jsonl"
		case $minor in
		40 | 44 | 56)
			run_backup 0 run
			[ "$(fake_requests POST | wc -l)" = 2 ]
			;;
		*) run_backup 0 run --dry-run ;;
		esac
		is_up web 1
		[ "$(fake_log '[.[].target | split("/")[1]] | unique | join(" ")')" = "_ping v1.$minor" ]
		[ "$(fake_requests GET /tasks | wc -l)" -ge 1 ]
	done
}

@test "jobs get no update, whatever SCALE_GLOBAL says" {
	engine "$(service job 2 '{"mode": "replicated-job"}')" \
		"$(service all 1 '{"mode": "global-job"}')" "$(service web)"
	SCALE_GLOBAL=on run_backup 0 run
	said "service 'job' is a job and is left alone"
	said "service 'all' is a job and is left alone"
	[ "$(fake_requests POST | sort -u)" = 'POST /services/web/update' ]
	[ "$(fake_state '[.by_name.job.iteration, .by_name.all.iteration] | add')" = 0 ]
}

@test "global services keep running unless SCALE_GLOBAL=on, then they drain" {
	fake_start "$work/docker" "$(fake_script \
		"$(service glob 1 '{"mode": "global", "spec": {"TaskTemplate": {"Placement":
			{"Constraints": ["node.role==manager"], "Preferences": [{"Spread": {"SpreadDescriptor": "x"}}]}}}}')" \
		"$(service bare 1 '{"mode": "global"}')" |
		jq '.nodes = [{}, {"hostname": "second", "role": "manager"}, {"hostname": "third"}]')"
	run_backup 0 run
	said "service 'glob' is global and keeps running during the copy; to stop it, set SCALE_GLOBAL=on"
	[ -z "$(fake_requests POST)" ]

	spec=$(spec_of glob && spec_of bare)
	during 'fake_state "[.tasks[] | select(.Status.State == \"running\")] | length" >$work/seen'
	SCALE_GLOBAL=on run_backup 0 run
	[ "$(cat "$work/seen")" = 0 ]
	[ "$(spec_of glob && spec_of bare)" = "$spec" ]
	[ "$(fake_state '.by_name.glob.running, .by_name.bare.running' | paste -sd ' ')" = '2 3' ]
	fake_updates glob | head -n 1 | jq -e --arg mark "$mark" '(.Labels[$mark] | fromjson | .global) and
		(.TaskTemplate.Placement.Constraints | length == 2)'
}

@test "services stop by ascending order and start in reverse, equal ones together" {
	engine "$(service app 1 '{"labels": {"order": "1"}}')" \
		"$(service web 1 '{"labels": {"order": "1"}}')" \
		"$(service db 1 '{"labels": {"order": "10"}}')" \
		"$(service cache 1 '{"labels": {"order": "2"}}')" \
		"$(service first)" "$(service odd 1 '{"labels": {"order": "-1"}}')"
	SCALE_ORDER_LABEL=order run_backup 0 run
	said "service 'odd': label order='-1' is not a whole number, taken as 0"
	# between two looks at tasks, who was told; within a group the order is that of IDs
	[ "$(fake_log 'reduce .[] as $r ([[]];
		if $r.method == "POST" then .[-1] += [$r.path | split("/")[2]]
		elif $r.path == "/tasks" then . + [[]] else . end) |
		map(select(. != []) | sort | join(",")) | join(" ")')" = \
		'first,odd app,web cache db db cache app,web first,odd' ]
	for name in app web db cache first odd; do
		is_up "$name" 1
	done
}

@test "two hundred services go down and up, many at a time" {
	engine "$(service 's{}' 1 '{"count": 200}')"
	during 'fake_state "[.by_name[] | select(.replicas != 0 or (.tasks | length) > 0)] | length" >$work/seen'
	STOP_TIMEOUT=60s START_TIMEOUT=60s run_backup 0 run
	said '200 services stopped in'
	[ "$(cat "$work/seen")" = 0 ]
	[ "$(fake_state '[.by_name[] | select(.replicas == 1 and .running == 1 and
		(.labels | has("'"$mark"'") | not))] | length')" = 200 ]
	[ "$(fake_requests POST | wc -l)" = 400 ]
	# several at a time, and not too many
	fake_log -e 'map(select(.method == "POST").inflight) | max >= 4 and max <= 16'
	[ "$(fake_state .connections)" -lt 60 ]
	[ "$(jq '.services | length' "$dest"/.backup/snapshots/*.json)" = 200 ]
}

@test "the service that the backup runs in is left alone" {
	needs_root
	needs unshare
	engine "$(service self)" "$(service web)"
	container=$(fake_state '.by_name.self.id as $id | .tasks[] | select(.ServiceID == $id) |
		.Status.ContainerStatus.ContainerID')
	mkdir -p "$work/containers/$container"
	: >"$work/containers/$container/hostname"
	run -0 unshare -m sh -ec "mount --bind $work/containers/$container/hostname /etc/hostname
		exec $BACKUP run"
	said "service 'self' is this backup's own and is left alone"
	[ "$(fake_requests POST | sort -u)" = 'POST /services/web/update' ]
	is_up self 1
}
