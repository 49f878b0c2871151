#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Updates that are refused, lost or cut off, and an engine that goes away: services come
# back all the same, and to what they were.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # jq has variables too, each test is a subshell
load lib/common
load lib/swarm

# The counts that updates of a service set.
counts() {
	fake_updates "$1" | jq -r .Mode.Replicated.Replicas | paste -sd ' '
}

# Likewise of a lost reply: libcurl sends once more what got no byte of an answer on a kept
# connection, which is harmless as the version is the same and so out of sequence.
counts_once() {
	fake_log --arg path "/services/$1/update" '[.[] | select(.method == "POST" and .path == $path) |
		[.target, (.body | fromjson).Mode.Replicated.Replicas]] | reduce .[] as $one ([];
		if .[-1] == $one then . else . + [$one] end) | map(.[1] | tostring) | join(" ")'
}

@test "out of sequence nine times each way" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "POST /services/web/update", "times": ["1-9", "11-19"], "out_of_sequence": true}'
	run_backup 0 run
	is_up web 2
	is_up db 1
	[ "$(counts web)" = "$(printf '0 %.0s' {1..10})$(printf '2 %.0s' {1..9})2" ]
	[ "$(counts db)" = '0 1' ]
}

@test "another update comes in between: it is kept" {
	engine "$(service web 2)"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "before":
		{"service": "web", "replicas": 4, "labels": {"new": "1"}}}'
	run_backup 0 run
	is_up web 4
	[ "$(counts web)" = '0 0 4' ]
	[ "$(fake_state .by_name.web.labels.new)" = 1 ]
	jq -e '.services[0].replicas == 4' "$dest"/.backup/snapshots/*.json
}

@test "the reply is lost after the update took effect: no second effect, the first count" {
	engine "$(service web 3)" "$(service db)"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "apply": true, "drop": true}'
	run_backup 0 run
	is_up web 3
	[ "$(counts_once web)" = '0 3' ]
	said "service 'web' was down for"
	[ "$(copies)" = 1 ]
}

@test "the reply to the way back is lost" {
	engine "$(service web 3)"
	fake_rule '{"on": "POST /services/web/update", "times": 2, "apply": true, "drop": true}'
	run_backup 0 run
	is_up web 3
	[ "$(counts_once web)" = '0 3' ]
	said "service 'web' was down for"
	unsaid 'somebody else'
}

@test "both replies are lost, and the service is waited for all the same" {
	engine "$(service web 3 '{"start_delay": 1.5}')" "$(service none null)"
	fake_rule '{"on": "POST /services/(web|none)/update", "apply": true, "drop": true}'
	run_backup 0 run
	is_up web 3
	is_up none 1
	[ "$(counts_once web)" = '0 3' ]
	said "service 'web' was down for"
	said "service 'none' was down for"
	unsaid 'somebody else'
}

@test "half a reply, garbage, a reset" {
	engine "$(service web 3)"
	for how in '"half": true, "apply": true' '"garbage": true, "apply": true' '"garbage": true' \
		'"garbage": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "apply": true'; do
		fake_rules_clear
		: >"$fake_dir/requests.jsonl"
		fake_rule "{\"on\": \"POST .*\", \"times\": [1, 3], $how}"
		run_backup 0 run
		is_up web 3
		[ "$(fake_updates web | jq -s 'map(.Mode.Replicated.Replicas) | unique == [0, 3]')" = true ]
	done
}

@test "the connection is cut before the update takes effect" {
	engine "$(service web 2)"
	fake_rule '{"on": "POST /services/web/update", "times": [1, 3], "drop": true}'
	run_backup 0 run
	is_up web 2
	[ "$(counts web)" = '0 0 2 2' ]
}

@test "one update of three is refused for good: all are up again, the run fails" {
	engine "$(service web 2)" "$(service db)" "$(service cache)"
	fake_rule '{"on": "POST /services/db/update", "status": 400, "message": "invalid\u001b reason"}'
	run_backup 1 run
	said "service 'db'"
	said 'the Docker Engine answered 400: invalid'
	said 'all services are started again'
	unsaid $'\e'
	is_up web 2
	is_up db 1
	is_up cache 1
	[ "$(copies)" = 0 ]
	[ -z "$(snapshots)" ]
}

@test "a service that cannot be brought back: the others are, exit 1, nothing rotated" {
	engine "$(service web 2)" "$(service db)" "$(service cache)"
	export KEEP_WITHIN=0s DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0
	run_backup 0 run
	redate "daily/$(basename "$(newest)")" 2001-01-01_00-00-00
	fake_rule '{"on": "POST /services/db/update", "times": "2-", "status": 500, "message": "made up"}'
	run_backup 1 run
	said "service 'db' is not back"
	said 'made up'
	said '1 of 3 services did not come back'
	said 'published daily/'
	[ "$(snapshots | wc -l)" = 2 ]
	is_up web 2
	is_up cache 1
	is_down db
	jq -e '[.services[] | select(has("error")).name] == ["db"]' \
		"$dest/.backup/snapshots/$(basename "$(newest)").json"
	tail -n 1 "$dest/.backup/history.jsonl" | jq -e '.result == "failed" and .exit == 1'
	# the next run brings it back first, and only then rotates
	fake_rules_clear
	run_backup 0 run
	said "service 'db' was left down by run"
	is_up db 1
	[ "$(snapshots | wc -l)" -lt 3 ]
}

@test "tasks that cannot start: their error is told, the run fails" {
	engine "$(service web 2)" "$(service db)"
	during 'fake_set "{\"service\": \"web\", \"fail\": \"No such image: web:1\"}"'
	START_TIMEOUT=2s run_backup 1 run
	said "service 'web' is not back: 0 of 2 tasks run after 2.0 s (START_TIMEOUT); on node1"
	said 'No such image: web:1'
	said 'published daily/'
	is_up db 1
	[ "$(fake_state '.by_name.web | "\(.replicas) \(.labels | length)"')" = '2 1' ]
}

@test "tasks that fail once and then run" {
	engine "$(service web 2)"
	during 'fake_set "{\"service\": \"web\", \"fail\": \"flaky\", \"fail_times\": 1}"'
	run_backup 0 run
	is_up web 2
}

@test "the engine is away for a while when services are to come back" {
	engine "$(service web 2)" "$(service db)"
	during 'fake_offline 2'
	run_backup 0 run
	is_up web 2
	is_up db 1
}

@test "the engine is away while services stop, and while they start" {
	engine "$(service web 2 '{"stop_delay": 1}')"
	fake_rule '{"on": "GET /tasks.*", "times": [3, 6], "drop": true}'
	fake_rule '{"on": "GET /tasks.*", "times": 4, "status": 500, "message": "made up"}'
	run_backup 0 run
	is_up web 2
}

@test "managers elect a leader, or one restarts, or a proxy has lost its engine" {
	engine "$(service web 2)"
	while read -r rule; do
		fake_rules_clear
		fake_rule "{\"on\": \"POST .*\", \"times\": [1, 3, 4], $rule}"
		run_backup 0 run
		is_up web 2
	done <<-'END'
		"status": 500, "message": "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online."
		"status": 503, "message": "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster."
		"status": 503, "body": "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n", "headers": {"Content-Type": "text/html"}
		"status": 502, "body": "Bad Gateway", "headers": {"Content-Type": "text/plain"}
	END
}

@test "the engine stays away: the run fails after START_TIMEOUT, and recover mends it" {
	engine "$(service web 2)"
	during 'fake_rule "{\"on\": \".* .*\", \"drop\": true}"'
	START_TIMEOUT=1s run_backup 1 run
	said "service 'web' could not be brought back"
	said 'recover'
	said 'published daily/'
	fake_rules_clear
	is_down web
	run_backup 0 recover
	said '1 service brought back'
	is_up web 2
}

@test "a copy that finds no room is made once more while services are down once" {
	mount_on "$work/disk" -t tmpfs -o nr_inodes=100 tmpfs
	dest=$work/disk/dest
	export BACKUP_DEST=$dest
	engine "$(service web 2)"
	for i in {1..150}; do echo "$i" >"$src/f$i"; done
	run_backup 1 run
	said 'No space left on device'
	is_up web 2
	updates=$(fake_updates web | wc -l)

	rm "$src"/f*
	mkdir "$src"/d{1..30}
	mount -o remount,nr_inodes=112 "$work/disk"
	run_backup 0 run
	said 'copying once more'
	[ "$(copies)" = 3 ]
	[ "$(fake_updates web | wc -l)" = $((updates + 2)) ]
	is_up web 2
	same_as_source "$(newest)"
}
