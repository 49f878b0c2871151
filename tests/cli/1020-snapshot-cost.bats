#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the native engine costs where that does not depend on the machine's mood: system
# calls for each name, all of a run counted, memory, and the processors' time beside that of
# a bare loop.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash, lib/cost.bash and run
load lib/common
load lib/cost

# Hundredths of a system call for each name.
unchanged_most=370 # a look at it, a link, a look at what was linked; the rest is directories
compared_most=570  # where no table of the last run helps
first_most=1240    # opened, created, read, written, looked at again, given all it has
manifest_most=200  # a look at each, and directories once more

# Percent of the loop's time for all unchanged names; some 150 are used.
loop_most=300

# KiB beyond what is mapped from files.
memory_most=8192

# Bytes for each file with more than one name.
linked_most=64

setup() {
	common_setup
	export ENGINE=native
}

# per_name MOST COMMAND...: makes at most so many hundredths of a call for each name.
per_name() {
	local names
	needs strace
	count_calls "${@:2}"
	names=$(find "$src" -printf . | wc -c)
	echo "# calls for $names names: $calls" >&3
	[ "$calls" -ge "$names" ] # it was all seen
	[ "$((calls * 100 / names))" -le "$1" ]
}

@test "system calls for each name of 5,000 in 200 directories" {
	mkdir "$src"/{0..199}
	for dir in "$src"/*; do
		for name in {0..24}; do echo "$name" >"$dir/$name"; done
	done
	# what is younger when it is copied is compared again by the next run
	sleep 3

	export MANIFEST=off
	per_name "$first_most" "$BACKUP"
	same_as_source "$(newest)"
	per_name "$unchanged_most" "$BACKUP"
	grep -q '0 new, 0 changed' "$work/out"
	same_as_source "$(newest)"

	# where there is a manifest to take checksums over from
	MANIFEST=on "$BACKUP" >"$work/out" 2>&1
	MANIFEST=on per_name $((unchanged_most + manifest_most)) "$BACKUP"
	grep -q 'of 0 files .* made, of 5,000 taken over' "$work/out"

	rm "$dest"/.backup/snapshots/*.table
	per_name "$compared_most" "$BACKUP"
	grep -q '0 new, 0 changed' "$work/out"
	same_as_source "$(newest)"
}

@test "system calls for each name of 2,000 new files with two names each" {
	mkdir "$src"/{old,new}
	echo 1 >"$src/old/a"
	sleep 3 # so that there is a table
	MANIFEST=off run_backup 0
	sleep 2 # it is all younger than that
	for name in {0..1999}; do
		echo "$name" >"$src/new/$name"
		ln "$src/new/$name" "$src/old/$name"
	done
	MANIFEST=off per_name "$first_most" "$BACKUP"
	same_as_source "$(newest)"
	same_inode "$(newest)/new/7" "$(newest)/old/7"
}

@test "memory for 20,000 names in one directory: copied, linked, one of them moved" {
	python3 - "$src" <<-'END'
		import sys
		for i in range(20000):
		    open(f"{sys.argv[1]}/file-{i:06}", "w").close()
	END
	for round in copied linked moved; do
		[ "$round" != moved ] || mv "$src/file-012424" "$src/elsewhere"
		measured RssAnon "$work/$round" "$BACKUP"
		grep -q '20,000 files' "$work/out"
	done

	echo "# KiB: $(cat "$work"/{copied,linked,moved} | xargs)" >&3
	for round in copied linked moved; do
		[ "$(cat "$work/$round")" -gt 500 ]
		[ "$(cat "$work/$round")" -le "$memory_most" ]
	done
}

# two_names FILES: in the source, files that have a name in two places, far from each other.
two_names() {
	python3 - "$src" "$1" <<-'END'
		import os, sys
		for i in range(int(sys.argv[2])):
		    if i % 1000 == 0:
		        dirs = [f"{sys.argv[1]}/{top}/{i}" for top in "ab"]
		        for dir in dirs:
		            os.makedirs(dir)
		    name = f"{i:06}-a-name-that-is-longer-than-most"
		    open(f"{dirs[0]}/{name}", "w").close()
		    os.link(f"{dirs[0]}/{name}", f"{dirs[1]}/{name}")
	END
}

@test "memory for 30,000 files with two names each: copied, linked, all of them new" {
	local round bytes
	export THREADS=1 MANIFEST=off # one after the other: all wait for b
	mkdir "$src/empty"
	two_names 30000
	mv "$src/b" "$work"
	cp -r "$src/a" "$work/single"
	mv "$src/a" "$work"
	mv "$work/single" "$src"
	measured RssAnon "$work/one-name" "$BACKUP"
	grep -q '30,000 files' "$work/out"
	rm -r "$dest" "$src/single"
	mv "$work"/[ab] "$src"
	for round in copied linked new; do
		if [ "$round" = new ]; then
			rm -r "$dest"
			mv "$src"/[ab] "$work"
			"$BACKUP" >"$work/out"
			mv "$work"/[ab] "$src"
		fi
		measured RssAnon "$work/$round" "$BACKUP"
		grep -q '60,000 files' "$work/out"
		# 128 KiB do not grow with their number
		bytes=$((($(<"$work/$round") - $(<"$work/one-name") - 128) * 1024 / 30000))
		echo "# bytes for each, $round: $bytes" >&3
		[ "$bytes" -gt 40 ] # it was seen
		[ "$bytes" -le "$linked_most" ]
	done
	[ "$(find "$(newest)" -type f -links 2 | wc -l)" -ge 60000 ]
}

# cpu_of COMMAND...: sets $cpu to the milliseconds of the processors that it takes.
cpu_of() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >"$work/out" 2>&1; } 2>"$work/cpu"
	cpu=$(awk '{ print int(($1 + $2) * 1000) + 1 }' "$work/cpu")
}

@test "the processors' time for an unchanged name, beside a bare loop of links" {
	local dir ours=0 loops=0
	export MANIFEST=off THREADS=1
	mkdir "$src"/{0..199}
	for dir in "$src"/*; do
		(cd "$dir" && touch {0..199})
	done
	sleep 3 # see above
	"$BACKUP" >"$work/out"
	for _ in 1 2 3; do # the best of both: others take the processors meanwhile
		cpu_of "$BACKUP"
		grep -q '0 new, 0 changed' "$work/out"
		[ "$ours" -gt 0 ] && [ "$ours" -le "$cpu" ] || ours=$cpu
		cpu_of "${LOOPS:-$root/build/bench/bench_loops}" link "$(newest)" "$work/loop"
		[ "$loops" -gt 0 ] && [ "$loops" -le "$cpu" ] || loops=$cpu
		rm -r "$work/loop"
	done
	echo "# ms for 40,000 names: $ours, of a loop: $loops" >&3
	[ "$loops" -gt 20 ] # it was seen
	[ "$((ours * 100 / loops))" -le "$loop_most" ]
}
