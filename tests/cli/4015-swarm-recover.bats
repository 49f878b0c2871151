#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Runs that were killed, and what brings services back: the supervisor, the next run,
# `backup recover`.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # jq has variables too, each test is a subshell
load lib/common
load lib/swarm

# held DESTINATION REPLICAS [RUN]: the value of a mark, as JSON in a string.
held() {
	jq -cn --arg destination "$1" --argjson replicas "$2" --arg run "${3-2026-01-01_00-00-00}" \
		'{$destination, $run, $replicas} | tostring'
}

# marked NAME MARK [JSON]: a service at 0 with that mark, a JSON string.
marked() {
	service "$1" 0 "$(jq -cn --argjson mark "$2" --arg key "$mark" --argjson more "${3:-{\}}" \
		'{labels: {($key): $mark}} * $more')"
}

own_id() {
	jq -r '.. | .id? // .destination? // empty' "$dest/.backup/format" | head -n 1
}

# A killed run's rsync may hold the lock for a moment.
export_wait() { export LOCK_WAIT=10s; }

# begin: a run in the background; its supervisor is $supervisor.
begin() {
	"$BACKUP" run >"$work/out" 2>&1 3>&- &
	supervisor=$!
}

kill_both() {
	local worker
	worker=$(pgrep -P "$supervisor") || true
	kill -KILL "$supervisor" ${worker:+"$worker"}
	wait "$supervisor" 2>"$work/wait" || true
	[ -z "$worker" ] || eventually 5 gone "$worker"
}

gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"
}

