#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The fake Docker Engine itself, asked by curl. Where the wording of an answer is the real
# engine's, it was taken from Docker 20.10 (API 1.41), or from Moby's sources for later ones.

bats_require_minimum_version 1.5.0

load ../fake/lib

setup() {
	work=$BATS_TEST_TMPDIR
	export LC_ALL=C
}

teardown() {
	fake_stop
	[ -z "${public-}" ] || rm -rf "$public"
}

start() {
	fake_start "$work/docker" "$@"
}

# by_hand SERVICE...: a script of these services, of two nodes a and b, whose time passes by
# fake_pass only.
by_hand() {
	fake_script "$@" | jq -c '.clock = "manual" | .nodes = [{hostname: "a"}, {hostname: "b"}]'
}

# api CODE METHOD PATH [CURL OPTION...]: the answer is in $output.
api() {
	local code
	code=$(curl -sS --max-time 20 --unix-socket "$work/docker/docker.sock" -X "$2" \
		-o "$work/answer" -w '%{http_code}' "http://docker$3" "${@:4}") || return
	output=$(cat "$work/answer")
	[ "$code" = "$1" ] || {
		echo "$2 $3: $code instead of $1: $output"
		return 1
	}
}

# said TEXT: that is the message in the answer.
said() {
	local message
	message=$(jq -r .message <<<"$output")
	[ "$message" = "$1" ] || {
		echo "said: $message"
		return 1
	}
}

# update CODE SERVICE JQ [VERSION]: reads the service, sends its spec back, filtered.
update() {
	local version
	api 200 GET "/services/$2" || return
	version=${4:-$(jq .Version.Index <<<"$output")}
	jq -c ".Spec | $3" <<<"$output" >"$work/body" || return
	send "$1" "$2" "$version"
}

# send CODE SERVICE VERSION: $work/body is the spec.
send() {
	api "$1" POST "/services/$2/update?version=$3" -H 'Content-Type: application/json' \
		--data-binary @"$work/body"
}

# filtered PATH FILTERS: the names of the services, or of those that the tasks belong to.
filtered() {
	curl -sS --unix-socket "$work/docker/docker.sock" -G "http://docker$1" \
		--data-urlencode "filters=$2" | jq -r '[.[].Spec.Name] | sort | join(" ")'
}

# eventually SECONDS COMMAND...
eventually() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	until "${@:2}"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return
		sleep 0.02
	done
}

tasks_are() {
	[ "$(fake_state -c ".by_name.$1.tasks")" = "$2" ]
}

@test "ping, version, info, with and without a prefix" {
	start
	curl -sS --unix-socket "$work/docker/docker.sock" -i http://docker/_ping >"$work/ping"
	grep -q '^Api-Version: 1.47' "$work/ping"
	[ "$(tail -n 1 "$work/ping")" = OK ]
	api 200 GET /v1.47/version
	jq -e '.ApiVersion == "1.47" and .MinAPIVersion == "1.24"' <<<"$output"
	api 200 GET /info
	jq -e '.Swarm | .LocalNodeState == "active" and .ControlAvailable' <<<"$output"
	[ "$(jq -r .Swarm.NodeID <<<"$output")" = "$(fake_state '.nodes[0].ID')" ]
	api 404 GET /v1.47/nope
	said 'page not found'
}

@test "versions that the engine refuses, in its words" {
	start '{"api": "1.41"}'
	api 400 GET /v1.22/info
	said 'client version 1.22 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version'
	api 400 GET /v1.50/info
	said 'client version 1.50 is too new. Maximum supported API version is 1.41'
	fake_set '{"engine": {"api": "1.56", "min_api": "1.40"}}'
	api 200 GET /v1.50/info
	api 400 GET /v1.39/info
	run -0 curl -sS --unix-socket "$work/docker/docker.sock" -I http://docker/_ping
	[[ $output == *'Api-Version: 1.56'* ]]
}

@test "a service by ID, name, beginning of its ID" {
	start "$(fake_script "$(fake_service web)")"
	id=$(fake_state .by_name.web.id)
	for name in web "$id" "${id:0:4}"; do
		api 200 GET "/services/$name"
		[ "$(jq -r .ID <<<"$output")" = "$id" ]
	done
	for name in we WEB "${id}x"; do
		api 404 GET "/services/$name"
		said "service $name not found"
	done
}

