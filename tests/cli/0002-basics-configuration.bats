#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Variables: what each takes, where it comes from, how it is shown.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# What a command says with KEY=VALUE set, and its exit code.
run_with() {
	run -"$1" env "$2" "$BACKUP" "${@:3}"
}

nothing_touched() {
	[ ! -e "$dest" ]
	[ ! -e "$LOG_FILE" ]
	[ -z "$(ls -A "$RUN_LOG_DIR")" ]
}

@test "the fixed variables and their defaults" {
	unset BACKUP_SRC BACKUP_DEST LOG_FILE RUN_LOG_DIR TZ SCALE
	run_backup 0 config --json
	jq -r 'to_entries[] | "\(.key)=\(.value.value)"' <<<"$output" >"$work/effective"
	while IFS= read -r default; do
		grep -qxF -e "$default" "$work/effective"
	done <<'END'
BACKUP_SRC=/data
BACKUP_DEST=/backup
DAILY_COUNT=7
WEEKLY_COUNT=4
MONTHLY_COUNT=6
KEEP_WITHIN=24h
DRY_RUN=off
TZ=
ENGINE=auto
EXCLUDE=
EXCLUDE_FROM=
EXCLUDE_CACHES=off
EXCLUDE_IF_PRESENT=
ONE_FILE_SYSTEM=off
CHECKSUM=off
BWLIMIT=0
RSYNC_ARGS=
ALLOW_EMPTY_SOURCE=off
SHRINK_LIMIT=50
INIT=auto
LOCK_WAIT=0s
SECRETS_DIR=/run/secrets
SMTP_SERVER=smtp.example.com
SMTP_PORT=25
SMTP_TLS=off
SMTP_USER=
SMTP_PASS=
SMTP_CA_FILE=/etc/ssl/certs/ca-certificates.crt
EMAIL_FROM=admin@example.com
EMAIL_TO=admin@example.com
EMAIL_ON_SUCCESS=off
EMAIL_ON_FAILURE=on
MSMTP_CONFIG=/etc/msmtp/msmtprc
MSMTP_LOG=/var/log/msmtp.log
LOG_FILE=/var/log/backup.log
RUN_LOG_DIR=/tmp
END
	[ "$(jq -r 'map(.origin) | unique[]' <<<"$output")" = default ]
}

@test "good values of every type" {
	while IFS= read -r setting; do
		run_with 0 "$setting" config
		grep -qE "^${setting%%=*} .* environment" <<<"$output"
	done <<'END'
BACKUP_SRC=relative/path with blanks
BACKUP_DEST=/
DAILY_COUNT=0
WEEKLY_COUNT=0012
MONTHLY_COUNT=10000
KEEP_WITHIN=0
KEEP_WITHIN=90
KEEP_WITHIN=90s
KEEP_WITHIN=45m
KEEP_WITHIN=7d
KEEP_WITHIN=2w
KEEP_WITHIN=1d12h
DRY_RUN=on
DRY_RUN=off
DRY_RUN=true
DRY_RUN=false
DRY_RUN=yes
DRY_RUN=no
DRY_RUN=1
DRY_RUN=0
DRY_RUN=ON
DRY_RUN=oFf
DRY_RUN=True
DRY_RUN=YES
CHECKSUM=No
TZ=Europe/Berlin
TZ=UTC
TZ=CET-1CEST,M3.5.0,M10.5.0/3
ENGINE=rsync
ENGINE=RSYNC
EXCLUDE=*.tmp,/cache/
EXCLUDE_IF_PRESENT=.nobackup
BWLIMIT=0
BWLIMIT=512B
BWLIMIT=500
BWLIMIT=500K
BWLIMIT=1.5M
BWLIMIT=2G
RSYNC_ARGS=--fuzzy '--filter=- a b'
SHRINK_LIMIT=0
SHRINK_LIMIT=100
INIT=never
INIT=Auto
LOCK_WAIT=2h
LOG_FILE=/dev/null
END
}

