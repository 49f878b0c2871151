#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup restore --in-place: asking, the lock, and what is left out of backups.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/restore

@test "the source is brought back to what it was" {
	needs rsync
	mkdir "$src/d"
	echo 1 >"$src/a"
	echo 2 >"$src/d/b"
	run_backup 0
	cp -a "$src" "$work/before"
	echo changed >"$src/a"
	rm "$src/d/b"
	echo more >"$src/d/more"
	run_backup 0 restore --in-place --yes
	[[ $output == *"created 1, replaced 1, kept 0, deleted 0: 4 B to '$src'"* ]]
	[ "$(cat "$src/d/more" "$(kept "$src")/a" | paste -sd ' ')" = 'more changed' ]
	run_backup 0 restore latest d --in-place --yes --delete
	[ ! -e "$src/d/more" ]
	run_backup 0 restore --in-place --yes --delete
	equal "$work/before" "$src" --delete
	# no run saves what was kept
	run_backup 0
	unkept "$(newest)"
}

@test "it asks on a terminal, and needs --yes without one" {
	needs python3
	echo 1 >"$src/a"
	run_backup 0
	echo mine >"$src/a"
	run -2 "$BACKUP" restore --in-place </dev/null
	[[ $output == *'backup restore: --in-place needs --yes without a terminal'* ]]
	run -2 "$BACKUP" restore --in-place --to "$work/to" --yes
	run -2 "$BACKUP" restore --yes
	[[ $output == *'say where to, with --to DIR or --in-place'* ]]
	# answer TEXT: given on a terminal
	answer() {
		python3 -c 'import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
	os.execv(sys.argv[2], sys.argv[2:])
os.write(fd, sys.argv[1].encode() + b"\n")
said = b""
try:
	while True:
		more = os.read(fd, 4096)
		if not more:
			break
		said += more
except OSError:
	pass
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$@"
	}
	local text
	local place
	place=$(readlink "$dest/latest")
	for text in n '' yess no; do
		run -1 answer "$text" "$BACKUP" restore --in-place --delete
		[[ $output == *"Restore $place, made at 20"*", over what is in '$src'? What the snapshot does not have is deleted. [y/N] "* ]]
		[[ $output == *'ERROR: nothing was restored'* ]]
		[ "$(cat "$src/a")" = mine ]
	done
	# what cannot be is said before anybody is asked
	for text in 2019-01-01 'latest nothing'; do
		# shellcheck disable=SC2086 # words
		run -1 answer y "$BACKUP" restore $text --in-place
		[[ $output == *'ERROR: there is no '* && $output != *'[y/N]'* ]]
	done
	"$BACKUP" restore --in-place --dry-run </dev/null
	[ "$(cat "$src/a")" = mine ]
	for text in y Y YES 'yes '; do
		echo mine >"$src/a"
		run -0 answer "$text" "$BACKUP" restore latest a --in-place --no-keep
		[[ $output == *"Restore 1 path of $place, "*"Nothing of what is replaced is kept."* ]]
		[ "$(cat "$src/a")" = 1 ]
	done
}

@test "a source that is gone, or empty, comes back" {
	needs rsync
	mkdir "$src/d"
	echo 1 >"$src/d/a"
	run_backup 0
	mv "$src" "$work/before"
	run_backup 0 restore --in-place --yes
	equal "$work/before" "$src" --delete
	rm -r "$src/d"
	run_backup 0 restore --in-place --yes --delete
	equal "$work/before" "$src" --delete
	rm -r "$src"
	echo file >"$src"
	run_backup 1 restore --in-place --yes
	[[ $output == *"ERROR: open '$src': Not a directory"* ]]
}

@test "while a run holds the destination nothing is restored over its source" {
	mkdir "$src/d" "$work/to"
	echo 1 >"$src/d/a"
	run_backup 0
	echo mine >"$src/d/a"
	local how
	for how in --in-place "--to=$src" "--to=$src/d" "--to=$work" "--to=$work/to --delete"; do
		# shellcheck disable=SC2086 # words
		run -75 flock "$dest/.backup/lock" "$BACKUP" restore --yes $how
		[[ $output == *"ERROR: another run holds the destination '$dest'"*'a backup of files that are being restored'*LOCK_WAIT* ]]
	done
	[ "$(cat "$src/d/a")" = mine ]
	run -0 flock "$dest/.backup/lock" "$BACKUP" restore --to "$work/to"
	run -0 flock "$dest/.backup/lock" "$BACKUP" restore --in-place --dry-run

	# and the other way round
	BWLIMIT=1 "$BACKUP" restore --in-place --yes >"$work/out" 2>&1 3>&- &
	local pid=$!
	until [ -e "$src/d/.backup-restore.tmp" ] || ! kill -0 $pid 2>"$work/kill"; do sleep 0.02; done
	head -c 1M /dev/urandom >"$src/big"
	wait $pid
	[ "$(cat "$src/d/a")" = 1 ]
	run_backup 0
	echo mine >"$src/big"
	BWLIMIT=1k "$BACKUP" restore --in-place --yes >"$work/out" 2>&1 3>&- &
	pid=$!
	until [ -e "$src/.backup-restore.tmp/big" ]; do sleep 0.02; done
	run_backup 75
	[[ $output == *"another run holds the destination '$dest': process $pid on "*', restoring'* ]]
	kill -TERM $pid
	wait $pid || [ $? = 143 ]
	[ "$(cat "$src/big")" = mine ]
}

