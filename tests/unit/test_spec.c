/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* A service's spec: what is changed changes, all the rest stays as it came. */
#include "cases.h"

#include <math.h>

#include "docker/docker.h"
#include "docker/spec.h"

/* As Docker 27 answered for a service that uses many a field, cut to one of each kind. */
static const char captured[] =
	"{\"Name\":\"web\",\"Labels\":{\"com.example.autobackup.enable\":\"true\","
	"\"empty\":\"\",\"odd \\\"key\\\"\":\"\\u001B\\u0000\xe2\x82\xac\\n\"},"
	"\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"busybox:1.36@sha256:00\","
	"\"Labels\":{\"com.example.autobackup.enable\":\"false\"},"
	"\"Args\":[\"sh\",\"-c\",\"exec sleep 9999\"],\"Env\":[\"A=1\",\"B=\"],"
	"\"StopGracePeriod\":2500000000,\"Init\":false,"
	"\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000,"
	"\"StartInterval\":9223372036854775807},"
	"\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/v\"}],"
	"\"Ulimits\":[{\"Name\":\"nofile\",\"Hard\":-9223372036854775808,\"Soft\":-1}],"
	"\"CapabilityAdd\":[\"CAP_NET_RAW\"],\"Sysctls\":{\"net.core.somaxconn\":\"9\"},"
	"\"DNSConfig\":{},\"Isolation\":\"default\"},"
	"\"Resources\":{\"Limits\":{\"NanoCPUs\":100000000,"
	"\"MemoryBytes\":9007199254740993},\"Reservations\":{}},"
	"\"RestartPolicy\":{\"Condition\":\"any\",\"Delay\":5000000000,"
	"\"MaxAttempts\":0,\"Window\":604800000000000},"
	"\"Placement\":{\"Constraints\":[\"node.role==manager\",\"node.labels.a!=b\"],"
	"\"Platforms\":[{\"Architecture\":\"amd64\",\"OS\":\"linux\"},{}]},"
	"\"ForceUpdate\":3,\"Runtime\":\"container\"},"
	"\"Mode\":{\"Replicated\":{\"Replicas\":3}},"
	"\"UpdateConfig\":{\"Parallelism\":1,\"Monitor\":1500000000,"
	"\"MaxFailureRatio\":0.15000000596046448,\"Order\":\"stop-first\"},"
	"\"RollbackConfig\":{\"Parallelism\":1,\"MaxFailureRatio\":0},"
	"\"EndpointSpec\":{\"Mode\":\"vip\",\"Ports\":[{\"Protocol\":\"tcp\","
	"\"TargetPort\":80,\"PublishedPort\":8080}]}}";

static json_t *parse(const char *text)
{
	CLEANUP(strbuf_release) struct strbuf buf = STRBUF_INIT;

	strbuf_addstr(&buf, text);
	json_t *root = docker_parse(&buf);
	if (!root)
		fail_msg("does not parse: %s", text);
	return root;
}

static void check_text(const json_t *spec, const char *expected)
{
	CLEANUP(freep) char *text = docker_dump(spec);

	assert_string_equal(text, expected);
}

static void test_round_trip(void **state)
{
	CLEANUP(json_freep) json_t *spec = parse(captured);

	(void)state;
	check_text(spec, captured);
}

/* Down and up again: not a byte differs, but for the order of what was set. */
static void test_down_and_up(void **state)
{
	CLEANUP(json_freep) json_t *spec = parse(captured);
	CLEANUP(json_freep) json_t *before = parse(captured);

	(void)state;
	assert_true(spec_replicas(spec) == 3);
	spec_set_label(spec, "mark", "{\"replicas\":3}");
	spec_set_replicas(spec, 0);
	spec_add_constraint(spec, "node.id==x");
	assert_string_equal(spec_label(spec, "mark"), "{\"replicas\":3}");
	assert_true(spec_replicas(spec) == 0);
	assert_false(json_equal(spec, before));

	CLEANUP(freep) char *text = docker_dump(spec);
	CLEANUP(json_freep) json_t *again = parse(text);
	spec_remove_label(again, "mark");
	spec_set_replicas(again, 3);
	spec_remove_constraint(again, "node.id==x");
	assert_true(json_equal(again, before));
}

static void test_numbers(void **state)
{
	static const char *const kept[] = {
		"0",
		"-1",
		"9223372036854775807",
		"-9223372036854775808",
		"9007199254740993",
		"0.10000000000000001",
		"0.15000000596046448",
		"1.0",
		"[1,2.5,null,true,false,\"\",{},[]]",
		"\"\\u0000a\\u001F\"",
	};
	static const char *const same[] = {
		"0.1", "1e-7", "1.5e300", "5e-324", "1.7976931348623157e308", "-0.0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		CLEANUP(freep) char *text = xasprintf("{\"x\":%s}", kept[i]);
		CLEANUP(json_freep) json_t *root = parse(text);
		check_text(root, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		CLEANUP(freep) char *text = xasprintf("{\"x\":%s}", same[i]);
		CLEANUP(json_freep) json_t *root = parse(text);
		CLEANUP(freep) char *sent = docker_dump(root);
		CLEANUP(json_freep) json_t *again = parse(sent);
		assert_true(json_real_value(json_object_get(again, "x")) ==
			    strtod(same[i], NULL));
	}
}

/* What would not come back as it is is no spec for us. */
static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{\"x\":9223372036854775808}",
		"{\"x\":-9223372036854775809}",
		"{\"x\":1e999}",
		"{\"a\\u0000b\":1}",
		"{\"x\":\"\xff\"}",
		"{\"x\":NaN}",
		"{} x",
		"<html>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(strbuf_release) struct strbuf buf = STRBUF_INIT;
		strbuf_addstr(&buf, texts[i]);
		CLEANUP(json_freep) json_t *root = docker_parse(&buf);
		if (root)
			fail_msg("parses: %s", texts[i]);
	}
}

