#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Values, names and logs that try to be something else once they are in a configuration or
# a mail. lib/mail.py fails on whatever is not a plain valid mail, and names its headers.

# shellcheck disable=SC2154 # variables of lib/common.bash, lib/mail.bash and of run
# shellcheck disable=SC2016,SC2030,SC2031 # scripts for others; each test is a subshell
load lib/common
load lib/mail

setup_file() { mail_start; }
teardown_file() { mail_stop; }

# The mail has our headers, each once, and no other, and our recipient.
is_ours() {
	[ "$(mail '.headers | map(ascii_downcase) | sort | join(" ")')" = \
		'auto-submitted content-transfer-encoding content-type date from message-id mime-version subject to' ]
	[ "$(mail '.envelope_to | join(" ")')" = admin@example.com ]
	[ "$(mail .longest)" -le 78 ]
}

# not_taken VARIABLE VALUE: neither run nor mail-test begins with that; they name it.
not_taken() {
	local command
	for command in run mail-test; do
		run env "$1=$2" "$BACKUP" "$command"
		[ "$status" = 2 ]
		said "$1='"
		[ "$1" != SMTP_PASS ] || unsaid "${2:0:6}"
	done
	[ ! -e "$dest" ]
}

@test "a newline in a value" {
	mail_by starttls
	mail_account me secret
	for key in EMAIL_TO EMAIL_FROM SMTP_USER SMTP_PASS SMTP_SERVER SMTP_PORT SMTP_TLS MSMTP_LOG SMTP_CA_FILE; do
		old=${!key-/tmp/log}
		for end in $'\nport 1' $'\r\nBcc: x@example.com' $'\n' $'\001' $'\033[31m' $'\177'; do
			not_taken "$key" "${old:-x@example.com}$end"
		done
	done
	mails 0
}

