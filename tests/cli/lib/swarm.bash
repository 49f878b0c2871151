# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# What the tests with a fake Docker Engine share. Timeouts are short, services are steady
# at once, and there is no pre-pass, so that there is one copy.
#
#	load lib/common
#	load lib/swarm
#	@test "..." {
#		engine "$(service web 2)" "$(service db 1 '{"stop_delay": 1}')"
#		run_backup 0 run
#		is_up web 2
#		[ "$(copies)" = 1 ]
#	}

# shellcheck disable=SC2154 # variables of lib/common.bash
# shellcheck source=/dev/null
. "$BATS_TEST_DIRNAME/../fake/lib.bash"

label=com.example.autobackup.enable
mark=backup-container.quiesced

setup() { swarm_setup; }
teardown() { swarm_teardown; }

swarm_setup() {
	common_setup
	export ENGINE=rsync # whose place a script can take
	export SCALE=required PRE_PASS=off START_TIMEOUT=10s STOP_TIMEOUT=5s
	echo 1 >"$src/a"
	mkdir "$work/bin"
	cat >"$work/bin/rsync" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || exec $(command -v rsync) --version
		echo copy >>$work/copies
		[ ! -e $work/during ] || bash -e $work/during </dev/null >$work/during.log 2>&1
		exec $(command -v rsync) "\$@"
	END
	chmod +x "$work/bin/rsync"
	PATH=$work/bin:$PATH
}

swarm_teardown() {
	fake_stop
	common_teardown
}

# service NAME [REPLICAS [JSON]]: a labelled service of the script. JSON is merged into it,
# such as '{"labels": {...}, "spec": {...}, "mode": "global", "stop_delay": 2}'.
service() {
	local update='{"Parallelism":1,"Monitor":1000000,"MaxFailureRatio":0}' json
	json="{\"name\":\"$1\",\"replicas\":${2:-1},\"labels\":{\"$label\":\"true\"},"
	json+="\"spec\":{\"UpdateConfig\":$update}}"
	if [ $# -lt 3 ]; then
		printf '%s\n' "$json"
		return
	fi
	jq -c --argjson more "$3" \
		'. * $more | .labels |= with_entries(select(.value != null))' <<<"$json"
}

# engine SERVICE...: a fake engine with these services.
engine() {
	fake_start "$work/docker" "$(fake_script "$@")"
}

# during COMMANDS: runs them when the copy begins; fake_set and so on are at hand.
during() {
	printf '. %q\nfake_dir=%q\nwork=%q\n%s\n' "$fake_lib" "$fake_dir" "$work" "$1" \
		>"$work/during"
}
fake_lib=$BATS_TEST_DIRNAME/../fake/lib.bash

# How often rsync has copied.
copies() {
	if [ -e "$work/copies" ]; then wc -l <"$work/copies"; else echo 0; fi
}

# is_up NAME REPLICAS: it has that count, in its tasks too, and no mark.
is_up() {
	local state
	state=$(fake_state -c ".by_name[\"$1\"] |
		[.replicas, .running, (.labels | has(\"$mark\"))]") || return
	[ "$state" = "[$2,$2,false]" ] || {
		echo "$1: $state"
		return 1
	}
}

# is_down NAME: held at zero, by its mark.
is_down() {
	fake_state -e ".by_name[\"$1\"] | .replicas == 0 and (.labels | has(\"$mark\"))" >/dev/null
}

# spec_of NAME: its spec, in one order.
spec_of() {
	fake_state -S ".by_name[\"$1\"].spec"
}

# eventually SECONDS COMMAND...
eventually() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	until "${@:2}"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return
		sleep 0.2
	done
}
