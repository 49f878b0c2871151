#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Somebody else changes services in the middle of a run, or another backup does.

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

@test "another environment, image or label meanwhile is kept, and the count restored" {
	docker tag lab:busybox lab:other
	lab_service web --replicas 2 "${ours[@]}"
	during 'docker service update --quiet --detach --no-resolve-image --env-add NEW=1 \
		--image lab:other --label-add new=label web'
	run_backup 0
	is_back web 2
	lab_spec web >"$work/after"
	grep -qF '"NEW=1"' "$work/after"
	grep -qF '"new": "label"' "$work/after"
	grep -qF '"Image": "lab:other"' "$work/after"
	[ "$(lab_tasks_json web | jq '[.[] | select(.Status.State == "running") |
		select(.Spec.ContainerSpec.Image == "lab:other")] | length')" = 2 ]
	[[ $output != *WARNING* ]]
}

@test "a count that somebody else set is left, warned of, and the mark removed" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_service db "${ours[@]}"
	during 'docker service scale -d web=3'
	run_backup 0
	not_held web 3
	is_back db 1
	[[ $output == *"WARNING: service 'web' was scaled by somebody else"* ]]
	[[ $output == *'backup succeeded with warnings'* ]]
	lab_wait_for 60 is_back web 3
}

@test "a spec that somebody else replaced, mark and all, is left" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_service db --replicas 2 "${ours[@]}"
	lab_api GET /services/web | jq '.Spec | .Mode.Replicated.Replicas = 3' >"$work/three"
	lab_api GET /services/db | jq .Spec >"$work/same"
	# as `docker stack deploy` does
	# shellcheck disable=SC2016
	during 'replace() {
		version=$(curl -s --unix-socket "$LAB_SOCKET" "http://lab/services/$1" | jq .Version.Index)
		curl -sS --fail-with-body --unix-socket "$LAB_SOCKET" --json "@$2" \
			"http://lab/services/$1/update?version=$version"
	}
	replace web "'"$work"'/three"; replace db "'"$work"'/same"'
	run_backup 0
	not_held web 3
	# also of the one whose count is right: it was not at 0 while its files were copied
	for name in web db; do
		[[ $output == *"WARNING: service '$name' was scaled by somebody else"*'may have changed during the copy'* ]]
	done
	lab_wait_for 60 is_back web 3
	comes_back db 2
}

@test "a service that is removed meanwhile is told of, and the others come back" {
	lab_service web "${ours[@]}"
	lab_service db "${ours[@]}"
	during 'docker service rm web'
	run_backup 0
	[[ $output == *"WARNING: service 'web' was removed while it was down"* ]]
	run -22 lab_api GET /services/web
	is_back db 1
	recorded_services '.services | map(select(.name == "db")) | .[0].downtime > 0'
}

@test "a service whose removal comes while it stops does not keep the others down" {
	lab_service_gated gate "$src" "${ours[@]}"
	lab_service db "${ours[@]}"
	rm "$src/may-end"
	start_backup
	lab_wait_for 60 is_held gate
	docker service rm gate
	: >"$src/may-end"
	end_backup 0
	[[ $output == *"'gate' was removed"* ]]
	is_back db 1
}

@test "two backups to two destinations at once: the second waits, both succeed" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_service db "${ours[@]}"
	lab_spec web >"$work/before"
	: >"$work/hold"
	start_backup
	lab_wait_for 60 copies_are 1
	BACKUP_DEST=$work/second LOG_FILE=$work/second.log \
		"$BACKUP" >"$work/second.out" 2>&1 3>&- 4>&- </dev/null &
	second=$!
	waits() { grep -q 'held by another backup .*, waiting' "$work/second.out"; }
	lab_wait_for 60 waits
	copies_are 1
	is_held web
	rm "$work/hold"
	end_backup 0
	wait "$second" || { cat "$work/second.out" && false; }
	copies_are 2
	is_back web 2
	is_back db 1
	diff "$work/before" <(lab_spec web)
	grep -q "started service 'web': 2 replicas" "$work/second.out"
	[ -e "$work/second/latest" ]
}

@test "two backups that begin in the same moment: both succeed, counts are right" {
	local i others=()
	for i in 1 2 3 4; do
		lab_service_create "s$i" --replicas 2 "${ours[@]}"
	done
	for i in 1 2 3 4; do
		lab_wait_for 60 lab_converged "s$i"
	done
	for i in 1 2; do
		BACKUP_DEST=$work/dest$i LOG_FILE=$work/log$i \
			"$BACKUP" >"$work/out$i" 2>&1 3>&- 4>&- </dev/null &
		others+=($!)
	done
	for i in 1 2; do
		wait "${others[i - 1]}" || { cat "$work/out$i" && false; }
	done
	for i in 1 2 3 4; do
		is_back "s$i" 2
	done
}

@test "a second backup does not wait for ever, and stops nothing" {
	lab_service web --replicas 2 "${ours[@]}"
	lab_service db "${ours[@]}"
	: >"$work/hold"
	start_backup
	lab_wait_for 60 copies_are 1
	docker service update --quiet --detach --label-add new=label db
	version=$(spec_version web)
	BACKUP_DEST=$work/second START_TIMEOUT=2s run_backup 1
	[[ $output == *"service '"*"' is held by another backup"* ]]
	[ "$(spec_version web)" = "$version" ]
	[ ! -e "$work/second/latest" ]
	rm "$work/hold"
	end_backup 0
	is_back web 2
}

# What a backup to another destination leaves when both of its processes are killed.
left_by_another() {
	lab_service web --replicas 2 "${ours[@]}"
	: >"$work/hold"
	BACKUP_DEST=$work/second start_backup
	lab_wait_for 60 copies_are 1
	worker=$(worker)
	kill -STOP "$pid" "$worker"
	kill -KILL "$pid" "$worker"
	end_backup 137
	rm "$work/hold"
	is_held web
}

@test "what a backup to another destination left is reported, and brought back by --all" {
	left_by_another
	version=$(spec_version web)
	id=$(jq -r .destination <<<"$(mark web)")
	mkdir "$dest"
	run_backup 0 recover
	[[ $output == *"WARNING: service 'web' is held by a backup to another destination ($id"*'left alone'* ]]
	[ "$(spec_version web)" = "$version" ]

	run_backup 2 recover --all </dev/null
	[[ $output == *'--all needs --yes without a terminal'* ]]
	[ "$(spec_version web)" = "$version" ]

	run_backup 0 recover --all --dry-run
	[ "$(spec_version web)" = "$version" ]

	run_backup 0 recover --all --yes
	is_back web 2
}

@test "--all brings back what is held even when the destination is gone" {
	left_by_another
	BACKUP_DEST=$work/nowhere run_backup 1 recover
	is_held web
	BACKUP_DEST=$work/nowhere run_backup 0 recover --all --yes
	is_back web 2
}

@test "recover waits for nobody: while a run holds the destination it says so" {
	lab_service web "${ours[@]}"
	: >"$work/hold"
	start_backup
	lab_wait_for 60 copies_are 1
	run_backup 75 recover
	is_held web
	rm "$work/hold"
	end_backup 0
	is_back web 1
}

@test "a mark that is not understood is reported and left" {
	lab_service web --replicas 2 --label backup-container.quiesced=nonsense
	version=$(spec_version web)
	mkdir "$dest"
	run_backup 0 recover --all --yes
	[[ $output == *"'web' has a label backup-container.quiesced that is not understood: nonsense"* ]]
	[ "$(spec_version web)" = "$version" ]
}
