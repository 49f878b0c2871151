#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The promise the whole thing stands on: every snapshot is the source as it was, and no
# later run changes it. rsync is the judge.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

# Everything a tree can hold; what only root can make is left out for others.
make_tree() {
	local long
	long=$(printf 'n%.0s' {1..255})
	cd "$src" || return
	mkdir -p plain deep/er/and/deeper empty gone 'with blank' modes links attrs specials
	for i in {1..12}; do echo "content $i" >"plain/$i"; done
	for i in {1..5}; do echo "stable $i" >"deep/er/and/deeper/$i"; done
	echo gone >gone/file
	echo 1 >'with blank/ leading and trailing '
	echo 1 >$'new\nline'
	echo 1 >$'tab\tand\rreturn'
	echo 1 >$'invalid \xff\xfe UTF-8'
	echo 1 >'back\slash \#012 *?[a]'
	echo 1 >"$long"
	mkdir "$(printf 'd%.0s' {1..255})"
	echo 1 >-n
	: >zero
	head -c 100000 /dev/urandom >random
	truncate -s 2M sparse
	printf end | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none

	for mode in 0000 0444 0777 1644 2755 4755 6711; do
		echo "$mode" >modes/$mode
		chmod $mode modes/$mode
	done
	mkdir modes/{0500,1777,2770}
	for mode in 0500 1777 2770; do chmod $mode modes/$mode; done

	ln -s plain/1 symlink
	ln -s /nowhere/at/all dangling
	ln -s . loop
	ln -s $'odd\ntarget \xff' odd
	touch -h -d '1999-01-02 03:04:05.678901234' symlink
	echo linked >links/a
	ln links/a links/b
	ln links/a plain/linked
	echo other >links/c
	ln links/c links/d

	mkfifo -m 640 specials/fifo
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' specials/socket
	if [ "$(id -u)" -eq 0 ]; then
		mknod -m 600 specials/char c 1 3
		mknod -m 660 specials/block b 7 200
		chown 12345:54321 plain/2 specials/char
		chown -h 12345:54321 dangling
		setfattr -n trusted.key -v hidden plain/2
		setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 plain/3
	fi
	setfattr -n user.empty attrs
	for i in {1..4}; do
		echo "$i" >"attrs/$i"
		setfattr -n user.key -v "value $i" "attrs/$i"
	done
	setfattr -n user.binary -v 0x00ff0a0d attrs/1
	setfacl -m u:1:rw,g:2:r,m::rw attrs/2
	mkdir attrs/dir
	setfacl -m d:u:1:rwx,d:g:3:rx attrs/dir
	touch -d '1969-12-31 23:59:58.5' plain/4
	touch -d '2001-02-03 04:05:06.000000001' plain/5
	touch -d '2093-01-01' plain/6
	touch -d '2010-10-10 10:10:10.101010101' deep .
	cd "$OLDPWD" || return
}

