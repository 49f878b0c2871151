#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The laboratory itself, with one engine: what it promises to the tests of the Swarm part.

bats_require_minimum_version 1.5.0
load lib/lab
load lib/services
load lib/tls

setup_file() {
	lab_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() {
	BACKUP=${BACKUP:-$BATS_TEST_DIRNAME/../../build/backup}
	data=$BATS_TEST_TMPDIR/data
	mkdir "$data"
}

# Nothing of a test is the next one's.
teardown() {
	local services
	services=$(docker service ls -q)
	# shellcheck disable=SC2086
	[ -z "$services" ] || docker service rm $services
}

# task_of NAME: a container of it.
task_of() {
	docker ps -q --filter "label=com.docker.swarm.service.name=$1" | head -n 1
}

@test "an engine that manages a Swarm of its own" {
	read -r version api <<<"$(lab_engine_version)"
	echo "# engine $version, API $api" >&3
	[ "$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.Swarm.Nodes}}')" = 'active true 1' ]
	[ "$(docker info --format '{{.DockerRootDir}}')" = "$LAB_DIR/data" ]
	[ "$(curl -sS --unix-socket "$LAB_SOCKET" http://lab/_ping)" = OK ]
}

@test "services run, are scaled and go" {
	lab_service web --replicas 2 --label color=blue
	[ "$(lab_replicas web)" = 2 ]
	[ "$(lab_running web)" = 2 ]
	[ "$(lab_tasks web | grep -c ' running running $')" = 2 ]
	lab_spec web | grep -qF '"color": "blue"'

	docker service scale -d web=3
	lab_wait_for 60 lab_converged web
	[ "$(lab_running web)" = 3 ]

	docker service scale -d web=0
	lab_wait_for 60 lab_stopped web
	[ "$(lab_replicas web)" = 0 ]
	[ "$(lab_running web)" = 0 ]
	lab_wait_for 60 lab_no_container web
	lab_converged web

	lab_service_remove web
	run -22 lab_api GET /services/web
}

@test "waiting in vain is a failure and says for what" {
	run -1 lab_wait_for 1 lab_answers "$BATS_TEST_TMPDIR/nobody"
	[[ $output == *'in vain for: lab_answers'* ]]
	lab_service_create never --constraint node.labels.no==where
	run -1 lab_wait_for 2 lab_converged never
	lab_wait_for 60 lab_stopped never
}

@test "a service sees a directory of the host" {
	lab_service writer --mount "type=bind,src=$data,dst=/data" -- \
		sh -c 'echo hello >/data/file; exec sleep 1000'
	lab_wait_for 30 test -s "$data/file"
	[ "$(cat "$data/file")" = hello ]
}

@test "slow: it writes on after SIGTERM, and a marker at its very end" {
	LAB_SLOW=3 lab_service_slow slow "$data" --replicas 2
	lab_wait_for 30 test -s "$data/log.2"
	[ ! -e "$data/end.1" ]

	SECONDS=0
	docker service scale -d slow=0
	lab_wait_for 60 lab_stopped slow
	[ "$SECONDS" -ge 2 ]
	for slot in 1 2; do
		[ "$(cat "$data/end.$slot")" -gt 20 ]
		[ "$(cat "$data/end.$slot")" = "$(wc -l <"$data/log.$slot")" ]
	done

	docker service scale -d slow=1
	lab_wait_for 60 lab_converged slow
	lab_wait_for 30 test ! -e "$data/end.1"
}

@test "health: it does not count as running before it is healthy" {
	lab_service_health healthy
	started=$(docker inspect --format '{{.State.StartedAt}}' "$(task_of healthy)")
	[ $(($(date +%s) - $(date -d "$started" +%s))) -ge 2 ]
	[ "$(docker inspect --format '{{.State.Health.Status}}' "$(task_of healthy)")" = healthy ]
}

@test "global: a task on every node" {
	lab_service_global everywhere
	[ "$(lab_running everywhere)" = 1 ]
	[ "$(lab_replicas everywhere)" = null ]
}

@test "job: it runs once, and again when it is updated" {
	lab_service_job job "$data"
	[ "$(wc -l <"$data/ran")" = 1 ]
	docker service update --quiet --detach --no-resolve-image --label-add a=b job
	ran_twice() { [ "$(wc -l <"$data/ran")" = 2 ]; }
	lab_wait_for 60 ran_twice
}

@test "an update that is paused, one that is under way, one that ends" {
	lab_service_paused_update broken
	[ "$(lab_running broken)" = 1 ]
	lab_service_updating long 3600
	lab_update_is long updating
	lab_service_updating short 2
	lab_wait_for 60 lab_update_is short completed
}

@test "fragile: it does not start again when told so" {
	lab_service_fragile fragile "$data" --restart-delay 200ms
	: >"$data/broken"
	docker service update --quiet --detach --no-resolve-image --force fragile
	fails() { lab_tasks fragile | grep -q 'failed .*(7)'; }
	lab_wait_for 60 fails
	rm "$data/broken"
	lab_wait_for 60 lab_converged fragile
}

@test "bare: the smallest spec" {
	lab_service_bare bare
	[ "$(lab_running bare)" = 1 ]
}

@test "everything: each field of a spec, and down and up again" {
	lab_service_everything everything
	lab_spec everything >"$BATS_TEST_TMPDIR/before"
	grep -q '"MaxFailureRatio": 0.15,' "$BATS_TEST_TMPDIR/before"
	grep -q '"Window": 9223372036854775807' "$BATS_TEST_TMPDIR/before"
	[ "$(docker service inspect --format '{{index .Spec.Labels "lines"}}' everything)" = $'one\ntwo\r\n\tthree' ]
	[ "$(docker exec "$(task_of everything)" cat /run/secrets/everything-secret)" = 'not very secret' ]
	[ "$(docker exec "$(task_of everything)" cat /everything-config)" = 'config of everything' ]

	docker service scale -d everything=0
	lab_wait_for 60 lab_stopped everything
	run -1 diff "$BATS_TEST_TMPDIR/before" <(lab_spec everything)
	docker service scale -d everything=2
	lab_wait_for 60 lab_converged everything
	diff "$BATS_TEST_TMPDIR/before" <(lab_spec everything)
}

@test "many services" {
	lab_service_many many 20 --label a=b
	[ "$(docker service ls -q --filter label=a=b | wc -l)" = 20 ]
	lab_many_run many 20
	run ! lab_many_run many 19
}

@test "host: a service runs a program of this machine" {
	# shellcheck disable=SC2016
	lab_service_host host --restart-condition none --mount "type=bind,src=$data,dst=/data" \
		--env "BACKUP=$BACKUP" -- \
		sh -c '{ "$BACKUP" version && ls /var/run/docker.sock; } >/data/out 2>&1; : >/data/done'
	lab_wait_for 60 test -e "$data/done"
	[ "$(cat "$data/out")" = "$("$BACKUP" version)"$'\n/var/run/docker.sock' ]
}

@test "the engine stops, tidily and by force, and comes back with its Swarm" {
	web_runs() { lab_enter '' pgrep -f 'echo web'; }
	lab_service web -- sh -c 'trap "exit 0" TERM; while :; do sleep 3600 & wait; echo web; done'
	web_runs
	for signal in TERM KILL; do
		first=$(task_of web)
		lab_engine_stop "$signal"
		run ! lab_answers "$LAB_SOCKET"
		case $signal in
		TERM) run ! web_runs ;;
		KILL) web_runs ;;
		esac
		lab_engine_start
		lab_wait_for 60 lab_is_manager
		new() { lab_converged web && [ "$(task_of web)" != "$first" ]; }
		lab_wait_for 60 new
	done
}