static void test_modes(void **state)
{
	static const struct {
		const char *spec;
		enum spec_mode mode;
		int64_t replicas;
	} cases[] = {
		{"{\"Mode\":{\"Replicated\":{\"Replicas\":2}}}", SPEC_REPLICATED, 2},
		{"{\"Mode\":{\"Replicated\":{\"Replicas\":0}}}", SPEC_REPLICATED, 0},
		{"{\"Mode\":{\"Replicated\":{}}}", SPEC_REPLICATED, -1},
		{"{\"Mode\":{\"Replicated\":{\"Replicas\":null}}}", SPEC_REPLICATED, -1},
		{"{\"Mode\":{\"Global\":{}}}", SPEC_GLOBAL, -1},
		{"{\"Mode\":{\"ReplicatedJob\":{\"MaxConcurrent\":1}}}", SPEC_JOB, -1},
		{"{\"Mode\":{\"GlobalJob\":{}}}", SPEC_JOB, -1},
		{"{\"Mode\":{\"New\":{}}}", SPEC_OTHER, -1},
		{"{\"Mode\":{\"Replicated\":null}}", SPEC_OTHER, -1},
		{"{\"Mode\":null}", SPEC_OTHER, -1},
		{"{}", SPEC_OTHER, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_freep) json_t *spec = parse(cases[i].spec);
		if (spec_mode(spec) != cases[i].mode ||
		    spec_replicas(spec) != cases[i].replicas)
			fail_msg("%s: mode %d, %ld replicas", cases[i].spec,
				 spec_mode(spec), (long)spec_replicas(spec));
	}
}

static void test_replicas(void **state)
{
	static const int64_t counts[] = {0, 1, INT64_MAX};
	CLEANUP(json_freep) json_t *spec = parse("{\"Mode\":{\"Replicated\":{}}}");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		spec_set_replicas(spec, counts[i]);
		assert_true(spec_replicas(spec) == counts[i]);
	}
	spec_set_replicas(spec, -1);
	check_text(spec, "{\"Mode\":{\"Replicated\":{}}}");
}

static void test_labels(void **state)
{
	static const char *const specs[] = {"{}", "{\"Labels\":{}}", "{\"Labels\":null}",
					    "{\"Labels\":{\"a\":\"\"}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		CLEANUP(json_freep) json_t *spec = parse(specs[i]);
		assert_null(spec_label(spec, "k"));
		spec_remove_label(spec, "k");
		check_text(spec, specs[i]);
		spec_set_label(spec, "k", "1");
		spec_set_label(spec, "k", "2");
		assert_string_equal(spec_label(spec, "k"), "2");
		spec_remove_label(spec, "k");
		assert_null(spec_label(spec, "k"));
	}
	/* of the service, not of its containers */
	CLEANUP(json_freep)
	json_t *spec = parse("{\"TaskTemplate\":{\"ContainerSpec\":{\"Labels\":"
			     "{\"k\":\"1\"}}}}");
	assert_null(spec_label(spec, "k"));
}

static void test_constraints(void **state)
{
	static const char *const specs[] = {
		"{}",
		"{\"TaskTemplate\":{}}",
		"{\"TaskTemplate\":{\"Placement\":{}}}",
		"{\"TaskTemplate\":{\"Placement\":{\"Constraints\":null}}}",
		"{\"TaskTemplate\":{\"Placement\":null}}",
	};
	const char *ours = "node.id==x";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		CLEANUP(json_freep) json_t *spec = parse(specs[i]);
		assert_false(spec_has_constraint(spec, ours));
		spec_add_constraint(spec, ours);
		assert_true(spec_has_constraint(spec, ours));
		spec_remove_constraint(spec, ours);
		/* as the engine writes it: no empty list */
		check_text(spec, "{\"TaskTemplate\":{\"Placement\":{}}}");
	}
	CLEANUP(json_freep)
	json_t *spec = parse("{\"TaskTemplate\":{\"Placement\":{\"Constraints\":"
			     "[\"node.id==xy\",\"node.id==x\",\"node.id == x\"]}}}");
	spec_remove_constraint(spec, ours);
	check_text(spec, "{\"TaskTemplate\":{\"Placement\":{\"Constraints\":"
			 "[\"node.id==xy\",\"node.id == x\"]}}}");
	spec_remove_constraint(spec, ours);
	assert_false(spec_has_constraint(spec, ours));
}

static void test_durations(void **state)
{
	static const struct {
		const char *spec;
		double grace, monitor;
	} cases[] = {
		{"{}", 10, 5},
		{captured, 2.5, 1.5},
		{"{\"TaskTemplate\":{\"ContainerSpec\":{\"StopGracePeriod\":0}},"
		 "\"UpdateConfig\":{\"Monitor\":0}}",
		 0, 5},
		{"{\"TaskTemplate\":{\"ContainerSpec\":{\"StopGracePeriod\":"
		 "9223372036854775807}},\"UpdateConfig\":{\"Monitor\":-1}}",
		 9223372036.854775807, 5},
		{"{\"TaskTemplate\":{\"ContainerSpec\":{\"StopGracePeriod\":\"3s\"}},"
		 "\"UpdateConfig\":null}",
		 10, 5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_freep) json_t *spec = parse(cases[i].spec);
		assert_true(fabs(spec_grace(spec) - cases[i].grace) < 1e-6);
		assert_true(fabs(spec_monitor(spec) - cases[i].monitor) < 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_down_and_up),
		cmocka_unit_test(test_numbers),	   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_modes),	   cmocka_unit_test(test_replicas),
		cmocka_unit_test(test_labels),	   cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
