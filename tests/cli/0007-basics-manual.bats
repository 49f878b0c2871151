#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The manual: backup(1), backup-config(5), backup-layout(7), and where all is installed.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
# shellcheck disable=SC2016 # patterns
load lib/common

# page NAME.SECTION: builds it, and leaves what a reader sees in $work/page.
page() {
	local version
	version=$("$BACKUP" version)
	"$root/tools/manual" scdoc "$BACKUP" "${version#* }" "$root/man/$1.scd" >"$work/$1"
	complaints=$(groff -man -Tascii -rLL=90n -rHY=0 -ww -z "$work/$1" 2>&1)
	[ -z "$complaints" ]
	groff -man -Tutf8 -rLL=90n -rHY=0 -P-cbou "$work/$1" >"$work/page"
}

# What a text says, whatever its lines, in the characters that one can type.
words() {
	sed 's/[‐−]/-/g' | tr -s ' \n\t' ' '
}

@test "backup(1) has every command and option, with what --help says of them" {
	needs scdoc groff
	page backup.1
	words <"$work/page" >"$work/words"
	"$BACKUP" help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' >"$work/commands"
	[ "$(grep -c . "$work/commands")" -ge 11 ]
	while read -r command; do
		grep -qxE " +$command" "$work/page"
		"$BACKUP" "$command" --help | sed '1s/^usage: //' >"$work/usage"
		# paragraph by paragraph, and an option is one
		sed 's/^  --/\n--/' "$work/usage" | awk -v RS= '{ print > "'"$work"'/part-" NR }'
		for part in "$work"/part-*; do
			grep -qF -- "$(words <"$part")" "$work/words" || {
				echo "backup $command: not in the manual: $(cat "$part")"
				false
			}
		done
		rm "$work"/part-*
	done <"$work/commands"
}

@test "backup-config(5) has every variable, with its default" {
	needs scdoc groff
	page backup-config.5
	"$BACKUP" help config --markdown | sed -n 's/^| `\([A-Z_]*\)` | `\{0,1\}\([^`|]*[^`| ]\)\{0,1\}.*/\1="\2"/p' >"$work/keys"
	[ "$(grep -c . "$work/keys")" -ge 54 ]
	while read -r key; do
		sed 's/[‐−]/-/g' "$work/page" | grep -qxF "       $key"
	done <"$work/keys"
	grep -qF 'such as backup@example.com' "$work/page"
}

@test "backup-layout(7) names what a run leaves" {
	needs scdoc groff
	page backup-layout.7
	echo 1 >"$src/a"
	run_backup 0
	for file in "$dest"/.backup/*; do
		grep -qE "\.backup/${file##*/}" "$work/page"
	done
	for file in "$dest"/.backup/snapshots/*; do
		grep -qF ".${file#*.backup/snapshots/*.}" "$work/page"
	done
	jq -r keys[] "$(echo "$dest"/.backup/snapshots/*.json)" | while read -r field; do
		grep -qw "$field" "$work/page"
	done
}

@test "what cannot be built says so" {
	needs scdoc
	run ! "$root/tools/manual" scdoc false 0 "$root/man/backup.1.scd"
	run ! "$root/tools/manual" scdoc "$BACKUP" 0 "$work/none.scd"
	run ! "$root/tools/manual" false "$BACKUP" 0 "$root/man/backup.1.scd"
}

@test "all is installed where man and the shells look for it" {
	needs scdoc meson
	build=$(dirname "$BACKUP")
	[ -d "$build/man" ] || skip 'the program is in no build directory, or was configured without scdoc'
	meson install -C "$build" --no-rebuild --destdir "$work/to" >"$work/log"
	(cd "$work/to" && find . -type f) >"$work/files"
	for file in bin/backup bin/entrypoint man/man1/backup.1 man/man5/backup-config.5 \
		man/man7/backup-layout.7 bash-completion/completions/backup \
		zsh/site-functions/_backup fish/vendor_completions.d/backup.fish; do
		grep -q "/$file\$" "$work/files"
	done
}
