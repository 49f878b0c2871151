#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What is left out of a snapshot, and what the user may tell rsync.

# shellcheck disable=SC2154,SC2034,SC2030,SC2031 # shared with lib/common.bash and run
# shellcheck disable=SC1003,SC2016 # odd names on purpose
load lib/common

# The paths below the newest snapshot, one a line, without directories that hold some.
taken() {
	(cd "$(newest)" && find . ! -type d -o -type d -empty) | sed 's|^\./||' | sort
}

files() {
	local file
	for file; do
		mkdir -p "$(dirname "$src/$file")"
		echo "$file" >"$src/$file"
	done
}

@test "EXCLUDE: commas, newlines, blanks around, empty items" {
	files a.tmp b.bak c.txt cache/x keep/cache/y 'with blank'
	EXCLUDE=$' *.tmp ,, *.bak\n\n /cache/ \n,with blank,' run_backup 0
	[ "$(taken)" = $'c.txt\nkeep/cache/y' ]
}

@test "EXCLUDE: an escaped comma is a comma" {
	files 'a,b' a b
	EXCLUDE='a\,b' run_backup 0
	[ "$(taken)" = $'a\nb' ]
}

@test "EXCLUDE: rsync's rules, the first that matches wins" {
	files logs/keep.log logs/drop.log other.log sub/deep/x.o 'st*r' star
	EXCLUDE=$'+ /logs/keep.log\n*.log\nsub/**/*.o\nst\\*r' run_backup 0
	[ "$(taken)" = $'logs/keep.log\nstar\nsub/deep' ]
}

@test "EXCLUDE_FROM: a pattern per line, comments left out, after those of EXCLUDE" {
	files a,b '#c' d e 'f '
	printf '# comment\n; another\n\na,b\nd\r\nf \n' >"$work/patterns"
	EXCLUDE=e EXCLUDE_FROM=$work/patterns run_backup 0
	[ "$(taken)" = '#c' ]
	ln -s patterns "$work/link"
	EXCLUDE='+ d' EXCLUDE_FROM=$work/link run_backup 0
	[ "$(taken)" = $'#c\nd\ne' ]
}

@test "EXCLUDE_FROM: a file that cannot be read fails the run and nothing is made" {
	files a
	for path in "$work/missing" "$work"; do
		EXCLUDE_FROM=$path run_backup 1
		[[ $output == *"EXCLUDE_FROM"*"'$path'"* ]]
		[ ! -e "$dest" ]
	done
}

signature='Signature: 8a477f597d28d172789f06886806bc55'

@test "EXCLUDE_CACHES: directories with the right signature keep their tag alone" {
	files right/data right/sub/data wrong/data short/data empty/data link/data dir/data plain/data
	echo "$signature" >"$src/right/CACHEDIR.TAG"
	echo "# more than the signature" >>"$src/right/CACHEDIR.TAG"
	echo "Signature: 8a477f597d28d172789f06886806bc56" >"$src/wrong/CACHEDIR.TAG"
	echo "Signature: 8a477f" >"$src/short/CACHEDIR.TAG"
	: >"$src/empty/CACHEDIR.TAG"
	ln -s ../right/CACHEDIR.TAG "$src/link/CACHEDIR.TAG"
	mkdir "$src/dir/CACHEDIR.TAG"
	EXCLUDE_CACHES=on run_backup 0
	[ "$(taken)" = "$(sort <<'END'
right/CACHEDIR.TAG
wrong/CACHEDIR.TAG
wrong/data
short/CACHEDIR.TAG
short/data
empty/CACHEDIR.TAG
empty/data
link/CACHEDIR.TAG
link/data
dir/CACHEDIR.TAG
dir/data
plain/data
END
	)" ]
	# off, they are copied
	run_backup 0
	[ -e "$(newest)/right/sub/data" ]
}

@test "EXCLUDE_CACHES: a FIFO called CACHEDIR.TAG does not hang the run" {
	files a/data
	mkfifo "$src/a/CACHEDIR.TAG"
	EXCLUDE_CACHES=on run_backup 0
	[ -e "$(newest)/a/data" ]
}

