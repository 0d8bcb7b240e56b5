/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a simulated call: drawn from seed, key and attempt, and from nothing else. */
#include <string.h>

#include "sim/fate.h"
#include "testing.h"

static sim_config read_config(nc_msg_mem *mem, const char *text)
{
	nc_error err = { .struct_size = sizeof(err) };
	sim_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	CHECK_OK(nc_msg_read(&sim_config_msg, nc_plug_str(text), mem, &cfg, &err), &err);
	return cfg;
}

static sim_fate ask(const sim_config *cfg, const char *key, int64_t attempt)
{
	return sim_fate_of(cfg, &(sim_question){ .verb = "compute.create",
					.key = key,
					.host = "host-00001",
					.name = "web-1",
					.attempt = attempt });
}

static void the_same_question_has_the_same_answer(void)
{
	nc_msg_mem mem = { 0 };
	sim_config cfg = read_config(&mem, "{\"seed\":5,\"failure_rate\":0.3,\"hang_rate\":0.3,"
					   "\"latency_ms\":{\"*\":{\"min\":1,\"max\":1000}}}");
	sim_config other = cfg;
	int n_differ = 0;

	other.seed = 6;
	for (int i = 0; i < 200; i++) {
		char key[32];
		sim_fate a, b;

		(void)snprintf(key, sizeof(key), "op_%d.create.0", i);
		a = ask(&cfg, key, 1);
		b = ask(&cfg, key, 1);
		CHECK_INT(a.kind, b.kind);
		CHECK_INT(a.latency_ms, b.latency_ms);
		n_differ += a.latency_ms != ask(&other, key, 1).latency_ms;
		n_differ += a.latency_ms != ask(&cfg, key, 2).latency_ms;
	}
	CHECK(n_differ > 380); /* of 400: another seed, another attempt, another fate */
	nc_msg_done(&mem);
}

static void rates_come_out_as_asked(void)
{
	nc_msg_mem mem = { 0 };
	sim_config cfg =
		read_config(&mem, "{\"failure_rate\":0.1,\"partial_rate\":0.05,\"hang_rate\":0.05,"
				  "\"lost_reply_before\":0.1,\"lost_reply_after\":0.2}");
	int n[6] = { 0 };
	static const int want[6] = { 5000, 1000, 500, 500, 1000, 2000 };

	for (int i = 0; i < 10000; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "op_%d", i);
		n[ask(&cfg, key, 1).kind]++;
	}
	for (int k = 0; k < 6; k++)
		CHECK(n[k] > want[k] * 8 / 10 && n[k] < want[k] * 12 / 10);
	nc_msg_done(&mem);
}

static void latencies_lie_between_min_and_max(void)
{
	static const char *const dists[] = { "uniform", "normal", "exponential" };

	for (size_t d = 0; d < 3; d++) {
		nc_msg_mem mem = { 0 };
		char text[200];
		int64_t low = INT64_MAX, high = 0;
		sim_config cfg;

		(void)snprintf(text, sizeof(text),
			"{\"latency_ms\":{\"*\":{\"min\":10,\"max\":110,\"dist\":\"%s\"},"
			"\"compute.power\":{\"min\":7,\"max\":7}}}",
			dists[d]);
		cfg = read_config(&mem, text);
		for (int i = 0; i < 2000; i++) {
			char key[32];
			int64_t ms;

			(void)snprintf(key, sizeof(key), "op_%d", i);
			ms = ask(&cfg, key, 1).latency_ms;
			low = ms < low ? ms : low;
			high = ms > high ? ms : high;
		}
		CHECK(low >= 10 && low < 40);
		CHECK(high <= 110 && high > 60);
		CHECK_INT(sim_fate_of(&cfg, &(sim_question){ .verb = "compute.power",
						    .key = "k",
						    .host = "",
						    .name = "",
						    .attempt = 1 })
				  .latency_ms,
			7);
		nc_msg_done(&mem);
	}
}

static void the_first_fault_that_fits_takes_the_place_of_the_rates(void)
{
	nc_msg_mem mem = { 0 };
	sim_config cfg = read_config(&mem, "{\"failure_rate\":1,\"faults\":["
					   "{\"names\":\"db-*\",\"hang_rate\":1},"
					   "{\"hosts\":\"host-0000?\",\"verbs\":\"compute.*\","
					   "\"failure_rate\":1,\"code\":\"quota\","
					   "\"first_attempts\":2},"
					   "{\"hosts\":\"host-*\"}]}");
	sim_fate f = ask(&cfg, "k", 1);

	CHECK_INT(f.kind, SIM_FATE_FAILS);
	CHECK_INT(f.code, NC_E_QUOTA);
	CHECK_INT(ask(&cfg, "k", 2).kind, SIM_FATE_FAILS);
	CHECK_INT(ask(&cfg, "k", 3).kind, SIM_FATE_ACTS);
	nc_msg_done(&mem);
}

static void hosts_that_hang_hang_always(void)
{
	nc_msg_mem mem = { 0 };
	sim_config cfg = read_config(&mem, "{\"hang_hosts\":[\"host-00002\",\"*-00001\"]}");

	CHECK_INT(ask(&cfg, "a", 1).kind, SIM_FATE_HANGS);
	CHECK_INT(ask(&cfg, "b", 9).kind, SIM_FATE_HANGS);
	nc_msg_done(&mem);
}

static void queries_fail_only_for_certain(void)
{
	nc_msg_mem mem = { 0 };
	sim_config cfg = read_config(
		&mem, "{\"failure_rate\":1,\"faults\":[{\"hosts\":\"bad\",\"failure_rate\":1}]}");
	sim_question q = {
		.verb = "compute.inventory", .key = "", .host = "good", .name = "", .is_query = true
	};

	CHECK_INT(sim_fate_of(&cfg, &q).kind, SIM_FATE_ACTS);
	q.host = "bad";
	CHECK_INT(sim_fate_of(&cfg, &q).kind, SIM_FATE_FAILS);
	nc_msg_done(&mem);
}

static void patterns_have_stars_and_question_marks(void)
{
	CHECK(sim_glob("", ""));
	CHECK(sim_glob("*", ""));
	CHECK(sim_glob("a*c*e", "abcde"));
	CHECK(sim_glob("a*c*e", "ace"));
	CHECK(sim_glob("?b?", "abc"));
	CHECK(sim_glob("*ab", "aab"));
	CHECK(!sim_glob("a", "ab"));
	CHECK(!sim_glob("a*d", "abc"));
	CHECK(!sim_glob("?", ""));
	CHECK(!sim_glob("*aab", "aaab "));
}

NC_TESTS(sim_fate){
	T(the_same_question_has_the_same_answer),
	T(rates_come_out_as_asked),
	T(latencies_lie_between_min_and_max),
	T(the_first_fault_that_fits_takes_the_place_of_the_rates),
	T(hosts_that_hang_hang_always),
	T(queries_fail_only_for_certain),
	T(patterns_have_stars_and_question_marks),
};
