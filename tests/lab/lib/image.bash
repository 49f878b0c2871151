# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The container's image in a laboratory, built from this checkout as a user would, but on
# a base that is made from this machine's own package sources, since no registry can be
# asked. To be loaded after lab:
#
#	setup_file() {
#		image_needs
#		lab_start "$BATS_FILE_TMPDIR/lab"
#		image_load                 # the engine has the image `backup-container` now
#	}
#
# It is made once for all files that need it, and again when what it is made of has
# changed; it lies in image/ in the build directory.

# shellcheck disable=SC2154 # BACKUP and root, of ../cli/lib/common

image_dir() {
	echo "$(cd "$(dirname "$BACKUP")" && pwd)/image"
}

image_needs() {
	lab_needs
	command -v mmdebstrap >/dev/null || skip 'the image needs mmdebstrap for its base'
	command -v make >/dev/null || skip 'the image needs make'
}

# image_load: gives the engine of the lab the image. The builder is a lab of its own, and
# has gone by then.
image_load() {
	local dir key
	dir=$(image_dir)
	key=$(image_key)
	mkdir -p "$dir"
	(
		flock 9
		[ -e "$dir/$key.tar" ] || image_make "$dir" "$key"
	) 9>"$dir/lock" || return
	docker load --quiet --input "$dir/$key.tar"
}

# What the image is made of, as one name.
image_key() {
	(
		cd "$root" || exit
		find Dockerfile .dockerignore meson.build meson_options.txt packaging/install-deps src -type f |
			sort | xargs sha256sum | sha256sum | cut -c 1-16
	)
}

image_make() (
	lab=$BATS_FILE_TMPDIR/builder
	[ -e "$1/base.tar" ] || image_base "$1/base.tar" || exit
	lab_builder_start "$lab" || exit
	trap 'lab_stop "$lab"' EXIT
	docker import --change 'CMD ["sh"]' "$1/base.tar" lab:base >/dev/null || exit
	make -C "$root" image BASE=lab:base IMAGE=backup-container IMAGE_OPTIONS='--network host' \
		>"$1/build.log" 2>&1 || {
		tail -n 30 "$1/build.log" >&2
		exit 1
	}
	for name in lab:base backup-container; do
		docker image inspect --format "{{.Size}} $name" "$name"
	done >"$1/sizes"
	rm -f "$1"/????????????????.tar
	docker save --output "$1/new.tar" backup-container && mv "$1/new.tar" "$1/$2.tar"
)

# image_base TAR: this machine's system, as small as the usual base images are.
image_base() {
	local ID VERSION_CODENAME
	# shellcheck source=/dev/null
	. /etc/os-release
	image_sources "$ID" >"$1.list"
	[ -s "$1.list" ] || {
		apt-get update >"$1.log" 2>&1
		image_sources "$ID" >"$1.list"
	}
	# in a mount namespace of its own: whoever looks around in /tmp meanwhile would keep it
	# from undoing its mounts; and it hands dash the number of a descriptor, which must have
	# one digit
	unshare --mount mmdebstrap --variant=minbase --include=usr-is-merged \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$VERSION_CODENAME" "$1.new.tar" "$1.list" \
		>"$1.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || {
		tail -n 20 "$1.log" >&2
		return 1
	}
	mv "$1.new.tar" "$1"
}

# image_sources ID: where the packages of the system itself come from, without what was
# added to it: that would need keys and certificates that a base lacks. Nothing when they
# were never looked at.
image_sources() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v id="$1" 'tolower($1) == id { print "deb", $2, $3, $4 }' | sort -u
}

# ---- Containers

# in_image [OPTION...] -- [ARGUMENT...]: a run of it as `docker run` does one, on the node's
# network. What it says is in $output, its exit code in $status.
in_image() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	run docker run --rm --network host "${options[@]}" backup-container "$@"
}

# exits CODE: the last one did.
exits() {
	[ "$status" -eq "$1" ] || {
		echo "exit code $status, $1 expected:"
		echo "$output"
		return 1
	}
}

# inside SCRIPT: of a shell in a container of it.
inside() {
	docker run --rm --network none --entrypoint sh backup-container -euc "$1"
}
