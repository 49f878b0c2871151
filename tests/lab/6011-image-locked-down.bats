#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The container with a read-only root and no rights but those it needs, each of which is
# shown to be needed, and as a user who has none.

# shellcheck disable=SC2154,SC2030,SC2031 # variables of the libraries, and of run

load ../cli/lib/common
load lib/lab
load lib/image

setup_file() {
	image_needs
	lab_start "$BATS_FILE_TMPDIR/lab"
	image_load
}

teardown_file() {
	lab_stop "$BATS_FILE_TMPDIR/lab"
}

setup() {
	common_setup
	lab_use "$BATS_FILE_TMPDIR/lab"
	mkdir "$dest"
	# those of the examples, and of README's table
	documented=$(sed -n 's/^    cap_add: \[\(.*\)\]$/\1/p' "$root/compose.yaml" | tr -d ,)
	locked=(-v "$src:/data:ro" -v "$dest:/backup" -e SCALE=off -e LOG_FILE=/backup/log
		--read-only --tmpfs /tmp --security-opt no-new-privileges)
}

# One of each that root alone can keep.
make_source() {
	needs_attributes
	needs setcap
	echo mine >"$src/mine"
	echo private >"$src/private"
	install -d -m 700 "$src/closed"
	install -d -m 555 "$src/readonly"
	echo 1 >"$src/closed/file"
	echo 2 >"$src/readonly/file"
	echo 3 >"$src/acl"
	echo 4 >"$src/attribute"
	ln -s /nowhere "$src/link"
	ln "$src/private" "$src/closed/again"
	chown -hR 1000:1000 "$src"/{private,closed,readonly,acl,attribute,link}
	chmod 600 "$src/private"
	setfacl -m u:1234:r "$src/acl"
	setfattr -n user.name -v value "$src/attribute"
	install -m 4755 -o 1000 -g 1000 /bin/true "$src/setuid"
	install -m 2755 -o 1000 -g 1001 /bin/true "$src/setgid"
	cp /bin/true "$src/capable"
	setcap cap_net_raw+ep "$src/capable"
	mkfifo "$src/fifo"
	mknod "$src/null" c 1 3
	mknod "$src/block" b 7 77
	# of everything: what is as old as the copy would seem to have kept its time
	find "$src" -exec touch -hd 2001-01-01 {} +
}

# with CAPABILITY...: two runs, the second of which links, and a removal.
with() {
	local name caps=(--cap-drop ALL)
	for name; do
		caps+=(--cap-add "$name")
	done
	rm -rf "$dest"/{daily,.backup,latest,log}
	in_image "${locked[@]}" "${caps[@]}" --
	codes=$status
	first=$output
	in_image "${locked[@]}" "${caps[@]}" --
	codes+=" $status"
	second=$output
	in_image "${locked[@]}" "${caps[@]}" -e DAILY_COUNT=1 -e KEEP_WITHIN=0s -e WEEKLY_COUNT=0 \
		-e MONTHLY_COUNT=0 -- prune
	codes+=" $status"
}

