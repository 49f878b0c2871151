#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# status: what is told below its verdict, of runs, snapshots, room and services.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
# shellcheck source=/dev/null
. "$BATS_TEST_DIRNAME/../fake/lib.bash"

teardown() {
	[ -z "${fake_dir-}" ] || fake_stop
	common_teardown
}

# line NAME: what follows that name in $output.
line() {
	sed -n "s/^  $1 \{1,\}//p" <<<"$output"
}

history() {
	cat >"$dest/.backup/history.jsonl"
}

# runs FREE...: a history of a good run each day, the last one today, with so much free.
runs() {
	local n=$#
	for free; do
		n=$((n - 1))
		printf '{"time":%s,"utc_offset":0,"result":"ok","exit":0,"free_bytes":%s,"free_inodes":%s}\n' \
			$(($(date +%s) - 60 - n * 86400)) "$free" $((free / 1000))
	done
}

@test "the last good and the last bad run, with its reason" {
	echo 1 >"$src/a"
	run_backup 0
	name=$(basename "$(newest)")
	rm "$src/a"
	run_backup 1
	run_backup 1 status
	[[ $(line 'last good run') =~ ^20..-..-..\ ..:..:..,\ .*\ ago:\ $name$ ]]
	[[ $(line 'last bad run') == *" ago: failed, "*"'$src' is empty"* ]]
	run_backup 1 status --json
	jq -e --arg name "$name" '.last_good.snapshot == $name and .last_good.result == "ok" and
		.last_bad.result == "failed" and .last_bad.exit == 1 and
		(.last_bad.reason | contains("is empty")) and .last_bad.age >= 0 and
		.last.result == "failed" and .next == null' <<<"$output"
	# a run that was turned away is neither
	echo 2 >"$src/a"
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 75
	exec {lock}>&-
	run_backup 1 status --json
	jq -e '.last_bad.exit == 1' <<<"$output"
}

@test "snapshots by tier, free space and inodes" {
	echo 1 >"$src/a"
	run_backup 0
	run_backup 0
	redate "$(snapshots | head -n 1)" "$(made_at '10 days ago')" weekly
	jq '.status = "partial"' "$dest/.backup/snapshots/$(basename "$(newest)").json" >"$work/record"
	cp "$work/record" "$dest/.backup/snapshots/$(basename "$(newest)").json"
	run_backup 0 status
	[ "$(line snapshots)" = '1 daily, 1 weekly, 0 monthly; not complete: 1' ]
	[[ $(line 'free space') == *B\ of\ *B ]]
	[ -z "$(line 'on the disk')" ]
	run_backup 0 status --json
	jq -e '(.snapshots | del(.each)) == {daily: 1, weekly: 1, monthly: 0, incomplete: 1,
			verified: 0, last_verified: null, damaged: [], bad_manifests: []} and
		(.snapshots.each | map(.tier, .verified, .verdict)) ==
			["daily", null, null, "weekly", null, null] and .size == null and
		.destination.size_bytes > .destination.free_bytes and
		.destination.bytes_full == {trend: "unknown", days: null}' <<<"$output"
}

@test "each run notes what is free" {
	echo 1 >"$src/a"
	run_backup 0
	rm "$src/a"
	run_backup 1
	free=$(df --output=avail -B1 "$dest" | tail -n 1)
	jq -es --argjson free "$free" 'length == 2 and
		all(.[]; .free_bytes > $free / 2 and .free_bytes < $free * 2)' "$dest/.backup/history.jsonl"
}

@test "in how many days the destination is full" {
	mount_on "$dest" -t tmpfs -o size=20m,nr_inodes=2000 tmpfs
	echo 1 >"$src/a"
	run_backup 0
	free=$(df --output=avail -B1 "$dest" | tail -n 1)
	step=$((free / 10))
	runs $((free + 3 * step)) $((free + 2 * step)) $((free + step)) "$free" | history
	run_backup 0 status
	[[ $(line 'free space') == *', full in about 10 days' ]]
	run_backup 0 status --json
	jq -e '.destination | .bytes_full.trend == "filling" and
		(.bytes_full.days | . > 9 and . < 11) and .inodes == 2000 and
		.inodes_full.trend == "filling"' <<<"$output"
	runs "$free" $((free + 1)) "$free" $((free + 9)) | history
	run_backup 0 status
	[[ $(line 'free space') == *', not filling' ]]
	runs "$free" | history
	run_backup 0 status
	[[ $(line 'free space') =~ B\ of\ .*B$ ]]
	# numbers that are none
	runs 1 -1 '"x"' 1e3 | history
	run_backup 0 status
	[[ $(line 'free space') =~ B\ of\ .*B$ ]]
}

