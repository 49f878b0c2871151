# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A laboratory: real Docker Engines of our own, as a Swarm of one or of three nodes.
#
#	load lib/lab
#	setup_file()    { lab_needs && lab_start "$BATS_FILE_TMPDIR/lab"; }
#	teardown_file() { lab_stop "$BATS_FILE_TMPDIR/lab"; }
#	@test "..." {
#		lab_service web --replicas 2 --label a=b      # returns when both run
#		docker service scale -d web=0
#		lab_wait_for 60 lab_stopped web
#	}
#
# By hand, as root; LAB_OWNER=1 because a lab ends with the shell that started it:
#
#	. tests/lab/lib/lab.bash
#	LAB_OWNER=1 lab_start /tmp/lab
#	docker service ls                             # in another shell: lab_use /tmp/lab
#	lab_stop /tmp/lab
#
# A node is a process that holds a PID, mount, network and UTS namespace of its own; its
# engine and all that this starts live in there, with a tmpfs on /run. So nothing of it is
# seen outside but files below DIR, processes, and one control group; several labs do not
# meet, no other engine notices, and when the holder is killed the kernel ends every
# process, mount and interface with it. Three nodes are joined by a bridge in a network
# namespace of a fourth holder: the host's interfaces and firewall stay as they are.
# Mounts that the host makes later are seen by the nodes, not the other way round.
#
# Services are on the node's own network unless told otherwise, since there is no bridge;
# images are never pulled. Every function returns non-zero when what it says did not come
# about, with the reason on stderr.
#
# Services of all kinds are in services.bash, an engine with TLS is in tls.bash.
#
# What a lab leaves behind when it is stopped: DIR with its logs, NODE/engine.log.
#
# Variables, set by lab_start, lab_swarm3_start and lab_use:
#	DOCKER_HOST    unix://... of the engine, or of node 1 of three, which is the manager
#	LAB_SOCKET     the same as a path
#	LAB_DIR        DIR
#	DOCKER_CONFIG  an empty directory, so that the user's own settings do not matter
# Variables that are heeded:
#	LAB_OWNER      the lab ends when this process does (default: this shell)
#	LAB_SLOWNESS   factor for all waits (default 1)
#	LAB_ENGINE_OPTIONS  an array of more options for the engines that are started

LAB_LIB=${BASH_SOURCE[0]}

# ---- Starting and stopping

# lab_needs: this machine can have a lab; within bats the test is skipped if not.
lab_needs() {
	local program lacks=
	[ "$(id -u)" -eq 0 ] || lacks='to be root'
	for program in dockerd docker iptables ip jq curl openssl python3 unshare nsenter pgrep; do
		command -v "$program" >/dev/null || lacks=$program
	done
	lab_busybox >/dev/null 2>&1 || lacks='a static busybox'
	[ -n "$lacks" ] || unshare -mnup --fork true 2>/dev/null || lacks='the right to make namespaces'
	[ -n "$lacks" ] || return 0
	if [ -n "${BATS_VERSION-}" ]; then
		skip "a lab needs $lacks"
	fi
	lab_say "a lab needs $lacks"
}

# lab_start DIR: one engine that is a Swarm by itself and has the image lab:busybox.
lab_start() {
	lab_use "$1" || return
	lab_vacant && lab_holder_start "$LAB_DIR" lab-node && lab_watch || return
	lab_engine_start && lab_image &&
		docker swarm init --advertise-addr 127.0.0.1 >/dev/null
}

# lab_builder_start DIR: one engine without a Swarm, on this machine's own network, so that
# `docker build --network host` can fetch packages.
lab_builder_start() {
	lab_use "$1" || return
	lab_vacant && lab_holder_start "$LAB_DIR" lab-builder host && lab_watch && lab_engine_start
}

