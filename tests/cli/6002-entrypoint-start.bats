#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the container's entrypoint makes of TZ, and which program it becomes.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # scripts for others; each test is a subshell
load lib/common
load lib/entrypoint

setup() {
	common_setup
	entrypoint_setup
	unset TZ
	export MSMTP_CONFIG=$work/msmtprc MSMTP_LOG=$work/msmtp.log SECRETS_DIR=$work/secrets
	echo 1 >"$src/a"
}

teardown() {
	entrypoint_teardown
	common_teardown
}

# The zone of /etc, as its two files tell it.
zone() {
	echo "$(readlink "$etc/localtime" | sed 's,.*/zoneinfo/,,') $(cat "$etc/timezone")"
}

@test "TZ becomes the system's zone" {
	machine=$(readlink /etc/localtime && cat /etc/timezone)
	TZ=Asia/Kolkata inside 0 sh -c 'unset TZ; date +%z'
	[ "$output" = +0530 ]
	[ "$(zone)" = 'Asia/Kolkata Asia/Kolkata' ]
	TZ=America/Argentina/Buenos_Aires inside 0 version
	[ "$(zone)" = 'America/Argentina/Buenos_Aires America/Argentina/Buenos_Aires' ]
	[ "$(find "$etc" -maxdepth 1 \( -name '*localtime*' -o -name '*timezone*' \) | wc -l)" = 2 ]
	[ "$(readlink /etc/localtime && cat /etc/timezone)" = "$machine" ]
}

@test "links and files that are there are replaced, not written through" {
	echo precious >"$work/precious"
	ln -sf "$work/precious" "$etc/timezone"
	rm "$etc/localtime"
	cp /usr/share/zoneinfo/Asia/Tokyo "$etc/localtime"
	TZ=Europe/Berlin inside 0 version
	[ "$(zone)" = 'Europe/Berlin Europe/Berlin' ]
	[ "$(cat "$work/precious")" = precious ]
	[ ! -L "$etc/timezone" ]
	[ "$(stat -c %a "$etc/timezone")" = 644 ]
}

@test "without TZ the zone stays as it is, and a rule has no name" {
	before=$(zone)
	inside 0 sh -c 'echo "<${TZ-none}>"'
	[ "$(zone)" = "$before" ]
	TZ=CET-1CEST,M3.5.0,M10.5.0/3 inside 0 sh -c 'echo "$TZ"; date -d @1720000000 +%z'
	[ "$output" = $'CET-1CEST,M3.5.0,M10.5.0/3\n+0200' ]
	[ "$(zone)" = "$before" ]
}

@test "a zone from a file" {
	echo Asia/Kolkata >"$work/zone"
	TZ_FILE=$work/zone inside 0 sh -c 'echo "$TZ ${TZ_FILE-}"; date +%z'
	[ "$output" = $'Asia/Kolkata \n+0530' ]
	[ "$(zone)" = 'Asia/Kolkata Asia/Kolkata' ]
}

@test "an unknown zone: the nearest is suggested, and nothing is changed" {
	before=$(zone)
	for pair in 'Europe/Berlni Europe/Berlin' 'europe/paris Europe/Paris' 'Kolkata Asia/Kolkata'; do
		TZ=${pair% *} inside 2 run
		said "TZ='${pair% *}'"
		said "${pair#* }"
		TZ=${pair% *} inside 0 sh -c 'echo going on'
		said "${pair#* }"
		said 'going on'
	done
	for zone in ../../etc/passwd ../zoneinfo/Europe/Berlin Europe/../Asia/Tokyo /etc/passwd Europe 'a b' $'Europe/Berlin\n'; do
		TZ=$zone inside 2 run
		said TZ
	done
	[ "$(zone)" = "$before" ]
	[ ! -e "$dest" ]
}

@test "no arguments, commands and options go to backup" {
	inside 0
	[ "$(snapshots | wc -l)" = 1 ]
	inside 0 list
	said "$(basename "$(newest)")"
	inside 0 --dry-run
	[ "$(snapshots | wc -l)" = 1 ]
	inside 0 run --dry-run
	inside 0 --help
	said 'usage: backup'
	inside 2 nonsense
	inside 2 --nonsense
	said "$("$BACKUP" --nonsense 2>&1 || :)"
	inside 2 ''
}

@test "a program by its path or by its name is executed" {
	inside 0 /bin/echo a 'b  c' '' '*'
	[ "$output" = 'a b  c  *' ]
	inside 0 echo --version x
	[ "$output" = '--version x' ]
	inside 7 sh -c 'exit 7'
	cd "$work"
	printf '#!/bin/sh\necho "mine: $*"\n' >"$work/version"
	chmod +x "$work/version"
	inside 0 ./version 1
	[ "$output" = 'mine: 1' ]
	PATH=$work:$PATH inside 0 version # ours goes before
	[ "$output" = "$("$BACKUP" version)" ]
	inside 127 /nonexistent/program
	said /nonexistent/program
	: >"$work/plain"
	inside 126 "$work/plain"
}

@test "it becomes the program: one process, with its signals and its descriptors" {
	run -0 sh -c 'echo $$; exec "$1" sh -c "echo \$\$; ls /proc/self/fd | wc -l"' sh "$ENTRYPOINT"
	[ "${lines[0]}" = "${lines[1]}" ]
	# standard input, output and error, and the directory that ls reads
	run -0 env -C / sh -c 'exec 3>&-; exec "$1" sh -c "ls /proc/self/fd" 4>&-' sh "$ENTRYPOINT"
	[ "$(grep -cxE '[012]' <<<"$output")" = 3 ]
	"$ENTRYPOINT" sleep 60 3>&- &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" != 'sleep 60 ' ] || break
		sleep 0.02
	done
	kill -TERM "$pid"
	code=0
	wait "$pid" || code=$?
	[ "$code" = 143 ]
}

@test "unprivileged, or read-only: it says what it could not do, and goes on with TZ alone" {
	before=$(zone)
	TZ=Asia/Kolkata inside_as "$uid" 0 sh -c 'date +%z'
	said +0530
	said Asia/Kolkata
	said "'$MSMTP_CONFIG'"
	[ "$(zone)" = "$before" ]
	export READ_ONLY=1
	TZ=Asia/Kolkata inside 0 sh -c 'date +%z; echo "$MSMTP_CONFIG"'
	said +0530
	said /etc
	said "$MSMTP_CONFIG"
	[ "$(zone)" = "$before" ]
	TZ=Asia/Kolkata inside 0
	[ "$(snapshots | wc -l)" = 1 ]
}
