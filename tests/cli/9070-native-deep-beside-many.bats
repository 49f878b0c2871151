#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A thread that went down by itself, because enough directories waited already, kept every
# level above open: descriptors ran out where a tree was deep beside many directories.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	export ENGINE=native THREADS=1
}

# chains WIDTH DEPTH: in the source, directories beside each other, each with a chain of
# others, and on each level names that are met before the next one and after it.
chains() {
	python3 - "$src" "$@" <<-'END'
		import os, sys
		top, width, depth = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		for i in range(width):
		    fd = os.open(top, os.O_RDONLY)
		    for level in range(depth):
		        name = f"d{level}" if level else f"top{i}"
		        os.mkdir(name, dir_fd=fd)
		        above, fd = fd, os.open(name, os.O_RDONLY, dir_fd=fd)
		        os.close(above)
		        for j in range(6):
		            os.close(os.open(f"f{j}", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
		        os.mkdir("empty", dir_fd=fd)
		    os.close(fd)
	END
}

# as_snapshot: whether the newest has the names that the source has.
as_snapshot() {
	cmp <(cd "$src" && find . | sort) <(cd "$(newest)" && find . | sort)
}

@test "a deep tree beside many directories needs few descriptors" {
	local i
	chains 120 2
	mkdir "$work/deep"
	src=$work/deep chains 4 300
	for i in {0..3}; do mv "$work/deep/top$i" "$src/deep$i"; done
	ulimit -n 800
	run_backup 0
	as_snapshot
	run_backup 0
	said ' 0 new, 0 changed: '
	as_snapshot
	EXCLUDE=/deep0/d1/f3 run_backup 0 # patterns need paths
	[ ! -e "$(newest)/deep0/d1/f3" ]
	[ "$(find "$(newest)" | wc -l)" -eq $(($(find "$src" | wc -l) - 1)) ]
	mv "$src/deep1/d1/d2" "$src/deep2/d1/moved" # linked by way of another name
	run_backup 0
	said ' 1 new, 0 changed: ' # what was left out
	as_snapshot
}

# while_deep CODE: makes a snapshot during which the script in $work/do is run once, when
# a chain has been gone down to its end.
while_deep() {
	cat >"$work/once" <<-END
		[ ! -e "$work/done" ] || exit 0
		for end in "$dest"/.backup/building/*/top*/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/d11/d12/d13/d14; do
			[ -d "\$end" ] || exit 0
			: >"$work/done"
			top=\${end%/d1/*}
			cd "$src/\${top##*/}" && . "$work/do"
		done
	END
	(
		ulimit -n 80
		LD_PRELOAD=${FAULT_SHIM:-$root/build/tests/inject.so} \
			ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
			FAULT_PROGRAM=backup FAULT_FORKS=1 FAULT_CALL=readdir FAULT_NTH=0 \
			FAULT_COMMAND="sh $work/once" "$BACKUP" >"$work/out" 2>&1
	) || [ "$?" -eq "$1" ] || {
		cat "$work/out"
		return 1
	}
	output=$(<"$work/out")
	[ -e "$work/done" ]
}

outside() {
	mkdir -p "$work/outside"
	for i in {0..9}; do echo secret >"$work/outside/f$i"; done
}

@test "a level is left by what it held, which was moved out of the source: nothing is read there" {
	chains 30 16
	outside
	echo "mv d1/d2/d3 '$work/outside/d3'; basename \"\$PWD\" >'$work/which'" >"$work/do"
	while_deep 0
	local chain
	chain=$(newest)/$(<"$work/which")
	[ "$(ls "$chain/d1/d2")" = "$(printf '%s\n' d3 empty f{0..5})" ]
	[ "$(ls "$chain/d1")" = "$(printf '%s\n' d2 empty f{0..5})" ]
	run ! grep -rq secret "$(newest)"
}

@test "a level became a link to outside, or was moved, while what it held was read" {
	local i chain
	outside
	for i in link move; do
		rm -rf "$dest" "$work/done" "$work/away" "${src:?}"/*
		chains 30 16
		case $i in
		link) echo "mv d1/d2/d3 '$work/away'; mv d1/d2 d1/d3; ln -s '$work/outside' d1/d2" ;;
		move) echo "mv d1/d2/d3 '$work/away'; mv d1/d2 '$work/away/d2'" ;;
		esac >"$work/do"
		echo "basename \"\$PWD\" >'$work/which'" >>"$work/do"
		while_deep 3
		said '/d1/d2'
		chain=$(newest)/$(<"$work/which")
		[ -d "$chain/d1/d2/d3/d4" ]
		[ "$(ls "$chain")" = "$(printf '%s\n' d1 empty f{0..5})" ]
		run ! grep -rq secret "$(newest)"
	done
}