# The 19 things that happen to it between runs. Files below deep/er are left alone.
change_tree() {
	cd "$src" || return
	case $1 in
	1) printf 'CONTENT 1\n' 1<>plain/1 ;; # in place, same size, perhaps the same second
	2) chmod 4700 plain/2 modes/0444 && chmod 0700 modes && chmod 0 modes/4755 ;;
	3) if [ "$(id -u)" -eq 0 ]; then chown 1:2 plain/3 links/a modes/6711 plain && chown -h 3:4 symlink; fi ;;
	4) touch -d '2005-05-05 05:05:05.5' plain/4 plain links/c && touch -d '2105-01-01' plain/5 ;;
	5) setfattr -n user.key -v changed attrs/1 && setfattr -x user.key attrs/3 && setfattr -n user.new -v x plain/6 && setfattr -n user.dir -v d attrs ;;
	6) setfacl -m u:2:r attrs/1 && setfacl -b attrs/2 && setfacl -m g:9:rwx plain/7 plain ;;
	7) mv plain/8 plain/eight && mv attrs attributes && mv $'new\nline' deep/ ;;
	8) rm plain/9 && rm -r gone && rm symlink specials/socket ;;
	9) # each type replaced by another
		rm plain/10 && mkdir plain/10 && echo in >plain/10/file
		rm -r empty && echo file >empty
		rm odd && mkfifo odd
		rm dangling && mkdir dangling && ln -s ../plain dangling/up
		rm specials/fifo && ln -s fifo specials/fifo
		;;
	10) # hard links: one leaves, one joins, one changes for all
		cp links/b links/b.new && mv links/b.new links/b
		ln links/c plain/joined
		printf 'LINKED' 1<>links/a
		;;
	11) ;; # nothing at all
	12) touch plain && chmod 1777 deep && touch . && chmod 0750 . ;;
	13) ln -sfn elsewhere loop && touch -h -d '2020-02-02 02:02:02' loop ;;
	14) cp -p --preserve=all plain/11 plain/11.new && mv plain/11.new plain/11 ;; # only a new inode
	15) printf more >>plain/12 && truncate -s 3 random && : >zero && echo full >modes/0777 ;;
	16) if [ "$(id -u)" -eq 0 ]; then rm specials/char && mknod specials/char c 1 5; fi ;;
	17) printf middle | dd of=sparse bs=1 seek=500000 conv=notrunc status=none && truncate -s 3M sparse ;;
	18) setfacl -m d:u:7:rx plain && setfacl -k attributes/dir && chmod g-s modes/2770 ;;
	19) # everything, at once
		find . -path ./deep/er -prune -o -type f -print0 | xargs -0 chmod u+w,o-r
		find . -path ./deep/er -prune -o -type f -print0 | xargs -0 touch
		for i in {1..30}; do echo new >"plain/new.$i"; done
		;;
	esac
	cd "$OLDPWD" || return
}

# Whatever has the same attributes in both snapshots is one inode; prints how many are.
# Attributes that stat does not show are looked at by the judge only.
shared_with() {
	local format='%f %u:%g %s %y %t:%T %N|%i'
	(cd "$1" && find . ! -type d -print0 | sort -z | xargs -0 stat -c "$format") >"$work/old"
	(cd "$2" && find . ! -type d -print0 | sort -z | xargs -0 stat -c "$format") >"$work/new"
	sort "$work/old" >"$work/old.sorted"
	sort "$work/new" >"$work/new.sorted"
	comm -13 "$work/old.sorted" "$work/new.sorted" | sed 's/|[0-9]*$//' | sort >"$work/not.shared"
	sed 's/|[0-9]*$//' "$work/old.sorted" | sort | comm -12 - "$work/not.shared" >"$work/missed"
	cat "$work/missed" >&2
	comm -12 "$work/old.sorted" "$work/new.sorted" | wc -l
}

# unchanged PATH: the snapshot of that name is as it was when it had just been made.
unchanged() {
	fingerprint "$dest/daily/${1##*/}" inodes | cmp "$work/prints/${1##*/}" -
}

@test "20 runs: each snapshot is its source, no earlier one changes, what is unchanged is shared" {
	needs_attributes
	needs python3
	make_tree
	mkdir "$work/prints"
	previous=
	for round in {0..19}; do
		change_tree "$round"
		run_backup 0
		if [ "$round" -lt 19 ]; then
			[[ $output != *WARNING* ]]
		else
			[[ $output == *'WARNING: only 11 of 80 files are unchanged since'* ]]
		fi

		snapshot=$(newest)
		same_as_source "$snapshot"
		# those before the last stay to be looked at when all is done: it is a fifth of
		# the work, and a change does not go away
		[ -z "$previous" ] || unchanged "$previous"
		fingerprint "$snapshot" inodes >"$work/prints/${snapshot##*/}"

		if [ -n "$previous" ]; then
			[ "$(shared_with "$previous" "$snapshot")" -ge 5 ]
			# attributes that stat does not show, and a file made anew with all its own
			case $round in
			5) sed -i '/attrs\//d; /plain\/6/d' "$work/missed" ;;
			6) sed -i '/attrs\//d; /plain\/7/d' "$work/missed" ;;
			esac
			echo "run $round, not shared:" && cat "$work/missed"
			[ ! -s "$work/missed" ]
			for n in {1..5}; do
				same_inode "$previous/deep/er/and/deeper/$n" "$snapshot/deep/er/and/deeper/$n"
			done
		fi
		previous=$snapshot
	done
	[ "$(snapshots | wc -l)" -eq 20 ]
	for print in "$work/prints"/*; do unchanged "$print"; done

	# what rsync's comparison would not show
	[ "$(du -k "$snapshot/sparse" | cut -f 1)" -lt 200 ]
	first=$dest/$(snapshots | head -n 1)
	[ "$(cat "$first/plain/1")" = 'content 1' ]
	[ "$(stat -c %a "$first/modes/4755")" = 4755 ]
	[ "$(stat -c %h "$first/links/c")" -eq "$(stat -c %h "$dest/$(snapshots | sed -n 2p)/links/d")" ]
	same_inode "$first/links/a" "$first/links/b"
	same_inode "$first/links/a" "$first/plain/linked"
	[ "$(readlink "$first/odd")" = $'odd\ntarget \xff' ]
	# the 11th run had nothing to do: no byte was copied
	name=$(snapshots | sed -n 12p)
	[ "$(jq '.counts | [.new, .changed, .bytes_copied] | add' "$dest/.backup/snapshots/${name#*/}.json")" -eq 0 ]
}