@test "both processes are killed at each request: recover brings everything back" {
	export_wait
	engine "$(service web 2 '{"stop_delay": 0, "start_delay": 0}')" "$(service db 1 '{"stop_delay": 0, "start_delay": 0}')"
	spec=$(spec_of web && spec_of db)
	run_backup 0 run
	total=$(wc -l <"$fake_dir/requests.jsonl")
	posts=0
	for ((n = 1; n <= total; n++)); do
		method=$(jq -r --argjson n "$n" 'select(.n == $n).method' "$fake_dir/requests.jsonl" | head -n 1)
		for how in false true; do
			# what is asked for takes effect, or does not
			[ "$how" = false ] || [ "$method" = POST ] || continue
			start=$(fake_state .requests)
			fake_rule "{\"on\": \".* .*\", \"times\": \"$n-\", \"hang\": true, \"apply\": $how}"
			begin
			eventually 20 at_request $((start + n))
			kill_both
			fake_rules_clear
			if [ "$(fake_state "[.by_name[] | select(.labels | has(\"$mark\"))] | length")" -gt 0 ]; then
				posts=$((posts + 1))
				if ((n % 2)); then run_backup 0 recover; else run_backup 0 run; fi
				said 'was left down by run'
			fi
			is_up web 2
			is_up db 1
			[ "$(spec_of web && spec_of db)" = "$spec" ]
		done
	done
	# the way down, the copy and the way up were among them
	[ "$posts" -ge 6 ]
}

at_request() {
	[ "$(fake_state .requests)" -ge "$1" ]
}

@test "the worker is killed at each stage: the supervisor brings everything back, exit 1" {
	engine "$(service web 2 '{"stop_delay": 0, "start_delay": 0}')"
	spec=$(spec_of web)
	begin
	wait "$supervisor"
	total=$(wc -l <"$fake_dir/requests.jsonl")
	for ((n = 4; n <= total; n += 2)); do
		start=$(fake_state .requests)
		# what comes after the kill must pass
		fake_rule "{\"on\": \".* .*\", \"times\": $n, \"hang\": true, \"apply\": true}"
		begin
		eventually 20 at_request $((start + n))
		kill -KILL "$(pgrep -P "$supervisor")"
		code=0
		wait "$supervisor" || code=$?
		[ "$code" = 1 ]
		grep "the run's process was killed by signal 9, by hand or for lack of memory" "$work/out"
		fake_rules_clear
		is_up web 2
		[ "$(spec_of web)" = "$spec" ]
		tail -n 1 "$dest/.backup/history.jsonl" | jq -e '.exit == 1 and (.reason | contains("killed"))'
	done
}

@test "the worker is killed during the copy" {
	engine "$(service web 2)"
	# the copy's parent is the worker
	printf 'kill -KILL "$(ps -o ppid= -p $PPID | tr -d " ")"; sleep 0.3\n' >"$work/during"
	run_backup 1 run
	said "service 'web' was left down by run"
	said "started service 'web': 2 replicas"
	is_up web 2
	[ -z "$(snapshots)" ]
	rm "$work/during"
	run_backup 0 run
	unsaid 'left down'
}

@test "the supervisor is killed: the worker ends as by SIGTERM, services are back" {
	engine "$(service web 2)"
	printf 'kill -KILL "$(ps -o ppid= -p "$(ps -o ppid= -p $PPID | tr -d " ")" | tr -d " ")"; sleep 0.3\n' >"$work/during"
	run "$BACKUP" run
	[ "$status" -eq 137 ]
	eventually 10 is_up web 2
	eventually 10 grep -q '"exit":143' "$dest/.backup/history.jsonl"
	[ -z "$(snapshots)" ]
}

@test "a mark of another destination is reported and left alone; --all restores it too" {
	engine "$(marked web "$(held elsewhere 2)")" "$(service db)"
	SCALE_LABEL=none run_backup 0 run
	said "service 'web' is held by a backup to another destination (elsewhere, run 2026-01-01_00-00-00), left alone"
	run_backup 0 recover
	said 'left alone'
	said '0 services brought back'
	is_down web
	run_backup 2 recover --all </dev/null
	said '--all needs --yes'
	is_down web
	run_backup 0 recover --all --dry-run
	[ -z "$(fake_requests POST)" ]
	run_backup 0 recover --all --yes
	said '1 service brought back'
	is_up web 2
}

@test "a destination that is gone does not keep recover --all from its work" {
	engine "$(marked web "$(held elsewhere 2)")"
	export BACKUP_DEST=/proc/none
	run_backup 1 recover
	is_down web
	run_backup 0 recover --all --yes
	is_up web 2
}

@test "recover needs an engine, and does its work whatever SCALE says" {
	mkdir "$dest"
	engine "$(marked web "$(held elsewhere 2)")"
	SCALE=off run_backup 0 recover --all --yes
	is_up web 2
	SCALE=auto DOCKER_HOST=unix://$work/none run_backup 1 recover
	said "there is no Docker Engine at unix://$work/none"
	fake_set '{"engine": {"swarm": "inactive"}}'
	SCALE=auto run_backup 1 recover
	said 'is in no Swarm'
	unsaid 'no services are stopped'
}

@test "a mark that is not understood is reported with its text, and harms nothing" {
	run_backup_once
	id=$(own_id)
	engine "$(service good 1)" \
		"$(marked a '"what\u001b[2J is\nthis"')" "$(marked b '""')" "$(marked c '"[]"')" \
		"$(marked d "$(held "$id" '"3"')")" "$(marked e "$(held "$id" -2)")" \
		"$(marked f "$(held "$id" 1.5)")" "$(marked g "$(held "$id" 99999999999999999999)")" \
		"$(marked h "$(held "$id" 4)")"
	SCALE_LABEL=none run_backup 0 run
	for name in a b c d e f g; do
		said "service '$name' has a label $mark that is not understood:"
		is_down "$name"
	done
	unsaid $'\e'
	is_up h 4
	is_up good 1
	[ "$(fake_requests POST)" = 'POST /services/h/update' ]
}

run_backup_once() {
	SCALE=off run_backup 0 run
}

@test "recover: several services, a global one, one that somebody scaled, one without a count" {
	run_backup_once
	id=$(own_id)
	engine "$(marked web "$(held "$id" 3)")" "$(marked scaled "$(held "$id" 3)")" \
		"$(marked none "$(jq -cn --arg d "$id" '{destination: $d, run: "r"} | tostring')")" \
		"$(marked glob "$(jq -cn --arg d "$id" '{destination: $d, run: "r", global: true} | tostring')" \
			'{"mode": "global", "spec": {"TaskTemplate": {"Placement": {"Constraints":
			["node.role==manager", "node.id==quiesced-by-backup-container"]}}}}')"
	fake_set '{"service": "scaled", "replicas": 1}'
	run_backup 0 recover
	is_up web 3
	is_up none 1
	eventually 5 is_up scaled 1
	said "service 'scaled' was scaled by somebody else"
	[ "$(fake_state -c .by_name.glob.spec.TaskTemplate.Placement.Constraints)" = '["node.role==manager"]' ]
	[ "$(fake_state .by_name.glob.running)" = 1 ]
	[ "$(fake_state "[.by_name[] | select(.labels | has(\"$mark\"))] | length")" = 0 ]
}

@test "recover waits until services run, also when a reply is lost" {
	run_backup_once
	engine "$(marked web "$(held "$(own_id)" 2)" '{"start_delay": 1}')"
	fake_rule '{"on": "POST .*", "apply": true, "drop": true}'
	run_backup 0 recover
	is_up web 2
}

@test "one of three cannot be recovered: the others are, the run does nothing more" {
	run_backup_once
	id=$(own_id)
	engine "$(marked web "$(held "$id" 2)")" "$(marked db "$(held "$id" 1)")" "$(marked cache "$(held "$id" 1)")"
	fake_rule '{"on": "POST /services/db/.*", "status": 500, "message": "made up"}'
	run_backup 1 run
	said "service 'db' is not back"
	said 'left over by an earlier run: 1 of 3 services did not come back'
	is_up web 2
	is_up cache 1
	is_down db
	[ "$(snapshots | wc -l)" = 1 ]
	run_backup 1 recover
	fake_rules_clear
	run_backup 0 recover
	is_up db 1
}

@test "recover while a run is alive leaves its services alone" {
	engine "$(service web 2)"
	during 'touch $work/copying; i=0; until [ -e $work/go ] || [ $i = 200 ]; do sleep 0.05; i=$((i + 1)); done'
	begin
	eventually 10 test -e "$work/copying"
	run_backup 75 recover
	run_backup 75 run
	is_down web
	touch "$work/go"
	wait "$supervisor"
	is_up web 2
}