# lab_swarm3_start DIR: three engines, node 1 the only manager. A node that is not heard of
# is down after about 6 s instead of 15.
lab_swarm3_start() {
	local node token
	mkdir -p "$1/switch" && lab_use "$1" || return
	lab_vacant && lab_holder_start "$LAB_DIR/switch" lab-switch && lab_watch || return
	lab_in_network switch ip link add br0 type bridge || return
	lab_in_network switch ip link set br0 up || return
	for node in 1 2 3; do
		lab_holder_start "$LAB_DIR/$node" "lab-node$node" || return
		lab_plug "$node" || return
	done
	for node in 1 2 3; do
		lab_engine_start "$node" && lab_image "$node" || return
	done
	docker swarm init --advertise-addr 192.0.2.1 --dispatcher-heartbeat 2s >/dev/null || return
	token=$(docker swarm join-token -q worker) || return
	for node in 2 3; do
		lab_node_docker "$node" swarm join --token "$token" \
			--advertise-addr "192.0.2.$node" 192.0.2.1:2377 >/dev/null || return
	done
	lab_wait_for 60 lab_nodes_ready 3
}

# lab_stop DIR: ends every process of the lab and removes its data. A lab that has been
# stopped, or never came up, is fine.
lab_stop() {
	[ ! -e "$1/watch.pid" ] || lab_kill "$1/watch.pid" || return
	lab_end "$1"
}

