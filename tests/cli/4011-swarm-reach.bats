#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# An engine that cannot be reached or used: told apart, before anything is stopped.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/swarm.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # jq has variables too, each test is a subshell
load lib/common
load lib/swarm

teardown() {
	[ -z "${public-}" ] || rm -rf "$public"
	swarm_teardown
}

# Runs with auto and required, which must both fail with TEXT; off must not care.
fails_saying() {
	for scale in auto required; do
		SCALE=$scale run_backup 1 run
		said "$1"
		[ "$(copies)" = 0 ]
		[ -z "$(snapshots)" ]
	done
	said 'backup failed'
	SCALE=off run_backup 0 run
	[ "$(copies)" = 1 ]
	rm "$work/copies"
	rm -rf "$dest"
}

# in_empty_run COMMAND...: where the usual socket does not exist. BIND: what is bound to
# its directory.
in_empty_run() {
	needs_root
	needs unshare
	unshare -m sh -c 'mount -t tmpfs none /run && if [ -n "$BIND" ]; then
		: >/run/docker.sock && mount --bind "$BIND/docker.sock" /run/docker.sock; fi && exec "$@"' sh "$@"
}

@test "no engine at the usual place: auto goes on and says so, required fails" {
	unset DOCKER_HOST
	export BIND=
	SCALE=auto run -0 in_empty_run "$BACKUP" run
	said 'no services are stopped: there is no Docker Engine here'
	[ "$(copies)" = 1 ]
	SCALE=required run -1 in_empty_run "$BACKUP" run
	said 'there is no Docker Engine at unix:///var/run/docker.sock: mount its socket, or set DOCKER_HOST'
	[ "$(copies)" = 1 ]
	run -1 in_empty_run "$BACKUP" recover
	said 'there is no Docker Engine at'
}

@test "no Swarm at the usual place: auto goes on and says so, required fails" {
	engine "$(service web)"
	unset DOCKER_HOST
	export BIND=$fake_dir
	SCALE=auto run -0 in_empty_run "$BACKUP" run
	is_up web 1
	[ "$(fake_requests POST | wc -l)" = 2 ]
	fake_set '{"engine": {"swarm": "inactive"}}'
	SCALE=auto run -0 in_empty_run "$BACKUP" run
	said 'no services are stopped: the Docker Engine is in no Swarm'
	[ "$(copies)" = 2 ]
	SCALE=required run -1 in_empty_run "$BACKUP" run
	said 'is in no Swarm'
	[ "$(copies)" = 2 ]
}

@test "a socket that is not there, where DOCKER_HOST says it is" {
	export DOCKER_HOST=unix://$work/none.sock
	fails_saying "there is no Docker Engine at $DOCKER_HOST"
	said 'backup succeeded'
	export DOCKER_HOST=unix://$src/a/docker.sock
	fails_saying "there is no Docker Engine at $DOCKER_HOST"
}

@test "nobody listens" {
	engine "$(service web)"
	fake_stop
	[ -S "$fake_dir/docker.sock" ]
	fails_saying "nobody listens at $DOCKER_HOST"
	export DOCKER_HOST=tcp://127.0.0.1:1
	fails_saying 'nobody listens at tcp://127.0.0.1:1'
}

@test "no permission for the socket" {
	needs_root
	needs setpriv
	public=$(mktemp -d /tmp/backup-swarm.XXXXXX)
	chmod 755 "$public"
	install -m 755 "$BACKUP" "$public/backup"
	fake_start "$public/docker" "$(fake_script "$(service web)")" --mode 600
	mkdir "$public/src" "$public/dest" "$public/logs"
	echo 1 >"$public/src/a"
	chown -R 65534:65534 "$public/src" "$public/dest" "$public/logs"
	export BACKUP_SRC=$public/src BACKUP_DEST=$public/dest LOG_FILE=$public/logs/log RUN_LOG_DIR=$public/logs
	for scale in auto required; do
		SCALE=$scale run -1 env PATH="${PATH#*:}" \
			setpriv --reuid=65534 --regid=65534 --clear-groups "$public/backup" run
		said "no permission for $DOCKER_HOST: run as root or as a member of its group"
	done
	[ -z "$(fake_requests)" ]
}

@test "an engine in no Swarm, locked, or without a leader" {
	engine "$(service web)"
	fake_set '{"engine": {"swarm": "inactive"}}'
	SCALE=required run_backup 1 run
	said 'is in no Swarm'
	fake_set '{"engine": {"swarm": "locked"}}'
	fails_saying 'is locked'
	fake_set '{"engine": {"swarm": "leaderless"}}'
	fails_saying 'The swarm does not have a leader'
	fake_set '{"engine": {"swarm": "inactive"}}'
	SCALE=auto run_backup 0 run
	said 'no services are stopped: the Docker Engine is in no Swarm'
	[ -z "$(fake_requests POST)" ]
}

@test "a worker of the Swarm" {
	engine "$(service web)"
	fake_set '{"engine": {"swarm": "worker"}}'
	fails_saying 'does not manage its Swarm: run on a manager (constraint node.role==manager)'
	# demoted after the first look
	fake_set '{"engine": {"swarm": "manager"}}'
	fake_rule '{"on": "GET /services", "not_manager": true}'
	fails_saying 'This node is not a swarm manager'
	fake_rules_clear
	fake_rule '{"on": "POST .*", "not_manager": true}'
	fails_saying 'This node is not a swarm manager'
	is_up web 1
}

