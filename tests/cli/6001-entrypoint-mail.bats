#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The configuration that the container's entrypoint leaves for whoever calls msmtp by hand.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC1003,SC2016,SC2030,SC2031 # passwords; each test is a subshell
load lib/common
load lib/mail
load lib/entrypoint

setup_file() { mail_start; }
teardown_file() { mail_stop; }

setup() {
	mail_setup
	entrypoint_setup
}

teardown() {
	entrypoint_teardown
	mail_teardown
}

# what KEY: what msmtp itself reads from the configuration.
what() {
	msmtp -C "$MSMTP_CONFIG" --pretend a@example.com </dev/null >"$work/pretend" || return
	sed -n "s/^$1 *= //p" "$work/pretend"
}

# by_hand CODE: msmtp with that configuration sends a mail.
by_hand() {
	run -"$1" timeout 20 msmtp -C "$MSMTP_CONFIG" -- a@example.com <<<$'Subject: by hand\n\nx'
}

@test "without variables it has the defaults, where it is expected" {
	unset MSMTP_CONFIG MSMTP_LOG SECRETS_DIR SMTP_TIMEOUT
	inside 0 version
	[ "$output" = "$("$BACKUP" version)" ]
	[ "$(stat -c '%a %u' "$etc/msmtp/msmtprc")" = '600 0' ]
	MSMTP_CONFIG=$etc/msmtp/msmtprc
	[ "$(what host) $(what port) $(what tls) $(what auth) $(what from) $(what logfile)" = \
		'smtp.example.com 25 off none admin@example.com /var/log/msmtp.log' ]
	[ -e "$work/var-log/msmtp.log" ]
	[ "$(ls -A "$etc/msmtp")" = msmtprc ]
}

@test "variables, and how TLS follows from them" {
	export SMTP_SERVER=mail.example.org SMTP_TLS=on EMAIL_FROM=me@example.org SMTP_CA_FILE=$work/'ca "file" #1.pem'
	for port in 25 465 587; do
		SMTP_PORT=$port inside 0 version
		[ "$(what host) $(what port) $(what tls) $(what from)" = "mail.example.org $port on me@example.org" ]
		[ "$(what tls_starttls)" = "$([ "$port" = 465 ] && echo off || echo on)" ]
		[ "$(what tls_trust_file)" = "$SMTP_CA_FILE" ]
	done
	SMTP_PORT=465 SMTP_TLS=starttls inside 0 version
	[ "$(what tls_starttls)" = on ]
	SMTP_PORT=587 SMTP_TLS=implicit inside 0 version
	[ "$(what tls_starttls)" = off ]
}

@test "msmtp by hand sends mail with it, whatever the password, which stays where it was" {
	mkdir "$work/secrets"
	n=0
	for password in plain 'a "b" \c # $d `e` :f'\''g' ' ä€ ' '"' '\' '$(reboot)'; do
		mail_by starttls
		mail_account me "$password"
		inside 0 version
		by_hand 0
		unset SMTP_USER SMTP_PASS

		printf 'me' >"$work/secrets/smtp_user"
		printf '%s\n' "$password" >"$work/secrets/smtp_pass"
		mail_by implicit
		SMTP_USER=other SMTP_PASS=other inside 0 version
		by_hand 0
		! grep -qF -- "other" "$MSMTP_CONFIG" || false
		[ "${#password}" -lt 5 ] || ! grep -qF -- "$password" "$MSMTP_CONFIG" || false
		grep -q '^passwordeval .*smtp_pass' "$MSMTP_CONFIG"
		rm "$work"/secrets/*

		mkdir -p "$work/it's a \$(reboot)"
		printf 'me\n' >"$work/user"
		printf '%s' "$password" >"$work/it's a \$(reboot)/pass"
		SMTP_USER_FILE=$work/user SMTP_PASS_FILE="$work/it's a \$(reboot)/pass" inside 0 version
		by_hand 0
		((n += 3))
	done
	mails "$n"
	[ "$(grep -c 'exitcode=EX_OK' "$MSMTP_LOG")" = "$n" ]
}

@test "it is replaced in one step, and a link is not followed" {
	echo precious >"$work/precious"
	ln -s "$work/precious" "$MSMTP_CONFIG"
	(umask 0 && inside 0 version)
	[ "$(cat "$work/precious")" = precious ]
	[ ! -L "$MSMTP_CONFIG" ]
	[ "$(stat -c %a "$MSMTP_CONFIG")" = 600 ]
	ln "$MSMTP_CONFIG" "$work/before"
	chmod 644 "$MSMTP_CONFIG"
	SMTP_SERVER=other.example.org inside 0 version
	[ "$(what host)" = other.example.org ]
	[ "$(stat -c %a "$MSMTP_CONFIG")" = 600 ]
	! same_inode "$work/before" "$MSMTP_CONFIG" || false
	! grep -q other.example.org "$work/before" || false
	# directories above are made, others kept as they are
	MSMTP_CONFIG=$work/new/conf inside 0 version
	[ "$(stat -c %a "$work/new") $(ls -A "$work/new")" = '755 conf' ]
	[ "$(find "$work" -maxdepth 1 -name '*msmtprc*' | wc -l)" = 1 ]
}

@test "a value that cannot be written: nothing is written, backup says why, a shell goes on" {
	export SMTP_SERVER=mail.example.org SMTP_TLS=on SMTP_USER=$'me\npasswordeval "touch /tmp/x"' SMTP_PASS=geheim
	inside 2 run
	said SMTP_USER
	unsaid geheim
	[ ! -e "$MSMTP_CONFIG" ]
	inside 0 sh -c 'echo the shell'
	said SMTP_USER 'the shell'
	[ ! -e "$MSMTP_CONFIG" ]
}

@test "without the right to write there, a private file in /tmp does" {
	inside_as "$uid" 0 sh -c 'echo "<$MSMTP_CONFIG>"; stat -c "%a %u" "$MSMTP_CONFIG"; cat "$MSMTP_CONFIG"'
	said "'$MSMTP_CONFIG'" "</tmp/msmtp-$uid/msmtprc>" "600 $uid" 'host "smtp.example.com"' "$MSMTP_LOG"
	[ "$(stat -c '%a %u' "/tmp/msmtp-$uid")" = "700 $uid" ]
	[ ! -e "$MSMTP_CONFIG" ]
	# again, and it is backup that it becomes
	inside_as "$uid" 0 config
	[[ $output == *"/tmp/msmtp-$uid/msmtprc"* ]]
}

@test "a directory in /tmp that somebody else has made is not used" {
	mkdir -m 777 "/tmp/msmtp-$uid"
	SMTP_SERVER=mail.example.org inside_as "$uid" 0 sh -c 'echo going on'
	said "'/tmp/msmtp-$uid" 'going on'
	[ -z "$(ls -A "/tmp/msmtp-$uid")" ]
	rmdir "/tmp/msmtp-$uid"
	mkdir -m 777 "$work/trap"
	ln -s "$work/trap" "/tmp/msmtp-$uid"
	inside_as "$uid" 0 sh -c 'echo going on'
	said 'going on'
	[ -z "$(ls -A "$work/trap")" ]
}
