#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# All names of a directory were in memory at a time when its manifest was made, and when the
# source was looked at to learn whether it is empty.

# shellcheck disable=SC2154 # shared with lib/common.bash, lib/cost.bash and run
load lib/common
load lib/cost

@test "30,000 long names in one directory, or as many directories, are not held in memory" {
	local kind
	export ENGINE=native MANIFEST=on
	for kind in files directories; do
		rm -rf "${src:?}" "$dest"
		mkdir "$src"
		python3 - "$src" "$kind" <<-'END'
			import os, sys
			for i in range(30000):
			    name = f"{sys.argv[1]}/{i * 7919 % 30000:05}" + 240 * "n"
			    if sys.argv[2] == "files":
			        open(name, "w").close()
			    else:
			        os.mkdir(name)
		END
		measured RssAnon "$work/peak" "$BACKUP"
		echo "# KiB for $kind: $(<"$work/peak")" >&3
		[ -n "$(find "$dest/.backup/snapshots" -name '*.mtree.zst')" ]
		[ "$(<"$work/peak")" -le 8192 ]
	done
	"$BACKUP" verify
}