@test "filters as the engine understands them" {
	start "$(fake_script "$(fake_service web 2 k=true empty=)" "$(fake_service glob 1 k=false '+mode="global"')")"
	while IFS='|' read -r filters expected; do
		[ "$(filtered /services "$filters")" = "$expected" ] || {
			echo "$filters: $(filtered /services "$filters")"
			return 1
		}
	done <<'END'
{}|glob web
{"label":["k"]}|glob web
{"label":["k=true"]}|web
{"label":["k="]}|glob web
{"label":["k=tr"]}|
{"label":["empty="]}|web
{"label":["empty=x"]}|
{"label":{"k=true":true}}|web
{"label":["k=false","k=true"]}|web
{"label":["k=true","empty"]}|web
{"name":["we"]}|web
{"name":["eb"]}|
{"mode":["global"]}|glob
END
	api 400 GET '/services?filters=x'
	said "invalid character 'x' looking for beginning of value"
	api 400 GET '/services?filters=%7B%22foo%22:%5B%22a%22%5D%7D'
	said "invalid filter 'foo'"

	count() { curl -sS --unix-socket "$work/docker/docker.sock" -G http://docker/tasks --data-urlencode "filters=$1" | jq length; }
	[ "$(count '{"service":["web"]}')" -eq 2 ]
	[ "$(count '{"service":["web","glob"]}')" -eq 3 ]
	[ "$(count '{"service":["web"],"desired-state":["shutdown"]}')" -eq 0 ]
	[ "$(count '{"node":["node1"],"desired-state":["running"]}')" -eq 3 ]
	api 404 GET '/tasks?filters=%7B%22service%22:%5B%22we%22%5D%7D'
	said 'service we not found'
}

@test "an update replaces the whole spec and wants the current version" {
	# the end of a rolling update is a new version, too: not in the middle of this
	start "$(by_hand "$(fake_service web 2)")"
	update 200 web '.Labels.note = "b\u0000ö\"" | .TaskTemplate.ContainerSpec.Hostname = "h"'
	[ "$(jq -c .Warnings <<<"$output")" = null ]
	api 200 GET /services/web
	jq -e '.Spec.TaskTemplate.ContainerSpec.Hostname == "h" and .PreviousSpec.Labels.note == null
		and .Spec.Labels.note == "b\u0000ö\""' <<<"$output"
	update 200 web 'del(.TaskTemplate.ContainerSpec.Hostname, .UpdateConfig)'
	api 200 GET /services/web
	jq -e '.Spec.TaskTemplate.ContainerSpec | has("Hostname") | not' <<<"$output"
	update 500 web . 1
	said 'rpc error: code = Unknown desc = update out of sequence'
	update 501 web '.Name = "other"'
	said 'rpc error: code = Unimplemented desc = renaming services is not supported'
	update 501 web '.Mode = {Global: {}}'
	said 'rpc error: code = Unimplemented desc = service mode change is not allowed'
	update 400 web 'del(.TaskTemplate)'
	said 'mismatched Runtime and *Spec fields'
	update 400 web . abc
	said "invalid service version 'abc': strconv.ParseUint: parsing \"abc\": invalid syntax"
	update 200 web '.Mode.Replicated = {}'
	[ "$(fake_state -c .by_name.web.spec.Mode)" = '{"Replicated":{"Replicas":1}}' ]
	api 404 POST '/services/gone/update?version=1' -H 'Content-Type: application/json' --data-binary @"$work/body"
	api 400 POST '/services/web/update?version=1' --data-binary @"$work/body"
	said "unsupported Content-Type header (application/x-www-form-urlencoded): must be 'application/json'"
}

@test "integers are integers, and keep their last digit" {
	start "$(by_hand "$(fake_service web 2)" | jq -c '.api = "1.41"')"
	update 200 web '.TaskTemplate.ContainerSpec.StopGracePeriod = 6000000000'
	cp "$work/body" "$work/spec"
	while read -r code number; do
		sed "s/\"StopGracePeriod\":[0-9]*/\"StopGracePeriod\":$number/" "$work/spec" >"$work/body"
		send "$code" web "$(fake_state .by_name.web.version)"
		if [ "$code" = 400 ]; then
			said "json: cannot unmarshal number $number into Go struct field ContainerSpec.TaskTemplate.ContainerSpec.StopGracePeriod of type time.Duration"
		else
			curl -sS --unix-socket "$work/docker/docker.sock" http://docker/services/web |
				grep -q "\"StopGracePeriod\":${number}[,}]"
		fi
	done <<'END'
400 1.0
400 2e+10
200 9223372036854775807
400 9223372036854775808
200 -9223372036854775808
400 -9223372036854775809
END
	while read -r number; do
		sed "s/\"Replicas\":2/\"Replicas\":$number/" "$work/spec" >"$work/body"
		send 400 web 1
		said "json: cannot unmarshal number $number into Go struct field ReplicatedService.Mode.Replicated.Replicas of type uint64"
	done <<<$'1.0\n2e10\n-1\n18446744073709551616'
	sed 's/"Replicas":2/"Replicas":"1"/' "$work/spec" >"$work/body"
	send 400 web 1
	said 'json: cannot unmarshal string into Go struct field ReplicatedService.Mode.Replicated.Replicas of type uint64'
	echo '{"Name":' >"$work/body"
	send 400 web 1
	said 'unexpected EOF'
	: >"$work/body"
	send 400 web 1
	said 'got EOF while reading request body'

	# what is no integer goes through float32
	jq -c '.UpdateConfig = {Parallelism: 1, MaxFailureRatio: 0.30000001192092896}' \
		"$work/spec" >"$work/body"
	send 200 web "$(fake_state .by_name.web.version)"
	[ "$(fake_state .by_name.web.spec.UpdateConfig.MaxFailureRatio)" = 0.3 ]
}

@test "an engine drops what is newer than the prefix, both ways" {
	start "$(fake_script "$(fake_service web 1 k=v '+spec={"TaskTemplate":{"ContainerSpec":{"OomScoreAdj":5}}}')")"
	api 200 GET /v1.47/services/web
	jq -e '.Spec.TaskTemplate.ContainerSpec.OomScoreAdj == 5' <<<"$output"
	api 200 GET /v1.45/services/web
	jq -e '.Spec.TaskTemplate.ContainerSpec | has("OomScoreAdj") | not' <<<"$output"
	jq -c .Spec <<<"$output" >"$work/body"
	send 200 web "$(jq .Version.Index <<<"$output")"
	[ "$(fake_state .by_name.web.spec.TaskTemplate.ContainerSpec.OomScoreAdj)" = null ]
}

@test "scaled to zero, tasks run through their grace period; scaled up, they take their time" {
	start "$(by_hand "$(fake_service web 2 k=v +stop_delay=8 +start_delay=10)")"
	update 200 web '.Mode.Replicated.Replicas = 0'
	fake_pass 7.9
	tasks_are web '[[1,"remove","running","a"],[2,"remove","running","b"]]'
	fake_pass 0.2
	tasks_are web '[]'
	update 200 web '.Mode.Replicated.Replicas = 2'
	tasks_are web '[[1,"running","pending",null],[2,"running","pending",null]]'
	for state in assigned preparing starting; do
		fake_pass 2.5
		tasks_are web "[[1,\"running\",\"$state\",\"a\"],[2,\"running\",\"$state\",\"b\"]]"
	done
	fake_pass 2.6
	tasks_are web '[[1,"running","running","a"],[2,"running","running","b"]]'
	[ "$(fake_state .by_name.web.update_status)" = null ]
}

@test "by its own clock, too" {
	start "$(fake_script "$(fake_service web 2)")"
	update 200 web '.Mode.Replicated.Replicas = 0'
	eventually 20 tasks_are web '[]'
	update 200 web '.Mode.Replicated.Replicas = 1'
	eventually 20 tasks_are web '[[1,"running","running","node1"]]'
}

@test "tasks that never go, never come, fail" {
	start "$(by_hand "$(fake_service stays 1 k=v +stop_delay=null)" \
		"$(fake_service waits 0 k=v '+stuck="starting"')" \
		"$(fake_service fails 0 k=v '+fail="No such image: nope:9"' +fail_times=1 +restart_delay=5)" |
		jq -c 'del(.nodes)')"
	update 200 stays '.Mode.Replicated.Replicas = 0'
	update 200 waits '.Mode.Replicated.Replicas = 1'
	update 200 fails '.Mode.Replicated.Replicas = 1'
	fake_pass 4
	tasks_are fails '[[1,"shutdown","rejected","node1"],[1,"ready","ready",null]]'
	[ "$(fake_state '[.tasks[].Status.Err // empty] | join(" ")')" = 'No such image: nope:9' ]
	fake_pass 4
	tasks_are fails '[[1,"shutdown","rejected","node1"],[1,"running","running","node1"]]'
	fake_pass 3600
	tasks_are waits '[[1,"running","starting","node1"]]'
	tasks_are stays '[[1,"remove","running","node1"]]'
	fake_set '{"service": "waits", "tasks": {"state": "running"}}'
	tasks_are waits '[[1,"running","running","node1"]]'
}

