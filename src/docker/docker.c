/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "docker/docker.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
	REQUEST_SECONDS = 60,
	OLDEST_MINOR = 40,
};

struct docker {
	struct http *http;
	char version[16];
	double seconds; /* deadline of each request */
};

void docker_close(struct docker *docker)
{
	if (!docker)
		return;
	http_close(docker->http);
	free(docker);
}

void docker_closep(struct docker **docker)
{
	docker_close(*docker);
}

const char *docker_version(const struct docker *docker)
{
	return docker->version;
}

json_t *docker_parse(const struct strbuf *text)
{
	return json_loadb(text->buf, text->len, JSON_ALLOW_NUL, NULL);
}

char *docker_dump(const json_t *value)
{
	return json_dumps(value,
			  JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
}

void docker_request(const struct docker *docker, struct http_request *request,
		    const char *method, char *path, char *body)
{
	http_request_init(request, method, xasprintf("/v%s%s", docker->version, path),
			  body);
	free(path);
}

void docker_perform(struct docker *docker, struct http_request *requests, size_t n)
{
	http_perform(docker->http, requests, n, docker->seconds);
}

static enum docker_trouble say_unreachable(const struct docker *docker,
					   const struct http_request *request,
					   const char *what, struct error *err)
{
	const char *peer = http_peer(docker->http);

	switch (request->failure) {
	case HTTP_ANSWERED:
		break;
	case HTTP_NO_SOCKET:
		error_say(err, -ENOENT,
			  "%s: there is no Docker Engine at %s: mount its socket, or set "
			  "DOCKER_HOST",
			  what, peer);
		return DOCKER_NO_SOCKET;
	case HTTP_NO_PERMISSION:
		error_say(
			err, -EACCES,
			"%s: no permission for %s: run as root or as a member of its group",
			what, peer);
		return DOCKER_NO_PERMISSION;
	case HTTP_REFUSED:
		error_say(err, -ECONNREFUSED,
			  "%s: nobody listens at %s (%s): is the Docker Engine running?",
			  what, peer, request->detail);
		return DOCKER_NOBODY;
	case HTTP_TOO_LARGE:
		error_say(err, -EMSGSIZE, "%s: %s sent more than %zu bytes", what, peer,
			  request->reply.max);
		return DOCKER_FAILED;
	case HTTP_TIMED_OUT:
		error_say(err, -ETIMEDOUT, "%s: no answer from %s in time", what, peer);
		return DOCKER_NO_ANSWER;
	case HTTP_BROKEN:
		error_say(err, -EPIPE, "%s: no answer from %s: %s", what, peer,
			  request->detail);
		return DOCKER_NO_ANSWER;
	}
	return DOCKER_FINE;
}

/* {"message": "..."}, or the beginning of whatever it is. */
static void say_answer(const struct http_request *request, const char *what,
		       struct error *err)
{
	CLEANUP(json_freep) json_t *root = docker_parse(&request->reply);
	const char *message = json_string_value(json_object_get(root, "message"));

	error_say(err, -EREMOTEIO, "%s: the Docker Engine answered %ld: %.300s", what,
		  request->status, message ? message : request->reply.buf);
}

enum docker_trouble docker_judge(const struct docker *docker,
				 const struct http_request *request, const char *what,
				 struct error *err)
{
	const char *text = request->reply.buf;

	if (request->failure != HTTP_ANSWERED)
		return say_unreachable(docker, request, what, err);
	if (request->status >= 200 && request->status < 300)
		return DOCKER_FINE;
	if (request->status == 403 && !request->is_json) {
		error_say(
			err, -EACCES,
			"%s: a proxy at %s refuses: let it pass INFO, SERVICES, TASKS and POST",
			what, http_peer(docker->http));
		return DOCKER_FORBIDDEN;
	}
	say_answer(request, what, err);
	if (request->status == 404)
		return DOCKER_GONE;
	if (request->status == 503 && strstr(text, "Manager is being prepared"))
		return DOCKER_NO_ANSWER;
	if (request->status == 503 && strstr(text, "not a swarm manager"))
		return strstr(text, "docker swarm init") ? DOCKER_NO_SWARM
							 : DOCKER_NO_MANAGER;
	if (strstr(text, "update out of sequence"))
		return DOCKER_SEQUENCE;
	/* while managers elect a leader, or one of them restarts, perhaps behind a proxy */
	if (request->status >= 500 &&
	    (strstr(text, "does not have a leader") || strstr(text, "DeadlineExceeded") ||
	     strstr(text, "Unavailable") || !request->is_json))
		return DOCKER_NO_ANSWER;
	return DOCKER_FAILED;
}

enum docker_trouble docker_get(struct docker *docker, char *path, const char *what,
			       json_t **ret_root, struct error *err)
{
	struct http_request request;

	docker_request(docker, &request, "GET", path, NULL);
	docker_perform(docker, &request, 1);
	enum docker_trouble trouble = docker_judge(docker, &request, what, err);
	if (trouble == DOCKER_FINE) {
		*ret_root = docker_parse(&request.reply);
		if (!*ret_root) {
			error_say(err, -EBADMSG, "%s: the answer from %s is not JSON",
				  what, http_peer(docker->http));
			trouble = DOCKER_FAILED;
		}
	}
	http_request_release(&request);
	return trouble;
}

char *docker_filter(const char *kind, const char *const *values, size_t n)
{
	CLEANUP(json_freep) json_t *root = json_object();
	CLEANUP(strbuf_release) struct strbuf url = STRBUF_INIT;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(values[i]));
	json_object_set_new(root, kind, list);
	CLEANUP(freep) char *text = docker_dump(root);
	strbuf_addstr(&url, "?filters=");
	for (const char *c = text; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~", *c))
			strbuf_addch(&url, *c);
		else
			strbuf_addf(&url, "%%%02X", (unsigned char)*c);
	}
	return strbuf_steal(&url);
}