@test "each wrong value is refused, by name, value and what is accepted" {
	while IFS='|' read -r setting accepted; do
		run_with 2 "$setting" run
		[ "$output" = "backup: ${setting%%=*}='${setting#*=}': expected $accepted" ]
	done <<'END'
DAILY_COUNT=-1|a whole number from 0 to 10000
DAILY_COUNT=seven|a whole number from 0 to 10000
DAILY_COUNT=7 |a whole number from 0 to 10000
DAILY_COUNT= 7|a whole number from 0 to 10000
DAILY_COUNT=7.0|a whole number from 0 to 10000
DAILY_COUNT=0x7|a whole number from 0 to 10000
WEEKLY_COUNT=10001|a whole number from 0 to 10000
MONTHLY_COUNT=99999999999999999999|a whole number from 0 to 10000
KEEP_WITHIN=h|a duration such as 90s, 45m, 24h, 7d, 2w or 1d12h
KEEP_WITHIN=1y|a duration such as 90s, 45m, 24h, 7d, 2w or 1d12h
KEEP_WITHIN=-1h|a duration such as 90s, 45m, 24h, 7d, 2w or 1d12h
KEEP_WITHIN=1h30|a duration such as 90s, 45m, 24h, 7d, 2w or 1d12h
LOCK_WAIT=99999999999999999999d|a duration such as 90s, 45m, 24h, 7d, 2w or 1d12h
DRY_RUN=maybe|on or off (or true, false, yes, no, 1, 0)
DRY_RUN=2|on or off (or true, false, yes, no, 1, 0)
CHECKSUM=on |on or off (or true, false, yes, no, 1, 0)
TZ=Europe/Belrin|a zone such as Europe/Berlin, or a rule such as CET-1CEST; did you mean 'Europe/Berlin'?
TZ=../../../etc/passwd|a zone such as Europe/Berlin, or a rule such as CET-1CEST
TZ=<X>-13:30|a zone such as Europe/Berlin, or a rule such as CET-1CEST
TZ=/etc/passwd|a zone such as Europe/Berlin, or a rule such as CET-1CEST
TZ=Europe|a zone such as Europe/Berlin, or a rule such as CET-1CEST
ENGINE=tar|auto, rsync or native
EXCLUDE_IF_PRESENT=a/b|a file name without a slash
EXCLUDE_IF_PRESENT=..|a file name without a slash
BWLIMIT=fast|a rate such as 500K, 1.5M or 2G (0, or at least 512 B)
BWLIMIT=511B|a rate such as 500K, 1.5M or 2G (0, or at least 512 B)
BWLIMIT=-5|a rate such as 500K, 1.5M or 2G (0, or at least 512 B)
THREADS=0|auto, or a whole number from 1 to 64
NICE=20|a whole number from -20 to 19
IONICE=realtime|auto, none, idle, best-effort, or best-effort:0 to best-effort:7
RSYNC_ARGS=--filter="a|words quoted as for a shell, with every quote closed
RSYNC_ARGS=-v \|words quoted as for a shell, with every quote closed
SHRINK_LIMIT=101|a whole number from 0 to 100
SHRINK_LIMIT=50%|a whole number from 0 to 100
INIT=always|auto or never
SMTP_SERVER=mail.example.net:587|a host name or an address, without a port
SMTP_PORT=0|a whole number from 1 to 65535
SMTP_TLS=ssl|off, on, starttls or implicit
EMAIL_FROM=root|an address such as backup@example.com
EMAIL_TO=a@example.net;b@example.net|addresses such as backup@example.com, with commas between
END
	nothing_touched
}