@test "what is left out of backups is not deleted because no snapshot has it" {
	mkdir -p "$src/cache" "$src/tagged" "$src/marked" "$src/d/tmp"
	echo 1 >"$src/a"
	printf 'Signature: 8a477f597d28d172789f06886806bc55' >"$src/tagged/CACHEDIR.TAG"
	: >"$src/marked/.nobackup"
	echo pattern >"$work/patterns"
	echo keep >"$src/pattern"
	touch "$src/cache/1" "$src/tagged/1" "$src/marked/1" "$src/d/tmp/1" "$src/x.o" "$src/d/y.o"
	export EXCLUDE='/cache/,*.o,d/tmp' EXCLUDE_CACHES=on EXCLUDE_IF_PRESENT=.nobackup
	export EXCLUDE_FROM=$work/patterns
	run_backup 0
	[ ! -e "$(newest)/cache" ]
	touch "$src/new" "$src/d/new"
	mkdir "$src/new.d"
	run_backup 0 restore --in-place --yes --delete
	[[ $output == *' deleted 3: '* ]]
	ls "$src/cache/1" "$src/tagged/1" "$src/marked/1" "$src/d/tmp/1" "$src/x.o" "$src/d/y.o" "$src/pattern"
	[ ! -e "$src/new" ]
	[ ! -e "$src/d/new" ]
	unset EXCLUDE EXCLUDE_CACHES EXCLUDE_IF_PRESENT EXCLUDE_FROM
	run_backup 0 restore --in-place --yes --delete
	[[ $output == *' deleted 7: '* ]]
}

@test "mounts that ONE_FILE_SYSTEM leaves out stay as they are" {
	mkdir "$src/m"
	mount_on "$src/m" -t tmpfs none
	echo mounted >"$src/m/a"
	export ONE_FILE_SYSTEM=on
	run_backup 0
	[ ! -e "$(newest)/m/a" ]
	run_backup 0 restore --in-place --yes --delete --no-keep
	[ "$(cat "$src/m/a")" = mounted ]
}

@test "a destination in the source is neither replaced nor deleted" {
	export BACKUP_DEST=$src/var/backups EXCLUDE=/var/backups
	dest=$BACKUP_DEST
	echo 1 >"$src/a"
	mkdir -p "$work/elsewhere"
	BACKUP_DEST=$work/elsewhere run_backup 0 # when there was no var yet
	mkdir -p "$dest"
	mv "$work"/elsewhere/{.[!.]*,*} "$dest"
	unset EXCLUDE
	run_backup 0 restore --in-place --yes --delete --no-keep
	[ -e "$(newest)/a" ]
	echo extra >"$src/var/extra"
	run_backup 0 restore --in-place --yes --delete
	[ -e "$(newest)/a" ]
	run_backup 0 restore --to "$src/var" --delete
	[ -e "$(newest)/a" ]
	[ "$(cat "$src/var/a")" = 1 ]
	[ ! -e "$src/var/extra" ]

	# where the snapshot has a file by that name
	rm -rf "${src:?}"/*
	echo file >"$src/var"
	BACKUP_DEST=$work/elsewhere run_backup 0
	rm "$src/var"
	mkdir -p "$dest"
	mv "$work"/elsewhere/{.[!.]*,*} "$dest"
	run_backup 3 restore --in-place --yes --delete
	[[ $output == *"it holds BACKUP_DEST, left alone: '$src/var'"* ]]
	[ -e "$(newest)/var" ]
}

@test "what a partial snapshot lacks is not lost" {
	needs_root
	echo 1 >"$src/a"
	run_backup 0
	jq '.status = "partial"' "$dest/.backup/snapshots/$(basename "$(newest)").json" >"$work/record"
	cp "$work/record" "$dest/.backup/snapshots/$(basename "$(newest)").json"
	echo unread >"$src/unread"
	run_backup 1 restore --in-place --yes --delete --no-keep
	[[ $output == *'ERROR: --delete with --no-keep and a partial snapshot would lose '* ]]
	[ -e "$src/unread" ]
	run_backup 0 restore --in-place --yes --delete
	[ "$(cat "$(kept "$src")/unread")" = unread ]
}
