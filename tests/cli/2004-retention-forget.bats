#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup forget: what goes, what stays, what is refused.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	echo 1 >"$src/a"
	# whatever is made stays where it is put
	export DAILY_COUNT=0 WEEKLY_COUNT=0 MONTHLY_COUNT=0 KEEP_WITHIN=9999d
}

# made NAME [TIER [STATUS]]
made() {
	local record=$dest/.backup/snapshots/$1.json
	run_backup 0
	redate "$(readlink "$dest/latest")" "$1" "${2-daily}"
	[ -z "${3-}" ] || {
		jq --arg s "$3" '.status = $s' "$record" >"$work/record" && cp "$work/record" "$record"
	}
}

# answered TEXT ARGUMENT...: with a terminal on which that is typed; its exit code.
answered() {
	"${PYTHON:-python3}" -S - "$BACKUP" "$@" <<-'END'
		import os, pty, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], [sys.argv[1]] + sys.argv[3:])
		os.write(fd, sys.argv[2].encode() + b"\n")
		said = b""
		try:
		    while data := os.read(fd, 4096):
		        said += data
		except OSError:
		    pass
		print(said.decode())
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
}

@test "it goes with all that was kept beside it, and no other changes" {
	for day in 10 11 12; do
		echo "$day" >"$src/b"
		made "2026-06-${day}_12-00-00"
	done
	fingerprint "$dest/daily/2026-06-10_12-00-00" inodes >"$work/10"
	fingerprint "$dest/daily/2026-06-12_12-00-00" inodes >"$work/12"
	run_backup 0 forget 2026-06-11_12-00-00 --yes
	[[ $output == *'removed daily/2026-06-11_12-00-00'* ]]
	[ "$(snapshots | tr '\n' ' ')" = 'daily/2026-06-10_12-00-00 daily/2026-06-12_12-00-00 ' ]
	fingerprint "$dest/daily/2026-06-10_12-00-00" inodes | cmp "$work/10" -
	fingerprint "$dest/daily/2026-06-12_12-00-00" inodes | cmp "$work/12" -
	[ -z "$(find "$dest/.backup" -name '2026-06-11*')" ]
	[ -z "$(ls -A "$dest/.backup/trash")" ]
	[ "$(readlink "$dest/latest")" = daily/2026-06-12_12-00-00 ]
}

@test "latest moves on to the newest good one that is left, and runs go on from there" {
	made 2026-06-10_12-00-00 weekly
	made 2026-06-11_12-00-00 daily partial
	made 2026-06-12_12-00-00
	run_backup 0 forget 2026-06-12 --yes
	[ "$(readlink "$dest/latest")" = weekly/2026-06-10_12-00-00 ]
	run_backup 0 run
	[[ $output == *'1 linked'* ]]
	same_as_source "$(newest)"
	[ "$(readlink -f "$dest/latest")" = "$(newest)" ]
	# what it does not lead to leaves it alone
	latest=$(readlink "$dest/latest")
	run_backup 0 forget 2026-06-10 2026-06-11 --yes
	[ "$(snapshots)" = "$latest" ]
	[ "$(readlink "$dest/latest")" = "$latest" ]
}

@test "the last good one needs --force, whatever else there is" {
	made 2026-06-10_12-00-00 daily partial
	made 2026-06-11_12-00-00
	made 2026-06-12_12-00-00 daily shrunk
	made 2026-06-13_12-00-00
	echo '{' >"$dest/.backup/snapshots/2026-06-12_12-00-00.json"
	made "$(made_at '1 year')"
	future=$(basename "$(newest)")
	run_backup 1 forget 2026-06-11 2026-06-13 --yes
	[[ $output == *'nothing was removed: no good snapshot would be left; --force'* ]]
	[ "$(snapshots | wc -l)" = 5 ]
	run_backup 0 forget 2026-06-13 --yes
	run_backup 1 forget 2026-06-11 --yes
	run_backup 0 forget 2026-06-11 --yes --force
	# of what is left one may be good
	run_backup 1 forget 2026-06-12 --yes
	run_backup 1 forget "$future" --yes
	run_backup 0 forget 2026-06-10 --yes
	run_backup 0 forget 2026-06-12 "$future" --yes --force
	[ -z "$(snapshots)" ]
	[ ! -L "$dest/latest" ]
	[ -z "$(find "$dest/.backup/snapshots" -name '*.json')" ]
	run_backup 0 run
	same_as_source "$dest/latest"
}

@test "the very last one needs --force, good or not" {
	made 2026-06-10_12-00-00 daily partial
	run_backup 1 forget 2026-06-10 --yes
	[ "$(snapshots)" = daily/2026-06-10_12-00-00 ]
	run_backup 0 forget 2026-06-10 --yes --force
	[ -z "$(snapshots)" ]
}

