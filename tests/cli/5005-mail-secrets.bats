#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The password is seen by the mail server, and by nobody else: it is in no argument list,
# no log, no mail, and no file but the one that it came from, even if the run is killed.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # scripts for others; each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

# A password that nothing else has, in no file of ours either, and all that shows it.
setup() {
	mail_setup
	password=p4-$RANDOM$RANDOM-$$
	needles=$mail_dir/needles
	{
		echo "$password"
		printf %s "$password" | base64 -w 0
		echo
		printf '\0me\0%s' "$password" | base64 -w 0
		echo
	} >"$needles"
	export EMAIL_ON_SUCCESS=on
	export HOME=$work/home # looked through with $work; a real one may be huge
	mkdir "$HOME"
	touch -d "1 second ago" "$work/since"
}

# by_environment, by_file: how we are told.
by_environment() {
	export SMTP_USER=me SMTP_PASS=$password
}

by_file() {
	mkdir "$work/secrets"
	printf 'me\n' >"$work/secrets/smtp_user"
	printf '%s\n' "$password" >"$work/secrets/smtp_pass"
	chmod 600 "$work"/secrets/*
}

# The password is in no file that has been written since, but those it must be in. What
# other tests have in /tmp is not looked at.
not_on_disk() {
	local dirs=() dir
	for dir in /tmp /var/tmp /var/log /var/spool /var/mail /etc /run /dev/shm; do
		[ ! -d "$dir" ] || dirs+=("$dir")
	done
	{
		find "${dirs[@]}" -xdev \( -path '/tmp/bats-run-*' -o -path '/tmp/build*' \) -prune -o \
			-type f -newer "$work/since" -size -50M -print0 2>/dev/null || :
		find "$work" \( -path "$work/secrets" -o -path "$work/fake-mail.*" \) -prune -o -type f -print0
	} | xargs -0r grep -laFf "$needles" -- >"$work/found" 2>/dev/null || :
	[ ! -s "$work/found" ] || {
		cat "$work/found"
		return 1
	}
}

not_printed() {
	! grep -qFf "$needles" <<<"$output" || {
		echo "$output"
		return 1
	}
}

# slowly TLS [REPLY]: a server that takes a third of a second for each step.
slowly() {
	fake_mail "$(jq -cn --arg tls "$1" --arg auth "${2-slow 0.3}" '{tls: $tls, at: {connect: "slow 0.3", handshake: "slow 0.3",
		ehlo: "slow 0.3", auth: $auth, mail: "slow 0.3", rcpt: "slow 0.3", message: "slow 0.3"}}')"
}

# watched CODE ARGUMENT...: runs it, and looks at all argument lists meanwhile.
watched() {
	local pid code=0
	"$BACKUP" "${@:2}" >"$work/out" 2>&1 3>&- &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		cat /proc/[0-9]*/cmdline 2>/dev/null || :
		sleep 0.02
	done >"$work/cmdlines"
	wait "$pid" || code=$?
	output=$(cat "$work/out")
	[ "$code" = "$1" ] || {
		printf '%s instead of %s\n%s\n' "$code" "$1" "$output"
		return 1
	}
	grep -qa msmtp "$work/cmdlines" || {
		echo 'saw no msmtp'
		return 1
	}
	! grep -qaFf "$needles" "$work/cmdlines" || {
		tr '\0' ' ' <"$work/cmdlines" | grep -aoFf "$needles" | sort | uniq -c
		return 1
	}
	rm "$work/cmdlines"
}

@test "what looks for leaks finds them" {
	echo "xx${password}xx" >"$work/leak"
	run -1 not_on_disk
	printf '\0me\0%s' "$password" | base64 >"$work/leak"
	run -1 not_on_disk
	rm "$work/leak" "$work/found"
	not_on_disk
	slowly starttls
	by_environment
	bash -c "sleep 3; : $password" & # what watched() must see
	run -1 watched 0 run
	fake_mails 1
}

@test "a password in the environment" {
	by_environment
	for tls in starttls implicit; do
		slowly "$tls"
		watched 0 run
		not_printed
		fake_mails 1
		[ "$(jq -r '.user + ":" + .password' "$(mail_file)")" = "me:$password" ]
		! mail '.subject, .text' | grep -qFf "$needles" || false
		slowly "$tls"
		watched 0 mail-test
		not_printed
	done
	not_on_disk
}

@test "a password in a file" {
	by_file
	slowly starttls
	watched 0 run
	not_printed
	[ "$(jq -r '.user + ":" + .password' "$(mail_file)")" = "me:$password" ]
	! mail '.subject, .text' | grep -qFf "$needles" || false
	not_on_disk
}

@test "a password that is refused" {
	by_environment
	slowly starttls '535 5.7.8 no'
	watched 0 run
	not_printed
	said '535 5.7.8 no'
	watched 1 mail-test
	not_printed
	not_on_disk
}

@test "a password that cannot be used" {
	by_environment
	mail_by off
	run_backup 2 run
	not_printed
	SMTP_PASS="$password"$'\n'x SMTP_TLS=on run_backup 2 run
	not_printed
	mkdir "$work/secrets"
	printf '%s\n%s\n' "$password" "$password" >"$work/secrets/smtp_pass"
	SMTP_TLS=on run_backup 2 mail-test
	not_printed
	SMTP_PASS_FILE=$work/secrets/smtp_pass run_backup 2 config
	not_printed
	not_on_disk
}

@test "help and configuration" {
	mail_by starttls
	for way in by_environment by_file; do
		"$way"
		for command in config 'config --json' 'help config' 'help config --markdown' status version; do
			# shellcheck disable=SC2086
			run "$BACKUP" $command
			not_printed
		done
		run_backup 0 config
		[[ $output == *SMTP_PASS* ]]
		unset SMTP_USER SMTP_PASS
	done
}

# worker: the process that does the run, which $run has started.
worker() {
	pgrep -P "$run"
}

# The run is begun, and the server has seen this command of it.
begin() {
	"$BACKUP" run >"$work/out" 2>&1 3>&- &
	run=$!
	eventually 20 sent "$1"
}

sent() {
	fake_mail_log -e --arg command "$1" 'any(.command // "" | startswith($command))' >/dev/null 2>&1
}

no_msmtp() {
	! is_argument "$EMAIL_TO"
}

@test "killed while the mail is on its way" {
	export EMAIL_TO=killed.$$.$RANDOM@example.com
	# how the password came, who is killed, and after which command
	for case in 'by_environment worker AUTH' 'by_environment all MAIL' 'by_file all AUTH'; do
		read -r way whom step <<<"$case"
		"$way"
		slowly starttls
		begin "$step"
		pids=$(worker)
		[ "$whom" = worker ] || pids+=" $run"
		# shellcheck disable=SC2086
		kill -KILL $pids
		wait "$run" || :
		eventually 20 no_msmtp
		output=$(cat "$work/out")
		not_printed
		not_on_disk
		unset SMTP_USER SMTP_PASS
	done
	# and what was killed stands in nobody's way
	by_environment
	slowly starttls
	watched 0 run
	not_on_disk
}

@test "killed in the middle of the copy: the mail of it has no password either" {
	by_environment
	slowly implicit
	mkdir "$work/bin"
	printf '#!/bin/sh\n[ "$1" != --version ] || exec %s --version\nkill -KILL $PPID\nsleep 1\n' \
		"$(command -v rsync)" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	ENGINE=rsync PATH=$work/bin:$PATH watched 1 run
	not_printed
	fake_mails 1
	mail .subject | grep -q 'backup failed'
	! mail '.subject, .text' | grep -qFf "$needles" || false
	not_on_disk
}
