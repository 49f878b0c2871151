#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Others act on the same services while a run does: users, stacks, other backups.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # jq has variables too, each test is a subshell
load lib/common
load lib/swarm

@test "somebody sets the count during the copy: it stays, with a warning" {
	engine "$(service web 2)" "$(service db)"
	during 'fake_set "{\"service\": \"web\", \"replicas\": 5}"'
	run_backup 0 run
	said "service 'web' was scaled by somebody else while it was down, and stays as it is"
	said 'succeeded with warnings'
	eventually 5 is_up web 5
	is_up db 1
}

@test "somebody removes the mark during the copy" {
	engine "$(service web 2)"
	during 'fake_set "{\"service\": \"web\", \"labels\": {\"backup-container.quiesced\": null}}"'
	run_backup 0 run
	said "service 'web' was scaled by somebody else while it was down, and stays as it is"
	[ "$(fake_state .by_name.web.replicas)" = 0 ]
	[ "$(fake_requests POST | wc -l)" = 1 ]
}

@test "somebody deploys the stack anew during the copy" {
	engine "$(service web 2)"
	during 'fake_set "{\"service\": \"web\", \"replicas\": 2, \"labels\": {\"backup-container.quiesced\": null}}"'
	run_backup 0 run
	# the count is right, but its tasks ran while files were copied
	said "service 'web' was scaled by somebody else while it was down"
	said 'its files may have changed during the copy'
	eventually 5 is_up web 2
	[ "$(fake_requests POST | wc -l)" = 1 ]
}

@test "somebody changes the spec during the copy: it is kept" {
	engine "$(service web 2)"
	during 'fake_set "{\"service\": \"web\", \"spec\": {\"TaskTemplate\": {\"ContainerSpec\": {\"Image\": \"new:2\"}}}}"'
	run_backup 0 run
	eventually 5 is_up web 2
	[ "$(fake_state .by_name.web.spec.TaskTemplate.ContainerSpec.Image)" = new:2 ]
}

@test "somebody acts between our reading and our update, on the way back" {
	engine "$(service web 2)"
	fake_rule '{"on": "POST /services/web/update", "times": 2, "before": {"service": "web", "replicas": 7}}'
	run_backup 0 run
	said 'somebody else'
	eventually 5 is_up web 7
}

# Removes web at each of these moments; db must be stopped and come back.
@test "a service is removed: before it is stopped" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "GET /services\\?.*", "times": 2, "after": {"service": "web", "remove": true}}'
	run_backup 0 run
	is_up db 1
	[ "$(copies)" = 1 ]
}

@test "a service is removed: between reading and update" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "before": {"service": "web", "remove": true}}'
	run_backup 0 run
	said "service 'web' was removed"
	is_up db 1
	[ "$(copies)" = 1 ]
}

@test "a service is removed: while its tasks end, and the copy waits for them" {
	engine "$(service web 2 '{"stop_delay": 2}')" "$(service db)"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "after": {"service": "web", "remove": true}}'
	during 'fake_state ".tasks | length" >$work/seen'
	run_backup 0 run
	said "service 'web' was removed while it was down"
	[ "$(cat "$work/seen")" = 0 ]
	is_up db 1
}

@test "a service is removed: during the copy" {
	engine "$(service web 2)" "$(service db)"
	during 'fake_set "{\"service\": \"web\", \"remove\": true}"'
	run_backup 0 run
	said "service 'web' was removed while it was down"
	said "service 'db' was down for"
	is_up db 1
}

@test "a service is removed: on its way back" {
	engine "$(service web 2)" "$(service db 1 '{"start_delay": 1}')"
	fake_rule '{"on": "POST /services/web/update", "times": 2, "after": {"service": "web", "remove": true}}'
	START_TIMEOUT=4s run "$BACKUP" run
	is_up db 1
	said "service 'db' was down for"
	said "service 'web' was removed while it started"
	unsaid 'is not back'
	said 'succeeded with warnings'
}

@test "a service with a paused update fails the run before anything is stopped" {
	engine "$(service web 2)" "$(service db 1 '{"update_status": "paused"}')"
	run_backup 1 run
	said "service 'db' has a paused update, which stopping it would resume: finish it or roll it back"
	[ -z "$(fake_requests POST)" ]
	fake_set '{"service": "db", "update_status": "rollback_paused"}'
	run_backup 1 run
	said 'paused'
	[ -z "$(fake_requests POST)" ]
	[ "$(copies)" = 0 ]
	fake_set '{"service": "db", "update_status": "rollback_completed"}'
	run_backup 0 run
}

