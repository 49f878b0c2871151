#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What a destination would hand down to the files that are made in it: its ACL, its group,
# what the umask takes away. And attributes of files with several names.

# shellcheck disable=SC2154 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	needs_attributes
}

make_source() {
	mkdir -p "$src/dir/below" "$src/acl" "$src/closed"
	echo 1 >"$src/file"
	echo 2 >"$src/dir/below/file"
	echo 3 >"$src/acl/file"
	ln -s file "$src/link"
	mkfifo "$src/dir/fifo"
	ln "$src/file" "$src/dir/again"
	setfacl -m u:1234:rw,d:u:1234:r "$src/acl"
	setfacl -m g:77:x "$src/acl/file"
	chmod 4751 "$src/dir/below/file"
	chmod 2775 "$src/dir"
	chmod 700 "$src/closed"
}

# twice: a first copy and one that links are equal to the source.
twice() {
	run_backup 0
	same_as_source "$(newest)"
	echo 4 >"$src/dir/new"
	touch -d '2001-02-03 04:05:06.789' "$src/dir/new"
	run_backup 0
	same_as_source "$(newest)"
}

@test "a default ACL of the destination is not handed down" {
	make_source
	mkdir "$dest"
	setfacl -m d:u:4321:rwx,d:g:4321:rwx,d:o::rwx,u:4321:rwx "$dest"
	twice
	! getfacl --absolute-names -cR "$(newest)" | grep 4321 || false
}

@test "neither are its group and set-group-ID bit" {
	make_source
	mkdir "$dest"
	[ "$(id -u)" -ne 0 ] || chgrp 4321 "$dest"
	chmod 2777 "$dest"
	twice
	[ -z "$(find "$(newest)" -mindepth 1 -group 4321)" ]
	[ "$(find "$(newest)" -type d -perm -2000)" = "$(newest)/dir" ]
}

@test "the umask is not taken off" {
	make_source
	chmod 777 "$src/acl" "$src/file"
	umask 077
	twice
	umask 000
	rm "$src/dir/new"
	twice
}

@test "attributes of a file with several names are those of all" {
	make_source
	run_backup 0
	setfattr -n user.name -v value "$src/dir/again"
	setfacl -m u:99:r "$src/file"
	run_backup 0
	same_as_source "$(newest)"
	same_inode "$(newest)/file" "$(newest)/dir/again"
	[ "$(getfattr --only-values -n user.name "$(newest)/file")" = value ]
	setfattr -x user.name "$src/file"
	run_backup 0
	same_as_source "$(newest)"
	same_inode "$(newest)/file" "$(newest)/dir/again"
	[ "$(find "$(newest)/file" -links 2)" ]
}