@test "a global service drains through a constraint" {
	start "$(by_hand "$(fake_service glob 1 k=v '+mode="global"')")"
	update 200 glob '.TaskTemplate.Placement.Constraints = ["node.labels.x == no"]'
	tasks_are glob '[[null,"shutdown","running","a"],[null,"shutdown","running","b"]]'
	fake_pass 1
	tasks_are glob '[[null,"shutdown","shutdown","a"],[null,"shutdown","shutdown","b"]]'
	update 200 glob 'del(.TaskTemplate.Placement.Constraints)'
	fake_pass 1
	tasks_are glob '[[null,"shutdown","shutdown","a"],[null,"shutdown","shutdown","b"],[null,"running","running","a"],[null,"running","running","b"]]'
}

@test "any update of a job runs it again" {
	start "$(by_hand "$(fake_service job 1 k=v '+mode="replicated-job"')")"
	[ "$(fake_state .by_name.job.iteration)" -eq 0 ]
	update 200 job '.Labels.a = "b"'
	[ "$(fake_state .by_name.job.iteration)" -eq 1 ]
	tasks_are job '[[1,"complete","complete","a"],[1,"complete","pending",null]]'
	fake_pass 1
	[ "$(fake_state '[.tasks[].Status.State] | join(" ")')" = 'complete complete' ]
}

