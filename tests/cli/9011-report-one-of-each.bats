#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The log said "1 files, 1 directories" and "1 errors on single files".

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

@test "one of each is told in the singular" {
	echo 1 >"$src/a"
	run_backup 0
	[[ $output == *'  1 file, 1 directory, 2 B'* ]]
	for n in {1..9}; do echo 1 >"$src/$n"; done
	mkdir "$src/sub"
	run_backup 0
	[[ $output == *'  10 files, 2 directories, 20 B'* ]]
	rm "$src"/[0-9]
	run_backup 0
	[[ $output == *'the source has 1 file and had 10: more'* ]]
	run_backup 0 prune
	[[ $output == *'3 snapshots, 0 moved'* ]]
	rm -rf "${dest:?}/daily"
	rm -rf "$src/sub"
	run_backup 0
	run_backup 0 prune
	[[ $output == *'1 snapshot, 0 moved'* ]]
}

@test "one file that cannot be read, and one that vanishes" {
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<END
#!/bin/sh
case " \$* " in
*' --stats '*)
	echo 'file has vanished: "/x"' >&2
	echo 'rsync: [sender] send_files failed to open "/y": Permission denied (13)' >&2
	;;
esac
exec '$(command -v rsync)' "\$@"
END
	chmod +x "$work/bin/rsync"
	echo 1 >"$src/a"
	ENGINE=rsync PATH=$work/bin:$PATH run_backup 0
	[[ $output == *'  1 vanished before it could be copied'* ]]
	[[ $output == *'  1 error on a single file'* ]]
}
