#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Which runs are told of by mail, what the mail says, and the ways to a mail server.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC1003,SC2016,SC2030,SC2031 # passwords; each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

# An rsync that runs these commands after the copy.
after_copy() {
	mkdir -p "$work/bin"
	printf '#!/bin/bash\nrsync=%q\n[ "$1" != --version ] || exec "$rsync" --version\n"$rsync" "$@" || exit\n%s\n' \
		"$(command -v rsync)" "$1" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	export ENGINE=rsync
	PATH=$work/bin:$PATH
}

# The log of the run as it was when the mail was written: all but what tells of the mail.
log_before_mail() {
	sed '/\] mail sent to /,$d' "$LOG_FILE"
}

# The log in the mail: what comes after the first empty line.
log_in_mail() {
	mail .text | sed '1,/^$/d' | sed '${/^$/d}'
}

@test "a run that fails is mailed with its log, whatever was not set" {
	mail_by off
	rm -r "$src"
	run_backup 1 run
	mails 1
	[ "$(mail '[.envelope_from, .envelope_to[], .from[], .to[]] | join(" ")')" = \
		'admin@example.com admin@example.com backup@example.com admin@example.com' ]
	[[ $(mail .subject) =~ ^\["$(hostname)"\]\ backup\ failed\ [0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9]{2}:[0-9]{2}$ ]]
	[ "$(mail '[.type, .charset, .encoding] | map(ascii_downcase) | join(" ")')" = 'text/plain utf-8 quoted-printable' ]
	mail .text | head -n 5 | grep -q 'failed'
	mail .text | sed '/^$/q' | grep -qF "BACKUP_SRC '$src'"
	diff <(log_before_mail) <(log_in_mail)
	log_in_mail | grep -q 'ERROR: BACKUP_SRC'
	said 'mail sent to 1 of 1'
	unsaid 'no mail will tell'
}

@test "a run that succeeds is mailed only where that is wanted" {
	mail_by off
	run_backup 0 run
	mails 0
	unsaid 'mail'
	rm "$LOG_FILE"
	EMAIL_ON_SUCCESS=on run_backup 0 run
	mails 1
	name=$(basename "$(newest)")
	[ "$(mail .subject)" = "[$(hostname)] backup succeeded ${name:0:10} ${name:11:2}:${name:14:2}" ]
	mail .text | sed '/^$/q' | grep -qF "daily/$name"
	diff <(log_before_mail) <(log_in_mail)
	[ "$(mail '.text' | grep -c 'published daily/')" = 1 ]
	[ "$(tail -n 1 "$dest/.backup/history.jsonl" | jq -r '[.result, .exit] | @text')" = '["ok",0]' ]
}

@test "a run that fails is not mailed where that is not wanted" {
	mail_by off
	rm -r "$src"
	EMAIL_ON_FAILURE=off run_backup 1 run
	unsaid 'mail'
	EMAIL_ON_FAILURE=off EMAIL_ON_SUCCESS=on run_backup 1 run
	mails 0
}

@test "warnings and partial snapshots are told of in the subject" {
	mail_by off
	run_backup 0 run
	redate "$(snapshots)" 2199-01-01_00-00-00
	EMAIL_ON_SUCCESS=on run_backup 0 run
	said 'WARNING'
	mails 1
	[[ $(mail .subject) == *'] backup succeeded with warnings 20'* ]]
	after_copy 'echo "rsync: read errors mapping \"/a\": Input/output error (5)" >&2; exit 23'
	run_backup 3 run
	mails 2
	[[ $(mail .subject 2) == *'] backup succeeded with warnings 20'* ]]
}

@test "a dry run is marked as one" {
	mail_by off
	EMAIL_ON_SUCCESS=on run_backup 0 run --dry-run
	mails 1
	[[ $(mail .subject) == "[DRY-RUN] [$(hostname)] backup succeeded 20"* ]]
	rm -r "$src"
	run_backup 1 run --dry-run
	mails 2
	[[ $(mail .subject 2) == "[DRY-RUN] [$(hostname)] backup failed 20"* ]]
	mail .text 2 | head -n 3 | grep -q 'dry run failed'
}

@test "sender, recipients and time" {
	mail_by off
	export EMAIL_FROM=me@example.org EMAIL_ON_SUCCESS=on TZ=Asia/Kolkata
	export EMAIL_TO=' a@example.com,b@example.com ,, a@example.com,-x@example.com, o'\''c+d@[127.0.0.1]'
	date +%s >"$work/before"
	run_backup 0 run
	date +%s >"$work/after"
	mails 1
	[ "$(mail '[.envelope_from, .from[], .envelope_to[]] | join(" ")')" = \
		"me@example.org me@example.org -x@example.com a@example.com b@example.com o'c+d@[127.0.0.1]" ]
	[ "$(mail '.to | join(" ")')" = "a@example.com b@example.com -x@example.com o'c+d@[127.0.0.1]" ]
	mail .date | jq -e --slurpfile from "$work/before" --slurpfile to "$work/after" '. >= $from[0] and . <= $to[0]'
	[ "$(mail .offset)" = 19800 ]
	[ "$(mail .subject | tail -c 6)" = "$(basename "$(newest)" | cut -c 12-16 | tr - :)" ]
	run_backup 0 run
	mails 2
	[ "$(mail .message_id)" != "$(mail .message_id 2)" ]
	[[ $(mail .message_id) == '<'*@*'>' ]]
	said 'mail sent to 4 of 4'
}

