#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The image as a service of a Swarm: with real secrets and a real mail server, stopped in
# the middle, and as stack.yaml deploys it.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

load ../cli/lib/common
load ../cli/lib/mail
load lib/lab
load lib/services
load lib/quiesce
load lib/image

mail_reader=$root/tests/cli/lib/mail.py

setup_file() {
	image_needs
	# where stack.yaml looks for it
	LAB_ENGINE_OPTIONS=(--host unix:///run/docker.sock)
	lab_start "$BATS_FILE_TMPDIR/lab"
	image_load
	# tasks are on the node's own network, and so must be what they send mails to
	export mail_dir=$BATS_FILE_TMPDIR/mail mail_port mail_tls_port
	read -r mail_port mail_tls_port < <(lab_in_network '' bash -c \
		'. "$1" && mail_start >&2 && echo "$mail_port $mail_tls_port"' mail "$root/tests/cli/lib/mail.bash")
}

teardown_file() {
	mail_stop
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() {
	needs_mail
	quiesce_setup
	mail_reset
	mkdir "$dest"
}

teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || service_log backup
	fake_mail_stop
	docker stack rm shop >/dev/null 2>&1 || :
	quiesce_teardown
	docker ps -aq | xargs -r docker rm -f
	docker secret ls -q | xargs -r docker secret rm
}

# service_create [OPTION...]: the service `backup`, one run.
service_create() {
	docker service create --quiet --detach --no-resolve-image --name backup --network host \
		--restart-condition none --mount "type=bind,src=$src,dst=/data,readonly" \
		--mount "type=bind,src=$dest,dst=/backup" \
		--mount "type=bind,src=$LAB_SOCKET,dst=/var/run/docker.sock" \
		--env SCALE=required --env "START_TIMEOUT=$START_TIMEOUT" "$@" backup-container
}

# task_is STATE [SERVICE]: the newest task of the service has come to it.
task_is() {
	[ "$(lab_tasks_json "${2-backup}" | jq -r 'max_by(.CreatedAt).Status.State')" = "$1" ]
}

service_log() {
	docker service logs --raw "$1" 2>&1 || :
}

copies_large() {
	compgen -G "$dest/.backup/building/*/large" >/dev/null
}

@test "a run with secrets: services are down meanwhile, and the mail is delivered" {
	lab_service_slow slow "$src" --replicas 2 --env SLOW=2 "${ours[@]}"
	lab_spec slow >"$work/before"
	local password='päss "word" #1\ '
	mail_account_of_server 'me@example.com' "$password"
	: >"$mail_dir/state/login"
	printf '%s\n' 'me@example.com' | docker secret create smtp_user -
	printf '%s\n' "$password" | docker secret create smtp_pass -

	service_create --secret smtp_user --secret smtp_pass --env EMAIL_ON_SUCCESS=on \
		--env SMTP_SERVER=localhost --env "SMTP_PORT=$mail_port" --env SMTP_TLS=on \
		--env EMAIL_TO=admin@example.com,second@example.com --env TZ=America/Chicago --env SMTP_CA_FILE=/ca.pem \
		--mount "type=bind,src=$mail_dir/tls/ca.pem,dst=/ca.pem,readonly" --hostname shop.example
	lab_wait_for 90 task_is complete
	is_back slow 2
	diff "$work/before" <(lab_spec slow)
	for slot in 1 2; do
		[ "$(wc -l <"$(newest)/log.$slot")" = "$(cat "$(newest)/end.$slot")" ]
	done
	mails 1
	[[ $(mail .subject) == '[shop.example] backup succeeded 20'* ]]
	[ "$(mail '.user, .tls')" = $'me@example.com\ntrue' ]
	name=$(basename "$(newest)")
	[[ $name == "$(TZ=America/Chicago date +%Y-%m-%d_)"* ]] || [ "$(TZ=America/Chicago date +%H%M)" -lt 5 ]
	service_log backup >"$work/log"
	grep -q "published daily/$name" "$work/log"
	run ! grep -r 'ss "word"' "$work/log" "$dest" "$(mail_file)"
}

@test "docker stop in the middle: services are back within the grace period, and nobody is left" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_spec web >"$work/before"
	head -c 20000000 /dev/urandom >"$src/large"
	docker run -d --name backup --network host -v "$src:/data:ro" -v "$dest:/backup" \
		-v "$LAB_SOCKET:/var/run/docker.sock" -e SCALE=required -e BWLIMIT=500K -e PRE_PASS=off \
		-e "START_TIMEOUT=$START_TIMEOUT" backup-container
	lab_wait_for 60 copies_large
	is_held web

	# the first process takes the orphans of others
	docker exec backup sh -c 'sleep 0.3 & sleep 0.1'
	sleep 1
	docker exec backup sh -c 'cat /proc/[0-9]*/status' >"$work/processes"
	grep -q '^Name:.*backup' "$work/processes"
	run ! grep '^State:.*Z' "$work/processes"
	[ "$(grep -c '^Name:.*sleep' "$work/processes")" -eq 0 ]

	SECONDS=0
	docker stop -t 60 backup
	[ "$SECONDS" -lt 60 ]
	[ "$(docker inspect --format '{{.State.ExitCode}}' backup)" = 143 ]
	comes_back web 2
	diff "$work/before" <(lab_spec web)
	docker logs backup | tee "$work/log"
	grep -q 'ERROR: interrupted by SIGTERM' "$work/log"
	[ -z "$(snapshots)" ]
	[ "$(tail -n 1 "$dest/.backup/history.jsonl" | jq -r .result)" = interrupted ]
}