static enum docker_trouble agree_on_version(struct docker *docker, struct error *err)
{
	struct http_request request;
	unsigned long minor = 0;

	http_request_init(&request, "GET", xstrdup("/_ping"), NULL);
	docker_perform(docker, &request, 1);
	enum docker_trouble trouble =
		docker_judge(docker, &request, "ask for its version", err);
	if (trouble == DOCKER_FINE && strncmp(request.api_version, "1.", 2) == 0)
		minor = strtoul(request.api_version + 2, NULL, 10);
	if (trouble == DOCKER_FINE && minor == 0) {
		error_say(err, -EBADMSG,
			  "%s is not a Docker Engine: it tells no Api-Version",
			  http_peer(docker->http));
		trouble = DOCKER_FAILED;
	} else if (trouble == DOCKER_FINE && minor < OLDEST_MINOR) {
		error_say(
			err, -EPROTONOSUPPORT,
			"the Docker Engine at %s speaks API %s, and 1.%d is the least: upgrade it",
			http_peer(docker->http), request.api_version, OLDEST_MINOR);
		trouble = DOCKER_TOO_OLD;
	}
	snprintf(docker->version, sizeof(docker->version), "%s", request.api_version);
	http_request_release(&request);
	return trouble;
}

static enum docker_trouble check_manager(struct docker *docker, struct error *err)
{
	CLEANUP(json_freep) json_t *root = NULL;

	enum docker_trouble trouble =
		docker_get(docker, xstrdup("/info"), "ask for its Swarm", &root, err);
	if (trouble != DOCKER_FINE)
		return trouble;
	const json_t *swarm = json_object_get(root, "Swarm");
	const char *state = json_string_value(json_object_get(swarm, "LocalNodeState"));
	if (!state || strcmp(state, "inactive") == 0) {
		error_say(err, -ENOENT, "the Docker Engine at %s is in no Swarm",
			  http_peer(docker->http));
		return DOCKER_NO_SWARM;
	}
	if (strcmp(state, "active") != 0) {
		error_say(err, -EAGAIN, "the Swarm of the Docker Engine at %s is %s",
			  http_peer(docker->http), state);
		return DOCKER_FAILED;
	}
	if (!json_is_true(json_object_get(swarm, "ControlAvailable"))) {
		error_say(
			err, -EPERM,
			"the Docker Engine at %s does not manage its Swarm: run on a manager "
			"(constraint node.role==manager)",
			http_peer(docker->http));
		return DOCKER_NO_MANAGER;
	}
	return DOCKER_FINE;
}

int docker_open(struct docker **ret_docker, const struct docker_options *options,
		enum docker_trouble *ret_trouble, struct error *err)
{
	CLEANUP(docker_closep) struct docker *docker = xcalloc(1, sizeof(*docker));

	*ret_trouble = DOCKER_FAILED;
	docker->seconds = options->seconds > 0 ? options->seconds : REQUEST_SECONDS;
	int r = http_open(&docker->http, options->host, options->tls_verify,
			  options->cert_path, err);
	if (r < 0)
		return r;
	*ret_trouble = agree_on_version(docker, err);
	if (*ret_trouble == DOCKER_FINE)
		*ret_trouble = check_manager(docker, err);
	if (*ret_trouble != DOCKER_FINE)
		return -ECONNREFUSED;
	*ret_docker = STEAL(docker);
	return 0;
}