@test "a new template rolls the tasks; a paused update goes on with any update" {
	start "$(by_hand "$(fake_service web 1 k=v)" "$(fake_service halted 1 k=v '+update_status="paused"')")"
	update 200 web '.TaskTemplate.ForceUpdate = 1'
	[ "$(fake_state .by_name.web.update_status.State)" = updating ]
	before=$(fake_state .by_name.web.version)
	fake_pass 1
	[ "$(fake_state .by_name.web.update_status.State)" = completed ]
	[ "$(fake_state .by_name.web.version)" -gt "$before" ]
	api 200 GET /services/halted
	jq -e '.UpdateStatus.State == "paused"' <<<"$output"
	update 200 halted '.Labels.a = "b"'
	[ "$(fake_state .by_name.halted.update_status.State)" = updating ]
}

@test "nodes: one goes down with its task, is lost, comes back" {
	start "$(by_hand "$(fake_service web 1 k=v '+node="b"')")"
	fake_set '{"node": "b", "state": "down"}'
	api 200 GET /nodes/b
	jq -e '.Status.State == "down"' <<<"$output"
	tasks_are web '[[1,"shutdown","running","b"],[1,"running","pending",null]]'
	update 200 web '.Mode.Replicated.Replicas = 0'
	fake_pass 60
	tasks_are web '[[1,"remove","running","b"]]'
	fake_set '{"node": "b", "orphan": true}'
	tasks_are web '[[1,"remove","orphaned","b"]]'
	fake_set '{"node": "b", "state": "ready"}'
	fake_pass 1
	tasks_are web '[]'
}

@test "a removed service is not found while its tasks still run" {
	start "$(by_hand "$(fake_service web 1 k=v)")"
	api 200 DELETE /services/web
	api 404 GET /services/web
	api 404 GET '/tasks?filters=%7B%22service%22:%5B%22web%22%5D%7D'
	said 'service web not found'
	api 200 GET /tasks
	jq -e '.[0] | .DesiredState == "remove" and .Status.State == "running"' <<<"$output"
	fake_pass 1
	api 200 GET /tasks
	[ "$output" = '[]' ]
}

