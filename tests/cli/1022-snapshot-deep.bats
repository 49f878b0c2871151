#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Paths longer than PATH_MAX, which rsync cannot copy.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# deep VERB DIR: makes, or reads, a chain of directories with a file at its end.
deep() {
	python3 - "$@" <<-'END'
		import os, sys
		name = "n" * 200
		os.chdir(sys.argv[2])
		for _ in range(200):
		    if sys.argv[1] == "make":
		        os.mkdir(name)
		    os.chdir(name)
		if sys.argv[1] == "make":
		    open("end", "w").write("of it")
		st = os.stat("end")
		print(open("end").read(), st.st_mtime_ns, st.st_ino if sys.argv[1] == "inode" else "")
	END
}

@test "a path of 40000 bytes is copied, and linked by the next run" {
	local made first
	export ENGINE=native
	made=$(deep make "$src")
	run_backup 0
	[ "$(deep read "$(newest)")" = "$made" ]
	first=$(deep inode "$(newest)")
	run_backup 0
	[ "$(deep inode "$(newest)")" = "$first" ]
	KEEP_WITHIN=0s DAILY_COUNT=1 run_backup 0
	[ "$(deep inode "$(newest)")" = "$first" ]
	rm -r "$work/src" "$work/dest" # by descriptors, too
}

@test "many directories need few descriptors" {
	local i
	export ENGINE=native
	for ((i = 0; i < 300; i++)); do
		mkdir -p "$src/$i/sub"
		echo "$i" >"$src/$i/sub/file"
	done
	ulimit -n 100
	run_backup 0
	same_as_source "$(newest)"
	run_backup 0
	[[ $output == *' 0 new, 0 changed: '* ]]
}
