#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A pass while services are up, so that they are down for less; and where there is nothing
# to stop services with.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

load ../cli/lib/common
load lib/lab
load lib/services
load lib/quiesce

setup_file() {
	lab_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() { quiesce_setup; }
teardown() { quiesce_teardown; }

downtime() {
	recorded_services '.services[0].downtime'
}

@test "with a pre-pass the snapshot is right and the downtime shorter" {
	lab_service_slow slow "$src" "${ours[@]}" --env SLOW=1
	head -c 6000000 /dev/urandom >"$src/large"
	BWLIMIT=600k PRE_PASS=off run_backup 0
	copies_are 1
	without=$(downtime)
	rm -r "$dest" "$work/copies"

	BWLIMIT=600k PRE_PASS=on run_backup 0
	copies_are 2
	with=$(downtime)
	[[ $output == *'pre-pass while services are up: '* ]]
	echo "downtime: $without s without, $with s with a pre-pass"
	jq -ne "$with < $without - 4"
	cmp "$src/large" "$(newest)/large"
	[ "$(wc -l <"$(newest)/log.1")" = "$(cat "$(newest)/end.1")" ]
	is_back slow 1
	# nothing of the first pass is left, and its file is no other's hard link
	[ -z "$(ls "$dest/.backup/building")" ]
	[ "$(stat -c %h "$(newest)/large")" = 1 ]
}

@test "a file rewritten between the passes, of equal size and in the same second" {
	lab_service web "${ours[@]}"
	# as if the second write fell into the same tick of the clock as the first one
	during 'if [ "$(wc -l <"$work/copies")" = 1 ]; then
			printf before >"$src/same"
			touch -r "$src/same" "$work/stamp"
		else
			printf "after!" >"$src/same"
			touch -r "$work/stamp" "$src/same"
		fi'
	export work src
	PRE_PASS=on run_backup 0
	copies_are 2
	[ "$(cat "$(newest)/same")" = 'after!' ]
	same_as_source "$(newest)"
}

@test "a file that is written while the pre-pass copies it is not torn in the snapshot" {
	# 2 MB of one letter at a time, without end, until it is told to stop
	lab_service writer --mount "type=bind,src=$src,dst=/data" "${ours[@]}" -- sh -c '
		trap "ended=1" TERM
		until [ $ended ]; do
			for letter in a b c d; do
				dd if=/dev/zero bs=4k count=100 2>/dev/null | tr "\0" $letter |
					dd of=/data/letters bs=4k conv=notrunc 2>/dev/null
			done
		done'
	lab_wait_for 30 test -s "$src/letters"
	PRE_PASS=on run_backup 0
	copies_are 2
	[ "$(fold -w 1 "$(newest)/letters" | sort -u | wc -l)" = 1 ]
	[ "$(stat -c %s "$(newest)/letters")" = 409600 ]
}

@test "PRE_PASS=auto: before a full copy, not before a small one" {
	lab_service web "${ours[@]}"
	PRE_PASS=auto run_backup 0
	copies_are 2
	PRE_PASS=auto run_backup 0
	copies_are 3
}

# There is nothing at /var/run/docker.sock in a node's namespaces but what a test puts
# there.
backup_in_node() {
	run -"$1" lab_enter '' env -u DOCKER_HOST "${@:2}" "$BACKUP"
}

@test "without a socket: auto goes on and says so, required fails" {
	backup_in_node 0 SCALE=auto
	[[ $output == *'no services are stopped: there is no Docker Engine here'* ]]
	[[ $output == *'backup succeeded in'* ]]
	backup_in_node 1 SCALE=required
	[[ $output == *'there is no Docker Engine at unix:///var/run/docker.sock: mount its socket, or set DOCKER_HOST'* ]]
	# who names an engine wants it
	SCALE=auto DOCKER_HOST=unix://$work/none run_backup 1
	[[ $output == *'SCALE=off goes on without'* ]]
}

@test "an engine in no Swarm: auto goes on and says so, required fails" {
	lab_service web "${ours[@]}"
	lab_start "$work/lab"
	docker swarm leave --force
	lab_enter '' ln -s "$LAB_SOCKET" /run/docker.sock
	backup_in_node 0 SCALE=auto
	[[ $output == *'no services are stopped: the Docker Engine is in no Swarm'* ]]
	backup_in_node 1 SCALE=required
	[[ $output == *'is in no Swarm'* ]]
	lab_stop "$work/lab"
	lab_use "$BATS_FILE_TMPDIR/lab"
}
