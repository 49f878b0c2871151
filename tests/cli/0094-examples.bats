#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The examples and what README shows of them; the lab deploys them.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run
load lib/common

@test "README shows stack.yaml as it is" {
	# shellcheck disable=SC2016
	awk '/^\[stack.yaml\]/ { here = 1 } /^```/ { inside = here && $0 == "```yaml"; next } inside' \
		"$root/README.md" | diff - "$root/stack.yaml"
	[ -s "$root/stack.yaml" ]
}

@test "every variable in the examples is one of ours, with a value that is accepted" {
	for file in compose.yaml stack.yaml; do
		mapfile -t variables < <(awk '/^    environment:/ { inside = 1; next } !/^      / { inside = 0 } inside' "$root/$file" |
			sed 's/^ *\([A-Z_]*\): *"\{0,1\}\([^"# ]*\).*/\1=\2/')
		[ ${#variables[@]} -gt 5 ]
		run -0 env "${variables[@]}" "$BACKUP" config --json
		for variable in "${variables[@]}"; do
			jq -e --arg key "${variable%%=*}" --arg value "${variable#*=}" \
				'.[$key].value == $value' <<<"$output"
		done
	done
}

@test "the examples, the image and the defaults speak of the same paths" {
	grep -q '^ENTRYPOINT \["/usr/local/bin/entrypoint"\]$' "$root/Dockerfile"
	unset BACKUP_SRC BACKUP_DEST
	for file in compose.yaml stack.yaml; do
		grep -q ':/data:ro' "$root/$file"
		grep -q ':/backup$' "$root/$file"
	done
	"$BACKUP" config --json | jq -e 'map_values(.value) | .BACKUP_SRC == "/data" and .BACKUP_DEST == "/backup"'
}