@test "a container tells its service" {
	id=$(printf 'c%.0s' {1..64})
	start "$(fake_script "$(fake_service web)" | jq --arg id "$id" '.containers = [{$id, service: "web"}]')"
	api 200 GET "/containers/${id:0:12}/json"
	[ "$(jq -r '.Config.Labels["com.docker.swarm.service.name"]' <<<"$output")" = web ]
	api 200 GET "/containers/$(fake_state '.tasks[0].Status.ContainerStatus.ContainerID')/json"
	[ "$(jq -r '.Config.Labels["com.docker.swarm.service.id"]' <<<"$output")" = "$(fake_state .by_name.web.id)" ]
	api 404 GET /containers/nope/json
	said 'No such container: nope'
}

@test "not a manager: a worker, no swarm, locked, no leader" {
	start '{"swarm": "inactive"}'
	api 503 GET /services
	said 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
	api 200 GET /info
	jq -e '.Swarm | .LocalNodeState == "inactive" and (.ControlAvailable | not)' <<<"$output"
	fake_set '{"engine": {"swarm": "worker"}}'
	api 503 GET /tasks
	[[ $output == *"Worker nodes can't be used to view or modify cluster state."* ]]
	api 200 GET /info
	jq -e '.Swarm | .LocalNodeState == "active" and (.ControlAvailable | not)' <<<"$output"
	fake_set '{"engine": {"swarm": "locked"}}'
	api 503 GET /nodes
	fake_set '{"engine": {"swarm": "leaderless"}}'
	api 500 GET /services
	[[ $output == *'The swarm does not have a leader'* ]]
}

@test "out of sequence nine times, then success" {
	start "$(fake_script "$(fake_service web 2)")" \
		--rule '{"on": "POST /services/web/update", "times": "1-9", "out_of_sequence": true}'
	for ((i = 0; i < 9; i++)); do
		update 500 web '.Mode.Replicated.Replicas = 0'
		said 'rpc error: code = Unknown desc = update out of sequence'
	done
	[ "$(fake_state .by_name.web.replicas)" -eq 2 ]
	update 200 web '.Mode.Replicated.Replicas = 0'
	[ "$(fake_state .by_name.web.replicas)" -eq 0 ]
	[ "$(fake_state '.rules[0].hits')" -eq 10 ]
}

@test "the answer is lost, the update is not; or both are" {
	start "$(fake_script "$(fake_service web 2)")" \
		--rule '{"on": "POST .*/update", "times": 1, "apply": true, "drop": true}' \
		--rule '{"on": "POST .*/update", "times": 2, "drop": true}'
	run ! update 200 web '.Mode.Replicated.Replicas = 0'
	[ "$(fake_state .by_name.web.replicas)" -eq 0 ]
	run ! update 200 web '.Mode.Replicated.Replicas = 5'
	[ "$(fake_state .by_name.web.replicas)" -eq 0 ]
	update 200 web '.Mode.Replicated.Replicas = 5'
	[ "$(fake_state .by_name.web.replicas)" -eq 5 ]
}