@test "an engine that is too old, or none at all" {
	engine "$(service web)"
	fake_set '{"engine": {"api": "1.39"}}'
	fails_saying 'speaks API 1.39, and 1.40 is the least: upgrade it'
	[ "$(fake_requests | sort -u)" = 'GET /_ping' ]
	for version in '' 2.0 1 1. x 1.x '1.-3' '1.99999999999999999999999'; do
		fake_rules_clear
		fake_rule "$(jq -cn --arg v "$version" '{on: "GET /_ping", status: 200, body: "OK", headers: {"Api-Version": $v}}')"
		SCALE=auto run_backup 1 run
		[ "$(copies)" = 0 ]
	done
	is_up web 1
}

@test "a proxy that refuses in HTML" {
	engine "$(service web)"
	fake_rule '{"on": ".* .*", "proxy_forbidden": true}'
	fails_saying "a proxy at $DOCKER_HOST refuses: let it pass INFO, SERVICES, TASKS and POST"
	is_up web 1
}

@test "the least that a proxy must pass, and each of it taken away" {
	engine "$(service web 2)"
	rules='[{"on": "GET /_ping"}, {"on": "GET /info"}, {"on": "GET /services.*"},
		{"on": "GET /tasks.*"}, {"on": "POST /services/[^/]*/update.*"}]'
	fake_rule "$(jq -c '. + [{"on": ".* .*", "proxy_forbidden": true}]' <<<"$rules")"
	run_backup 0 run
	is_up web 2
	[ "$(copies)" = 1 ]
	version=$(fake_state .by_name.web.version)
	for i in {0..4}; do
		fake_rules_clear
		fake_rule "$(jq -c --argjson i "$i" 'del(.[$i]) + [{"on": ".* .*", "proxy_forbidden": true}]' <<<"$rules")"
		run_backup 1 run
		said "a proxy at $DOCKER_HOST refuses: let it pass INFO, SERVICES, TASKS and POST"
		[ "$(fake_state .by_name.web.version)" = "$version" ]
	done
	[ "$(copies)" = 1 ]
	is_up web 2
}

@test "a task that does not end is told without the right to look at nodes" {
	engine "$(service web 1 '{"stop_delay": null}')"
	fake_rule '{"on": "GET /nodes.*", "proxy_forbidden": true}'
	node=$(fake_state '.nodes[0].ID')
	STOP_TIMEOUT=1s run_backup 1 run
	said "of 'web' on $node is running"
	[ "$(copies)" = 0 ]
}

# Every kind of request, answered in a way that the rule tells.
each_request_answered() {
	for on in /info '/services\\?.*' '/tasks.*' '/services/web'; do
		fake_rules_clear
		fake_rule "{\"on\": \"GET $on\", $1}"
		START_TIMEOUT=1s run_backup 1 run
		[ "$(copies)" = 0 ]
		[ -z "$(snapshots)" ]
		fake_rules_clear
		is_up web 1
	done
	[ -z "$(fake_requests POST)" ]
}

@test "answers that are not JSON" {
	engine "$(service web)"
	each_request_answered '"status": 200, "body": "<html>hello"'
	said 'read a service: the answer is not understood'
}

@test "answers that are JSON of another kind" {
	engine "$(service web)"
	for body in null '[]' '{}' 3 '[null]' '[{"ID": 1}]' '{"ID": "x"}' '{"ID": "x", "Version": {"Index": 1.5}, "Spec": {}}'; do
		fake_rules_clear
		fake_rule "$(jq -cn --argjson body "$body" '{on: "GET /(services|info|services/web)(\\?.*)?", status: 200, body: $body}')"
		START_TIMEOUT=1s run "$BACKUP" run
		[ "$status" -eq 1 ]
	done
	fake_rules_clear
	is_up web 1
}

@test "an object where services or tasks are listed is no empty list" {
	engine "$(service web)"
	for on in '/services\\?.*' '/tasks.*'; do
		for body in '{}' 'null' '{"message": "x"}'; do
			fake_rules_clear
			fake_rule "{\"on\": \"GET $on\", \"status\": 200, \"body\": $body}"
			START_TIMEOUT=1s run_backup 1 run
			[ "$(copies)" = 0 ]
		done
	done
	fake_rules_clear
	is_up web 1
}

@test "a body of a gibibyte is not taken into memory" {
	engine "$(service web)"
	for rule in '"chunked": true' '"fill": "[1,"'; do
		fake_rules_clear
		fake_rule "{\"on\": \"GET /services.*\", \"bytes\": 1073741824, $rule}"
		# sanitizers want more address space than there is
		run -1 /usr/bin/env python3 -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)' "$BACKUP" run
		said "sent more than 67108864 bytes"
		peak=$(grep -o 'peak [0-9]*' <<<"$output" | cut -d ' ' -f 2)
		echo "$peak KiB"
		[ "$peak" -lt $((600 * 1024)) ]
	done
	is_up web 1
}
