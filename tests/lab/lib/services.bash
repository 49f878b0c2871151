# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Services of every kind that a backup may meet, for a laboratory that has been started
# (lab.bash, which this needs to be loaded first). Each takes more options of `docker
# service create` at its end, such as --label, and returns when the service has come up,
# or to the state that its name tells.

# lab_service_slow NAME DIR [OPTION...]: a task that appends to DIR/log.SLOT all the time,
# goes on for LAB_SLOW (8) seconds after SIGTERM, and then, as the very last thing, writes
# the count of its lines to DIR/end.SLOT, which it removes when it starts. So a copy
#	[ "$(wc -l <copy/log.1)" = "$(cat copy/end.1)" ]
# was made after the task's end and before the next one's start.
lab_service_slow() {
	local name=$1 dir=$2
	shift 2
	# shellcheck disable=SC2016
	lab_service "$name" --mount "type=bind,src=$dir,dst=/data" --env 'SLOT={{.Task.Slot}}' \
		--env "SLOW=${LAB_SLOW:-8}" --stop-grace-period 20s "$@" -- sh -c '
			trap "[ \$end ] || end=\$((\$(date +%s) + SLOW))" TERM
			rm -f /data/end.$SLOT
			: >/data/log.$SLOT
			until [ $end ] && [ $(date +%s) -ge $end ]; do
				echo $((n += 1)) >>/data/log.$SLOT
				sleep 0.05
			done
			echo $n >/data/end.$SLOT'
}

# lab_service_health NAME [OPTION...]: healthy, and thus running, 2 s after its start.
lab_service_health() {
	local name=$1
	shift
	lab_service "$name" --health-cmd 'test -e /tmp/healthy' --health-interval 500ms \
		--health-retries 120 "$@" -- \
		sh -c 'trap "exit 0" TERM; sleep 2; : >/tmp/healthy; while :; do sleep 3600 & wait; done'
}

# lab_service_global NAME [OPTION...]: a task on every node.
lab_service_global() {
	lab_service "$1" --mode global "${@:2}"
}

# lab_service_job NAME DIR [OPTION...]: a replicated-job that has run once. It appends a
# line to DIR/ran each time.
lab_service_job() {
	local name=$1 dir=$2
	shift 2
	# shellcheck disable=SC2016
	lab_service_create "$name" --mode replicated-job --restart-condition none \
		--mount "type=bind,src=$dir,dst=/data" "$@" -- \
		sh -c 'echo "$(date) $(hostname)" >>/data/ran' || return
	lab_wait_for 120 lab_job_complete "$name"
}

lab_job_complete() {
	lab_tasks_json "$1" | jq -e 'length > 0 and all(.[]; .Status.State == "complete")'
}

# lab_service_paused_update NAME [OPTION...]: two replicas, of which an update has broken
# one, and is paused. The other one runs.
lab_service_paused_update() {
	lab_service "$1" --replicas 2 --update-failure-action pause --update-delay 1h \
		--restart-delay 1h "${@:2}" || return
	docker service update --quiet --detach --no-resolve-image --args 'sh -c "sleep .5; exit 3"' "$1" \
		>/dev/null || return
	lab_wait_for 120 lab_update_is "$1" paused && [ "$(lab_running "$1")" -eq 1 ]
}

# lab_service_updating NAME SECONDS [OPTION...]: two replicas that are being updated, with
# a pause of so many seconds between them. After that the update is `completed`.
lab_service_updating() {
	lab_service "$1" --replicas 2 --update-delay "${2}s" --update-monitor 1s "${@:3}" || return
	docker service update --quiet --detach --no-resolve-image --env-add A=1 "$1" \
		>/dev/null || return
	lab_wait_for 120 lab_update_is "$1" updating
}

# lab_update_is NAME STATE: updating, paused, completed, rollback_...
lab_update_is() {
	lab_api GET "/services/$1" | jq -e --arg state "$2" '.UpdateStatus.State == $state'
}

# lab_service_fragile NAME DIR [OPTION...]: its tasks end with code 7 as soon as they are
# started while there is a file DIR/broken.
lab_service_fragile() {
	local name=$1 dir=$2
	shift 2
	lab_service "$name" --mount "type=bind,src=$dir,dst=/data" "$@" -- sh -c '
		trap "exit 0" TERM
		[ ! -e /data/broken ] || exit 7
		while :; do sleep 3600 & wait; done'
}

# lab_service_bare NAME: made by the smallest of specs, whose mode has no count.
lab_service_bare() {
	lab_api POST /services/create "$(jq -n --arg name "$1" '{
		Name: $name, Mode: {Replicated: {}},
		TaskTemplate: {
			ContainerSpec: {Image: "lab:busybox", Command: ["sleep", "1000000"]},
			Networks: [{Target: "host"}]
		}
	}')" >/dev/null || return
	lab_wait_for 120 lab_converged "$1"
}

# lab_service_many PREFIX COUNT [OPTION...]: PREFIX1 to PREFIXCOUNT.
lab_service_many() {
	local i prefix=$1 count=$2
	shift 2
	for ((i = 1; i <= count; i++)); do
		lab_service_create "$prefix$i" "$@" &
		((i % 8)) || wait
	done
	wait
	lab_wait_for $((120 + count)) lab_many_run "$prefix" "$count"
}

# As many tasks run as there are such services.
lab_many_run() {
	[ "$(docker service ls --format '{{.Name}} {{.Replicas}}' | grep -cx "$1[0-9]* \([0-9]*\)/\1")" -eq "$2" ]
}