@test "EXCLUDE_CACHES: names with wildcards, newlines and backslashes mean themselves" {
	local names=('*' '[ab]' 'a?' $'new\nline' 'back\slash' 'trailing\' '**' ' blank ' '#hash' '+ plus' $'\xff' '\*' '[!x]\[')
	for name in "${names[@]}"; do
		mkdir -p "$src/$name/sub" "$src/decoy/$name"
		echo "$signature" >"$src/$name/CACHEDIR.TAG"
		echo gone >"$src/$name/gone"
		echo gone >"$src/$name/sub/gone"
		echo kept >"$src/decoy/$name/kept"
	done
	files a/kept ab/kept axe/kept backslash/kept b/kept newline/kept
	EXCLUDE_CACHES=on run_backup 0
	find "$(newest)" -print0 >"$work/found"
	! grep -qz '/gone$' "$work/found" || false
	[ "$(grep -cz '/kept$' "$work/found")" -eq $((${#names[@]} + 6)) ]
	[ "$(grep -cz '/CACHEDIR.TAG$' "$work/found")" -eq ${#names[@]} ]
}

@test "EXCLUDE_IF_PRESENT: the marker stays, the rest of the directory goes" {
	files keep/x drop/x drop/sub/y drop/.nobackup deep/er/drop/z
	mkdir "$src/deep/er/drop/.nobackup" # anything of that name will do
	ln -s /nowhere "$src/keep/.nobackup.not"
	EXCLUDE_IF_PRESENT=.nobackup run_backup 0
	[ "$(taken)" = "$(printf '%s\n' deep/er/drop/.nobackup drop/.nobackup keep/.nobackup.not keep/x | sort)" ]
}

@test "EXCLUDE_IF_PRESENT: a name with wildcards means itself" {
	files 'a/*' a/x b/y
	EXCLUDE_IF_PRESENT='*' run_backup 0
	[ "$(taken)" = $'a/*\nb/y' ]
}

@test "the source's own root may carry a marker" {
	files .nobackup x
	EXCLUDE_IF_PRESENT=.nobackup run_backup 0
	[ "$(taken)" = .nobackup ]
}

@test "what is left out now is still in the snapshot before" {
	files a b
	run_backup 0
	EXCLUDE=a run_backup 0
	[ "$(taken)" = b ]
	[ -e "$dest/$(snapshots | head -n 1)/a" ]
}

@test "ONE_FILE_SYSTEM: other file systems are entered unless it is on" {
	files a
	mount_on "$src/mounted" -t tmpfs tmpfs
	files mounted/b
	run_backup 0
	[ "$(taken)" = $'a\nmounted/b' ]
	ONE_FILE_SYSTEM=on run_backup 0
	[ "$(taken)" = $'a\nmounted' ] # the empty mount point stays
	# nor are markers looked for there
	echo "$signature" >"$src/mounted/CACHEDIR.TAG"
	ONE_FILE_SYSTEM=on EXCLUDE_CACHES=on run_backup 0
	[ "$(taken)" = $'a\nmounted' ]
}

# bats test_tags=engine:rsync
@test "BWLIMIT is passed on" {
	files a
	mkdir "$work/bin"
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >>%q\nexec %q "$@"\n' "$work/args" "$(command -v rsync)" >"$work/bin/rsync"
	chmod +x "$work/bin/rsync"
	for pair in 2G:2147483648B 1.5M:1572864B 100:102400B 512B:512B; do
		: >"$work/args"
		BWLIMIT=${pair%:*} PATH=$work/bin:$PATH run_backup 0
		grep -qx -e "--bwlimit=${pair#*:}" "$work/args"
	done
	: >"$work/args"
	PATH=$work/bin:$PATH run_backup 0
	! grep -q -e --bwlimit "$work/args" || false
}

# bats test_tags=engine:rsync
@test "RSYNC_ARGS: words are split as a shell would, and no shell is run" {
	files 'a b' "it's" c d '$HOME' plain
	RSYNC_ARGS="--exclude='a b' --exclude=\"it's\" --exclude=c\\  --exclude=\\\$HOME '--exclude=d'" run_backup 0
	[ "$(taken)" = $'c\nplain' ]
	# no substitution, no redirection, no variable
	RSYNC_ARGS="--exclude=\$(touch\${IFS}$work/ran) --exclude=\`touch\` --exclude=>$work/out --exclude=\$HOME" run_backup 0
	[ ! -e "$work/ran" ]
	[ ! -e "$work/out" ]
	[ "$(taken | wc -l)" -eq 5 ]
}

# bats test_tags=engine:rsync
@test "RSYNC_ARGS: useful options work" {
	files a.o b 'big'
	head -c 5000 /dev/zero >"$src/big"
	echo '- *.o' >"$work/rules"
	RSYNC_ARGS="--max-size=4000 '--filter=merge $work/rules' --fuzzy -W --no-D -v --partial -B 4096" run_backup 2
	RSYNC_ARGS="--max-size=4000 '--filter=merge $work/rules' --fuzzy -W --no-D -v --partial -B4096" run_backup 0
	[ "$(taken)" = b ]
}

# bats test_tags=engine:rsync
@test "RSYNC_ARGS: each option that would make something else of a backup is refused" {
	files a
	while IFS= read -r option; do
		RSYNC_ARGS=$option run_backup 2
		[[ $output == "backup: RSYNC_ARGS: '"*"' is refused: "* ]]
	done <<'END'
--remove-source-files
--remove-sent-files
--dry-run
-n
-vn
--list-only
--only-write-batch=x
--write-batch=x
--read-batch=x
--existing
--ignore-non-existing
--compare-dest=/x
--copy-dest=/x
--link-dest=/x
--backup
-b
--backup-dir=/x
--no-recursive
--no-r
--dirs
-d
--no-dirs
--no-d
--old-dirs
--old-d
--ignore-missing-args
--delete-missing-args
--files-from=/x
--from0
-0
--out-format=%n
--log-format=%n
--stats
--no-stats
--daemon
--server
--relative
-R
--inplace
--append
--append-verify
--write-devices
--help
--version
-V
word
--
-
/etc/passwd
END
	[ ! -e "$dest" ]
	[ -e "$src/a" ]
}

# bats test_tags=engine:rsync
@test "RSYNC_ARGS: no abbreviation and no bundle of letters gets past the refusals" {
	files a
	while IFS= read -r option; do
		RSYNC_ARGS=$option run "$BACKUP"
		# refused by us or by rsync
		[ "$status" -eq 2 ] || [[ $status -eq 1 && $output == *'unknown option'* ]]
		[ -z "$(snapshots)" ]
		[ -e "$src/a" ]
	done <<'END'
--remove-source
--dry-ru
--list-onl
--link-d=/x
--inplac
--itemize-changes --list-only
-avn
-vvR
-zb
END
}
