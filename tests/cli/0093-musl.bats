#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The sources need nothing that musl, the C library of the container's usual base, does
# not have: no header, no function. Of this machine's headers only those of jansson,
# libcurl, libcrypto, zstd and the kernel are to be found, and the libraries are stood in for.

# shellcheck disable=SC2154 # variables of run

bats_require_minimum_version 1.5.0

setup_file() {
	export src objects headers cc=musl-gcc
	src=$(cd "$BATS_TEST_DIRNAME/../../src" && pwd)
	objects=$BATS_FILE_TMPDIR/objects
	headers=$BATS_FILE_TMPDIR/headers
	[[ $(cc -dumpmachine) != *musl* ]] || cc=cc
	command -v $cc >/dev/null || skip 'needs musl-gcc'
	mkdir "$objects" "$headers"
	borrow_headers

	# what fails leaves its reason, and the others are made all the same
	cd "$src" || return
	export -f compile
	# shellcheck disable=SC2016
	find . -name '*.c' | sed 's,^\./,,' | sort |
		xargs -P "$(nproc)" -I % bash -c 'compile "$1" "$objects/${1//\//-}.o" || :' - % \
			>"$BATS_FILE_TMPDIR/log" 2>&1
}

borrow_headers() {
	local header path
	for header in jansson.h jansson_config.h curl/curl.h zstd.h linux/types.h asm/types.h asm-generic/types.h; do
		path=$(echo "#include <$header>" | cc -M -xc - | tr ' ' '\n' | grep -m 1 "/$header\$")
		[ "${header%/*}" = "$header" ] || path=${path%/*}
		ln -s "$path" "$headers/${header%/*}"
	done
	# in two places on some machines
	mkdir "$headers/openssl"
	echo '#include <openssl/evp.h>' | cc -M -xc - | tr ' ' '\n' | grep '/openssl/[^/]*\.h$' |
		xargs -I % ln -s % "$headers/openssl/"
}

# compile SOURCE OBJECT
compile() {
	$cc -std=gnu17 -O1 -Werror=implicit-function-declaration -D_GNU_SOURCE \
		-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 '-DVERSION="0"' \
		-isystem "$headers" -I "$src" -include base/banned.h -c "$1" -o "$2"
}

# link OUT OBJECT...: with all that the objects of the sources but its own main have.
link() {
	local object
	if [ ! -e "$objects/all.a" ]; then
		for object in "$objects"/*.o; do
			nm "$object" | grep -q ' T main$' || ar rcs "$objects/all.a" "$object"
		done
	fi
	$cc -static "${@:2}" "$objects/all.a" -o "$1"
}

# The functions of libraries that are called, doing nothing.
stand_ins() {
	nm -u "$objects"/*.o | awk '$2 ~ /^(json_|curl_|EVP_|ZSTD_)/ { print "void " $2 "(void) {}" }' | sort -u >"$1.c"
	cc -w -c "$1.c" -o "$1"
}

@test "every source compiles, and declares what it calls" {
	cat "$BATS_FILE_TMPDIR/log"
	[ ! -s "$BATS_FILE_TMPDIR/log" ]
	[ "$(find "$objects" -name '*.o' | wc -l)" -eq "$(find "$src" -name '*.c' | wc -l)" ]
	[ "$(find "$objects" -name '*.o' | wc -l)" -gt 50 ]
}

@test "every program links" {
	stand_ins "$BATS_TEST_TMPDIR/stand-ins.o"
	link "$BATS_TEST_TMPDIR/backup" "$objects/cli-main.c.o" "$BATS_TEST_TMPDIR/stand-ins.o"
	"$BATS_TEST_TMPDIR/backup" version
}

@test "the entrypoint needs no library but musl, and runs" {
	cd "$BATS_TEST_TMPDIR"
	link entrypoint "$objects/cli-entrypoint.c.o"
	# shellcheck disable=SC2016
	run -0 env -i PATH="$PATH" MSMTP_CONFIG="$PWD/msmtprc" MSMTP_LOG="$PWD/log" \
		SMTP_SERVER=mail.example.org ./entrypoint sh -c 'echo "ran $0" $MSMTP_CONFIG' me
	[ "$output" = "ran me $PWD/msmtprc" ]
	grep -q mail.example.org msmtprc
}

@test "what only another C library has is found" {
	cd "$BATS_TEST_TMPDIR"
	echo 'int main(void) { return 0; }' >good.c
	compile good.c good.o
	link good good.o
	./good

	printf '#include <string.h>\nint main(void) { return !strerrorname_np(1); }\n' >undeclared.c
	run ! compile undeclared.c undeclared.o
	[[ $output == *strerrorname_np* ]]
	printf '#include <argp.h>\nint main(void) { return 0; }\n' >header.c
	run ! compile header.c header.o
	[[ $output == *argp.h* ]]
	printf 'char *canonicalize_file_name(const char *);\nint main(void) { return !canonicalize_file_name("/"); }\n' >declared.c
	compile declared.c declared.o
	run ! link declared declared.o
	[[ $output == *canonicalize_file_name* ]]
	# their names are not banned: the usual build takes them
	[[ $(cc -dumpmachine) == *musl* ]] || cc -D_GNU_SOURCE undeclared.c -o undeclared
}
