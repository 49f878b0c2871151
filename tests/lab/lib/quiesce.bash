# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Backups that stop services of a laboratory. To be loaded after ../cli/lib/common, lab
# and services:
#
#	setup_file()    { lab_needs && lab_start "$BATS_FILE_TMPDIR/lab"; }
#	teardown_file() { lab_stop "$BATS_FILE_TMPDIR/lab"; }
#	setup()         { quiesce_setup; }
#	teardown()      { quiesce_teardown; }
#
#	lab_service web "${ours[@]}"          # labelled, and quick to count as running
#	during 'docker service rm web'        # what happens while files are copied
#	run_backup 0
#	is_back web 1
#
# The rsync that the program finds is a script of ours that counts in $work/copies how
# often it copies, does what `during` says, and then waits for as long as there is a file
# $work/hold.

# shellcheck disable=SC2154 # variables of ../cli/lib/common

quiesce_setup() {
	common_setup
	lab_use "$BATS_FILE_TMPDIR/lab"
	export SCALE=required PRE_PASS=off START_TIMEOUT=$((90 * ${LAB_SLOWNESS:-1}))s
	# shellcheck disable=SC2034
	ours=(--label com.example.autobackup.enable=true --update-monitor 1s)
	pid=
	echo data >"$src/file"
	wrap_rsync
}

quiesce_teardown() {
	local services
	if [ -z "$BATS_TEST_COMPLETED" ]; then
		printf '%s\n' "${output-}"
		cat "$work/out" "$work/during.log" 2>/dev/null || :
	fi
	rm -f "$work/hold"
	: >"$src/may-end"
	: >"$src/may-start"
	if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then
		wait "$pid" || :
	fi
	services=$(docker service ls -q)
	# shellcheck disable=SC2086
	[ -z "$services" ] || docker service rm $services
	common_teardown
}

wrap_rsync() {
	local rsync
	rsync=$(command -v rsync)
	mkdir -p "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		case " \$* " in
		*' --version '*) ;;
		*)
			echo >>"$work/copies"
			[ ! -e "$work/during" ] || . "$work/during" >"$work/during.log" 2>&1
			while [ -e "$work/hold" ]; do sleep 0.1; done
			;;
		esac
		exec "$rsync" "\$@"
	END
	chmod +x "$work/bin/rsync"
	export ENGINE=rsync
	PATH=$work/bin:$PATH
}

# during SCRIPT: for sh.
during() {
	printf '%s\n' "$1" >"$work/during"
}

copies() {
	if [ -e "$work/copies" ]; then
		wc -l <"$work/copies"
	else
		echo 0
	fi
}

# copies_are COUNT: so many copies have begun by now.
copies_are() {
	[ "$(copies)" -eq "$1" ]
}

# start_backup [ARGUMENT...]: in the background, as $pid.
start_backup() {
	"$BACKUP" "$@" >"$work/out" 2>&1 3>&- 4>&- </dev/null &
	pid=$!
}

# end_backup CODE: waits for it, and for its exit code. What it said is in $output.
end_backup() {
	local code=0
	wait "$pid" || code=$?
	pid=
	output=$(cat "$work/out")
	printf '%s\n' "$output"
	[ "$code" -eq "$1" ] || {
		echo "exit code $code, $1 expected"
		return 1
	}
}

# The process that does the work, below the one that was started.
worker() {
	pgrep -P "$pid"
}

# spec_version NAME: grows with every update.
spec_version() {
	lab_api GET "/services/$1" | jq .Version.Index
}

# mark NAME: what a backup wrote on it while it is held; empty when it is not.
mark() {
	lab_api GET "/services/$1" | jq -r '.Spec.Labels["backup-container.quiesced"] // ""'
}

# is_held NAME: it is at 0, by a backup.
is_held() {
	[ -n "$(mark "$1")" ] && [ "$(lab_replicas "$1")" = 0 ]
}

is_marked() {
	[ -n "$(mark "$1")" ]
}

# not_held NAME COUNT: its count is what it was, and the mark gone.
not_held() {
	[ -z "$(mark "$1")" ] && [ "$(lab_replicas "$1")" = "$2" ]
}

# is_back NAME COUNT: and its tasks run.
is_back() {
	if ! not_held "$1" "$2" || [ "$(lab_running "$1")" -ne "$2" ]; then
		echo "$1 is not back: $(lab_replicas "$1") replicas, mark '$(mark "$1")'"
		lab_tasks "$1"
		return 1
	fi
}

# comes_back NAME COUNT: likewise, but they may need a while yet.
comes_back() {
	not_held "$1" "$2" || {
		echo "$1 is not back: $(lab_replicas "$1") replicas, mark '$(mark "$1")'"
		return 1
	}
	lab_wait_for 60 is_back "$1" "$2"
}

# lab_service_gated NAME DIR [OPTION...]: ends after SIGTERM only when there is a file
# DIR/may-end, and is healthy only while there is DIR/may-start. So a run can be held
# while services stop and while they start.
lab_service_gated() {
	local name=$1 dir=$2
	shift 2
	: >"$dir/may-end"
	: >"$dir/may-start"
	# shellcheck disable=SC2016
	lab_service "$name" --mount "type=bind,src=$dir,dst=/data" --stop-grace-period 3m \
		--health-cmd 'test -e /data/may-start' --health-interval 300ms \
		--health-timeout 20s --health-retries 10000 "$@" -- sh -c '
			trap "ended=1" TERM
			until [ $ended ] && [ -e /data/may-end ]; do sleep 0.1; done'
}

# One or more services' records of the newest snapshot: a jq filter on an array.
recorded_services() {
	jq -e "$1" "$dest/.backup/snapshots/$(basename "$(newest)").json"
}
