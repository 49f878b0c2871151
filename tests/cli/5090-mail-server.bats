#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The mail servers that the other tests use, asked by a plain msmtp, and the reader of
# messages.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC1003,SC2016,SC2030,SC2031 # passwords full of signs; each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

message=$'From: backup@example.com\nTo: a@example.com\nSubject: =?UTF-8?Q?k=C3=A4se?=
Date: Mon, 01 Jan 2024 01:00:00 +0100\nMessage-ID: <1@example.com>\nMIME-Version: 1.0
Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable

one
=2Etwo=20
k=C3=A4se
'

# msmtp_to CODE RECIPIENT...: sends $message.
msmtp_to() {
	local tls=on starttls=on
	[ "$SMTP_TLS" != off ] || tls=off
	[ "$SMTP_TLS" != implicit ] || starttls=off
	{
		printf '%s\n' 'account default' "host $SMTP_SERVER" "port $SMTP_PORT" "tls $tls" \
			"tls_starttls $starttls" "tls_trust_file \"$SMTP_CA_FILE\"" 'from s@example.com' \
			'timeout 10'
		[ -z "${SMTP_USER-}" ] || printf '%s\n' "auth ${auth-plain}" "user \"$SMTP_USER\"" \
			"password \"$SMTP_PASS\""
	} >"$work/conf"
	chmod 600 "$work/conf"
	run -"$1" timeout 20 msmtp -C "$work/conf" -- "${@:2}" <<<"$message"
}

@test "Exim takes mail in the clear, by STARTTLS and by TLS from the start" {
	for tls in off starttls implicit; do
		mail_by "$tls"
		msmtp_to 0 "$tls@example.com" other@example.com
	done
	mails 3
	[ "$(for n in 1 2 3; do mail '[.envelope_from, .envelope_to[], .user, .tls] | @text' "$n"; done)" = \
		'["s@example.com","off@example.com","other@example.com","",false]
["s@example.com","other@example.com","starttls@example.com","",true]
["s@example.com","implicit@example.com","other@example.com","",true]' ]
	[ "$(mail '[.from[], .to[], .subject, .date, .offset, .text] | @text')" = \
		'["backup@example.com","a@example.com","käse",1704067200,3600,"one\n.two \nkäse\n\n"]' ]
	[ "$(mail '.headers | join(" ")')" = \
		'From To Subject Date Message-ID MIME-Version Content-Type Content-Transfer-Encoding' ]
}

@test "logging in, with any password" {
	for password in plain 'a "b" \c # $d `e` :f'\''g' ' ä€ ' '"' '\' '${lookup}$1{}'; do
		mail_by starttls
		mail_account "me: $password" "$password"
		for auth in plain login; do
			msmtp_to 0 a@example.com
		done
		SMTP_PASS=wrong msmtp_to 77 a@example.com
		said '535'
		SMTP_USER='' msmtp_to 65 a@example.com
		said 'log in first'
	done
	mails 12
	[ "$(mail .user)" = 'me: plain' ]
}

@test "without TLS it offers no logging in unless told to" {
	mail_by off
	mail_account me secret
	msmtp_to 69 a@example.com
	: >"$mail_dir/state/clear"
	msmtp_to 0 a@example.com
	mails 1
}

@test "certificates of all kinds" {
	mail_by starttls
	mail_certificate wrong
	msmtp_to 69 a@example.com
	said 'The name in the certificate does not match'
	mail_certificate expired
	msmtp_to 69 a@example.com
	said 'expired'
	mail_certificate good
	SMTP_SERVER=127.0.0.1 msmtp_to 0 a@example.com
	SMTP_CA_FILE=$mail_dir/tls/other-ca.pem msmtp_to 69 a@example.com
	said 'issuer is unknown'
	mails 1
}

@test "some recipients are refused, for now or for good" {
	mail_by off
	msmtp_to 65 a@example.com refused@example.com
	said 'refused@example.com' '550'
	msmtp_to 69 later@example.com
	said '451'
	mails 0
}

@test "the fake server does as it is told" {
	fake_mail '{"tls": "starttls", "at": {"rcpt": ["451 later", "ok"], "rcpt x@example.com": "550 no",
		"message": ["drop", "ok"]}}'
	SMTP_USER=me SMTP_PASS='a b' msmtp_to 69 a@example.com
	said '451 later'
	msmtp_to 65 x@example.com
	msmtp_to 74 a@example.com
	SMTP_USER=me SMTP_PASS='a b' msmtp_to 0 a@example.com
	fake_mails 1
	[ "$(jq -r '.user + ":" + .password' "$(mail_file)")" = 'me:a b' ]
	[ "$(mail '.text')" = $'one\n.two \nkäse' ]
	fake_mail '{"tls": "implicit", "at": {"connect": "silence"}}'
	run -124 timeout 2 msmtp --host=localhost --port="$SMTP_PORT" --tls=on --tls-starttls=off \
		--tls-trust-file="$SMTP_CA_FILE" --from=a@example.com a@example.com </dev/null
	[ "$(fake_mail_log 'map(.silent // empty) | unique[]')" = connect ]
}

# bad FAULT SED: what is said of the message changed so.
bad() {
	sed "$2" "$work/good" >"$work/bad"
	run -1 python3 "$mail_reader" "$work/bad"
	said "$1"
}

@test "the reader is strict" {
	mail_by off
	msmtp_to 0 a@example.com
	mails 1
	cp "$(mail_file)" "$work/good"
	python3 "$mail_reader" "$work/good"
	bad '2 times subject' 's/^Subject:.*/&\n&/'
	bad '0 times date' '/^Date:/d'
	bad 'Date: InvalidDateDefect' 's/^Date:.*/Date: yesterday/'
	bad 'more than 998' "s/^one/$(printf '%01000d' 1)/"
	bad 'not printable ASCII' 's/^one/\xc3\xa4/'
	bad 'not printable ASCII' 's/^one/\r/'
	bad 'does not encode' 's/=2E/=2e/'
	bad 'ends with a blank' 's/^one/one /'
	bad 'half an encoded word' 's/=C3=A4se?=/=C3/'
	bad 'To: ' 's/^To:.*/To: a@example.com, @@/'
	bad 'Defect' 's/^Subject:/junk\nSubject:/'
}
