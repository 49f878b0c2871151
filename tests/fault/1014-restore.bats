#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A restore, into a directory with content or without, is killed at each call that changes a
# file, or fails at each third, others each time: what is there are whole old files and whole
# new ones, nothing old is lost, and the next restore makes it right.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load ../cli/lib/restore
load lib/bench

setup() {
	common_setup
	needs_root
	needs rsync
	bench_setup
	to=$bench/to
	every=1 some=3 # of what is a kill, and of what is not
	! is_sanitized || every=4 some=8
	checked=$((RANDOM % 2))
	mkdir -p "$src/d/e" "$src/was-file" "$src/was-link"
	for i in 1 2 3; do head -c 5000 /dev/urandom >"$src/d/$i"; done
	ln "$src/d/1" "$src/d/e/link"
	ln -s nowhere "$src/symlink"
	head -c 5000 /dev/urandom >"$src/was-dir"
	echo 1 >"$src/was-file/1"
	echo 2 >"$src/was-link/2"
	setfattr -n user.k -v v "$src/d/3"
	run_backup 0
	rm -f "$work/backup.log"
	mkdir -p "$bench/template/d/e" "$bench/template/was-dir/full" "$bench/outside"
	for i in d/1 d/2 d/e/link was-file was-dir/full/file d/gone; do
		echo "old $i" >"$bench/template/$i"
	done
	ln -s "$bench/outside" "$bench/template/was-link"
}

# Each file below $to is, whole, what the template or the snapshot has by that name, and
# each of the template's is in its place, or in the folder, unless the snapshot's is there.
whole() {
	local file name
	while IFS= read -r -d '' file; do
		name=${file#"$to"/}
		[[ $name != *.backup-restore* ]] || continue
		cmp -s "$file" "$bench/template/$name" || cmp -s "$file" "$(newest)/$name" || {
			echo "$name is neither the old one nor the new one"
			return 1
		}
	done < <(find "$to" -type f -print0)
	while IFS= read -r -d '' file; do
		name=${file#"$bench/template"/}
		cmp -s "$file" "$to/$name" || cmp -s "$file" "$to"/.backup-restore-*/"$name" || {
			echo "the old $name is lost"
			return 1
		}
	done < <(find "$bench/template" -type f -print0)
	[ -z "$(ls -A "$bench/outside")" ]
}

# meets CALL NTH VARIABLE=VALUE...: a restore into the template, each second one with
# --verify, which meets a fault; fails when it has fewer calls.
meets() {
	local verify=()
	(($2 % 2 == checked)) || verify=(--verify)
	rm -rf "$to" "$work/hit"
	cp -a "$bench/template" "$to"
	env LD_PRELOAD="$FAULT_SHIM" FAULT_PROGRAM=backup FAULT_CALL="$1" FAULT_NTH="$2" \
		FAULT_HIT="$work/hit" "${@:3}" \
		"$BACKUP" restore --delete "${verify[@]}" --to "$to" >"$work/out" 2>&1 \
		&& status=0 || status=$?
	[ -e "$work/hit" ]
}

comes_right() {
	run_backup 0 restore --delete --to "$to"
	equal "$(newest)" "$to" --delete
	[ -z "$(find "$to" -name .backup-restore.tmp)" ]
}

# What differs is the top alone, whose time is newer.
top_alone() {
	if grep -v '^\.d\S* \./$' "$work/differs"; then
		return 1
	fi
}

# lands NTH [CALL]: a restore into $to, killed at that call; fails when it has fewer. What is
# there by its name is as the snapshot has it, attributes and all, and the next restore, even
# one that replaces nothing, makes the rest.
lands() {
	rm -f "$work/hit"
	env LD_PRELOAD="$FAULT_SHIM" FAULT_PROGRAM=backup FAULT_CALL=change FAULT_NTH="$1" \
		FAULT_HIT="$work/hit" "$BACKUP" restore --to "$to" >"$work/out" 2>&1 \
		&& status=0 || status=$?
	[ -e "$work/hit" ] || return
	[ "$status" = 137 ] || return
	mkdir -p "$to"
	# rsync would neither change nor add to anything that is there, but the top
	differs "$(newest)" "$to" --delete --existing --exclude=/.backup-restore.tmp >"$work/differs"
	top_alone || return # who calls this looks whether it fails, so nothing else ends it
	run_backup 0 restore --overwrite "$2" --to "$to" || return
	[ -z "$(find "$to" -name .backup-restore.tmp)" ]
}

@test "killed at each call, into a directory that is empty or not there" {
	local n there overwrite step=$every
	for there in yes no; do
		for ((n = 1 + RANDOM % step; n < 500; n += step)); do
			rm -rf "$to"
			[ $there = no ] || mkdir "$to"
			echo "killed at $n, $there"
			overwrite=never
			((n % 2)) || overwrite=newer
			lands "$n" $overwrite || break
			differs "$(newest)" "$to" --delete >"$work/differs"
			top_alone
		done
		echo "# $n points" >&3
		[ "$n" -gt 40 ]
		[ "$status" = 0 ]
		equal "$(newest)" "$to" --delete
		step=3
	done
}

@test "killed at each call" {
	local n=$((1 + RANDOM % every))
	for ((; n < 500; n += every)); do
		meets change "$n" || break
		echo "killed at $n"
		[ "$status" = 137 ]
		whole
		comes_right
	done
	echo "# $n points" >&3
	[ "$n" -gt 40 ]
	[ "$status" = 0 ]
	whole
}

@test "each call fails" {
	local n error points=0
	for error in 28 5 1; do # ENOSPC, EIO, EPERM
		for ((n = 1 + RANDOM % some; n < 500; n += some)); do
			meets change "$n" FAULT_ERRNO=$error || break
			echo "$error at $n: $status, $(cat "$work/out")"
			[[ $status == [013] ]]
			[ "$status" = 0 ] || grep -q 'ERROR: ' "$work/out"
			whole
			comes_right
			points=$((points + 1))
		done
		[ "$status" = 0 ]
	done
	echo "# $points points" >&3
	[ "$((points * some))" -gt 120 ]
}

@test "nothing can be opened, or looked at, once" {
	local n call points=0
	for call in open read readdir; do
		for ((n = 1 + RANDOM % some; n < 500; n += some)); do
			meets "$call" "$n" FAULT_ERRNO=5 || break
			echo "$call $n: $status, $(cat "$work/out")"
			[[ $status == [0123] ]]
			whole
			comes_right
			points=$((points + 1))
		done
	done
	echo "# $points points" >&3
	[ "$((points * some))" -gt 20 ]
}

@test "directories of the target become links to what is outside, and back" {
	mkdir "$bench/race"
	run "$BATS_TEST_DIRNAME/race-restore" "$bench/race" 10 "$RANDOM"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# $output" >&3
}