@test "all that is wrong is said at once, by every command that reads it" {
	export DAILY_COUNT=x WEEKLY_COUNT=-3 DRY_RUN=perhaps INIT=now BWLIMIT=1Q
	export RSYNC_ARGS=--dry-run KEEP_WITHIN_FILE=$work/missing
	for command in run list prune config; do
		run_backup 2 "$command"
		[ ${#lines[@]} -eq 7 ]
		for key in DAILY_COUNT WEEKLY_COUNT DRY_RUN INIT BWLIMIT RSYNC_ARGS KEEP_WITHIN_FILE; do
			grep -q "^backup: $key" <<<"$output"
		done
	done
	nothing_touched
}

@test "control characters in a wrong value do not reach the terminal" {
	DAILY_COUNT=$'7\033[2J\nbackup: all is well' run_backup 2
	[ ${#lines[@]} -eq 1 ]
	[[ $output == *"'7\\x1b[2J\\nbackup: all is well'"* ]]
}

@test "an empty variable counts as not set" {
	DAILY_COUNT='' KEEP_WITHIN='' BWLIMIT_FILE='' run_backup 0 config
	[[ $output =~ DAILY_COUNT\ +7\ +default ]]
	[[ $output =~ KEEP_WITHIN\ +24h\ +default ]]
}

@test "every variable may come from the file that NAME_FILE names" {
	printf '5\n' >"$work/count"
	run_backup 0 config --json
	defaults=$output
	mapfile -t keys < <(jq -r keys_unsorted[] <<<"$defaults")
	[ ${#keys[@]} -ge 23 ]
	for key in "${keys[@]}"; do
		case $key in
		TZ) value=Europe/Berlin ;;
		RSYNC_ARGS) value=--fuzzy ;;
		*) value=$(jq -r ".$key.value" <<<"$defaults") ;;
		esac
		value=${value:-5}
		echo "$value" >"$work/value"
		run -0 env -u "$key" "${key}_FILE=$work/value" "$BACKUP" config
		[ "$key" != SMTP_PASS ] || value='\(hidden\)'
		grep -qE "^$key +$value +file $work/value\$" <<<"$output"
	done
}

@test "one newline is cut from a file, and no more than one" {
	printf 5 >"$work/none"
	printf '5\n' >"$work/one"
	printf '5\n\n' >"$work/two"
	printf '5\r\n' >"$work/dos"
	: >"$work/empty"
	DAILY_COUNT_FILE=$work/none run_backup 0 config
	[[ $output =~ DAILY_COUNT\ +5\ +file\ $work/none ]]
	DAILY_COUNT_FILE=$work/one run_backup 0 config
	[[ $output =~ DAILY_COUNT\ +5\ +file\ $work/one ]]
	DAILY_COUNT_FILE=$work/two run_backup 2 config
	[[ $output == "backup: DAILY_COUNT='5\\n' from $work/two: expected "* ]]
	DAILY_COUNT_FILE=$work/dos run_backup 2 config
	[[ $output == *"DAILY_COUNT='5\\r'"* ]]
	DAILY_COUNT_FILE=$work/empty run_backup 0 config
	[[ $output =~ DAILY_COUNT\ +7 ]]
	# patterns may be several lines
	printf '*.a\n*.b\n' >"$work/patterns"
	touch "$src"/{x.a,x.b,x.c}
	EXCLUDE_FILE=$work/patterns run_backup 0
	[ "$(ls "$(newest)")" = x.c ]
}

@test "a variable and its file together are refused, so is a file that cannot be read" {
	echo 5 >"$work/count"
	export DAILY_COUNT_FILE=$work/count
	DAILY_COUNT=5 run_backup 2
	[ "$output" = 'backup: DAILY_COUNT and DAILY_COUNT_FILE are both set: keep one of them' ]
	unset DAILY_COUNT_FILE

	for path in "$work/missing" "$work" /dev/null; do
		DAILY_COUNT_FILE=$path run_backup 2
		[[ $output == "backup: DAILY_COUNT_FILE: "*"$path"* ]]
	done
	printf '5\0' >"$work/nul"
	DAILY_COUNT_FILE=$work/nul run_backup 2
	[[ $output == *"DAILY_COUNT_FILE: '$work/nul' holds a NUL byte" ]]
	nothing_touched
}

@test "a file may be a symbolic link, as Docker's secrets are" {
	mkdir "$work/..data"
	echo 5 >"$work/..data/count"
	ln -s ..data/count "$work/count"
	DAILY_COUNT_FILE=$work/count run_backup 0 config
	[[ $output =~ DAILY_COUNT\ +5\ +file\ $work/count ]]
}

@test "config shows effective values and origins, as text and as JSON" {
	echo 'Europe/Berlin' >"$work/zone"
	unset TZ
	export WEEKLY_COUNT=9 TZ_FILE=$work/zone EXCLUDE=$'*.tmp\n"quoted"\t\\'
	run_backup 0 config
	rows=${#lines[@]}
	[ "$rows" -ge 23 ]
	grep -qxE "WEEKLY_COUNT +9 +environment" <<<"$output"
	grep -qxE "MONTHLY_COUNT +6 +default" <<<"$output"
	grep -qxE "TZ +Europe/Berlin +file $work/zone" <<<"$output"
	grep -qF '*.tmp\n"quoted"\t\ ' <<<"$output"

	run_backup 0 config --json
	jq -e --arg zone "$work/zone" --arg exclude "$EXCLUDE" '
		.WEEKLY_COUNT == {value: "9", origin: "environment"} and
		.MONTHLY_COUNT == {value: "6", origin: "default"} and
		.TZ == {value: "Europe/Berlin", origin: "file", file: $zone} and
		.EXCLUDE.value == $exclude' <<<"$output"
	[ "$(jq length <<<"$output")" -eq "$rows" ]
	nothing_touched
}

@test "config: bytes that are no UTF-8 still make valid JSON" {
	BACKUP_SRC=$work/$'\xff\xfe' run_backup 0 config --json
	jq -e .BACKUP_SRC.value <<<"$output"
}

@test "help config says of each variable what it is for, takes and has by default" {
	run_backup 0 config
	mapfile -t keys < <(awk '{ print $1 }' <<<"$output")
	run_backup 0 help config
	for key in "${keys[@]}"; do
		grep -A 2 "^$key\(=\|\$\)" <<<"$output" | grep -q '^  Takes .*\.$'
	done
	[[ $output == *'DAILY_COUNT=7'* ]]
	[[ $output == *'_FILE'* ]]
}

@test "the README's table is the one that help config --markdown prints" {
	run_backup 0 help config --markdown
	[ "$output" = "$(sed -n '/^<!-- config table -->$/,/^<!-- end of config table -->$/p' \
		"$root/README.md" | grep '^|')" ]
}

@test "TZ from a file names the snapshot in that zone" {
	echo 1 >"$src/a"
	unset TZ
	echo '<+1330>-13:30' >"$work/zone"
	TZ_FILE=$work/zone run_backup 0
	name=$(basename "$(newest)")
	recorded=$(jq .time "$dest/.backup/snapshots/$name.json")
	[ "$name" = "$(TZ='<+1330>-13:30' made_at "@$recorded")" ]
	[ "$(jq .utc_offset "$dest/.backup/snapshots/$name.json")" -eq 48600 ]
	[[ ${lines[0]} == "[$(TZ='<+1330>-13:30' date -d "@$recorded" '+%Y-%m-%d ')"* ]]
	TZ=UTC run_backup 0 list --json
	[ "$(jq .[0].epoch <<<"$output")" -eq "$recorded" ]
}
