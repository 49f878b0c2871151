#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# tools/run-tests: a made-up meson leaves the results of a made-up build directory.

bats_require_minimum_version 1.5.0

setup() {
	unset STRICT ASAN_OPTIONS MESON_TESTTHREADS
	build=$BATS_TEST_TMPDIR/build
	mkdir -p "$build/meson-logs" "$build/meson-info" "$BATS_TEST_TMPDIR/bin"
	sanitize none
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# sanitize VALUE: what the build directory has b_sanitize set to.
sanitize() {
	echo "[{\"name\": \"b_sanitize\", \"value\": \"$1\"}]" >"$build/meson-info/intro-buildoptions.json"
}

# meson_leaves STATUS [RESULT OUTPUT]...: the tests that `meson test` is to have run.
meson_leaves() {
	local status=$1 log=$BATS_TEST_TMPDIR/log
	: >"$log"
	for ((i = 2; i < $#; i += 2)); do
		jq -cn --arg result "${@:i:1}" --arg out "${@:i+1:1}" \
			'{name: "t", result: $result, stdout: $out}' >>"$log"
	done
	cat >"$BATS_TEST_TMPDIR/bin/meson" <<-END
		#!/bin/sh
		echo "\$MESON_TESTTHREADS" >'$BATS_TEST_TMPDIR/threads'
		[ ! -s '$log' ] || cp '$log' '$build/meson-logs/testlog.json'
		[ -z "\$ASAN_OPTIONS" ] || [ ! -e '$BATS_TEST_TMPDIR/report' ] ||
			cp '$BATS_TEST_TMPDIR/report' '$build/meson-logs/sanitizer/asan.1'
		exit $status
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/meson"
}

run_tests() {
	run "$1" "$BATS_TEST_DIRNAME/../../tools/run-tests" "$build"
	last=${lines[-1]}
}

@test "cases are counted, not programs" {
	meson_leaves 0 OK $'1..2\nok 1 - a\nok 2 b' OK 'no tap' OK $'1..1\nok 1 c # skip no disk'
	run_tests -0
	[ "$last" = '3 passed, 0 failed, 1 skipped' ]
	[ "$(cat "$build/meson-logs/total.txt")" = "$last" ]
	[[ $output == *'skipped: t: c (no disk)'* ]]
}

@test "a failed case is shown and counted once" {
	meson_leaves 1 ERROR $'1..2\nok 1 fine\nnot ok 2 bad\n# why'
	run_tests -1
	[ "$last" = '1 passed, 1 failed, 0 skipped' ]
	[[ $output == *'not ok 2 bad'*'# why'* ]]
}

@test "a program that broke off is a failure, whatever its cases said" {
	meson_leaves 1 TIMEOUT $'1..2\nok 1 fine' FAIL '' ERROR $'ok 1 fine'
	run_tests -1
	[ "$last" = '2 passed, 3 failed, 0 skipped' ]
}

@test "STRICT=1 makes a skip a failure" {
	meson_leaves 0 OK $'1..2\nok 1 a\nok 2 b # SKIP not here' SKIP ''
	run_tests -0
	[ "$last" = '1 passed, 0 failed, 2 skipped' ]
	STRICT=1 run_tests -1
	[ "$last" = '1 passed, 0 failed, 2 skipped' ]
}

@test "a run without tests is a failure, also when an old log lies there" {
	echo '{"name": "old", "result": "OK"}' >"$build/meson-logs/testlog.json"
	meson_leaves 0
	run_tests -1
	[ "$last" = '0 passed, 0 failed, 0 skipped' ]
	[[ $output == *'no test ran'* ]]
}

@test "a sanitizer's report is a failure that no test can hide" {
	meson_leaves 0 OK 'ok 1 a'
	echo 'ERROR: LeakSanitizer' >"$BATS_TEST_TMPDIR/report"
	run_tests -0
	sanitize address,undefined
	run_tests -1
	[[ $output == *'ERROR: LeakSanitizer'* ]]
}

@test "three tests for each processor run at a time, or as many as one says" {
	meson_leaves 0 OK 'no tap'
	run_tests -0
	[ "$(cat "$BATS_TEST_TMPDIR/threads")" = $((3 * $(nproc))) ]
	MESON_TESTTHREADS=2 run_tests -0
	[ "$(cat "$BATS_TEST_TMPDIR/threads")" = 2 ]
}
