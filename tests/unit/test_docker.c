/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Addresses of an engine, and filters as its URLs take them. */
#include "cases.h"

#include <errno.h>

#include "docker/docker.h"

static void check_filter(const char *kind, const char *const *values, size_t n,
			 const char *expected)
{
	CLEANUP(freep) char *filter = docker_filter(kind, values, n);

	assert_string_equal(filter, expected);
}

static void test_filter(void **state)
{
	const char *const one[] = {"com.example.a-b_c~=true"};
	const char *const odd[] = {"a b&c=d+e%41#?/\"\\", "\xc3\xa9\n"};
	const char *const wrong[] = {"\xff"};

	(void)state;
	check_filter(
		"label", one, 1,
		"?filters=%7B%22label%22%3A%5B%22com.example.a-b_c~%3Dtrue%22%5D%7D");
	check_filter("service", odd, 2,
		     "?filters=%7B%22service%22%3A%5B%22a%20b%26c%3Dd%2Be%2541%23%3F%2F"
		     "%5C%22%5C%5C%22%2C%22%C3%A9%5Cn%22%5D%7D");
	check_filter("x", NULL, 0, "?filters=%7B%22x%22%3A%5B%5D%7D");
	/* no UTF-8, which JSON cannot hold: escaped, so that nothing else matches it */
	CLEANUP(freep) char *filter = docker_filter("label", wrong, 1);
	assert_non_null(strstr(filter, "xff"));
}

static void test_addresses(void **state)
{
	static const char *const good[] = {
		"",
		"unix:///var/run/docker.sock",
		"unix:///a b",
		"tcp://127.0.0.1:2375",
		"tcp://host:2375/",
		"tcp://[::1]:2375",
	};
	static const char *const bad[] = {
		"unix://",
		"unix://relative",
		"unix:/one/slash",
		"/var/run/docker.sock",
		"tcp://",
		"tcp:///",
		"tcp:///path",
		"tcp://host:2375 ",
		"tcp://host\n:2375",
		"tcp://host:2375?x",
		"tcp://host#x",
		"http://host:2375",
		"https://host:2376",
		"ssh://user@host",
		"fd://",
		"npipe:////./pipe/docker_engine",
		"host:2375",
		"UNIX:///a",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct http *http = NULL;
		struct error err = {.msg = ""};
		if (http_open(&http, good[i], false, "", &err) < 0)
			fail_msg("'%s': %s", good[i], err.msg);
		assert_string_equal(http_peer(http),
				    *good[i] ? good[i] : "unix:///var/run/docker.sock");
		http_close(http);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct http *http = NULL;
		struct error err = {.msg = ""};
		if (http_open(&http, bad[i], false, "", &err) != -EINVAL)
			fail_msg("taken: '%s'", bad[i]);
		assert_null(http);
		assert_non_null(strstr(err.msg, "expected unix:///PATH or tcp://"));
	}
}

static void test_tls(void **state)
{
	static const struct {
		const char *host;
		bool verify;
		const char *certs;
		bool taken;
	} cases[] = {
		{"tcp://h:2376", true, "/certs", true},
		{"tcp://h:2376", true, "", true},
		{"tcp://h:2376", false, "/certs", false}, /* TLS without verification */
		{"tcp://h:2375", false, "", true},
		{"unix:///s", false, "/certs", true}, /* says nothing about a socket */
		{"", true, "/certs", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http *http = NULL;
		struct error err = {.msg = ""};
		int r = http_open(&http, cases[i].host, cases[i].verify, cases[i].certs,
				  &err);
		if ((r == 0) != cases[i].taken)
			fail_msg("case %zu: %d %s", i, r, err.msg);
		if (r < 0)
			assert_non_null(strstr(err.msg, "DOCKER_TLS_VERIFY=1"));
		http_close(http);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
