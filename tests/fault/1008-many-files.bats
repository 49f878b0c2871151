#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A hundred thousand small files; with rsync, whose time is its own, thirty thousand.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load ../cli/lib/cost
load lib/bench

@test "100,000 files: copied, then linked, removed, in little memory" {
	local files=100000 shown
	! by_rsync || files=30000
	shown=${files%000},000
	bench_setup
	src=$bench/src
	dest=$bench/dest
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	mkdir -p "$src"/{0..99}
	python3 - "$src" $files <<-'END'
		import sys
		for i in range(int(sys.argv[2])):
		    with open(f"{sys.argv[1]}/{i % 100}/file-{i:06}", "w") as file:
		        file.write(str(i))
	END
	measured VmHWM "$work/first" "$BACKUP"
	run cat "$work/out"
	[[ $output == *"$shown files, 101 directories"*"$shown new"* ]]
	redate "$(snapshots)" 2001-01-01_00-00-00

	measured VmHWM "$work/second" "$BACKUP"
	run cat "$work/out"
	[[ $output == *'0 new, 0 changed: 0 B copied'*"$shown linked: "*', 100.0 % of all'* ]]
	same_inode "$(newest)/24/file-012324" "$dest/daily/2001-01-01_00-00-00/24/file-012324"
	diff <(cd "$src" && find . -printf '%P %m %s %T@\n' | sort) \
		<(cd "$(newest)" && find . -printf '%P %m %s %T@\n' | sort)
	redate "daily/$(basename "$(newest)")" 2001-02-01_00-00-00

	# nothing is where its other link is
	for dir in "$(newest)"/{0..99}; do mv "$dir" "${dir}x"; done
	measured VmHWM "$work/size" "$BACKUP" list --size
	tail -n 1 "$work/out" | grep -q '^all together: '
	[ "$(jq '.snapshots[0].alone' "$dest/.backup/sizes.json")" -lt 2000000 ]
	echo "# measured in KiB: $(cat "$work/size")" >&3
	[ "$(cat "$work/size")" -lt 32768 ]

	DAILY_COUNT=1 WEEKLY_COUNT=0 MONTHLY_COUNT=0 measured VmHWM "$work/third" "$BACKUP"
	run cat "$work/out"
	[[ $output == *'removed daily/2001-01-01_00-00-00'* ]]
	[ -z "$(ls -A "$dest/.backup/trash")" ]

	echo "# peak memory in KiB: $(cat "$work"/{first,second,third} | xargs)" >&3
	for run in first second third; do
		[ "$(cat "$work/$run")" -gt 1000 ]
		[ "$(cat "$work/$run")" -lt 20480 ]
	done
}
