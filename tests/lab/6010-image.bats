#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The image: what is in it, what is not, and what `docker run` makes of it.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run
# shellcheck disable=SC2016 # scripts for another shell

load ../cli/lib/common
load lib/lab
load lib/image

setup_file() {
	image_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
	image_load
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() {
	common_setup
	lab_use "$BATS_FILE_TMPDIR/lab"
	mkdir "$dest"
	echo data >"$src/file"
	# as they are in a container, but for the Swarm, which is not what this is about
	mounts_=(-v "$src:/data:ro" -v "$dest:/backup" -e SCALE=off)
}

teardown() {
	local left
	left=$(docker ps -aq)
	# shellcheck disable=SC2086
	[ -z "$left" ] || docker rm -f $left
	common_teardown
}

@test "its size is told, and what it adds to its base is little" {
	local image base
	image=$(awk '$2 == "backup-container" { print $1 }' "$(image_dir)/sizes")
	base=$(awk '$2 == "lab:base" { print $1 }' "$(image_dir)/sizes")
	printf '# image: %d MB, of which %d MB its base\n' $((image / 1000000)) $((base / 1000000)) |
		tee "$(image_dir)/size.txt" >&3
	[ $((image - base)) -lt 40000000 ]
}

@test "it holds what a run needs, and nothing to build with or to steer Docker by" {
	inside '
		fail() { echo "$*"; exit 1; }
		for program in backup entrypoint rsync msmtp sh; do
			command -v $program || fail "no $program"
		done
		for program in cc gcc clang ld as make meson ninja samu cmake pkg-config python3 git \
				docker dockerd docker-compose curl wget bats; do
			command -v $program && fail "there is $program"
		done
		[ -s /etc/ssl/certs/ca-certificates.crt ] || fail "no certificates"
		[ -e /usr/share/zoneinfo/America/Chicago ] || fail "no zones"
		for dir in /var/lib/apt/lists /var/cache/apt /var/cache/apk /build /image /tmp; do
			[ ! -d "$dir" ] || [ -z "$(find "$dir" -type f)" ] || fail "$dir is not empty"
		done
		[ -z "$(find / -xdev -name "*.h" -o -name "*.a")" ] || fail "headers or static libraries"
		[ -z "$(find /usr/local -type f ! -path "*/bin/*")" ] || fail "more than programs of ours"
		! grep -q "[.]symtab" /usr/local/bin/backup || fail "not stripped"'
}

@test "it says what it is, and has no anonymous volume" {
	docker image inspect backup-container | jq -e '.[0].Config |
		.Entrypoint == ["/usr/local/bin/entrypoint"] and .Cmd == null and
		.Volumes == null and .User == "" and
		.Healthcheck.Test == ["CMD", "/usr/local/bin/backup", "status"]'
	docker image inspect backup-container | jq -e --arg version "$("$BACKUP" version)" \
		'.[0].Config.Labels | with_entries(.key |= ltrimstr("org.opencontainers.image.")) |
		"backup " + .version == $version and .licenses == "MIT" and .title == "backup-container" and
		(.description | length > 20) and (.revision | test("^([0-9a-f]{40}|unknown)$")) and
		(.created | fromdateiso8601 > 1700000000) and has("source")'
}

@test "runs and commands, by today's name of the program and by those of the scripts" {
	in_image "${mounts_[@]}" --
	exits 0
	[[ $output == *'published daily/'* ]]
	same_as_source "$(newest)"
	in_image "${mounts_[@]}" -- list
	exits 0
	[[ $output == *"daily    $(basename "$(newest)")"* ]]
	in_image "${mounts_[@]}" -- --dry-run
	exits 0
	[[ $output == *'would publish daily/'* ]]
	[ "$(snapshots | wc -l)" -eq 1 ]
	echo more >"$src/file"
	in_image "${mounts_[@]}" --entrypoint /usr/local/bin/entrypoint.sh --
	exits 0
	in_image "${mounts_[@]}" -- /usr/local/bin/backup.sh
	exits 0
	in_image "${mounts_[@]}" -- backup run
	exits 0
	[ "$(snapshots | wc -l)" -eq 4 ]
	same_as_source "$(newest)"
	in_image -- frobnicate
	exits 2
	[[ $output == *"there is no command 'frobnicate'"* ]]
	in_image -- /etc
	exits 126
}

@test "a shell at a terminal" {
	needs script
	run timeout 60 script -qec 'docker run --rm -it --network host backup-container sh -c "tty && echo me=\$(id -u)"' /dev/null </dev/null
	[[ $output == *'/dev/pts/0'*'me=0'* ]]
}

@test "TZ names the snapshot, and is the zone of the whole container" {
	in_image "${mounts_[@]}" -e TZ=America/Chicago --
	exits 0
	name=$(basename "$(newest)")
	age=$(($(date +%s) - $(TZ=America/Chicago date -d "${name%%_*} $(tr - : <<<"${name#*_}")" +%s)))
	[ "$age" -ge 0 ]
	[ "$age" -lt 60 ]
	[[ $output == *"[${name%%_*} "*"published daily/$name"* ]]
	in_image -e TZ=America/Chicago -- sh -c \
		'env -u TZ date +%Z; readlink -f /etc/localtime; cat /etc/timezone'
	exits 0
	[[ ${lines[0]} == C?T ]]
	[ "${lines[1]}" = /usr/share/zoneinfo/America/Chicago ]
	[ "${lines[2]}" = America/Chicago ]
	in_image "${mounts_[@]}" -e TZ=America/Chikago --
	exits 2
	[[ $output == *America/Chicago* ]]
}

@test "on a volume of the engine" {
	in_image -v data:/data -v backups:/backup -e SCALE=off -e ALLOW_EMPTY_SOURCE=on --
	exits 0
	in_image -v backups:/backup -- list --json
	exits 0
	jq -e 'length == 1' <<<"$output"
	docker volume rm data backups
}

# is HEALTH CONTAINER
is() {
	[ "$(docker inspect --format '{{.State.Health.Status}}' "$2")" = "$1" ]
}

# says TEXT CONTAINER: one of its last checks did
says() {
	docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' "$2" | grep -q "$1"
}

@test "healthy after a good run and during any, unhealthy after a bad one and when it is too old" {
	docker run -d --name well --network host "${mounts_[@]}" -e MAX_AGE=1d --health-interval 500ms \
		--health-start-period 1ms --health-retries 2 backup-container sleep 1000
	lab_wait_for 30 is unhealthy well
	says 'there was no run yet' well
	docker exec well backup
	lab_wait_for 30 is healthy well # while the run is at work, too
	lab_wait_for 30 says '^healthy: the last run, of ' well

	docker exec well sh -c '! ALLOW_EMPTY_SOURCE=off BACKUP_SRC=/mnt backup'
	lab_wait_for 30 is unhealthy well
	flock "$dest/.backup/lock" sleep 1000 3>&- 4>&- &
	lab_wait_for 30 is healthy well
	kill "$(pgrep -P $!)" $!
	lab_wait_for 30 is unhealthy well

	docker exec well backup
	lab_wait_for 30 is healthy well
	sed -i '$ s/"time":[0-9]*/"time":1700000000/' "$dest/.backup/history.jsonl"
	lab_wait_for 30 is unhealthy well
	says ', and MAX_AGE is 1 d' well
}

@test "the examples are valid" {
	docker stack config --compose-file "$root/stack.yaml" >"$work/stack"
	grep -q 'image: backup-container' "$work/stack"
	run ! docker stack config --compose-file <(sed 's/replicas: 2/replicas: two/' "$root/stack.yaml")
	compose --file "$root/compose.yaml" config >"$work/compose"
	grep -q 'image: backup-container' "$work/compose"
	run ! compose --file <(sed 's/cap_drop/cap_dorp/' "$root/compose.yaml") config
}

compose() {
	if docker compose version >/dev/null 2>&1; then
		docker compose "$@"
	elif command -v docker-compose >/dev/null; then
		docker-compose "$@"
	else
		skip 'needs docker-compose'
	fi
}

@test "compose.yaml makes a backup, with only its directories and the image's network changed" {
	printf me >"$work/smtp_user.txt"
	printf secret >"$work/smtp_pass.txt"
	sed "s,- /srv:,- $src:,; s,- /mnt/backup:,- $dest:,; s,^    image: .*,&\n    network_mode: host," \
		"$root/compose.yaml" >"$work/compose.yaml"
	cd "$work"
	run -0 compose run --rm backup </dev/null
	[[ $output == *'published daily/'* ]]
	[[ $output != *WARNING* ]]
	same_as_source "$(newest)"
	grep -q 'published daily/' "$dest/backup.log"
	run -0 compose run --rm backup list </dev/null
	[[ $output == *"$(basename "$(newest)")"* ]]
}
