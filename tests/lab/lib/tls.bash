# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# An engine that listens on TCP with TLS, for clients that show a certificate.
#
#	lab_tls DIR
#	LAB_ENGINE_OPTIONS=("${LAB_TLS_OPTIONS[@]}")
#	lab_start ...
#	lab_in_network '' env DOCKER_HOST=tcp://127.0.0.1:2376 DOCKER_TLS_VERIFY=1 \
#		DOCKER_CERT_PATH=DIR docker node ls

# lab_tls DIR: makes a certificate authority of its own with the files that DOCKER_CERT_PATH
# wants in DIR (ca.pem, cert.pem, key.pem), and what the engine needs in DIR/server, for
# localhost and 127.0.0.1. Sets LAB_TLS_OPTIONS.
lab_tls() {
	local ca=$1/authority server=$1/server
	mkdir -p "$ca" "$server" || return
	openssl req -x509 "${LAB_NEW_KEY[@]}" -subj '/CN=lab authority' \
		-keyout "$ca/key.pem" -out "$1/ca.pem" 2>/dev/null || return
	lab_tls_sign "$1" client "$1" && lab_tls_sign "$1" server "$server" || return
	# shellcheck disable=SC2034
	LAB_TLS_OPTIONS=(--host tcp://127.0.0.1:2376 --tlsverify --tlscacert "$1/ca.pem"
		--tlscert "$server/cert.pem" --tlskey "$server/key.pem")
}

LAB_NEW_KEY=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

# lab_tls_sign DIR client|server OUT: a certificate by the authority of DIR.
lab_tls_sign() {
	openssl req "${LAB_NEW_KEY[@]}" -subj "/CN=lab $2" \
		-keyout "$3/key.pem" -out "$3/request.pem" 2>/dev/null || return
	openssl x509 -req -in "$3/request.pem" -CA "$1/ca.pem" -CAkey "$1/authority/key.pem" \
		-CAcreateserial -days 30 -out "$3/cert.pem" \
		-extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1"; echo "extendedKeyUsage=$2Auth") \
		2>/dev/null
}