# silent_server: a mail server on the node's network that never says a word, at $silent_port.
silent_server() {
	local holder
	read -r holder _ <"$(lab_node_dir '')/holder.pid"
	nsenter --net="/proc/$holder/ns/net" "${PYTHON:-python3}" -S "$mail_fake" "$work/silent" \
		'{"at": {"connect": "silence"}}' >"$work/silent.log" 2>&1 3>&- &
	fake_mail_pid=$!
	has_port() { [ -s "$work/silent/port" ]; }
	lab_wait_for 20 has_port
	silent_port=$(cat "$work/silent/port")
}

@test "docker stop while the mail server is silent: services are back, in the usual ten seconds" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_spec web >"$work/before"
	silent_server
	head -c 20000000 /dev/urandom >"$src/large"
	docker run -d --name backup --network host -v "$src:/data:ro" -v "$dest:/backup" \
		-v "$LAB_SOCKET:/var/run/docker.sock" -e SCALE=required -e BWLIMIT=500K -e PRE_PASS=off \
		-e "START_TIMEOUT=$START_TIMEOUT" -e SMTP_SERVER=localhost -e "SMTP_PORT=$silent_port" \
		-e EMAIL_TO=a@example.com,b@example.com backup-container
	lab_wait_for 60 copies_large
	is_held web

	docker stop backup
	# it was not killed
	[ "$(docker inspect --format '{{.State.ExitCode}}' backup)" = 143 ]
	docker logs backup 2>&1 | tee "$work/log"
	grep -q 'WARNING: mail was not sent to a@example.com.*fell silent for [45] s' "$work/log"
	jq -es '.[-2].result == "interrupted" and (.[-1].mail_error | contains("silent"))' \
		"$dest/.backup/history.jsonl"
	comes_back web 2
	diff "$work/before" <(lab_spec web)
}

