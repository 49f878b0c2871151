# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the black-box tests share: every test has a source, a destination and logs of its
# own below its temporary directory, and none of the caller's variables.
#
#	load lib/common                  # from another suite: load ../cli/lib/common
#	@test "..." {
#		echo 1 >"$src/a"
#		run_backup 0                 # exit code expected, then arguments
#		[[ $output == *'published daily/'* ]]
#		[ -e "$(newest)/a" ]
#	}
#
# What holds with one engine holds with the other: TEST_ENGINE=rsync lets the tests of a
# file run with that engine instead of the default. A test of what one engine does by itself
# is marked, runs with that one whatever TEST_ENGINE says, and needs to run but once:
#
#	# bats test_tags=engine:rsync
#	@test "rsync is killed: the run fails" {
#
# A file that needs a setup() of its own calls common_setup first, likewise
# common_teardown.

bats_require_minimum_version 1.8.0

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BACKUP=${BACKUP:-$root/build/backup}

setup() { common_setup; }
teardown() { common_teardown; }

# Sets $work, $src, $dest and every variable of ours. Source and destination do not have
# a common parent but $work; the destination does not exist yet.
common_setup() {
	local engine keys=$BATS_RUN_TMPDIR/keys
	[ -e "$keys" ] || "$BACKUP" help config --markdown |
		sed -n 's/^| .\([A-Z_]\{2,\}\).*/\1 \1_FILE/p' >"$keys"
	# shellcheck disable=SC2046 # names
	unset $(<"$keys")
	unset QUOTING_STYLE RSYNC_CHECKSUM_LIST RSYNC_ICONV RSYNC_RSH
	export LC_ALL=C TZ=UTC

	work=$BATS_TEST_TMPDIR
	src=$work/src
	dest=$work/dest
	mounts=()
	mkdir -p "$src" "$work/runlogs"
	export BACKUP_SRC=$src BACKUP_DEST=$dest
	export LOG_FILE=$work/backup.log RUN_LOG_DIR=$work/runlogs
	engine=$(grep -B 1 -F "@test \"$BATS_TEST_DESCRIPTION\"" "$BATS_TEST_FILENAME" |
		sed -n 's/^# bats test_tags=engine://p')
	engine=${engine:-${TEST_ENGINE-}}
	[ -z "$engine" ] || export ENGINE=$engine
	export SCALE=off # no test may touch this machine's services
}

common_teardown() {
	local i
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
		umount "${mounts[i]}" || umount -l "${mounts[i]}"
	done
	mounts=()
}

# run_backup CODE [ARGUMENT...]: stdout and stderr are in $output and $lines.
run_backup() {
	run -"$1" "$BACKUP" "${@:2}"
}

# Whether it is rsync that copies.
by_rsync() {
	[ "${ENGINE:-native}" = rsync ]
}

# in_order DIR: the names in it, in the order in which the engine meets them.
in_order() {
	if by_rsync; then ls -A "$1"; else find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n'; fi
}

# All snapshots as TIER/NAME, the oldest first.
snapshots() {
	(
		shopt -s nullglob
		cd "$dest" || exit
		for dir in {daily,weekly,monthly}/????-??-??_??-??-??*; do
			[ -d "$dir" ] && echo "$dir"
		done
	) | sort -t / -k 2V
}

# The newest snapshot's path.
newest() {
	echo "$dest/$(snapshots | tail -n 1)"
}

# fingerprint DIR [KIND]: all that can be told of DIR and what is below it: type, mode,
# owner, mtime to the nanosecond, size, device numbers, target, xattrs, ACLs (as xattrs)
# and content. KIND says what more:
#	inodes  inode numbers, so that hard-link groups and replaced files show
#	all     those, link counts and ctimes, so that any change at all shows
fingerprint() (
	format='%f %u:%g %s %y %t:%T %N'
	case ${2-} in
	inodes) format="%i $format" ;;
	all) format="%i %h %z $format" ;;
	esac
	cd "$1" || exit
	find . -print0 | sort -z >"$BATS_TEST_TMPDIR/fingerprint.names" || exit
	QUOTING_STYLE=shell-escape-always \
		xargs -0r stat -c "$format" -- <"$BATS_TEST_TMPDIR/fingerprint.names" || exit
	xargs -0r getfattr -h -d -m - -e hex -- <"$BATS_TEST_TMPDIR/fingerprint.names" || exit
	find . -type f -print0 | sort -z | xargs -0r sha256sum --
)

