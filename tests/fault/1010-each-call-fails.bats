#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Every single call by which the program changes a file fails once: see each-call.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load ../cli/lib/common
load lib/bench

setup() {
	common_setup
	bench_setup
}

# bats test_tags=engine:rsync
@test "each call fails, in the first run of all" {
	least=90 each_call fresh fail EIO ENOSPC EINTR
}

# bats test_tags=engine:rsync
@test "each call fails, in a run that publishes, moves and removes" {
	least=80 each_call aged fail EIO
}

# bats test_tags=engine:rsync
@test "each call fails, in a run that cleans up after others" {
	least=120 each_call wreck fail ENOSPC
}

# bats test_tags=engine:rsync
@test "each call fails, in a prune" {
	least=30 each_call prune fail EIO
}

# bats test_tags=engine:rsync
@test "nothing can be opened, once" {
	least=40 each_call aged fail EMFILE -- open
}

# bats test_tags=engine:native
@test "reading fails or is interrupted, once" {
	least=50 each_call aged fail EIO EINTR -- read
}

# What the native engine can meet, as CALL:ERRNO,ERRNO...
# shellcheck disable=SC2054
faults=(
	open:EIO,EMFILE,EINTR create:ENOSPC,EINTR write:EIO,ENOSPC,EINTR
	link:EMLINK,EIO mkdir:ENOSPC,EMLINK rename:EIO unlink:EIO fsync:EIO syncfs:EIO
	range:EIO,ENOSPC,EINTR clone:ENOSPC,EIO stat:EIO readdir:EIO readlink:EIO
	symlink:ENOSPC mknod:ENOSPC,EPERM
	chmod:EIO,EPERM chown:EIO,EPERM time:EIO,EPERM setxattr:ENOSPC,EIO xattr:EIO
	xattrat:EIO,ENOSYS seek:EIO,EINTR truncate:EIO,EINTR
)

# bats test_tags=engine:native
@test "each fourth call fails, in the native engine's first run" {
	least=90 each_call fresh some 4 "$RANDOM" "${faults[@]}"
}

# bats test_tags=engine:native
@test "each fourth call fails, in the native engine's run that publishes, moves and removes" {
	least=135 each_call aged some 4 "$RANDOM" "${faults[@]}"
}

# bats test_tags=engine:native
@test "the native engine gets by without what a kernel or file system may lack" {
	least=15 each_call aged always link:EMLINK,EXDEV,EPERM \
		range:EXDEV,ENOSYS,EINVAL clone:ENOSPC,EXDEV,EIO,EOPNOTSUPP \
		seek:EINVAL,EOPNOTSUPP,ENOSYS xattrat:ENOSYS,EPERM
}