# without CAPABILITY: all that are documented but this one.
without() {
	local name caps=()
	for name in $documented; do
		[ "$name" = "$1" ] || caps+=("$name")
	done
	[ ${#caps[@]} -eq $(($(wc -w <<<"$documented") - 1)) ]
	with "${caps[@]}"
}

# lacks NAME...: what differs from the source are these.
lacks() {
	local differs
	differs=$(rsync -aHAXn --numeric-ids --checksum --delete --out-format='%i %n' "$src/" "$(newest)/" |
		sed 's,^[^ ]* ,,; s,/$,,' | LC_ALL=C sort | xargs)
	[ "$differs" = "$*" ] || {
		echo "differs: $differs"
		return 1
	}
}

@test "with the capabilities of the examples everything is as in the source" {
	make_source
	# shellcheck disable=SC2086
	with $documented
	[ "$codes" = '0 0 0' ]
	[[ $first$second$output != *WARNING* ]]
	same_as_source "$(newest)"
	[ "$(snapshots | wc -l)" -eq 1 ]
	[ -z "$(ls -A "$dest/.backup/trash")$(ls -A "$dest/.backup/building")" ]
	# what cannot be written is said, and nothing else
	[[ $first == *"entrypoint: '/etc/msmtp/msmtprc' (MSMTP_CONFIG) cannot be written"*"using '/tmp/msmtp-0/msmtprc'"* ]]
}

@test "without CHOWN owners are lost" {
	make_source
	without CHOWN
	[ "$codes" = '3 3 0' ]
	lacks acl attribute closed closed/again closed/file link private readonly readonly/file setgid setuid
}

@test "without DAC_OVERRIDE what others keep to themselves is left out, and said" {
	make_source
	without DAC_OVERRIDE
	[ "$codes" = '3 3 0' ]
	[[ $first == *"WARNING: read directory '/data/closed': Permission denied"* ]]
	[ ! -e "$(newest)/closed/file" ]
	[ -e "$(newest)/readonly/file" ] # the copy is ours until all is in it
}

@test "rsync: without DAC_OVERRIDE nothing gets into directories of others" {
	make_source
	locked+=(-e ENGINE=rsync)
	without DAC_OVERRIDE
	[ "$codes" = '3 3 0' ]
	[[ $first == *'"/data/closed" failed: Permission denied'* ]]
	[[ $first == *'/readonly/.file.'*' failed: Permission denied'* ]]
	[ ! -e "$(newest)/closed/file" ]
	[ ! -e "$(newest)/readonly/file" ]
}

@test "rsync: DAC_READ_SEARCH is enough to read, and not to write" {
	make_source
	locked+=(-e ENGINE=rsync)
	without DAC_OVERRIDE
	[[ $first == *'/data/closed'* ]]
	# shellcheck disable=SC2046
	with $(tr ' ' '\n' <<<"$documented" | grep -vx DAC_OVERRIDE) DAC_READ_SEARCH
	[ "$codes" = '3 3 0' ]
	[[ $first != *'/data/closed'* ]]
	[ ! -e "$(newest)/closed/file" ]
}

@test "without FOWNER modes and times of what others own are lost" {
	make_source
	without FOWNER
	[ "$codes" = '3 3 0' ]
	[[ $first == *'WARNING: give its time to the copy of '*': Operation not permitted'* ]]
	lacks acl attribute closed closed/again closed/file link private readonly readonly/file setgid setuid
}

@test "without FSETID set-group-ID bits are lost" {
	make_source
	without FSETID
	[ "$codes" = '3 3 0' ]
	[[ $first == *"WARNING: give its mode to the copy of '/data/setgid': Operation not permitted"* ]]
	lacks setgid
	[ "$(stat -c %a "$(newest)/setgid")" = 755 ]
}

@test "without MKNOD devices are lost" {
	make_source
	without MKNOD
	[ "$codes" = '3 3 0' ]
	lacks block null
}

@test "without SETFCAP capabilities of files are lost" {
	make_source
	without SETFCAP
	[ "$codes" = '3 3 0' ]
	lacks capable
}

@test "an unprivileged user backs up what is his own, and mails can be configured" {
	echo mine >"$src/mine"
	mkdir "$src/dir"
	echo 1 >"$src/dir/file"
	chmod 700 "$src/dir"
	chown -R 1000:1000 "$src" "$dest"
	chmod 711 "$work" "$BATS_TEST_TMPDIR"
	in_image "${locked[@]}" --cap-drop ALL --user 1000:1000 -e TZ=America/Chicago -e SMTP_SERVER=mail.example.org --
	exits 0
	same_as_source "$(newest)"
	[[ $output == *"'/tmp/msmtp-1000/msmtprc'"* ]]
	in_image "${locked[@]}" --cap-drop ALL --user 1000:1000 -- status
	exits 0
	[[ $output == *'healthy: the last run, of '* ]]
	# what he may not read makes it partial
	echo secret >"$src/roots"
	chmod 600 "$src/roots"
	in_image "${locked[@]}" --cap-drop ALL --user 1000:1000 --
	exits 3
	[[ $output == *'/data/roots'*'Permission denied'* ]]
	# where he may not write, it is said
	in_image "${locked[@]}" --cap-drop ALL --user 1001:1001 --
	exits 1
	[[ $output == *"ERROR: "*"/backup"*'Permission denied'* ]]
	in_image "${locked[@]}" --cap-drop ALL --user 1001:1001 -- status
	exits 1
	[[ $output == *'Permission denied'* ]]
}

@test "the same capabilities in compose.yaml, stack.yaml and README" {
	[ "$documented" = "$(sed -n 's/^    cap_add: \[\(.*\)\]$/\1/p' "$root/stack.yaml" | tr -d ,)" ]
	# shellcheck disable=SC2016
	[ "$documented" = "$(sed -n '/^<!-- capabilities/,/^<!-- end/ s/^| `\([A-Z_]*\)` .*/\1/p' "$root/README.md" | xargs)" ]
}
