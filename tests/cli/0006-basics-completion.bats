#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the shells complete: commands, options, snapshots, variables; and that the program
# takes what it offers.

# shellcheck disable=SC2154,SC2030,SC2031 # shared with lib/common.bash and run
load lib/common

setup() {
	common_setup
	ln -s "$(realpath "$BACKUP")" "$work/backup"
	PATH=$work:$PATH
	mkdir -p "$dest"/daily/2026-11-2{0,1}_03-00-00 "$dest/weekly/2026-10-04_03-00-00"
	mkdir "$work/here" "$work/here/sub dir"
	: >"$work/here/file"
	cd "$work/here" || return
}

# complete WORD...: what the last word after "backup" may become, in a line.
complete() {
	"$BACKUP" help --complete -- "$@" | cut -f 1 | paste -sd ' '
}

commands() {
	"$BACKUP" help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' | paste -sd ' '
}

# options COMMAND: as its usage text explains them, with their values.
options() {
	"$BACKUP" "$1" --help | sed -n 's/^  \(--[a-z-]*[= ]\{0,1\}[^ ]*\).*/\1/p'
}

@test "every command, by what it begins with" {
	[ "$(complete '')" = "$(commands)" ]
	[ "$(complete pru)" = prune ]
	[ -z "$(complete teleport)" ]
	[ -z "$(complete teleport x)" ]
	[[ $(complete -) == '--version --dry-run --help --quiet --verbose' ]]
	[ "$(complete --quiet -v pru)" = prune ]
	[ "$("$BACKUP" help --complete -- prun)" = $'prune\t'"$("$BACKUP" help |
		sed -n 's/^  prune  *//p')" ]
	[ -z "$("$BACKUP" help --complete)" ]
}

@test "every option of every command, and each is taken as it is explained" {
	local command option value
	for command in $(commands); do
		wanted=$(options "$command" | sed 's/[= ].*//' | paste -sd ' ')
		wanted=${wanted:+$wanted }
		[ "$(complete "$command" --)" = "$wanted--help --quiet --verbose" ]
		while read -r option; do
			[ -n "$option" ] || continue
			value=
			[[ $option != *[=\ ]* ]] || value=x
			# a flag does not swallow what follows; another takes it as its value
			run_backup 0 "$command" "${option%%[= ]*}" ${value:+"$value"} --help
			[[ $output == 'usage: backup '* ]]
		done < <(options "$command")
	done
	[ "$(complete restore --dry)" = --dry-run ]
	[ -z "$(complete restore -- --dry)" ]
}

@test "snapshots, where a snapshot is asked for" {
	local names='latest 2026-11-21_03-00-00 2026-11-20_03-00-00 2026-10-04_03-00-00'
	[ "$(complete restore '')" = "$names" ]
	[ "$(complete restore --dry-run --to "$work/x" '')" = "$names" ]
	[ "$(complete restore 2026-11)" = '2026-11-21_03-00-00 2026-11-20_03-00-00' ]
	[ -z "$(complete restore latest '')" ] # a path in it
	[ "$("$BACKUP" help --complete -- restore 2026-10)" = \
		$'2026-10-04_03-00-00\tweekly, complete' ]
	[ -z "$(complete find '')" ]
	[ -z "$(complete list '')" ]
}

@test "without a destination: nothing, and not a word" {
	for dest in "$work/none" "$work/here/file" /dev/null/x ''; do
		BACKUP_DEST=$dest run --separate-stderr -0 "$BACKUP" help --complete -- restore ''
		[ -z "$output$stderr" ]
	done
	DAILY_COUNT=many run --separate-stderr -0 "$BACKUP" help --complete -- restore 2026-10
	[ "${output%%$'\t'*}" = 2026-10-04_03-00-00 ]
	[ -z "$stderr" ]
	[ ! -e "$work/none" ]
	[ ! -e "$BACKUP_DEST/.backup" ]
}

@test "a destination that does not answer holds up nobody" {
	hang="echo \$\$ >'$work/hangs'; exec sleep 100 >/dev/null 2>&1 3>&- 4>&-"
	run -142 env LD_PRELOAD="${FAULT_SHIM:-$root/build/tests/inject.so}" \
		ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
		FAULT_PROGRAM=backup FAULT_CALL=readdir FAULT_NTH=1 \
		FAULT_COMMAND="$hang" "$BACKUP" help --complete -- restore ''
	[ -z "$output" ]
	kill "$(cat "$work/hangs")"
}

