#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# MSMTP_CONFIG and METRICS_FILE may lead to what is no file, /dev/null above all: a file
# took its place. And directories above MSMTP_CONFIG may be links, or missing.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2016 # a script for others
load lib/common
load lib/entrypoint

setup() {
	common_setup
	entrypoint_setup
	unset TZ # for which there would be more to write
	needs mknod mkfifo python3
	export MSMTP_LOG=/dev/null SECRETS_DIR=$work/secrets
	echo 1 >"$src/a"
	others=$work/others
	mkdir "$others" "$others/directory"
	mkfifo "$others/fifo"
	mknod "$others/null" c 1 3
	mknod "$others/zero" c 1 5
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$others/socket"
	chown "$uid" "$others"
	before=$(unchanged)
}

teardown() {
	entrypoint_teardown
	common_teardown
}

unchanged() {
	stat -c '%n %F %i %t:%T' "$others" "$others"/*
}

@test "msmtp's configuration replaces no device, FIFO, socket or directory" {
	for name in 'fifo a FIFO' 'zero a device' 'socket a socket' 'directory a directory'; do
		MSMTP_CONFIG=$others/${name%% *} inside_as "$uid" 0 sh -c 'echo "now $MSMTP_CONFIG"'
		said "'$others/${name%% *}' (MSMTP_CONFIG) cannot be written" "is ${name#* }" "now /tmp/msmtp-$uid/msmtprc"
		[ "$(unchanged)" = "$before" ]
	done
	MSMTP_CONFIG=$others/new/ inside_as "$uid" 0 sh -c 'echo "now $MSMTP_CONFIG"'
	said "'$others/new/' (MSMTP_CONFIG)" "now /tmp/msmtp-$uid/msmtprc"
	[ "$(unchanged)" = "$before" ]
	# of what goes to /dev/null nobody expects anything
	MSMTP_CONFIG=$others/null inside_as "$uid" 0 sh -c 'echo "now $MSMTP_CONFIG"'
	[ "$output" = "now $others/null" ]
	[ "$(unchanged)" = "$before" ]
}

@test "metrics replace none of these" {
	for name in 'fifo a FIFO' 'zero a device' 'socket a socket' 'directory a directory'; do
		METRICS_FILE=$others/${name%% *} run_backup 0 run
		said "METRICS_FILE '$others/${name%% *}'" "is ${name#* }" ignoring
		[ "$(unchanged)" = "$before" ]
	done
	METRICS_FILE=$others/new/ run_backup 2 run
	[[ $output == *"METRICS_FILE='$others/new/': expected a file"* ]]
	METRICS_FILE=$others/null run_backup 0 run
	unsaid METRICS_FILE
	[ "$(unchanged)" = "$before" ]
}

@test "directories of MSMTP_CONFIG may be links, and are made if need be" {
	mkdir "$work/real"
	ln -s real "$work/link"
	MSMTP_CONFIG=$work/link/msmtprc inside 0 sh -c 'echo "now $MSMTP_CONFIG"'
	[ "$output" = "now $work/link/msmtprc" ]
	[ "$(stat -c %a "$work/real/msmtprc")" = 600 ]
	MSMTP_CONFIG=$work/link/a//b/./c/msmtprc inside 0 sh -c 'echo "now $MSMTP_CONFIG"'
	[ "$output" = "now $work/link/a//b/./c/msmtprc" ]
	[ "$(stat -c %a "$work/real/a" "$work/real/a/b/c" "$work/real/a/b/c/msmtprc" | xargs)" = '755 755 600' ]
	# a link that is the file itself is replaced, not followed
	echo precious >"$work/precious"
	ln -s precious "$work/conf"
	MSMTP_CONFIG=$work/conf inside 0 version
	[ -f "$work/conf" ] && [ ! -L "$work/conf" ]
	[ "$(cat "$work/precious")" = precious ]
}