@test "what is changed within the same second and keeps its size is still seen" {
	for n in {1..5}; do
		echo "$n" >"$src/a"
		run_backup 0
		[ "$(cat "$(newest)/a")" = "$n" ]
	done
	for i in {1..5}; do
		[ "$(cat "$dest/$(snapshots | sed -n "${i}p")/a")" = "$i" ]
	done
}

@test "an unchanged tree costs directories only, and the report says so" {
	mkdir "$src/dir"
	for i in {1..30}; do head -c 10000 /dev/urandom >"$src/dir/$i"; done
	run_backup 0
	[[ $output == *'30 files, 2 directories, 293.0 KiB'* ]]
	[[ $output == *'30 new, 0 changed: 293.0 KiB copied'* ]]
	[[ $output == *'0 linked: 0 B, 0.0 % of all'* ]]
	before=$(du -sk "$dest" | cut -f 1)
	run_backup 0
	[[ $output == *'0 new, 0 changed: 0 B copied'* ]]
	[[ $output == *'30 linked: 293.0 KiB, 100.0 % of all'* ]]
	[ $(($(du -sk "$dest" | cut -f 1) - before)) -lt 40 ]
	echo more >>"$src/dir/7"
	echo new >"$src/dir/31"
	rm "$src/dir/1"
	run_backup 0
	[[ $output == *'30 files, 2 directories,'* ]]
	[[ $output == *'1 new, 1 changed: '* ]]
	[[ $output == *'28 linked: '* ]]
}

@test "unchanged files are linked to the newest good snapshot and to a newer partial one" {
	for i in {1..3}; do echo "$i" >"$src/$i"; done
	run_backup 0
	good=$(newest)
	echo four >"$src/4"
	run_backup 0
	partial=$(newest)
	rm "$partial/3" # as if it could not have been read
	record=$dest/.backup/snapshots/${partial##*/}.json
	jq '.status = "partial"' "$record" >"$work/record" && cp "$work/record" "$record"
	run_backup 0
	same_inode "$(newest)/3" "$good/3"
	same_inode "$(newest)/4" "$partial/4"
	same_as_source "$(newest)"
}

@test "CHECKSUM=on finds a change that kept size and time" {
	echo one >"$src/a"
	run_backup 0
	first=$(newest)
	cp -p "$src/a" "$work/a"
	echo two >"$src/a"
	touch -r "$work/a" "$src/a"
	run_backup 0
	[ "$(cat "$(newest)/a")" = one ] # rsync's quick check, as documented
	CHECKSUM=on run_backup 0
	[ "$(cat "$(newest)/a")" = two ]
	[ "$(cat "$first/a")" = one ]
	same_as_source "$(newest)"
}

@test "a source with blanks and newlines in its path, ending in slashes, by a symbolic link" {
	mkdir "$work/a source"$'\n'
	echo 1 >"$work/a source"$'\n/file'
	ln -s "a source"$'\n' "$work/link"
	BACKUP_SRC=$work/link// run_backup 0
	[ "$(ls "$(newest)")" = file ]
}