@test "an address that is none, or more than one" {
	mail_by off
	for address in a 'a@' '@b' 'a@b c@d' 'a b@example.com' '"a b"@example.com' 'A <a@example.com>' \
		'a@example.com>' '<a@example.com' 'a@b@c' 'a;b@example.com' 'a@example.com;b@example.com' 'a@example..com' \
		'kätzchen@example.com' '(x)a@example.com' 'a@[x]' '\a@example.com' 'a@example.com:25'; do
		not_taken EMAIL_TO "$address"
		not_taken EMAIL_FROM "$address"
		not_taken EMAIL_TO "a@example.com,$address"
	done
	not_taken EMAIL_FROM a@example.com,b@example.com
	not_taken EMAIL_TO ','
	not_taken EMAIL_TO "$(printf '%0300d' 1)@example.com"
	for host in 'a b' 'example.com:25' '-x' 'a"b' 'a/b' 'a;b' "a'b" '$(reboot)' 'http://example.com'; do
		not_taken SMTP_SERVER "$host"
	done
	for port in 0 65536 smtp -1 25.0 ''\''' '25 26'; do not_taken SMTP_PORT "$port"; done
	mails 0
}

@test "a file with a password that is more than a line" {
	mail_by starttls
	mail_account me secret
	unset SMTP_PASS
	mkdir "$work/secrets"
	for content in 'secret\n\n' 'secret\nport 1\n' 'secret\r\n' 'sec\001ret' 'sec\0ret'; do
		# shellcheck disable=SC2059
		printf "$content" >"$work/secrets/smtp_pass"
		run_backup 2 mail-test
		said SMTP_PASS smtp_pass
		unsaid 'secret ' 'port 1'
	done
	printf 'secret\n' >"$work/secrets/smtp_pass"
	run_backup 0 mail-test
	chmod 0 "$work/secrets/smtp_pass"
	mkdir "$work/secrets/smtp_user"
	run_backup 2 mail-test
	said SMTP_USER "$work/secrets/smtp_user"
	mails 1
}

# as_host NAME CODE ARGUMENT...: runs it on a host of that name.
as_host() {
	needs unshare
	run -"$2" unshare --uts sh -c 'printf %s "$1" >/proc/sys/kernel/hostname && shift && exec "$@"' sh "$1" "$BACKUP" "${@:3}"
}

@test "any host name" {
	mail_by off
	n=0
	for name in 'müller' 'a]b [c' $'bad\xffutf8' $'line\nBcc: x@example.com' '=?UTF-8?Q?x?=' 'tab	bed' \
		"$(printf '%064d' 7)" 'ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß' '(none)' '%s%n' $'esc\033[31m'; do
		as_host "$name" 0 mail-test
		mails $((++n))
		subject=$(mail .subject "$n")
		case $name in
		*[![:print:]]*) [[ $subject == '['*'] backup test mail' ]] ;;
		*) [ "$subject" = "[$name] backup test mail" ] ;;
		esac
		[ "$(wc -l <<<"$subject")" = 1 ]
		[ "$(mail '.headers | length' "$n")" = 9 ]
	done
	[ "$(mail .subject 1)" = '[müller] backup test mail' ]
	EMAIL_ON_SUCCESS=on as_host 'müller' 0 run
	[[ $(mail .subject $((n + 1))) == '[müller] backup succeeded 20'* ]]
}

# said_by_rsync COMMANDS: an rsync that says this on stderr after its copy and ends with 23.
said_by_rsync() {
	mkdir -p "$work/bin"
	printf '#!/bin/bash\nrsync=%q\n[ "$1" != --version ] || exec "$rsync" --version\n"$rsync" "$@" || exit\n{\n%s\n} >&2\nexit 23\n' \
		"$(command -v rsync)" "$1" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	export ENGINE=rsync
	PATH=$work/bin:$PATH
}

# The mail's log is LOG_FILE's, up to the line of the mail itself.
has_the_log() {
	diff <(mail .text | sed '1,/^$/d' | sed '${/^$/d}') <(sed '/\] mail sent to /,$d' "$LOG_FILE")
}

@test "file names that are not text" {
	mail_by off
	said_by_rsync 'printf "rsync: [sender] send_files failed to open \"/\xff\xfe\x80\": Permission denied (13)\n"
		printf "rsync: [sender] send_files failed to open \"/\x1b]0;title\x07\": Permission denied (13)\n"
		printf "rsync: [sender] send_files failed to open \"/k\xc3\xa4se\": Permission denied (13)\n"
		printf "rsync: [sender] x\r\n.\r\nMAIL FROM:<x@example.com>\r\nBcc: x@example.com\n.\n..\nFrom here\n"
		printf "=?UTF-8?Q?x?= =41 =\n\ttab and blank \t \n\n\nSubject: x\n"'
	run_backup 3 run
	mails 1
	is_ours
	has_the_log
	mail .text | grep -qF '/käse'
	mail .text | grep -qF '\377\376' || mail .text | grep -qF '\xff\xfe'
	! mail .text | grep -qP '[\x00-\x08\x0b-\x1f\x7f]' || false
}

@test "a source whose name is not text" {
	mail_by off
	BACKUP_SRC=$work/$'s\xffr\nBcc: x@example.com\r\n\r\nc' run_backup 1 run
	mails 1
	is_ours
	mail .text | grep -q 'BACKUP_SRC'
	BACKUP_SRC="$work/$(printf '%0200d/' {1..18})" run_backup 1 run
	mails 2
}

@test "a hundred thousand lines of log" {
	mail_by off
	# through an engine of ours that says something of each file, and what it says is cut
	said_by_rsync 'for ((i = 0; i < 100000; i++)); do echo "rsync: [sender] send_files failed to open \"/$i\": Permission denied (13)"; done'
	run_backup 3 run
	mails 1
	is_ours
	has_the_log
}

@test "one line of a megabyte" {
	mail_by off
	said_by_rsync 'printf "rsync: [sender] send_files failed to open \"/"; head -c 1000000 /dev/zero | tr "\0" "x"; echo "\": Permission denied (13)"'
	run_backup 3 run
	mails 1
	is_ours
	has_the_log
}

@test "a long log arrives whole" {
	mail_by starttls
	run_backup 0 run
	for ((i = 1; i <= 200; i++)); do # of each, its removal is told
		mkdir "$dest/daily/$(date -u -d "2020-01-01 +$i hours" +%Y-%m-%d_%H-%M-%S)"
	done
	rm "$LOG_FILE"
	EMAIL_ON_SUCCESS=on run_backup 0 run
	mails 1
	is_ours
	[ "$(mail .text | wc -l)" -gt 190 ]
	has_the_log
}

# killed_after COMMANDS: an rsync that adds what they print to the run's log, and then kills
# the run, so that the mail is made from that file.
killed_after() {
	said_by_rsync "exec >>\$(echo $work/runlogs/*)
		$1
		kill -KILL \$PPID; sleep 1"
}

@test "a hundred thousand lines are mailed with their middle left out" {
	mail_by starttls
	killed_after 'seq -f "line %.0f and some more text to make it longer" 100000'
	run_backup 1 run
	mails 1
	is_ours
	mail .text >"$work/text"
	grep -q ' begins$' "$work/text"
	grep -qx 'line 1 and some more text to make it longer' "$work/text"
	grep -qx 'line 100000 and some more text to make it longer' "$work/text"
	[ "$(stat -c %s "$work/text")" -lt 1000000 ]
	[ "$(grep -vc '^line [0-9]* and some more text to make it longer$' "$work/text")" -lt 20 ]
}

@test "whatever bytes a killed run has left in its log" {
	mail_by starttls
	killed_after 'for i in {0..255}; do printf "\\x$(printf %x $i) $i\n"; done
		printf "From me\n.\n..\n.\r\nQUIT\r\n\xc3\n\xe2\x82\n\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf\n"
		head -c 1000000 /dev/zero | tr "\0" "="; head -c 100000 /dev/urandom; echo; echo end'
	run_backup 1 run
	mails 1
	is_ours
	mail .text >"$work/text"
	grep -qx 'end' "$work/text"
	grep -q ' begins$' "$work/text"
	grep -qx 'A 65' "$work/text"
	grep -qx '\. 46' "$work/text"
	! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$work/text" || false
}

@test "a server that repeats the password" {
	fake_mail '{"tls": "starttls", "at": {"auth": "535 5.7.8 me:geheim1234 is wrong"}}'
	export SMTP_USER=me SMTP_PASS=geheim1234
	run_unmailed 535
	unsaid geheim1234
	! grep -rqF geheim1234 "$LOG_FILE" "$dest" "$MSMTP_LOG" || false
	run_backup 1 mail-test
	unsaid geheim1234
}

@test "a server whose words are those of other failures" {
	fake_mail '{"at": {"rcpt": "550 expired; authentication failed; TLS handshake failed; timed out; cannot connect to"}}'
	mail_test_fails 'the server refuses the recipient' EMAIL_TO
	fake_mail '{"at": {"rcpt": ["451 the recipient address timed out", "ok"]}}'
	EMAIL_ON_SUCCESS=on run_backup 0 run
	fake_mails 1
}