@test "variables and words, where they are asked for" {
	[[ " $(complete help '') " == *' prune '*' config '*' BACKUP_DEST '* ]]
	[ "$(complete help DAILY_)" = DAILY_COUNT ]
	[ -z "$(complete help config '')" ]
	run_backup 0 help DAILY_COUNT
	[[ ${lines[0]} == DAILY_COUNT=7 ]]
	run_backup 2 help DAILY
}

@test "directories, where a directory is asked for" {
	[ "$("$BACKUP" help --complete -- restore --to '')" = :directories ]
	[ "$("$BACKUP" help --complete -- restore --to=x)" = :directories ]
	[ -z "$("$BACKUP" help --complete -- restore --dry-run=x)" ]
}

# by_bash WORD...: what bash makes of the last word after "backup", one a line.
by_bash() {
	bash --norc -c '
		source "$1"
		[[ $(complete -p backup) == *" -F _backup "* ]] || exit
		COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
		_backup "$2" "${@: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$root/completion/backup" backup "$@"
}

@test "bash" {
	[ "$(by_bash pru)" = prune ]
	[ "$(by_bash '' | paste -sd ' ')" = "$(commands)" ]
	[ "$(by_bash restore --dr)" = --dry-run ]
	[ "$(by_bash restore 2026-10)" = 2026-10-04_03-00-00 ]
	[ "$(by_bash restore --to su)" = 'sub dir' ]
	[ "$(by_bash restore --to '')" = 'sub dir' ]
	# as it takes words apart
	[ "$(by_bash restore --to = su)" = 'sub dir' ]
	[ "$(by_bash restore --to =)" = 'sub dir' ]
	[ -z "$(by_bash teleport '')" ]
}

@test "fish" {
	needs fish
	by_fish() {
		HOME=$work fish --no-config -c "source $root/completion/backup.fish; complete -C $(printf %q "$1")"
	}
	[ "$(by_fish 'backup pru' | cut -f 1)" = prune ]
	[[ "$(by_fish 'backup pru')" == prune$'\t'?* ]]
	[ "$(by_fish 'backup ' | cut -f 1 | paste -sd ' ')" = "$(commands)" ]
	[ "$(by_fish 'backup restore --dr' | cut -f 1)" = --dry-run ]
	[ "$(by_fish 'backup restore 2026-10' | cut -f 1)" = 2026-10-04_03-00-00 ]
	[[ "$(by_fish 'backup restore --to su')" == 'sub dir/'* ]]
	[ -z "$(by_fish 'backup teleport ')" ]
}

# by_zsh LINE TEXT: types LINE and a tab into a zsh; what it shows must come to hold TEXT.
by_zsh() {
	HOME=$work python3 - "$root/completion" "$1" "$2" <<-'END'
		import os, pty, re, select, sys, time
		completion, line, wanted = sys.argv[1:]
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp("zsh", ["zsh", "-f", "-i"])
		shown, end = "", time.monotonic() + 60
		def until(text):
		    global shown
		    while text not in shown:
		        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
		            sys.exit(f"no {text!r} in {shown!r}")
		        data = os.read(fd, 65536).decode(errors="replace")
		        shown += re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", data)
		os.write(fd, f"PS1='read''y> '; fpath=({completion} $fpath); autoload -U compinit; compinit -u -D\n".encode())
		until("ready> ")
		shown = ""
		os.write(fd, line.encode() + b"\t")
		until(wanted)
		os.write(fd, b"\x15exit\n")
		os.waitpid(pid, 0)
	END
}

@test "zsh" {
	needs zsh
	export TERM=xterm
	by_zsh 'backup pru' 'backup prune'
	by_zsh 'backup restore 2026-10' 'backup restore 2026-10-04_03-00-00'
	by_zsh 'backup restore --to su' 'b\ dir/'
	by_zsh 'backup restore --dr' '--dry-run'
	by_zsh 'backup ' "$("$BACKUP" help | sed -n 's/^  prune  *//p' | cut -c 1-20)"
}
