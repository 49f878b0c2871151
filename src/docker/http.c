/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "docker/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

enum {
	REPLY_MAX = 64 * 1024 * 1024,
	CONNECT_SECONDS = 10,
	AT_A_TIME = 16,
};

static const char default_socket[] = "/var/run/docker.sock";

struct http {
	CURLM *multi;
	char *peer;
	char *socket; /* path, or NULL for TCP */
	char *base;   /* "http://localhost" or "https://host:port" */
	char *ca, *cert, *key;
};

static int set_address(struct http *http, const char *host, bool tls, struct error *err)
{
	if (!*host || strncmp(host, "unix://", 7) == 0) {
		http->socket = xstrdup(*host ? host + 7 : default_socket);
		http->base = xstrdup("http://localhost");
		if (http->socket[0] == '/')
			return 0;
	} else if (strncmp(host, "tcp://", 6) == 0 && host[6] && host[6] != '/' &&
		   host[strcspn(host, " \t\r\n?#")] == '\0') {
		size_t len = strcspn(host + 6, "/");
		http->base = xasprintf("%s://%.*s", tls ? "https" : "http", (int)len,
				       host + 6);
		return 0;
	}
	return error_say(err, -EINVAL,
			 "DOCKER_HOST='%s': expected unix:///PATH or tcp://HOST:PORT",
			 host);
}

int http_open(struct http **ret_http, const char *host, bool tls_verify,
	      const char *cert_path, struct error *err)
{
	struct http *http = xcalloc(1, sizeof(*http));
	bool tls = tls_verify && strncmp(host, "tcp://", 6) == 0;

	int r = set_address(http, host, tls, err);
	if (r >= 0 && *cert_path && !tls_verify && !http->socket)
		r = error_say(
			err, -EINVAL,
			"DOCKER_CERT_PATH is set and DOCKER_TLS_VERIFY is not: TLS without "
			"verification is refused, set DOCKER_TLS_VERIFY=1");
	if (r < 0) {
		http_close(http);
		return r;
	}
	http->peer = xstrdup(*host ? host : "unix:///var/run/docker.sock");
	if (tls && *cert_path) {
		http->ca = xasprintf("%s/ca.pem", cert_path);
		http->cert = xasprintf("%s/cert.pem", cert_path);
		http->key = xasprintf("%s/key.pem", cert_path);
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->multi = curl_multi_init();
	if (!http->multi) {
		http_close(http);
		return error_say(err, -ENOMEM, "libcurl cannot be initialised");
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)AT_A_TIME);
	*ret_http = http;
	return 0;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	curl_multi_cleanup(http->multi);
	free(http->peer);
	free(http->socket);
	free(http->base);
	free(http->ca);
	free(http->cert);
	free(http->key);
	free(http);
}

const char *http_peer(const struct http *http)
{
	return http->peer;
}

void http_request_init(struct http_request *request, const char *method, char *path,
		       char *body)
{
	*request = (struct http_request){
		.method = method,
		.path = path,
		.body = body,
		.reply = STRBUF_INIT_MAX(REPLY_MAX),
	};
}

void http_request_release(struct http_request *request)
{
	free(request->path);
	free(request->body);
	strbuf_release(&request->reply);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_request *request = ctx;

	strbuf_add(&request->reply, data, size * n);
	return request->reply.truncated ? 0 : size * n; /* 0 ends the transfer */
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http_request *request = ctx;
	static const char name[] = "Api-Version:";
	size_t len = size * n;

	if (len > sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0) {
		size_t out = 0;
		for (size_t i = sizeof(name) - 1;
		     i < len && out < sizeof(request->api_version) - 1; i++)
			if (strchr("0123456789.", data[i]) && data[i])
				request->api_version[out++] = data[i];
		request->api_version[out] = '\0';
	}
	return len;
}

static CURL *start(struct http *http, struct http_request *request,
		   struct curl_slist *headers, double seconds)
{
	CLEANUP(freep) char *url = xasprintf("%s%s", http->base, request->path);
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	strbuf_reset(&request->reply);
	request->detail[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(seconds * 1000));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	if (http->socket)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, http->socket);
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)strlen(request->body));
	}
	if (http->ca) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca);
		curl_easy_setopt(easy, CURLOPT_SSLCERT, http->cert);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, http->key);
	}
	if (curl_multi_add_handle(http->multi, easy) != CURLM_OK) {
		curl_easy_cleanup(easy);
		return NULL;
	}
	return easy;
}

static enum http_failure classify(CURL *easy, CURLcode code,
				  const struct http_request *request)
{
	long os_errno = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
	switch ((int)code) {
	case CURLE_OK:
		return HTTP_ANSWERED;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_NO_SOCKET;
	case CURLE_COULDNT_CONNECT:
		return os_errno == ENOENT || os_errno == ENOTDIR ? HTTP_NO_SOCKET
		       : os_errno == EACCES || os_errno == EPERM ? HTTP_NO_PERMISSION
								 : HTTP_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMED_OUT;
	case CURLE_WRITE_ERROR:
		return request->reply.truncated ? HTTP_TOO_LARGE : HTTP_BROKEN;
	default:
		return HTTP_BROKEN;
	}
}

static void finish(struct http *http, const CURLMsg *msg)
{
	CURL *easy = msg->easy_handle;
	struct http_request *request = NULL;
	const char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &request->status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	request->failure = classify(easy, msg->data.result, request);
	request->is_json = type && strncasecmp(type, "application/json", 16) == 0;
	if (!request->detail[0])
		snprintf(request->detail, sizeof(request->detail), "%s",
			 curl_easy_strerror(msg->data.result));
	curl_multi_remove_handle(http->multi, easy);
	curl_easy_cleanup(easy);
}

/* `detail` is libcurl's error buffer, so it must be able to hold what that demands. */
_Static_assert(sizeof(((struct http_request *)0)->detail) >= CURL_ERROR_SIZE,
	       "libcurl's error buffer");

void http_perform(struct http *http, struct http_request *requests, size_t n,
		  double seconds)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	size_t begun = 0, running = 0;
	int active;

	/* no "Expect: 100-continue": proxies stumble over it */
	headers = curl_slist_append(headers, "Expect:");
	while (begun < n || running > 0) {
		for (; begun < n && running < AT_A_TIME; begun++) {
			requests[begun].failure = HTTP_BROKEN;
			running +=
				start(http, &requests[begun], headers, seconds) != NULL;
		}
		curl_multi_perform(http->multi, &active);
		int left;
		for (CURLMsg *msg; (msg = curl_multi_info_read(http->multi, &left));) {
			if (msg->msg != CURLMSG_DONE)
				continue;
			finish(http, msg);
			running--;
		}
		if (running > 0)
			curl_multi_poll(http->multi, NULL, 0, 200, NULL);
	}
	curl_slist_free_all(headers);
}
