# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The fake Docker Engine in tests. README has the language of scripts, rules and changes.
#
#	load ../fake/lib                    # from tests/cli; teardown: fake_stop
#	fake_start "$work/docker" "$(fake_script "$(fake_service web 2)")"
#	run_backup 0 run                    # $DOCKER_HOST leads to it
#	[ "$(fake_state .by_name.web.replicas)" -eq 2 ]
#	[ "$(fake_requests POST | wc -l)" -eq 2 ]

fake_engine=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/engine.py
fake_dir=
fake_pid=

# fake_start DIR [SCRIPT [OPTION...]]: starts an engine that keeps its sockets and logs in
# DIR and sets DOCKER_HOST. SCRIPT is a file or JSON itself.
fake_start() {
	local script=${2-}
	fake_dir=$1
	mkdir -p "$fake_dir"
	rm -f "$fake_dir/ready"
	case $script in
	'') script='{}' ;&
	\{*)
		printf '%s\n' "$script" >"$fake_dir/script.json"
		script=$fake_dir/script.json
		;;
	esac
	"${PYTHON:-python3}" -S "$fake_engine" --dir "$fake_dir" --script "$script" "${@:3}" \
		>"$fake_dir/log" 2>&1 3>&- &
	fake_pid=$!
	local i
	for ((i = 0; i < 200; i++)); do
		if [ -e "$fake_dir/ready" ]; then
			DOCKER_HOST=$(cat "$fake_dir/ready")
			export DOCKER_HOST
			return
		fi
		kill -0 "$fake_pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "the fake engine does not start: $(cat "$fake_dir/log")" >&2
	return 1
}

fake_stop() {
	[ -n "$fake_pid" ] || return 0
	kill "$fake_pid" 2>/dev/null
	wait "$fake_pid" 2>/dev/null
	fake_pid=
}

# fake_control METHOD COMMAND [JSON]
fake_control() {
	local answer
	answer=$(curl -sS --fail-with-body --unix-socket "$fake_dir/control.sock" -X "$1" \
		${3+--data-binary "$3"} "http://fake/_fake/$2") || {
		echo "fake_control $*: $answer" >&2
		return 1
	}
	printf '%s\n' "$answer"
}

# fake_state JQ: asks the state as it is now.
fake_state() {
	fake_control GET state | jq -r "$@"
}

# fake_set CHANGE: what another actor does, as JSON; a list of them happens at once.
fake_set() {
	fake_control POST set "$1" >/dev/null
}

# fake_pass SECONDS: lets time pass, for a script with "clock": "manual".
fake_pass() {
	fake_set "{\"pass\": $1}"
}

# fake_rule RULE: one more rule, which comes before the others. fake_rules_clear: none.
fake_rule() {
	fake_control POST rules "$1" >/dev/null
}

fake_rules_clear() {
	fake_control DELETE rules >/dev/null
}

# fake_offline SECONDS: nobody listens for so long.
fake_offline() {
	fake_control POST offline "$1" >/dev/null
}

# fake_requests [METHOD [PATH]]: "METHOD PATH" of the requests so far, of those which match
# the regular expressions whole. Paths name services, and have neither version nor query.
fake_requests() {
	jq -r --arg method "${1:-.*}" --arg path "${2:-.*}" \
		'select(.method | test("^(" + $method + ")$")) |
		select(.path | test("^(" + $path + ")$")) | .method + " " + .path' \
		"$fake_dir/requests.jsonl"
}

# fake_log JQ [OPTION...]: asks the requests as one list: {n, time, conn, inflight, method,
# path, target, query, body}; body is the text as it came.
fake_log() {
	jq -rs "$@" "$fake_dir/requests.jsonl"
}

# fake_updates SERVICE: the bodies of the updates sent for it, one a line.
fake_updates() {
	jq -c --arg path "/services/$1/update" 'select(.path == $path) | .body | fromjson' \
		"$fake_dir/requests.jsonl"
}

# fake_service NAME [REPLICAS [LABEL=VALUE|+KEY=JSON]...]: a service of the script. Without
# labels it has the one that asks for being scaled. +KEY=JSON is any other key of a
# service: +stop_delay=2, +mode='"global"', +update_status='"paused"'.
fake_service() {
	local labels='{}' more='{}' given='' argument
	for argument in "${@:3}"; do
		case $argument in
		+*)
			argument=${argument#+}
			more=$(jq -cn --argjson more "$more" --arg key "${argument%%=*}" \
				--argjson value "${argument#*=}" '$more + {($key): $value}')
			;;
		*)
			given=1
			labels=$(jq -cn --argjson labels "$labels" --arg key "${argument%%=*}" \
				--arg value "${argument#*=}" '$labels + {($key): $value}')
			;;
		esac
	done
	[ -n "$given" ] || labels='{"com.example.autobackup.enable":"true"}'
	jq -cn --arg name "$1" --argjson replicas "${2:-1}" --argjson labels "$labels" \
		--argjson more "$more" '{$name, $replicas, $labels} + $more'
}

# fake_script SERVICE...: a script of these services. Anything else is added by jq:
#	fake_script "$(fake_service web)" | jq '.api = "1.41"'
fake_script() {
	local IFS=,
	printf '{"services":[%s]}\n' "$*"
}