# lab_service_host NAME [OPTION...] -- COMMAND...: a command of this machine rather than
# of the image, such as the program under test: the task sees the host's programs,
# libraries, /etc and this checkout, all read-only, and the engine's socket in its usual
# place. It is not waited for, since such a command may end.
lab_service_host() {
	local name=$1 dir checkout options=()
	shift
	checkout=$(cd "$(dirname "$LAB_LIB")/../../.." && pwd) || return
	for dir in /bin /etc /lib /lib64 /sbin /usr "$checkout"; do
		[ ! -d "$dir" ] || options+=(--mount "type=bind,src=$dir,dst=$dir,readonly")
	done
	lab_service_create "$name" "${options[@]}" --env PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		--mount "type=bind,src=$LAB_SOCKET,dst=/var/run/docker.sock" "$@"
}

# lab_service_everything NAME [OPTION...]: one value of every kind that a spec can hold,
# of those that newer engines know too where this one does. It lives on node 1.
lab_service_everything() {
	local name=$1 dir=$LAB_DIR/everything.$1 flag options=()
	shift
	mkdir -p "$dir" || return
	echo 'not very secret' | docker secret create --label 'a=b' "$name-secret" - >/dev/null || return
	echo 'config of {{.Service.Name}}' |
		docker config create --template-driver golang "$name-config" - >/dev/null || return
	docker network create --driver overlay "$name-network" >/dev/null || return
	# what the command offers depends on the engine
	for flag in --health-start-interval=1s --oom-score-adj=100; do
		! docker service create --help | grep -q -- "${flag%=*} " || options+=("$flag")
	done
	# shellcheck disable=SC2016,SC2054,SC2191
	options+=(
		--replicas 2 --replicas-max-per-node 9
		--cap-drop ALL --cap-add CAP_NET_ADMIN --cap-add CAP_DAC_OVERRIDE
		--ulimit nofile=1024:2048 --ulimit core=-1
		--sysctl kernel.msgmax=65537 --sysctl net.core.somaxconn=99
		--secret "$name-secret"
		--secret "source=$name-secret,target=/run/other,uid=12,gid=34,mode=0440"
		--config "$name-config"
		--config "source=$name-config,target=/etc/conf=ig.txt,uid=1,gid=2,mode=0400"
		--mount "type=bind,src=$dir,dst=/bound,readonly,bind-propagation=rprivate"
		--mount 'type=volume,dst=/anonymous,volume-nocopy=true'
		--mount "type=volume,src=$name-volume,dst=/named,volume-label=a=b,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=lab,volume-opt=o=size=1m"
		--mount 'type=tmpfs,dst=/scratch,tmpfs-size=1048576,tmpfs-mode=1770'
		--health-cmd 'test -d / && echo "fine"' --health-interval 1s --health-timeout 30s
		--health-retries 7 --health-start-period 1ms
		--update-parallelism 3 --update-delay 1s500ms --update-monitor 2s
		--update-max-failure-ratio 0.15 --update-order start-first
		--update-failure-action rollback
		--rollback-parallelism 0 --rollback-delay 1m --rollback-monitor 3s
		--rollback-max-failure-ratio 0.3333333 --rollback-order stop-first
		--rollback-failure-action continue
		--restart-condition any --restart-delay 100ms --restart-max-attempts 12
		# the largest that fits, in nanoseconds
		--restart-window 2562047h47m16.854775807s
		--label 'quotes="double" '\''single'\'' `back` \back\slash'
		--label $'lines=one\ntwo\r\n\tthree'
		--label $'control=\x01\x1b[31m\x7f'
		--label 'unicode=Grüße, 你好, 🐳, '$'e\u0301\u2028\ufeff'
		--label 'equals=a=b==c' --label 'html=<a href="x">&amp;</a>' --label 'empty='
		--label 'key/with.ümlaut=1' --label 'number=007' --label 'null=null'
		--label "long=$(printf '%04096d' 0)"
		--container-label $'inner=a=b "c"\nd'
		--env 'PLAIN=1' --env 'EMPTY=' --env $'ODD=a=b "c" $HOME\n<&>'
		--env 'NODE={{.Node.Hostname}}' --env 'SLOT={{.Task.Slot}}'
		--host 'one.example:192.0.2.77' --host 'six.example:2001:db8::1'
		--dns 192.0.2.53 --dns-option ndots:3 --dns-search lab.example
		--log-driver json-file --log-opt max-size=10m --log-opt max-file=3
		--log-opt 'tag={{.Name}}/{{.ID}}'
		--placement-pref spread=node.labels.rack --placement-pref spread=node.labels.room
		--constraint node.role==manager --constraint node.labels.gone!=yes
		--limit-cpu 0.123456789 --reserve-cpu 0.001000001
		--limit-memory 64m --reserve-memory 4m --limit-pids 100
		--init --isolation default --stop-signal SIGINT --stop-grace-period 3s
		--hostname '{{.Service.Name}}-{{.Task.Slot}}' --user 0:0 --group 7 --group 8
		--workdir /scratch --read-only --tty
		--network "name=$name-network,alias=first,alias=second"
		--endpoint-mode vip --publish published=8081,target=81
		--publish mode=host,target=53,protocol=udp
	)
	lab_service "$name" "${options[@]}" "$@" -- \
		sh -c 'trap "exit 0" INT TERM; while :; do sleep 3600 & wait; done' 'odd "argument"' ''
}