@test "many recipients" {
	mail_by off
	EMAIL_TO=$(printf 'somebody.%03d@example.com,' {1..100})
	export EMAIL_TO
	run_backup 0 mail-test
	mails 1
	[ "$(mail '[.to, .envelope_to | length] | @text')" = '[100,100]' ]
	[ "$(mail .longest)" -lt 100 ]
}

@test "by STARTTLS and by TLS from the start, logged in" {
	for tls in starttls on implicit; do
		mail_by "$tls"
		mail_account me secret
		run_backup 0 mail-test
	done
	mails 3
	for n in 1 2 3; do [ "$(mail '[.user, .tls] | @text' "$n")" = '["me",true]' ]; done
	[ "$(mail .subject)" = "[$(hostname)] backup test mail" ]
}

@test "the host may be an address" {
	mail_by starttls
	mail_account me secret
	SMTP_SERVER=127.0.0.1 run_backup 0 mail-test
	mails 1
}

@test "any user and password, from the environment or from files" {
	mail_by starttls
	mkdir "$work/secrets"
	n=0
	for password in plain 'a "b" \c # $d `e` :f'\''g' ' leading and trailing ' ' ä€ ' '"' '"q"' '\' '#' "it's" \
		"$(printf '%0480d' 7)" $'\xff\xfe' '%s%n' '-n' '$(reboot)' '"; passwordeval "touch /tmp/x'; do
		user="me: $password"
		user=${user:0:100}
		mail_account "$user" "$password"
		run_backup 0 mail-test
		unset SMTP_USER SMTP_PASS

		mkdir -p "$work/it's \$(reboot) a dir"
		printf %s "$user" >"$work/user"
		printf '%s\n' "$password" >"$work/it's \$(reboot) a dir/pass"
		SMTP_USER_FILE=$work/user SMTP_PASS_FILE="$work/it's \$(reboot) a dir/pass" run_backup 0 mail-test

		printf '%s\n' "$user" >"$work/secrets/smtp_user"
		printf %s "$password" >"$work/secrets/smtp_pass"
		SMTP_USER=other SMTP_PASS=other run_backup 0 mail-test
		rm "$work"/secrets/*
		((n += 3))
	done
	mails "$n"
}

@test "a password too long for a line of configuration needs a file" {
	mail_by starttls
	mail_account me "$(printf '%01000d' 7)"
	run "$BACKUP" mail-test
	echo "$status: $output"
	said SMTP_PASS 'too long' SMTP_PASS_FILE
	unsaid 00000000
	printf '%s\n' "$SMTP_PASS" >"$work/pass"
	SMTP_PASS='' SMTP_PASS_FILE=$work/pass run_backup 0 mail-test
	mails 1
}

@test "MSMTP_LOG gets a line for each mail, and need not be writable" {
	mail_by off
	run_backup 0 mail-test
	EMAIL_TO=refused@example.com run_backup 1 mail-test
	[ "$(grep -c . "$MSMTP_LOG")" = 2 ]
	grep -q 'recipients=admin@example.com .*exitcode=EX_OK' "$MSMTP_LOG"
	grep -q "550.*exitcode=EX_DATAERR" "$MSMTP_LOG"
	for log in "$work/none/such" /dev/full "$work" /proc/version; do
		MSMTP_LOG=$log EMAIL_ON_SUCCESS=on run_backup 0 run
	done
	mails 5
}

@test "configuration and ~/.netrc of the machine's users are not looked at" {
	mail_by off
	mkdir "$work/home"
	echo garbage >"$work/home/.msmtprc"
	echo 'machine localhost login nu password netrc' >"$work/home/.netrc"
	chmod 600 "$work"/home/.??*
	HOME=$work/home run_backup 0 mail-test
	EMAIL=other@example.com SMTPSERVER=other.example.com run_backup 0 mail-test
	HOME='' run_backup 0 mail-test
	env -u HOME "$BACKUP" mail-test
	mails 4
	[ "$(mail .envelope_from 2)" = admin@example.com ]
}

@test "a run that is ended by a signal is mailed" {
	mail_by off
	after_copy "touch $work/copied; sleep 60"
	"$BACKUP" run >"$work/out" 2>&1 3>&- &
	pid=$!
	eventually 10 test -e "$work/copied"
	kill "$pid"
	code=0
	wait "$pid" || code=$?
	[ "$code" = 143 ]
	mails 1
	[[ $(mail .subject) == *'] backup failed 20'* ]]
	mail .text | grep -q 'SIGTERM'
}

@test "where no mail server is set, that is said once" {
	unset SMTP_SERVER
	run_backup 0 run
	[ "$(grep -c 'mail' <<<"$output")" = 1 ]
	said 'SMTP_SERVER'
	EMAIL_ON_SUCCESS=on run_backup 0 run
	[ "$(grep -c 'mail' <<<"$output")" = 1 ]
	EMAIL_ON_FAILURE=off run_backup 0 run
	unsaid mail
	run_backup 1 mail-test
	said SMTP_SERVER
	rm -r "$src"
	run_backup 1 run
	[ "$(grep -c 'mail' <<<"$output")" = 1 ]
}