@test "what is not stopped anyway is not in the way" {
	engine "$(service web)" "$(service off 0 '{"update_status": "paused"}')" \
		"$(service glob 1 '{"mode": "global", "update_status": "paused"}')" \
		"$(service job 1 '{"mode": "replicated-job", "update_status": "paused"}')"
	run_backup 0 run
	is_up web 1
	[ "$(fake_requests POST | sort -u)" = 'POST /services/web/update' ]
	SCALE_GLOBAL=on run_backup 1 run
	said "service 'glob' has a paused update"
}

@test "an update comes to rest: it is waited for, and not for ever" {
	engine "$(service web 2)" "$(service db 1 '{"update_status": "updating"}')"
	START_TIMEOUT=1s run_backup 1 run
	said "service 'db' is being updated"
	[ -z "$(fake_requests POST)" ]
	[ "$(copies)" = 0 ]
	fake_rule '{"on": "GET /services\\?.*", "times": 3, "after": {"service": "db", "update_status": "completed"}}'
	run_backup 0 run
	said "service 'db' is being updated, waiting"
	is_up db 1
}

@test "an update begins between looking and stopping: all are up, then again" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "GET /services/db", "times": 1, "before": {"service": "db", "update_status": "updating"}}'
	fake_rule '{"on": "GET /services\\?.*", "times": 3, "before": {"service": "db", "update_status": "completed"}}'
	run_backup 0 run
	is_up web 2
	is_up db 1
	[ "$(copies)" = 1 ]
	[ "$(fake_requests POST /services/db/update | wc -l)" = 2 ]
}

@test "an update is paused between looking and stopping: the run fails, all are up" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "GET /services/db", "times": 1, "before": {"service": "db", "update_status": "paused"}}'
	run_backup 1 run
	said 'has a paused update'
	is_up web 2
	[ -z "$(fake_requests POST /services/db/update)" ]
	[ "$(copies)" = 0 ]
}

@test "a failed way back after losing a race is not waited for as another backup's" {
	engine "$(service web 2)" "$(service db)"
	fake_rule '{"on": "GET /services/db", "times": 1, "before": {"service": "db", "update_status": "updating"}}'
	fake_rule '{"on": "POST /services/web/update", "times": "2-", "status": 500, "message": "made up"}'
	SECONDS=0
	START_TIMEOUT=4s run_backup 1 run
	[ "$SECONDS" -lt 10 ]
	said "service 'web' is not back"
	unsaid 'held by another backup'
	[ "$(copies)" = 0 ]
}

# second DEST COMMAND...: with a destination of its own.
second() {
	BACKUP_DEST=$1 LOG_FILE=$work/second.log "${@:2}"
}

@test "two destinations want one service: the second waits and never takes 0 for its count" {
	engine "$(service web 2)" "$(service db 1 '{"labels": {"com.example.autobackup.enable": "second"}}')"
	during 'touch $work/copying; i=0; until grep -q "held by another" $work/second.out || [ $i = 200 ]; do sleep 0.05; i=$((i + 1)); done; rm $work/during'
	: >"$work/second.out"
	"$BACKUP" run >"$work/first.out" 2>&1 3>&- &
	first=$!
	eventually 10 test -e "$work/copying"
	second "$work/dest2" "$BACKUP" run >"$work/second.out" 2>&1 3>&- || {
		cat "$work/second.out"
		return 1
	}
	wait "$first"
	grep 'is held by another backup' "$work/second.out"
	is_up web 2
	[ "$(copies)" = 2 ]
	fake_updates web | jq -es 'map(.Mode.Replicated.Replicas) == [0, 2, 0, 2]'
	fake_updates web | jq -rs --arg mark "$mark" '[.[] | .Labels[$mark] // empty | fromjson] |
		(map(.replicas) == [2, 2]) and (map(.destination) | unique | length == 2)' | grep -x true
}

@test "a service that another destination holds for too long: nothing is stopped" {
	engine "$(service web 0 '{"labels": {"backup-container.quiesced":
		"{\"destination\":\"other\",\"run\":\"2026-01-01_00-00-00\",\"replicas\":2}"}}')" "$(service db)"
	START_TIMEOUT=1s run_backup 1 run
	said "service 'web' is held by a backup to another destination (other, run 2026-01-01_00-00-00), left alone"
	said "service 'web' is held by another backup"
	said "'backup recover --all' brings it back"
	[ -z "$(fake_requests POST)" ]
	is_down web
}

@test "two backups meet at the very same moment" {
	engine "$(service web 2)"
	fake_rule '{"on": "POST /services/web/update", "times": 1, "before":
		{"service": "web", "replicas": 0, "labels": {"backup-container.quiesced":
			"{\"destination\":\"other\",\"run\":\"r\",\"replicas\":2}"}}}'
	fake_rule '{"on": "GET /services\\?.*", "times": 4, "before":
		{"service": "web", "replicas": 2, "labels": {"backup-container.quiesced": null}}}'
	run_backup 0 run
	said 'is held by another backup'
	eventually 5 is_up web 2
	[ "$(copies)" = 1 ]
}