@test "silence, half an answer, garbage, a slow one" {
	start '' --rule '{"on": "GET /info", "times": 1, "hang": true}' \
		--rule '{"on": "GET /info", "times": 2, "half": true}' \
		--rule '{"on": "GET /info", "times": 3, "half": true, "hang": true}' \
		--rule '{"on": "GET /info", "times": 4, "garbage": true}' \
		--rule '{"on": "GET /info", "times": 5, "drip": 0.1}' \
		--rule '{"on": "GET /info", "times": 6, "drop": true}' \
		--rule '{"on": "GET /info", "times": 7, "late": 0.4}'
	# shellcheck disable=SC2317 # called by run
	ask() { curl -s --max-time 1 --unix-socket "$work/docker/docker.sock" -o "$work/answer" http://docker/info; }
	run -28 ask
	run -18 ask
	[ -s "$work/answer" ]
	run -28 ask
	[ -s "$work/answer" ]
	run -1 ask
	run -28 ask
	run -52 ask
	run -0 ask
	jq -e .Swarm "$work/answer"
}

@test "a body of 1 GiB, which is never in memory" {
	start '' --rule '{"on": "GET /services", "bytes": 1073741824}' \
		--rule '{"on": "GET /tasks", "bytes": 100000, "fill": "[", "chunked": true}'
	ask() { curl -sS --max-time 120 --unix-socket "$work/docker/docker.sock" "http://docker$1"; }
	[ "$(ask /services | wc -c)" -eq 1073741824 ]
	[ "$(ask /tasks | wc -c)" -eq 100000 ]
	[ "$(awk '/^VmHWM/ { print $2 }' "/proc/${fake_pid:?}/status")" -lt 100000 ]
}

@test "a proxy's refusal, a redirect, an answer of any kind" {
	start '' --rule '{"on": "POST .*", "proxy_forbidden": true}' \
		--rule '{"on": "GET /info", "redirect": "http://other/info"}' \
		--rule '{"on": "GET /nodes", "status": 500, "message": "no luck"}' \
		--rule '{"on": "GET /tasks", "status": 200, "body": [], "headers": {"X-A": "b"}}' \
		--rule '{"on": "GET /services", "not_manager": true}'
	api 403 POST /services/web/update
	[[ $output == *'<h1>403 Forbidden</h1>'* ]]
	api 301 GET /info
	api 500 GET /nodes
	said 'no luck'
	api 200 GET /tasks -D "$work/head"
	[ "$output" = '[]' ]
	grep -q '^X-A: b' "$work/head"
	api 503 GET /services
	[[ $output == *'This node is not a swarm manager.'* ]]
}

@test "somebody else acts in between" {
	start "$(fake_script "$(fake_service web 2)" "$(fake_service gone 2)")" \
		--rule '{"on": "POST /services/web/update", "times": 1, "before": {"service": "web", "touch": true}}' \
		--rule '{"on": "POST /services/web/update", "times": 2, "after": [{"service": "web", "replicas": 7, "labels": {"a": "b"}}, {"add": {"name": "new"}}]}' \
		--rule '{"on": "GET /services/gone", "times": 2, "before": {"service": "gone", "remove": true}}'
	update 500 web '.Mode.Replicated.Replicas = 0'
	said 'rpc error: code = Unknown desc = update out of sequence'
	update 200 web '.Mode.Replicated.Replicas = 0'
	[ "$(fake_state -c '.by_name | [.web.replicas, .web.labels.a, .new.replicas]')" = '[7,"b",1]' ]
	api 200 GET /services/gone
	api 404 GET /services/gone
}

@test "rules and changes while it runs; what is wrong is refused" {
	start "$(fake_script "$(fake_service web 2)")"
	fake_rule '{"on": "GET /info", "status": 500}'
	api 500 GET /info
	fake_rules_clear
	api 200 GET /info
	fake_set '[{"service": "web", "replicas": 3}, {"engine": {"stop_delay": 9}}]'
	[ "$(fake_state .by_name.web.replicas)" -eq 3 ]
	run ! fake_set '{"service": "nope", "replicas": 3}'
	[[ $output == *'service nope not found'* ]]
	run ! fake_set '{"service": "web", "replikas": 3}'
	run ! fake_rule '{"on": "GET /info", "satus": 500}'
	fake_stop
	run ! start '{"servces": []}'
	[[ $output == *"unknown ['servces']"* ]]
}

@test "nobody listens for a while" {
	start
	fake_offline 0.5
	run -7 curl -sS --unix-socket "$work/docker/docker.sock" http://docker/_ping
	eventually 5 api 200 GET /_ping
}

@test "a socket without permission" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	command -v setpriv >/dev/null || skip 'needs setpriv'
	# others may not enter the usual directory
	public=$(mktemp -d /tmp/fake-engine-XXXXXX)
	chmod 755 "$public"
	fake_start "$public" '' --mode 600
	ask() { "$@" curl -sS --unix-socket "$public/docker.sock" http://docker/_ping; }
	[ "$(ask env)" = OK ]
	run -7 ask setpriv --reuid 65534 --clear-groups
}

@test "over TCP, and over TLS with certificates of both sides" {
	command -v openssl >/dev/null || skip 'needs openssl'
	start '' --tcp 127.0.0.1:0
	[ "$(curl -sS "http://${DOCKER_HOST#tcp://}/_ping")" = OK ]
	fake_stop

	(
		cd "$work" || exit
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem
		for name in server client; do
			openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout $name-key.pem -out $name.csr
			openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \
				-out $name.pem -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1)
		done
	) 2>"$work/openssl.log"
	start '' --tcp 127.0.0.1:0 --tls-cert "$work/server.pem" --tls-key "$work/server-key.pem" --tls-ca "$work/ca.pem"
	[ "$(curl -sS --cacert "$work/ca.pem" --cert "$work/client.pem" --key "$work/client-key.pem" \
		"https://${DOCKER_HOST#tcp://}/_ping")" = OK ]
	run ! curl -sS --cacert "$work/ca.pem" "https://${DOCKER_HOST#tcp://}/_ping"
	run -60 curl -sS "https://${DOCKER_HOST#tcp://}/_ping"
	run ! curl -sS --max-time 5 "http://${DOCKER_HOST#tcp://}/_ping"
	[ "$(curl -sS --cacert "$work/ca.pem" --cert "$work/client.pem" --key "$work/client-key.pem" \
		"https://${DOCKER_HOST#tcp://}/_ping")" = OK ]
}

@test "the log of requests: connections, what is sent in parallel, bodies" {
	start "$(fake_script "$(fake_service web 2)")" \
		--rule '{"on": "POST /services/web/update", "delay": 0.5}'
	curl -sS --unix-socket "$work/docker/docker.sock" http://docker/v1.44/_ping http://docker/info >/dev/null
	id=$(fake_state .by_name.web.id)
	echo '{"Name": "web", "n": 9223372036854775807}' >"$work/body"
	send 400 "$id" 5 &
	send 400 "$id" 5
	wait $!
	[ "$(fake_log -c 'map([.method, .path])')" = '[["GET","/_ping"],["GET","/info"],["POST","/services/web/update"],["POST","/services/web/update"]]' ]
	[ "$(fake_log '.[0].target')" = /v1.44/_ping ]
	[ "$(fake_log '.[0].conn == .[1].conn')" = true ]
	[ "$(fake_log '[.[].inflight] | max')" -eq 2 ]
	[ "$(fake_log '.[2].query.version')" = 5 ]
	[ "$(fake_log '.[2].body')" = "$(cat "$work/body")" ]
	[ "$(fake_requests POST)" = $'POST /services/web/update\nPOST /services/web/update' ]
	[ "$(fake_requests GET '/i.*')" = 'GET /info' ]
	[ "$(fake_updates web | wc -l)" -eq 2 ]
	[ "$(jq -s 'map(.outcome)' -c "$work/docker/answers.jsonl")" = '[200,200,400,400]' ]
}

@test "200 services go down and up" {
	start '{"services": [{"name": "s{}", "count": 200, "replicas": 2}], "chunked": true}'
	api 200 GET /services
	[ "$(jq length <<<"$output")" -eq 200 ]
	scale_all() {
		api 200 GET /services
		jq -r --argjson to "$1" '.[] | .Spec.Mode.Replicated.Replicas = $to |
			"\(.ID)\t\(.Version.Index)\t\(.Spec | tojson)"' \
			<<<"$output" >"$work/services"
		rm -rf "$work/specs"
		mkdir "$work/specs"
		local id version spec
		while IFS=$'\t' read -r id version spec; do
			printf '%s\n' "$spec" >"$work/specs/$id"
			printf '%s\n' next "url = http://docker/services/$id/update?version=$version" \
				"unix-socket = $work/docker/docker.sock" "data-binary = @$work/specs/$id" \
				'header = "Content-Type: application/json"' 'output = /dev/null' \
				'write-out = "%{http_code}\n"'
		done <"$work/services" | tail -n +2 >"$work/config"
		[ "$(curl -sS --parallel --parallel-max 32 -K "$work/config" | sort | uniq -c | tr -s ' ')" = ' 200 200' ]
	}
	running() { [ "$(fake_state '[.by_name[].running] | add')" -eq "$1" ]; }
	running 400
	scale_all 0
	eventually 20 running 0
	scale_all 2
	eventually 20 running 400
	[ "$(fake_requests POST | wc -l)" -eq 400 ]
}
