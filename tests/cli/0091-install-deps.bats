#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# packaging/install-deps, with package managers that only note how they were called.

bats_require_minimum_version 1.5.0

setup() {
	script=$BATS_TEST_DIRNAME/../../packaging/install-deps
	bin=$BATS_TEST_TMPDIR/bin
	calls=$BATS_TEST_TMPDIR/calls
	mkdir "$bin"
	for tool in sh awk cat env grep; do ln -s "$(command -v "$tool")" "$bin/$tool"; done
	fake id 'echo 0'
}

# fake NAME [SCRIPT]: a command of that name.
fake() {
	printf '#!/bin/sh\n%s\n' "${2-}" >"$bin/$1"
	chmod +x "$bin/$1"
}

# A machine with apk on which only these packages are missing.
alpine_without() {
	fake apk "
case \"\$*\" in
info\ -e\ *) for missing in $*; do [ \"\$3\" != \"\$missing\" ] || exit 1; done ;;
*) echo \"apk \$*\" >>'$calls' ;;
esac"
}

# The same with apt-get; the first install fails, as it does with lists that are too old.
debian_without() {
	fake dpkg-query "for p; do :; done; for missing in $*; do [ \"\$p\" != \"\$missing\" ] || exit 1; done; echo installed"
	fake apt-get "
echo \"apt-get \$*\" >>'$calls'
case \$1 in
update) : >'$BATS_TEST_TMPDIR/updated' ;;
install) [ -e '$BATS_TEST_TMPDIR/updated' ] || exit 100 ;;
esac"
}

install_deps() {
	PATH=$bin run "$@"
}

@test "nothing missing: silent, and nobody is asked" {
	alpine_without
	fake id 'echo 1000'
	install_deps -0 "$script" build test runtime lint lab
	[ -z "$output" ]
	[ ! -e "$calls" ]
}

@test "only what is missing, of the kinds asked for" {
	alpine_without jansson-dev samurai cmocka-dev
	install_deps -0 "$script" build
	[ "$output" = 'installing with apk: samurai jansson-dev' ]
	[ "$(cat "$calls")" = 'apk add --no-cache samurai jansson-dev' ]
}

@test "--print installs nothing" {
	alpine_without rsync cmocka-dev
	install_deps -0 "$script" --print test runtime
	[ "$output" = $'rsync\ncmocka-dev' ]
	[ ! -e "$calls" ]
}

@test "apt-get: the lists are fetched when the install needs them" {
	debian_without libjansson-dev
	install_deps -0 "$script" build
	[ "${lines[0]}" = 'installing with apt-get: libjansson-dev' ]
	grep -qx 'apt-get update' "$calls"
	tail -n 1 "$calls" | grep -qx 'apt-get install -y --no-install-recommends libjansson-dev'
}

@test "an engine of another vendor is left alone" {
	debian_without docker.io iptables
	install_deps -0 "$script" --print lab
	[ "$output" = $'docker.io\niptables' ]
	fake dockerd
	install_deps -0 "$script" --print lab
	[ "$output" = iptables ]
}

@test "a mail server of another make is left alone" {
	debian_without exim4-daemon-light curl
	fake sendmail
	install_deps -0 "$script" --print test
	[ "$output" = curl ]
}

@test "not root: through sudo or doas, or the command to run" {
	alpine_without rsync
	fake id 'echo 1000'
	install_deps -1 "$script" runtime
	[[ $output == *'neither sudo nor doas'*'as root, run: apk add --no-cache rsync' ]]
	[ ! -e "$calls" ]

	fake doas 'exec "$@"'
	install_deps -0 "$script" runtime
	[ "$(cat "$calls")" = 'apk add --no-cache rsync' ]
}

@test "no known package manager, no kind, an unknown kind" {
	install_deps -1 "$script" build
	[[ $output == *'no package manager'* ]]
	install_deps -2 "$script"
	install_deps -2 "$script" everything
}
