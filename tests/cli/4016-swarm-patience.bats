#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# An engine that says nothing, and updates that never succeed: what takes a minute, all of
# it at the same time. Each has an engine, a source and a destination of its own.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2030,SC2031 # each run is a subshell
load lib/common
load lib/swarm

# case_of NAME RULE [DURING]: a run under that rule, in $work/NAME.
case_of() (
	work=$work/$1
	mkdir -p "$work/logs"
	export BACKUP_DEST=$work/dest LOG_FILE=$work/log RUN_LOG_DIR=$work/logs
	export STOP_TIMEOUT=2s START_TIMEOUT=2s
	engine "$(service web 2)" "$(service db)" || exit
	trap 'fake_stop' EXIT
	fake_rule "$2"
	code=0
	SECONDS=0
	"$BACKUP" run >"$work/out" 2>&1 3>&- || code=$?
	echo "$code $SECONDS" >"$work/result"
	fake_rules_clear
	if [ -d "$work/dest/.backup" ]; then "$BACKUP" recover >"$work/recovered" 2>&1 3>&-; fi
	fake_state -c '[.by_name[] | [.replicas, (.labels | length)]]' >"$work/state"
	jq -r .method "$fake_dir/requests.jsonl" >"$work/methods"
)

# ended NAME SECONDS TEXT: the run failed in so many seconds at the most and said TEXT.
ended() {
	local code seconds
	cat "$work/$1/out"
	read -r code seconds <"$work/$1/result"
	echo "$1: code $code after $seconds s"
	[ "$code" = 1 ]
	[ "$seconds" -le "$2" ]
	grep -F "$3" "$work/$1/out"
	# db and web, with one label each
	[ "$(cat "$work/$1/state")" = '[[1,1],[2,1]]' ]
}

@test "silence at each request, and updates that are out of sequence for ever" {
	case_of ping '{"on": "GET /_ping", "hang": true}' &
	case_of info '{"on": "GET /info", "hang": true, "half": true}' &
	case_of services '{"on": "GET /services\\?.*", "times": 2, "hang": true}' &
	case_of tasks '{"on": "GET /tasks.*", "times": 2, "hang": true}' &
	case_of service '{"on": "GET /services/web", "times": 1, "hang": true}' &
	case_of update '{"on": "POST /services/web/update", "hang": true}' &
	case_of back '{"on": "POST /services/web/update", "times": "2-", "hang": true}' &
	case_of sequence '{"on": "POST /services/web/update", "out_of_sequence": true}' &
	case_of late '{"on": "POST /services/web/update", "times": "2-", "out_of_sequence": true}' &
	wait
	ended ping 70 'no answer from unix://'
	ended info 70 'no answer from unix://'
	ended services 70 'list services: no answer from'
	ended tasks 75 'list tasks: no answer from'
	ended update 140 'update a service: no answer from'
	ended back 140 "service 'web' could not be brought back"
	ended sequence 60 'update out of sequence'
	ended late 30 'update out of sequence'
	[ "$(cut -d ' ' -f 1 "$work/service/result")" = 0 ]
	for name in ping info services; do
		run ! grep -q POST "$work/$name/methods"
	done
	grep 'published daily/' "$work/late/out"
	for name in ping info services tasks update sequence; do
		run ! grep -q published "$work/$name/out"
	done
}
