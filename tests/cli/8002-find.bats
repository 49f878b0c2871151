#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# backup find: in which snapshots a file is, and in how many versions.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common
load lib/cost

# snapshot DAY: one of that day.
snapshot() {
	run_backup 0
	redate "$(readlink "$dest/latest")" "$1_03-00-00"
}

# found PATTERN: "PATH SIZE SNAPSHOT,SNAPSHOT" for each version.
found() {
	run_backup 0 find --json "$1"
	jq -r '.[] | "\(.path) \(.size) \([.snapshots[][:10]] | join(","))"' <<<"$output"
}

@test "each version of a file with its snapshots, the newest first" {
	mkdir "$src/d"
	echo 1 >"$src/d/a"
	echo same >"$src/b"
	touch -d '2020-01-01 12:00' "$src/d/a"
	snapshot 2020-01-01
	snapshot 2020-01-02
	echo 22 >"$src/d/a"
	touch -d '2020-01-03 12:00' "$src/d/a"
	snapshot 2020-01-03
	rm "$src/d/a"
	snapshot 2020-01-04
	echo 333 >"$src/d/a"
	touch -d '2020-01-05 12:00' "$src/d/a"
	snapshot 2020-01-05

	[ "$(found a)" = 'd/a 4 2020-01-05
d/a 3 2020-01-03
d/a 2 2020-01-01,2020-01-02' ]
	[ "$(found b)" = 'b 5 2020-01-01,2020-01-02,2020-01-03,2020-01-04,2020-01-05' ]

	run_backup 0 find a
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[1]} =~ ^' '+'4 B  2020-01-05 12:00:00          1  2020-01-05_03-00-00'\ +'2020-01-05_03-00-00'\ +'d/a'$ ]]
	[[ ${lines[3]} =~ ^' '+'2 B  2020-01-01 12:00:00          2  2020-01-01_03-00-00'\ +'2020-01-02_03-00-00'\ +'d/a'$ ]]
}

@test "patterns are those of EXCLUDE" {
	mkdir -p "$src/x/y" "$src/a"
	touch "$src/x/y/a" "$src/x/a" "$src/b.conf" "$src/x/c.conf" "$src/[z]"
	snapshot 2020-01-01
	paths() { found "$1" | cut -d ' ' -f 1 | tr '\n' ' '; }
	[ "$(paths a)" = 'a x/a x/y/a ' ]
	[ "$(paths /a)" = 'a ' ]
	[ "$(paths a/)" = 'a ' ]
	[ "$(paths 'x/**')" = 'x/a x/c.conf x/y x/y/a ' ]
	[ "$(paths '*.conf')" = 'b.conf x/c.conf ' ]
	[ "$(paths 'y/a')" = 'x/y/a ' ]
	[ "$(paths '[[]z]')" = '[z] ' ]
	run_backup 0 find a/
	[[ ${lines[1]} == *' directory  -  '*' a/' ]]
}

@test "types, hostile names, and names of one file" {
	needs_root
	ln -s nowhere "$src/link"
	mkfifo "$src/fifo"
	mknod "$src/device" c 1 3
	touch "$src/"$'new\nline' "$src/"$'\377'
	echo 1 >"$src/one"
	ln "$src/one" "$src/two"
	run_backup 0
	run_backup 0 find --json '*'
	[ "$(jq -r '.[].type' <<<"$output" | sort | tr '\n' ' ')" = \
		'device fifo file file file file symlink ' ]
	run_backup 0 find '*'
	[[ $output == *'new\nline'* ]]
	[[ $output == *' symlink  '*' link'* ]]
	[ "${#lines[@]}" = 8 ]
}

@test "nothing found is exit code 1, and said" {
	run_backup 1 find a
	echo 1 >"$src/a"
	snapshot 2020-01-01
	run_backup 1 find b
	[[ $output == *"nothing matches 'b' in 1 snapshot"* ]]
	run --separate-stderr -1 "$BACKUP" find --json b
	[ "$output" = '[]' ]
	run_backup 2 find
	[[ $output == *'say what'* ]]
	run_backup 2 find a b
	run_backup 1 find ''
	BACKUP_DEST=$work/none run_backup 1 find a
}

@test "what cannot be read is said" {
	needs_root
	mkdir "$src/d" "$src/secret"
	touch "$src/d/a" "$src/secret/a"
	run_backup 0
	chmod 711 "$BATS_RUN_TMPDIR" "${work%/*}" "$work"
	chown -R 65534 "$dest"
	chown root "$(newest)/secret"
	chmod 700 "$(newest)/secret"
	run -3 setpriv --reuid=65534 --regid=65534 --clear-groups "$BACKUP" find a
	[[ $output == *'WARNING: 1 directory could not be read'* ]]
	[[ $output == *' d/a'* ]]
}

@test "however many match, memory is bounded, and the order is that of the paths" {
	needs python3
	python3 - "$src" <<-'END'
		import os, sys
		for d in range(30):
		    os.makedirs(f"{sys.argv[1]}/{d}/below")
		    for i in range(1000):
		        os.mknod(f"{sys.argv[1]}/{d}/below{'' if i % 2 else '-'}{'/' if i % 2 else ''}{i:0220}")
	END
	snapshot 2020-01-01
	snapshot 2020-01-02
	touch "$src/1/below/"*1
	snapshot 2020-01-03
	measured RssAnon "$work/peak" "$BACKUP" find '*'
	sed 's,.*  ,,; s,/$,,' "$work/out" | tail -n +2 >"$work/paths"
	uniq "$work/paths" | cmp - <(cd "$src" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort)
	[ "$(wc -l <"$work/paths")" = $((30000 + 60 + 100)) ]
	[ "$(awk '$5 == 3' "$work/out" | wc -l)" -ge $((30000 - 100)) ]
	echo "# measured in KiB: $(cat "$work/peak")" >&3
	is_sanitized || [ "$(cat "$work/peak")" -lt 20480 ]
	measured RssAnon "$work/peak" "$BACKUP" verify --all
	echo "# measured in KiB: $(cat "$work/peak")" >&3
	is_sanitized || [ "$(cat "$work/peak")" -lt 12288 ]
}