# marked NAME DESTINATION: a service that a run to there left at 0.
marked() {
	jq -cn --arg name "$1" --arg to "$2" '{name: $name, replicas: 0, labels:
		{"backup-container.quiesced":
			({destination: $to, run: "2026-01-01_00-00-00", replicas: 2} | tostring)}}'
}

@test "services that a run left down: not well, until they are back" {
	echo 1 >"$src/a"
	run_backup 0
	id=$(jq -r .id "$dest/.backup/format")
	fake_start "$work/docker" "$(fake_script "$(marked web "$id")" "$(marked other 1234)")"
	export SCALE=auto
	run_backup 1 status
	[ "${lines[0]}" = "unhealthy: service 'web' is left down by a run that died; 'backup recover' brings back what is" ]
	[ "$(line 'services down')" = web ]
	run_backup 1 status --json
	jq -e '.services_down == ["web"] and .services_error == null' <<<"$output"
	# while somebody holds the destination they may be down
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 0 status
	[ -z "$(line 'services down')" ]
	exec {lock}>&-
	SCALE=off run_backup 0 status
	[ -z "$(line 'services down')" ]
	START_TIMEOUT=5s run_backup 0 recover
	run_backup 0 status
	[ "$(line 'services down')" = none ]
}

@test "a Docker Engine that does not answer: well, and nothing known of services" {
	needs python3
	echo 1 >"$src/a"
	run_backup 0
	"${PYTHON:-python3}" - "$work/silent" <<-'END' 3>&- &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		time.sleep(60)
	END
	silent=$!
	for _ in {1..100}; do [ ! -S "$work/silent" ] || break; sleep 0.1; done
	SCALE=auto DOCKER_HOST=unix://$work/silent run -0 timeout 20 "$BACKUP" status
	kill "$silent"
	[[ ${lines[0]} == 'healthy: '* ]]
	[[ $(line 'services down') == 'not known: '*'no answer from'* ]]
	SCALE=auto DOCKER_HOST=unix://$work/nothing run_backup 0 status --json
	jq -e '.services_down == null and (.services_error | contains("there is no Docker Engine"))' <<<"$output"
}

@test "damage that verify found: not well, until it is gone" {
	echo 1 >"$src/a"
	run_backup 0
	run_backup 0
	run_backup 0 verify --all
	run_backup 0 status
	[[ $(line verified) =~ ^2,\ the\ last\ 20[0-9-]+\ .*\ ago$ ]]
	name=$(snapshots | head -n 1)
	echo more >>"$dest/$name/a" # which both hold
	run_backup 1 verify --all
	run_backup 1 status
	[[ ${lines[0]} =~ ^unhealthy:\ snapshot\ 20.*\ and\ 1\ more\ are\ damaged ]]
	[[ $(line verified) == *'; damaged: '*", ${name#*/}" ]]
	run_backup 1 status --json
	jq -e --arg name "${name#*/}" '.snapshots | .verified == 2 and .damaged[1] == $name and
		.last_verified > 1700000000' <<<"$output"
	run_backup 0 list --json
	jq -e 'all(.[]; .damaged and .verified > 1700000000)' <<<"$output"
	run_backup 1 status --prometheus
	grep -q '^backup_snapshots_damaged{.*} 2$' <<<"$output"
	grep -q '^backup_last_verified_timestamp_seconds{.*} [0-9]*$' <<<"$output"
	# a good run does not mend it
	run_backup 0
	run_backup 1 status
	exec {lock}>>"$dest/.backup/lock"
	flock -n "$lock"
	run_backup 0 status
	exec {lock}>&-
	[[ ${lines[0]} == 'healthy: a run is in progress'* ]]
}

@test "--json and --prometheus exclude each other" {
	run_backup 2 status --json --prometheus
	[[ $output == *'--json does not go with'* ]]
}