# same_as_source SNAPSHOT [OPTION...]: rsync finds no difference between the source and
# that snapshot's path, be it in content.
same_as_source() {
	local differences
	differences=$(rsync -aHAXn --numeric-ids --checksum --delete --itemize-changes \
		"${@:2}" "$src/" "$1/") || return
	[ -z "$differences" ] || {
		printf 'differs from the source:\n%s\n' "$differences"
		return 1
	}
}

# Whether two paths are one inode.
same_inode() {
	[ "$(stat -c %d:%i -- "$1")" = "$(stat -c %d:%i -- "$2")" ]
}

# redate TIER/NAME NEWNAME [TIER]: makes a snapshot one of another time (and tier), as if
# it had been made then. Prints its new TIER/NAME. `latest` follows.
redate() {
	local tier=${1%/*} name=${1#*/} to=${3:-${1%/*}} records=$dest/.backup/snapshots
	local day=${2%%_*} time=${2#*_}
	[ "$1" = "$to/$2" ] || mv "$dest/$1" "$dest/$to/$2"
	if [ -e "$records/$name.json" ]; then
		jq --arg name "$2" --argjson time "$(date -d "$day ${time//-/:}" +%s)" \
			'.name = $name | .time = $time' "$records/$name.json" >"$work/record"
		rm "$records/$name.json"
		cp "$work/record" "$records/$2.json"
		[ "$name" = "$2" ] || [ ! -e "$records/$name.mtree.zst" ] ||
			mv "$records/$name.mtree.zst" "$records/$2.mtree.zst"
		[ "$name" = "$2" ] || [ ! -e "$records/$name.verified" ] ||
			mv "$records/$name.verified" "$records/$2.verified"
	fi
	[ "$(readlink "$dest/latest")" != "$tier/$name" ] || ln -sfn "$to/$2" "$dest/latest"
	echo "$to/$2"
}

# made_at EPOCH|DATE...: the name of a snapshot of that time, for date -d in $TZ.
made_at() {
	date -d "$*" +%Y-%m-%d_%H-%M-%S
}

# mount_on DIR ARGUMENT...: `mount ARGUMENT... DIR`, undone after the test.
mount_on() {
	needs_root
	mkdir -p "$1"
	mount "${@:2}" "$1" 2>"$work/mount.err" || skip "cannot mount: $(cat "$work/mount.err")"
	mounts+=("$1")
}

# make_on DIR KIND [OPTION...]: a fresh file system of that kind.
make_on() {
	local image=$work/image-${1##*/}
	needs_root
	[ "$2" != tmpfs ] || {
		mount_on "$1" -t tmpfs none
		return
	}
	needs "mkfs.$2"
	truncate -s 400M "$image"
	"mkfs.$2" "${@:3}" "$image" >"$work/mkfs.log" 2>&1
	mount_on "$1" -o loop "$image"
}

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
}

# needs PROGRAM...
needs() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
}

# The temporary directory takes extended attributes and ACLs.
needs_attributes() {
	needs getfattr setfattr setfacl
	: >"$work/probe"
	if ! setfattr -n user.probe -v 1 "$work/probe" || ! setfacl -m u:1:r "$work/probe"; then
		skip "no extended attributes or ACLs in $work"
	fi
	rm "$work/probe"
}

# said TEXT...: each is in the output of the last run.
# shellcheck disable=SC2154 # $output is of run
said() {
	local text
	for text; do
		[[ $output == *"$text"* ]] || {
			printf 'not said: %s\n%s\n' "$text" "$output"
			return 1
		}
	done
}

# shellcheck disable=SC2154
unsaid() {
	local text
	for text; do
		[[ $output != *"$text"* ]] || {
			printf 'said: %s\n%s\n' "$text" "$output"
			return 1
		}
	done
}

is_sanitized() {
	grep -q __asan_init "$BACKUP"
}