# lab_stop but for the watcher, which calls it.
lab_end() {
	local dir cgroup
	for dir in "$1" "$1"/*/; do
		dir=${dir%/}
		[ -e "$dir/holder.pid" ] || continue
		cgroup=$(lab_cgroup "$dir")
		lab_kill "$dir/holder.pid" || return
		lab_wait_for 30 lab_remove_cgroup "$cgroup" || return
		rm -rf "$dir"/{data,docker.sock,up} || return
	done
	rm -rf "$1"/{config,image.tar,switch}
}

# lab_use DIR: makes a lab the one that the other functions speak to.
lab_use() {
	mkdir -p "$1" || return
	LAB_DIR=$(cd "$1" && pwd) || return
	LAB_SOCKET=$LAB_DIR/docker.sock
	[ ! -d "$LAB_DIR/switch" ] || LAB_SOCKET=$LAB_DIR/1/docker.sock
	if [ ${#LAB_SOCKET} -gt 107 ]; then
		lab_say "'$LAB_SOCKET' is too long for a socket, take a shorter directory"
		return
	fi
	DOCKER_HOST=unix://$LAB_SOCKET
	DOCKER_CONFIG=$LAB_DIR/config
	mkdir -p "$DOCKER_CONFIG" || return
	export LAB_DIR LAB_SOCKET DOCKER_HOST DOCKER_CONFIG
	unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION
}

# ---- Engines

# lab_engine_start [NODE]: starts the engine of a node and returns when it answers.
lab_engine_start() {
	local dir
	dir=$(lab_node_dir "${1-}")
	(
		cd "$dir" || exit
		unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
		# what is in the image store is what there is: no engine asks a registry
		export DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1 HOME=$dir
		# shellcheck disable=SC2046
		exec setsid nsenter $(lab_namespaces "$dir") dockerd \
			--host "unix://$dir/docker.sock" --data-root "$dir/data" \
			--iptables=false --ip6tables=false --ip-masq=false --bridge=none \
			--exec-opt native.cgroupdriver=cgroupfs \
			--cgroup-parent "/$(lab_cgroup "$dir")" \
			--shutdown-timeout 10 "${LAB_ENGINE_OPTIONS[@]}" \
			<&- >>"$dir/engine.log" 2>&1 3>&- 4>&- 5>&-
	) &
	disown $!
	lab_wait_for 120 lab_answers_or_gone "$dir/docker.sock" $!
	lab_answers "$dir/docker.sock" >/dev/null || {
		tail -n 20 "$dir/engine.log" >&2
		lab_say "the engine in '$dir' does not come up"
	}
}

# lab_engine_stop [SIGNAL [NODE]]: SIGTERM by default, on which the engine stops its
# containers. With KILL they run on until the next engine comes up and ends them.
lab_engine_stop() {
	local dir
	dir=$(lab_node_dir "${2-}")
	lab_enter "${2-}" sh -c "kill -${1:-TERM} \"\$(cat /run/docker.pid)\"" || return
	lab_wait_for 60 lab_engine_gone "${2-}" || return
	rm -f "$dir/docker.sock"
}

# lab_restart_engine [SIGNAL [NODE]]
lab_restart_engine() {
	lab_engine_stop "$@" && lab_engine_start "${2-}"
}

# lab_is_manager: the engine has (again) joined its Swarm and can tell of it; a while after
# it answers.
lab_is_manager() {
	docker node ls
}

# lab_engine_version: two words, the engine's version and its API version.
lab_engine_version() {
	docker version --format '{{.Server.Version}} {{.Server.APIVersion}}'
}

# lab_enter NODE COMMAND...: runs a command in the namespaces of a node; '' for the only
# one.
lab_enter() {
	# shellcheck disable=SC2046
	nsenter $(lab_namespaces "$(lab_node_dir "$1")") "${@:2}"
}

# lab_in_network NODE COMMAND...: in its network namespace alone, where an engine started
# with a --host tcp://127.0.0.1:2376 is reached.
lab_in_network() {
	local pid
	read -r pid _ <"$(lab_node_dir "$1")/holder.pid"
	nsenter --net="/proc/$pid/ns/net" "${@:2}"
}

# lab_image [NODE]: gives an engine the image lab:busybox, with nothing but the applets of
# a static busybox in /bin and the directories that a mount may want.
lab_image() {
	local dir tar=$LAB_DIR/image.tar busybox
	dir=$(lab_node_dir "${1-}")
	if [ ! -e "$tar" ]; then
		busybox=$(lab_busybox) || return
		mkdir -p "$LAB_DIR/image"/{bin,data,dev,etc,proc,run,sys,tmp,usr,var} || return
		cp "$busybox" "$LAB_DIR/image/bin/busybox" || return
		chroot "$LAB_DIR/image" /bin/busybox --install -s /bin || return
		echo 'root:x:0:0:root:/:/bin/sh' >"$LAB_DIR/image/etc/passwd"
		echo 'root:x:0:' >"$LAB_DIR/image/etc/group"
		tar -C "$LAB_DIR/image" -cf "$tar" . || return
		rm -rf "$LAB_DIR/image"
	fi
	docker -H "unix://$dir/docker.sock" import \
		--change 'ENV PATH=/bin' --change 'CMD ["sh"]' "$tar" lab:busybox >/dev/null
}

# ---- The nodes of three

# lab_node_docker NODE ARGUMENT...: the docker command on node 1, 2 or 3.
lab_node_docker() {
	docker -H "unix://$LAB_DIR/$1/docker.sock" "${@:2}"
}

# lab_node_name NODE: as `docker node ls` calls it.
lab_node_name() {
	echo "lab-node$1"
}

# lab_node_cut NODE: pulls the plug of its network. Its tasks run on; the manager takes it
# for down some seconds later, see lab_node_state.
lab_node_cut() {
	lab_in_network switch ip link set "port$1" down
}

lab_node_heal() {
	lab_in_network switch ip link set "port$1" up
}

# lab_node_state NODE: ready, down, unknown or disconnected, says the manager.
lab_node_state() {
	docker node inspect --format '{{.Status.State}}' "$(lab_node_name "$1")"
}

# lab_node_is NODE STATE
lab_node_is() {
	[ "$(lab_node_state "$1")" = "$2" ]
}

# lab_nodes_ready COUNT: that many nodes are ready.
lab_nodes_ready() {
	[ "$(docker node ls --format '{{.Status}}' | grep -cx Ready)" -eq "$1" ]
}

# ---- Services

# lab_service NAME [OPTION...] [-- COMMAND...]: creates a service of lab:busybox with
# options of `docker service create` and waits until all its tasks run. Unless told
# otherwise: one replica, 2 s of grace, a command that ends at once on SIGTERM.
lab_service() {
	lab_service_create "$@" || return
	lab_wait_for 120 lab_converged "$1" || {
		lab_tasks "$1" >&2
		return 1
	}
}

# lab_service_create NAME ...: the same without waiting.
lab_service_create() {
	local name=$1 network=(--network host) options=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		[[ $1 != --network* ]] || network=()
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	[ $# -gt 0 ] || set -- sh -c 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'
	docker service create --quiet --detach --no-resolve-image \
		--stop-grace-period 2s --name "$name" "${network[@]}" "${options[@]}" lab:busybox "$@" >/dev/null
}

# lab_service_remove NAME...: and waits until no container of theirs is left on this node.
lab_service_remove() {
	local name
	docker service rm "$@" >/dev/null || return
	for name; do
		lab_wait_for 60 lab_no_container "$name" || return
	done
}

# lab_replicas NAME: the count that its spec asks for; `null` where there is none.
lab_replicas() {
	lab_api GET "/services/$1" | jq -r .Spec.Mode.Replicated.Replicas
}

# lab_running NAME: how many of its tasks run and shall.
lab_running() {
	lab_tasks_json "$1" |
		jq '[.[] | select(.DesiredState == "running" and .Status.State == "running")] | length'
}

# lab_converged NAME: as many tasks run as shall (of a global one, one on each node that
# is ready), and no other is on its way or still there.
lab_converged() {
	local wanted
	wanted=$(lab_api GET "/services/$1?status=true" |
		jq '.ServiceStatus.DesiredTasks // .Spec.Mode.Replicated.Replicas // 1') || return
	if lab_api GET "/services/$1" | jq -e '.Spec.Mode | has("Global")' >/dev/null; then
		wanted=$(docker node ls --format '{{.Status}}' | grep -cx Ready)
	fi
	[ "$(lab_running "$1")" -eq "$wanted" ] && [ "$(lab_alive "$1")" -eq "$wanted" ]
}

# lab_alive NAME: how many of its tasks have begun and not ended, wanted or not.
lab_alive() {
	lab_tasks_json "$1" | jq '[.[] | select(.Status.State |
		IN("assigned", "accepted", "preparing", "ready", "starting", "running"))] | length'
}

# lab_stopped NAME: none of its tasks is alive.
lab_stopped() {
	[ "$(lab_alive "$1")" -eq 0 ]
}

# lab_tasks NAME: one line each: slot, node, desired state, state, error.
lab_tasks() {
	lab_tasks_json "$1" |
		jq -r '.[] | "\(.Slot) \(.NodeID) \(.DesiredState) \(.Status.State) \(.Status.Err // "")"'
}

lab_tasks_json() {
	lab_api GET "/tasks?filters=$(jq -rn --arg name "$1" '{service: [$name]} | @json | @uri')"
}

# lab_spec NAME: its whole Spec as the engine's own API version tells it, keys sorted, one
# value a line, numbers as they are written. Two of them are equal or the spec changed.
lab_spec() {
	lab_api GET "/services/$1" | "${PYTHON:-python3}" -S -c '
import json, sys
class Number(float):
    def __init__(self, text):
        self.text = text
    __repr__ = lambda self: self.text
spec = json.load(sys.stdin, parse_float=Number)["Spec"]
print(json.dumps(spec, sort_keys=True, indent=1))'
}

# lab_api METHOD PATH [BODY]: one request to the engine, in its own API version. Prints
# the answer; fails on an error status.
lab_api() {
	local options=(--silent --show-error --fail-with-body --globoff --request "$1")
	[ $# -lt 3 ] || options+=(--header 'Content-Type: application/json' --data-binary "$3")
	curl "${options[@]}" --unix-socket "$LAB_SOCKET" "http://lab$2"
}

# lab_wait_for SECONDS COMMAND...: until the command succeeds; what it says is dropped.
lab_wait_for() {
	local end=$((SECONDS + $1 * ${LAB_SLOWNESS:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			lab_say "waited in vain for: $*"
			return
		fi
		sleep 0.2
	done
}

# ---- What the above is made of

# Fails, for `return` right after.
lab_say() {
	echo "lab: $*" >&2
	return 1
}

# The directory of a node: 1, 2, 3 or switch, or nothing for that of LAB_SOCKET.
lab_node_dir() {
	if [ -n "$1" ]; then
		echo "$LAB_DIR/$1"
	else
		echo "${LAB_SOCKET%/*}"
	fi
}

lab_busybox() {
	local file
	for file in /bin/busybox.static /bin/busybox /usr/bin/busybox /usr/sbin/busybox; do
		if [ -x "$file" ] && ! ldd "$file" >/dev/null 2>&1; then
			echo "$file"
			return
		fi
	done
	lab_say 'no static busybox found'
}

# No lab is in LAB_DIR. One whose owner has gone is on its way out, and waited for.
lab_vacant() {
	local owner
	if lab_alive_pid "$LAB_DIR/watch.pid"; then
		read -r _ _ owner <"$LAB_DIR/watch.pid"
		if kill -0 "$owner" 2>/dev/null; then
			lab_say "there is a lab in '$LAB_DIR' already"
			return
		fi
		lab_wait_for 60 lab_gone_pid "$LAB_DIR/watch.pid"
	fi
}

# Starts the process that holds the namespaces of DIR ($1), under a host name ($2). It is
# PID 1 in there, and takes the orphans of the engine. With `host` ($3) its network is this
# machine's own.
lab_holder_start() {
	local dir=$1 net=(--net)
	[ "${3-}" != host ] || net=()
	mkdir -p "$dir" && rm -f "$dir/up" || return
	# shellcheck disable=SC2016
	setsid unshare --mount --uts "${net[@]}" --pid --fork --kill-child --mount-proc \
		--propagation slave bash -c '
			hostname "$2" && mount -t tmpfs -o mode=755 lab /run &&
				mkdir -m 1777 /run/lock && ip link set lo up && : >"$1/up" || exit
			while :; do sleep 3600 & wait; done' \
		holder "$dir" "$2" <&- >>"$dir/holder.log" 2>&1 3>&- 4>&- 5>&- &
	lab_note_pid $! "$dir/holder.pid"
	lab_wait_for 30 test -e "$dir/up" || {
		cat "$dir/holder.log" >&2
		return 1
	}
}

# Starts the process that stops the lab in DIR ($1) when its owner has gone.
lab_watch() {
	# shellcheck disable=SC2016
	setsid bash -c '. "$1" && tail --pid="$2" -f /dev/null; lab_end "$3"; rm -f "$3/watch.pid"' \
		watch "$LAB_LIB" "${LAB_OWNER:-$$}" "$LAB_DIR" <&- >/dev/null 2>&1 3>&- 4>&- 5>&- &
	lab_note_pid $! "$LAB_DIR/watch.pid" "${LAB_OWNER:-$$}"
}

# Notes a process in a file such that another one with its number is told from it, and
# possibly another word.
lab_note_pid() {
	echo "$1 $(lab_birth "$1") ${3-}" >"$2"
	disown "$1" 2>/dev/null || :
}

# When a process was started.
lab_birth() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

lab_alive_pid() {
	local pid birth
	[ -e "$1" ] && read -r pid birth _ <"$1" &&
		[ -n "$birth" ] && [ "$(lab_birth "$pid")" = "$birth" ]
}

lab_gone_pid() {
	! lab_alive_pid "$1"
}

# Kills the process noted in a file, and what was started by it, waits for it and removes
# the file.
lab_kill() {
	local pid
	read -r pid _ <"$1"
	if lab_alive_pid "$1"; then
		# its session, which is its own: unshare, and bash or tail
		kill -KILL -- "-$pid"
	fi
	lab_wait_for 60 lab_gone_pid "$1" || return
	rm -f "$1"
}

# Arguments for nsenter that lead into the namespaces of a node's directory.
lab_namespaces() {
	local pid
	read -r pid _ <"$1/holder.pid"
	echo "--mount=/proc/$pid/ns/mnt --uts=/proc/$pid/ns/uts --net=/proc/$pid/ns/net" \
		"--pid=/proc/$pid/ns/pid_for_children"
}

# Joins a node's network to the switch.
lab_plug() {
	local pid
	read -r pid _ <"$LAB_DIR/$1/holder.pid"
	lab_in_network switch ip link add "port$1" type veth peer name plug || return
	lab_in_network switch ip link set plug netns "$pid" || return
	lab_in_network switch ip link set "port$1" master br0 up || return
	lab_enter "$1" ip link set plug name eth0 || return
	lab_enter "$1" ip address add "192.0.2.$1/24" dev eth0 || return
	lab_enter "$1" ip link set eth0 up
}

lab_answers() {
	curl --silent --fail --unix-socket "$1" http://lab/_ping
}

lab_answers_or_gone() {
	lab_answers "$1" || ! kill -0 "$2"
}

lab_engine_gone() {
	# shellcheck disable=SC2016
	! lab_enter "$1" sh -c 'kill -0 "$(cat /run/docker.pid)"'
}

lab_no_container() {
	[ -z "$(docker ps -aq --filter "label=com.docker.swarm.service.name=$1")" ]
}

# The name of a node's control group, from its holder.
lab_cgroup() {
	local pid birth
	read -r pid birth _ <"$1/holder.pid"
	echo "backup-lab-$pid-$birth"
}

# Removes a control group, in a hierarchy of either version, from the leaves up.
lab_remove_cgroup() {
	local dir
	for dir in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
		[ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} + || return
	done
}
