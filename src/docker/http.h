/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * HTTP to a Docker Engine: over a unix socket, or TCP with or without TLS. Several
 * requests at a time, each with a bounded answer and a deadline.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

struct http;

/*
 * `host` as DOCKER_HOST has it: unix://PATH, tcp://HOST:PORT; "" is the engine's usual
 * socket. With `tls_verify`, TLS with ca.pem, cert.pem and key.pem from `cert_path`.
 * -EINVAL: an address that is not understood, or TLS that would not be verified.
 */
int http_open(struct http **ret_http, const char *host, bool tls_verify,
	      const char *cert_path, struct error *err);
void http_close(struct http *http);

/* Where it talks to, for messages. */
const char *http_peer(const struct http *http);

/* Why there is no answer. */
enum http_failure {
	HTTP_ANSWERED,
	HTTP_NO_SOCKET,	    /* no such file, or a host that does not exist */
	HTTP_NO_PERMISSION, /* on the socket */
	HTTP_REFUSED,	    /* nobody listens */
	HTTP_TOO_LARGE,	    /* more than the answer may have */
	HTTP_TIMED_OUT,
	HTTP_BROKEN, /* cut off, not HTTP, TLS refused: the request may have taken effect */
};

struct http_request {
	/* the caller's */
	const char *method;
	char *path; /* with version and query */
	char *body; /* JSON, or NULL */
	void *ctx;

	/* the answer's */
	enum http_failure failure;
	long status;
	bool is_json;
	struct strbuf reply;  /* the body */
	char api_version[16]; /* header Api-Version, or "" */
	char detail[256];     /* what the library says of a failure */
};

void http_request_init(struct http_request *request, const char *method, char *path,
		       char *body);
void http_request_release(struct http_request *request);

/*
 * Sends all of them, some at a time on connections that are kept, and returns when each
 * has its answer or its failure. `seconds` is the deadline of each.
 */
void http_perform(struct http *http, struct http_request *requests, size_t n,
		  double seconds);