@test "mail is delivered from a container that may write nothing, and by a user with no rights" {
	local password='päss "word" #1\ ' caps=() name
	mail_account_of_server me "$password"
	: >"$mail_dir/state/login"
	mkdir "$work/secrets"
	printf me >"$work/secrets/smtp_user"
	printf '%s\n' "$password" >"$work/secrets/smtp_pass"
	for name in $(sed -n 's/^    cap_add: \[\(.*\)\]$/\1/p' "$root/compose.yaml" | tr -d ,); do
		caps+=(--cap-add "$name")
	done
	locked=(-v "$src:/data:ro" -v "$dest:/backup" -v "$work/secrets:/run/secrets:ro"
		-v "$mail_dir/tls/ca.pem:/ca.pem:ro" -e SCALE=off -e LOG_FILE=/backup/log
		-e SMTP_SERVER=localhost -e "SMTP_PORT=$mail_port" -e SMTP_TLS=on -e SMTP_CA_FILE=/ca.pem
		-e EMAIL_ON_SUCCESS=on -e TZ=America/Chicago --read-only --tmpfs /tmp --cap-drop ALL
		--security-opt no-new-privileges --hostname shop.example)

	in_image "${locked[@]}" "${caps[@]}" --
	exits 0
	[[ $output == *'mail sent to 1 of 1'* ]]
	mails 1

	chown -R 1000:1000 "$src" "$dest" "$work/secrets"
	in_image "${locked[@]}" --user 1000:1000 --
	exits 0
	[[ $output == *'mail sent to 1 of 1'* ]]
	mails 2
	for name in 1 2; do
		[[ $(mail .subject "$name") == '[shop.example] backup succeeded 20'* ]]
		[ "$(mail '.user, .tls' "$name")" = $'me\ntrue' ]
	done
	run ! grep -rF 'ss "word"' "$dest" "$mail_dir/inbox"
}

@test "a run is not ended because the one before it failed" {
	mkdir "$work/none"
	run docker run --rm --network host -v "$work/none:/data:ro" -v "$dest:/backup" -e SCALE=off \
		-e INIT=auto -e ALLOW_EMPTY_SOURCE=on backup-container
	exits 0
	run docker run --rm --network host -v "$work/none:/data:ro" -v "$dest:/backup" -e SCALE=off backup-container
	exits 1
	lab_service web --replicas 1 "${ours[@]}"
	head -c 3000000 /dev/urandom >"$src/large"
	# a task that is unhealthy three times, half a second each, is killed
	service_create --env BWLIMIT=500K --env PRE_PASS=off --health-interval 500ms \
		--health-start-period 1ms --health-retries 3
	lab_wait_for 90 task_is complete
	[ "$(snapshots | wc -l)" -eq 2 ]
	same_as_source "$(newest)"
	is_back web 1
	[ "$(jq -r .result "$dest/.backup/history.jsonl" | xargs)" = 'warnings failed ok' ] ||
		[ "$(jq -r .result "$dest/.backup/history.jsonl" | xargs)" = 'ok failed ok' ]
}

@test "stack.yaml, as it is, makes its backups" {
	# what it takes for granted: a directory on the manager, an application, its data
	lab_enter '' sh -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/backup'
	docker run --name seed --network none -v shop_data:/data lab:busybox sh -c 'echo order >/data/orders'
	docker commit --change 'CMD ["sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 3600 & wait; done"]' seed shop
	docker rm seed
	printf %s me | docker secret create smtp_user -
	printf %s secret | docker secret create smtp_pass -

	docker stack deploy --resolve-image never --compose-file "$root/stack.yaml" shop
	lab_wait_for 90 task_is complete shop_backup
	lab_wait_for 60 is_back shop_shop 2
	lab_enter '' cat /mnt/backup/backup.log | tee "$work/log"
	grep -q "stopping service 'shop_shop'" "$work/log"
	grep -q "started service 'shop_shop': 2 replicas" "$work/log"
	grep -q 'backup succeeded' "$work/log"
	run ! grep -E 'WARNING|ERROR' "$work/log"
	[ "$(lab_enter '' cat /mnt/backup/latest/orders)" = order ]
	[[ $(lab_enter '' readlink /mnt/backup/latest) == "daily/$(TZ=Europe/Berlin date +%Y-)"* ]]

	# the next run
	docker service update --force --detach --quiet shop_backup
	second() { [ "$(lab_enter '' sh -c 'ls -d /mnt/backup/daily/*' | wc -l)" -eq 2 ] && task_is complete shop_backup; }
	lab_wait_for 90 second
	lab_wait_for 60 is_back shop_shop 2
	# as its caretaker sees it
	run docker run --rm --network host -v /mnt/backup:/backup backup-container status
	exits 0
	[[ $output == 'healthy: the last run, of '* ]]
}