@test "two laboratories do not meet" {
	lab_service first
	here=$DOCKER_HOST
	lab_start "$BATS_TEST_TMPDIR/other"
	[ "$DOCKER_HOST" != "$here" ]
	lab_service second
	[ "$(docker service ls --format '{{.Name}}')" = second ]
	lab_stop "$BATS_TEST_TMPDIR/other"
	run ! docker info

	lab_use "$BATS_FILE_TMPDIR/lab"
	[ "$DOCKER_HOST" = "$here" ]
	[ "$(lab_running first)" = 1 ]
}

@test "an engine with TLS lets in who has a certificate" {
	lab_tls "$BATS_TEST_TMPDIR/tls"
	# shellcheck disable=SC2034
	LAB_ENGINE_OPTIONS=("${LAB_TLS_OPTIONS[@]}")
	lab_restart_engine
	lab_wait_for 60 lab_is_manager
	export DOCKER_HOST=tcp://127.0.0.1:2376 DOCKER_TLS_VERIFY=1
	DOCKER_CERT_PATH=$BATS_TEST_TMPDIR/tls run -0 lab_in_network '' docker node ls -q
	lab_tls "$BATS_TEST_TMPDIR/other"
	DOCKER_CERT_PATH=$BATS_TEST_TMPDIR/other run -1 lab_in_network '' docker node ls -q
	[[ $output == *certificate* ]]

	unset LAB_ENGINE_OPTIONS
	lab_use "$LAB_DIR"
	lab_restart_engine
	lab_wait_for 60 lab_is_manager
}

@test "a laboratory is not started twice" {
	run -1 lab_start "$LAB_DIR"
	[[ $output == *"there is a lab in '$LAB_DIR' already"* ]]
	lab_is_manager
}
