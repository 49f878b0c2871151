#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Mails that cannot be sent: the reason is told, and the run is what it would be without.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "a wrong user or password" {
	mail_by starttls
	mail_account me secret
	export SMTP_PASS=geheim
	run_unmailed SMTP_USER SMTP_PASS 535
	mail_test_fails SMTP_USER SMTP_PASS 535
	SMTP_USER=you SMTP_PASS=secret mail_test_fails SMTP_USER SMTP_PASS 535
	unsaid geheim secret
	mails 0
}

@test "a certificate that is not trusted, of another name, or expired" {
	for tls in starttls implicit; do
		mail_by "$tls"
		mail_account me secret
		SMTP_CA_FILE=$mail_dir/tls/other-ca.pem mail_test_fails SMTP_CA_FILE
		unset SMTP_CA_FILE
		mail_test_fails SMTP_CA_FILE
		mail_by "$tls"
		mail_certificate wrong
		mail_test_fails 'another name' SMTP_SERVER
		mail_certificate expired
		mail_test_fails 'expired'
		mail_certificate good
	done
	SMTP_CA_FILE=$mail_dir/tls/other-ca.pem run_unmailed SMTP_CA_FILE
	SMTP_CA_FILE=/nonexistent mail_test_fails SMTP_CA_FILE
	SMTP_CA_FILE=/etc/passwd mail_test_fails SMTP_CA_FILE
	mails 0
	grep -q 'AUTH' "$mail_dir"/log/main && false
	run_backup 0 mail-test
	mails 1
}

@test "a server that is down, and a host that does not exist" {
	mail_by off
	closed_port
	mail_test_fails SMTP_SERVER SMTP_PORT 'refused'
	SMTP_SERVER=no-such-host.invalid mail_test_fails SMTP_SERVER 'no such host' no-such-host.invalid
}

@test "TLS where there is none, and none where there must be" {
	mail_by off
	mail_account me secret
	: >"$mail_dir/state/clear"
	SMTP_TLS=implicit mail_test_fails 'SMTP_TLS=starttls'
	fake_mail '{"tls": "off"}'
	SMTP_TLS=starttls mail_test_fails STARTTLS 'SMTP_TLS=implicit'
	mail_by implicit
	export SMTP_TIMEOUT=2s
	SMTP_TLS=starttls mail_test_fails 'SMTP_TLS=implicit' SMTP_TIMEOUT
	mails 0
}

@test "no logging in without TLS, unless that is allowed" {
	mail_by off
	mail_account me secret
	: >"$mail_dir/state/clear"
	run_backup 2 run
	said SMTP_TLS SMTP_ALLOW_PLAINTEXT=on
	unsaid secret
	run_backup 2 mail-test
	[ ! -e "$dest" ]
	mails 0
	SMTP_ALLOW_PLAINTEXT=on run_backup 0 mail-test
	mails 1
	[ "$(mail '[.user, .tls] | @text')" = '["me",false]' ]
	rm "$mail_dir/state/clear"
	SMTP_ALLOW_PLAINTEXT=on mail_test_fails 'log in' SMTP_TLS=on SMTP_USER
	mail_by off
	SMTP_TLS=starttls SMTP_PASS='' run_backup 2 mail-test
	said SMTP_PASS smtp_pass
}

@test "one of three recipients is refused: the others get it, once each" {
	mail_by off
	export EMAIL_TO=a@example.com,refused@example.com,b@example.com EMAIL_ON_SUCCESS=on
	run_backup 0 run
	said 'WARNING: mail was not sent to refused@example.com' EMAIL_TO '550' 'mail sent to 2 of 3'
	mails 2
	[ "$(mail '.envelope_to[]' && mail '.envelope_to[]' 2)" = $'a@example.com\nb@example.com' ]
	[ "$(mail .message_id)" = "$(mail .message_id 2)" ]
	jq -es '.[0].exit == 0 and (.[1].mail_error | contains("refused@example.com"))' "$dest/.backup/history.jsonl"
	mail_test_fails 'refused@example.com' '550'
	mails 4
}

@test "all recipients, or the sender, are refused" {
	mail_by off
	EMAIL_TO=refused@example.com run_unmailed refused@example.com EMAIL_TO 550
	mails 0
	fake_mail '{"at": {"mail": "553 5.7.1 not you"}}'
	mail_test_fails EMAIL_FROM '553 5.7.1 not you'
	[ "$(fake_mail_log 'map(select(.command // "" | startswith("MAIL"))) | length')" = 1 ]
}

@test "the mail is refused, or what answers is no mail server" {
	fake_mail '{"at": {"message": "552 5.3.4 too large"}}'
	mail_test_fails 'refuses the mail' '552 5.3.4 too large'
	fake_mail '{"at": {"data": "554 no"}}'
	mail_test_fails 'refuses the mail' '554 no'
	fake_mail '{"at": {"connect": "554 5.7.1 blocked, see http://example.org/"}}'
	mail_test_fails 'refuses to talk' '554 5.7.1 blocked, see http://example.org/'
	fake_mail '{"at": {"connect": "HTTP/1.1 400 Bad Request"}}'
	mail_test_fails 'no mail server' SMTP_PORT
	fake_mail '{"at": {"content": "drop"}}'
	mail_test_fails 'localhost port'
	fake_mails 0
}

@test "a reply full of escape sequences is printed without them" {
	fake_mail '{"at": {"rcpt": "550-\u001b[31mred\n550 \u009b\u0007 k\u00e4se"}}'
	mail_test_fails 550 käse
	! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output" || false
	run_unmailed 550 käse
	! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output" || false
}

@test "msmtp is missing, or crashes" {
	mail_by off
	mkdir "$work/bin"
	printf '#!/bin/sh\necho "Segmentation fault" >&2\nkill -SEGV $$\n' >"$work/bin/msmtp"
	chmod +x "$work/bin/msmtp"
	PATH=$work/bin:$PATH mail_test_fails msmtp
	mkdir "$work/others"
	ln -sf /bin/* /usr/bin/* "$work/others/"
	rm "$work/others/msmtp"
	PATH=$work/others run_unmailed 'msmtp is not installed'
}