@test "a pinned one is refused, even with --force, and nothing goes" {
	for day in 10 11 12; do made "2026-06-${day}_12-00-00"; done
	run_backup 0 pin 2026-06-11
	run_backup 1 forget 2026-06-10 2026-06-11 --yes --force
	[[ $output == *"2026-06-11_12-00-00 is pinned; 'backup unpin 2026-06-11_12-00-00' lets it go"* ]]
	[ "$(snapshots | wc -l)" = 3 ]
	run_backup 0 unpin 2026-06-11
	run_backup 0 forget 2026-06-10 2026-06-11 2026-06-11_12 --yes
	[ "$(snapshots)" = daily/2026-06-12_12-00-00 ]
}

@test "names only: no day, age or latest chooses one among several" {
	made 2026-06-10_11-00-00
	made 2026-06-10_12-00-00
	made 2026-06-10_12-00-00.2
	made 2026-06-11_12-00-00
	for name in 2026-06-10 2026 latest 1d '' . .. daily daily/ ../daily '*' -- 2026-06-10_12; do
		run ! "$BACKUP" forget --yes --force -- "$name"
		[ "$(snapshots | wc -l)" = 4 ]
	done
	run_backup 0 forget --yes 2026-06-10_12-00-00
	run_backup 0 forget --yes daily/2026-06-10_12
	[ "$(snapshots | tr '\n' ' ')" = 'daily/2026-06-10_11-00-00 daily/2026-06-11_12-00-00 ' ]
}

@test "one name in two tiers" {
	mkdir -p "$dest"/{daily,weekly}/2020-01-01_00-00-00 "$dest/daily/2020-01-02_00-00-00"
	run_backup 1 forget --yes 2020-01-01_00-00-00
	[[ $output == *'may be daily/2020-01-01_00-00-00 or weekly/2020-01-01_00-00-00, say more'* ]]
	run_backup 0 forget --yes weekly/2020-01-01_00-00-00
	[ "$(snapshots | tr '\n' ' ')" = 'daily/2020-01-01_00-00-00 daily/2020-01-02_00-00-00 ' ]
	# and those that others made are still safe from the first run
	KEEP_WITHIN=0 run_backup 0 run
	[[ $output == *'the first run on a destination that others made'* ]]
	[ "$(snapshots | wc -l)" = 3 ]
}

@test "it asks on a terminal, and needs --yes without one" {
	made 2026-06-10_12-00-00
	made 2026-06-11_12-00-00
	run -2 "$BACKUP" forget 2026-06-10 <<<y
	[[ $output == *'needs --yes without a terminal'* ]]
	for answer in n '' no yy; do
		run -1 answered "$answer" forget 2026-06-10
		[[ $output == *'Remove for good?'*'  daily/2026-06-10_12-00-00'*'[y/N]'*'nothing was removed'* ]]
		[ "$(snapshots | wc -l)" = 2 ]
	done
	run -0 answered Y forget 2026-06-10
	[ "$(snapshots)" = daily/2026-06-11_12-00-00 ]
	# what is refused is refused before anybody is asked
	run -1 answered y forget 2026-06-11
	[[ $output != *'[y/N]'* ]]
}

@test "a dry run asks nothing, says what would go, and writes nothing" {
	made 2026-06-10_12-00-00
	made 2026-06-11_12-00-00
	fingerprint "$dest" all >"$work/before"
	run_backup 0 forget --dry-run 2026-06-11
	[[ $output == *'would remove daily/2026-06-11_12-00-00'* ]]
	run_backup 1 forget --dry-run 2026-06-11 2026-06-10
	DRY_RUN=on run_backup 0 forget --yes 2026-06-11
	fingerprint "$dest" all | cmp "$work/before" -
}

@test "a tree that its owner may not write to, and latest that is no link" {
	mkdir -m 0500 "$src/readonly"
	mkdir "$src/readonly/d"
	made 2026-06-10_12-00-00
	made 2026-06-11_12-00-00
	rm "$dest/latest"
	mkdir "$dest/latest"
	run_backup 0 forget --yes 2026-06-11
	[ "$(snapshots)" = daily/2026-06-10_12-00-00 ]
	[ -d "$dest/latest" ]
	[ -z "$(ls -A "$dest/.backup/trash")" ]
}

@test "nothing given, nothing there" {
	run_backup 2 forget --yes
	[[ $output == *'say which'* ]]
	run_backup 1 forget --yes 2020
	mkdir "$dest"
	run_backup 1 forget --yes 2020
	[[ $output == *"ERROR: there is no snapshot in BACKUP_DEST '$dest'"* ]]
	[ -z "$(ls -A "$dest")" ]
}
