# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A terminal for the program to talk to.

# shellcheck disable=SC2154 # from common.bash

# on_terminal COLUMNS [ARGUMENT...]: the program with these arguments, `run` without any. What
# the terminal got is in $work/raw, and the number of the process in $work/raw.pid.
on_terminal() {
	local columns=$1
	shift
	[ $# -gt 0 ] || set -- run
	python3 - "$columns" "$work/raw" "$BACKUP" "$@" <<-'END'
		import fcntl, os, pty, struct, sys, termios
		pid, fd = pty.fork()
		if pid == 0:
		    size = struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0)
		    fcntl.ioctl(1, termios.TIOCSWINSZ, size)
		    os.execv(sys.argv[3], sys.argv[3:])
		print(pid, file=open(sys.argv[2] + ".pid", "w"))
		with open(sys.argv[2], "wb", buffering=0) as raw:
		    while True:
		        try:
		            data = os.read(fd, 65536)
		        except OSError:
		            break
		        if not data:
		            break
		        raw.write(data)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
}
