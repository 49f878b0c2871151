#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A wrong setting of mail kept every command from its work, the one that brings services
# back and the one that restores among them.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load lib/common

# others: what is wrong stops none of these, and is told once on standard error.
others() {
	local command
	for command in list status verify prune "restore --to $work/restored" ls "find a" "pin $name" "unpin $name"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$BACKUP" $command
		echo "$command: $stderr"
		[ "$(grep -c "WARNING: no run begins while this is wrong: $1" <<<"$stderr")" = 1 ]
		[[ $output != *"$1"* ]]
		rm -rf "$work/restored"
	done
	# there is no engine to be asked, and that is all that is wrong
	run -1 env DOCKER_HOST=unix:///nonexistent "$BACKUP" recover
	said "WARNING: no run begins while this is wrong: $1" nonexistent
}

# mailing TEXT: it stops these.
mailing() {
	for command in run mail-test config; do
		run_backup 2 "$command"
		said "backup: $1"
		unsaid WARNING
	done
}

@test "a wrong setting of mail stops what mails, and nothing else" {
	echo 1 >"$src/a"
	run_backup 0 run
	name=$(basename "$(newest)")
	export SMTP_TLS=maybe
	mailing SMTP_TLS=
	others SMTP_TLS=
	export SMTP_TLS=off SMTP_SERVER=mail.example.org SMTP_USER=me SMTP_PASS=secret
	mailing 'SMTP_USER is set'
	others 'SMTP_USER is set'
	unset SMTP_USER SMTP_PASS
	export SECRETS_DIR=$work/secrets
	mkdir -p "$SECRETS_DIR/smtp_pass"
	mailing SMTP_PASS
	others SMTP_PASS
	rmdir "$SECRETS_DIR/smtp_pass"
	export EMAIL_TO=nobody
	mailing EMAIL_TO
	others EMAIL_TO
	unset EMAIL_TO
	SMTP_TIMEOUT=2d mailing SMTP_TIMEOUT=
	[ "$(snapshots)" = "daily/$name" ]
	# what is wrong otherwise stops all
	DAILY_COUNT=x run_backup 2 list
}
