#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The checks of the sources, on small made-up trees: each is seen green and red.

bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/../..
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/tools"
}

# source_file PATH LINE...: a source file of these lines in the made-up tree.
source_file() {
	mkdir -p "$(dirname "$tree/src/$1")"
	printf '%s\n' "${@:2}" >"$tree/src/$1"
}

includes() {
	source_file "$1" "#include \"$2\""
}

# function_of LINES NAME: a function of that many lines, signature and braces included.
function_of() {
	printf 'static int %s(int a,\n\tint b)\n{\n' "$2"
	for ((i = 4; i < $1; i++)); do echo "	a += b;"; done
	printf '}\n\n'
}

@test "check-floors: what is below may be included" {
	includes base/alloc.c base/alloc.h
	includes sys/fs.c base/error.h
	includes model/config.c base/parse.h
	includes store/layout.c sys/fs.h
	includes engine/rsync.c engine/engine.h
	includes flow/run.c engine/engine.h
	includes cli/main.c engine/rsync.h
	run -0 "$root/tools/check-floors" "$tree"
	[ -z "$output" ]
}

@test "check-floors: what is above or beside may not" {
	while read -r file header; do
		rm -rf "$tree/src"
		includes "$file" "$header"
		run -1 "$root/tools/check-floors" "$tree"
		[[ $output == "src/$file:1: \"$header\" is out of reach"* ]]
	done <<'END'
base/alloc.c sys/fs.h
sys/fs.c model/config.h
model/config.c sys/log.h
store/layout.c engine/engine.h
engine/rsync.c store/layout.h
docker/http.c mail/message.h
mail/message.c flow/run.h
flow/run.c cli/command.h
END
}

@test "check-floors: only cli includes a concrete engine" {
	includes flow/run.c engine/rsync.h
	run -1 "$root/tools/check-floors" "$tree"
	[[ $output == *'"engine/rsync.h" is one engine'* ]]
}

@test "check-floors: an include names its floor" {
	includes sys/fs.c fs.h
	run -1 "$root/tools/check-floors" "$tree"
	[[ $output == *'does not start with a floor'* ]]
	includes sys/fs.c ../base/alloc.h
	run -1 "$root/tools/check-floors" "$tree"
	[[ $output == *'does not start with a floor'* ]]
}

@test "check-floors: a file outside the floors" {
	source_file attic/old.c ''
	run -1 "$root/tools/check-floors" "$tree"
	[[ $output == 'src/attic/old.c:1: not in a floor'* ]]
}

@test "check-floors: 600 lines are enough" {
	mapfile -t comments < <(yes '//' | head -n 600)
	source_file base/alloc.c "${comments[@]}"
	run -0 "$root/tools/check-floors" "$tree"
	source_file base/alloc.c "${comments[@]}" '//'
	run -1 "$root/tools/check-floors" "$tree"
	[[ $output == *'601 lines are more than 600'* ]]
}

@test "check-floors: names that say nothing" {
	for name in utils.c util.h common.h helpers.c; do
		rm -rf "$tree/src"
		source_file "base/$name" ''
		run -1 "$root/tools/check-floors" "$tree"
		[[ $output == "src/base/$name:1: the name says nothing"* ]]
	done
}

@test "the checks refuse a tree without sources" {
	run -2 "$root/tools/check-floors" "$tree"
	run -2 "$root/tools/check-functions" "$tree"
}

@test "check-functions: 100 lines are enough" {
	mkdir -p "$tree/src/base"
	{ function_of 100 fits && function_of 3 tiny; } >"$tree/src/base/a.c"
	run -0 "$root/tools/check-functions" "$tree"
	function_of 101 too_long >>"$tree/src/base/a.c"
	run -1 "$root/tools/check-functions" "$tree"
	[ "$output" = 'src/base/a.c:107: too_long() has 101 lines, more than 100' ]
}

@test "check-functions: the allow-list wants a reason and nothing stale" {
	mkdir -p "$tree/src/base"
	function_of 101 table >"$tree/src/base/a.c"
	echo 'src/base/a.c table: one case per key' >"$tree/tools/long-functions.allow"
	run -0 "$root/tools/check-functions" "$tree"

	echo 'src/base/a.c table:' >"$tree/tools/long-functions.allow"
	run -1 "$root/tools/check-functions" "$tree"
	[[ $output == *'long-functions.allow:1: write'* ]]

	function_of 20 table >"$tree/src/base/a.c"
	echo 'src/base/a.c table: one case per key' >"$tree/tools/long-functions.allow"
	run -1 "$root/tools/check-functions" "$tree"
	[ "$output" = 'tools/long-functions.allow:1: stale, src/base/a.c has no long function table()' ]
}

@test "every source and every test is in a meson.build" {
	cd "$root"
	shopt -s nullglob
	missing=
	for file in src/*/*.c; do
		grep -qF "'${file#src/}'" src/meson.build || missing+=" $file"
	done
	for file in tests/unit/test_*.c tests/*/*.bats; do
		name=$(basename "$file")
		name=${name#test_}
		grep -qF "'${name%.*}'" tests/meson.build || missing+=" $file"
	done
	echo "missing:$missing"
	[ -z "$missing" ]
}
