#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# SMTP_ALLOW_PLAINTEXT=on worked with servers that know PLAIN, and with no other.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

@test "logging in without TLS takes what the server offers" {
	export SMTP_USER=me SMTP_PASS=secret SMTP_ALLOW_PLAINTEXT=on
	for method in PLAIN LOGIN CRAM-MD5; do
		fake_mail "{\"clear\": true, \"auth\": \"$method\"}"
		run_backup 0 mail-test
		fake_mails 1
		[ "$(mail .user)" = me ]
		[ "$(fake_mail_log 'map(.command // "" | select(startswith("AUTH"))[5:] | split(" ")[0]) | unique | join(" ")')" = "$method" ]
	done
	# one that works is not looked for again
	fake_mail '{"clear": true, "auth": "LOGIN", "at": {"rcpt": ["550 no", "ok"]}}'
	EMAIL_TO=a@example.com,b@example.com run_backup 0 mail-test
	[ "$(fake_mail_log 'map(select(.command // "" | startswith("EHLO"))) | length')" = 4 ]
	fake_mail '{"clear": true, "auth": "UNHEARD-OF"}'
	mail_test_fails 'log in' SMTP_TLS=on
	fake_mail '{"clear": true, "auth": ""}'
	mail_test_fails 'log in' SMTP_TLS=on
	[ "$(fake_mail_log 'map(select(.command // "" | startswith("EHLO"))) | length')" = 1 ]
}
