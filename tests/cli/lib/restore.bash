# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the tests of `backup restore` share.

# shellcheck disable=SC2154 # variables of common.bash

# differs FROM TO [OPTION...]: what rsync would change in TO, content compared; folders of
# what was replaced are left aside.
differs() {
	rsync -aHAXn --numeric-ids --checksum --itemize-changes --exclude='/.backup-restore-*' \
		"${@:3}" "$1/" "$2/"
}

# equal FROM TO [OPTION...]: it would change nothing.
equal() {
	local differences
	differences=$(differs "$@") || return
	[ -z "$differences" ] || {
		printf '%s is not as %s:\n%s\n' "$2" "$1" "$differences"
		return 1
	}
}

# kept [DIR]: the folder, in DIR, of what was replaced; fails unless there is one.
kept() {
	local folders
	folders=$(find "${1-$to}" -mindepth 1 -maxdepth 1 -name '.backup-restore-*')
	[ -d "$folders" ] || return
	echo "$folders"
}

unkept() {
	[ -z "$(find "${1-$to}" -name '.backup-restore*')" ]
}

# A tree with all kinds of things, for root.
everything() {
	mkdir -p "$1/d/e/f" "$1/empty" "$1/was-file/x" "$1/was-link/y" "$1/-dash"
	echo 1 >"$1/a"
	echo 2 >"$1/d/b"
	echo 3 >"$1/d/e/f/c"
	echo 4 >"$1/was-file/x/1"
	echo 5 >"$1/was-link/y/1"
	echo 6 >"$1/was-dir"
	echo 7 >"$1/-dash/-n"
	ln "$1/a" "$1/d/e/link"
	ln "$1/a" "$1/z"
	ln -s /nowhere "$1/symlink"
	ln "$1/symlink" "$1/d/symlink"
	ln -s d/e "$1/inside"
	mkfifo "$1/fifo"
	mknod "$1/null" c 1 3
	truncate -s 1M "$1/hole"
	echo end >>"$1/hole"
	printf x >"$1/"$'new\nline'
	printf x >"$1/"$'\377 *?['
	printf x >"$1/$(printf 'n%.0s' {1..255})"
	setfattr -n user.k -v v "$1/d/b"
	setfattr -n trusted.k -v v "$1/d"
	setfacl -m u:1234:r "$1/a"
	setfacl -d -m u:1234:r "$1/d"
	chmod 4711 "$1/d/b"
	chown 3000000000:3000000001 "$1/d/b"
	chmod 1777 "$1/empty"
	chmod 0 "$1/d/e/f/c"
	touch -d '1969-01-01 00:00:00.123456789' "$1/d/b" "$1/d"
	chmod 0750 "$1"
}

# The same tree after many accidents; $work/outside is led to by links.
other() {
	mkdir -p "$1/other/deep" "$1/d/e" "$1/was-dir/full" "$1/empty/not" "$work/outside/y"
	echo mine >"$1/other/deep/file"
	echo mine >"$1/was-dir/full/file"
	echo mine >"$1/was-file"
	echo outside >"$work/outside/y/1"
	ln -s "$work/outside" "$1/was-link"
	echo changed >"$1/a"
	echo changed >"$1/d/e/link"
	cp "$1/a" "$1/z"
	echo old >"$1/d/b"
	setfattr -n user.more -v v "$1/d" "$1/d/b"
	setfacl -m u:99:rwx -d -m u:99:rwx "$1/d/e"
	mkdir "$1/symlink" "$1/fifo"
	ln -s nowhere-else "$1/inside"
	echo file >"$1/null"
	chmod 777 "$1" "$1/d"
	chown 77:78 "$1/d"
}
