/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A Docker Engine that manages a Swarm: reaching it, and saying in words why not.
 *
 * Requests go through the daemon's own API version (the Api-Version header of /_ping):
 * through an older one it silently drops newer fields of a spec. The least we can talk
 * is 1.40 (docs.docker.com/reference/api/engine).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "docker/http.h"

struct docker;

/* What stands in the way, where callers decide by it. */
enum docker_trouble {
	DOCKER_FINE,
	DOCKER_NO_SOCKET,     /* there is no engine to talk to */
	DOCKER_NO_PERMISSION, /* we may not use its socket */
	DOCKER_NOBODY,	      /* nobody listens there */
	DOCKER_NO_SWARM,      /* the engine is in no Swarm */
	DOCKER_NO_MANAGER,    /* it is in one, and does not manage it */
	DOCKER_FORBIDDEN,     /* a proxy in between refuses */
	DOCKER_TOO_OLD,
	DOCKER_NO_ANSWER, /* cut off or too late: a request may have taken effect */
	DOCKER_GONE,	  /* 404 */
	DOCKER_SEQUENCE,  /* another update came between: read and decide again */
	DOCKER_FAILED,	  /* any other answer */
};

struct docker_options {
	const char *host; /* as DOCKER_HOST */
	bool tls_verify;
	const char *cert_path;
	double seconds; /* that each request may take; 0: a minute */
};

/*
 * Connects, agrees on a version, and makes sure that services can be managed. The caller
 * closes it. -ECONNREFUSED or another error, with `ret_trouble` and words what to do.
 */
int docker_open(struct docker **ret_docker, const struct docker_options *options,
		enum docker_trouble *ret_trouble, struct error *err);
void docker_close(struct docker *docker);
void docker_closep(struct docker **docker);

/* The API version that is spoken, such as "1.47". */
const char *docker_version(const struct docker *docker);

/* A request to `path` (without the version); takes the strings over. */
void docker_request(const struct docker *docker, struct http_request *request,
		    const char *method, char *path, char *body);

/* Performs requests, several at a time, and returns when all have ended. */
void docker_perform(struct docker *docker, struct http_request *requests, size_t n);

/* What came of one; `what` begins the words ("list services"). */
enum docker_trouble docker_judge(const struct docker *docker,
				 const struct http_request *request, const char *what,
				 struct error *err);

/* GET that answers JSON; the caller releases it. */
enum docker_trouble docker_get(struct docker *docker, char *path, const char *what,
			       json_t **ret_root, struct error *err);

/* ?filters=... for one kind of filter, escaped for a URL; the caller frees it. */
char *docker_filter(const char *kind, const char *const *values, size_t n);

/* Parses what the engine sent; NULL: it is no JSON. Integers stay integers. */
json_t *docker_parse(const struct strbuf *text);

/* The text to send; the caller frees it. */
char *docker_dump(const json_t *value);
