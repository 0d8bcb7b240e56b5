/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated provider as a kernel sees it: fates, stops, recover, capacity, guests with a life
 * of their own, ten thousand hosts. */
#include <stdlib.h>
#include <string.h>

#include "sim_stage.h"

static void ten_thousand_hosts_are_fingerprinted_at_once(void)
{
	sim_stage s;
	uint64_t start, took_ms;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":10000}", NULL));
	start = kit_mono_ns();
	CHECK_UINT(sim_stage_count(&s, "compute.fingerprint", ""), 10000);
	took_ms = (kit_mono_ns() - start) / 1000000u;
	printf("fingerprint of 10000 hosts: %llu ms\n", (unsigned long long)took_ms);
	CHECK(took_ms < (NC_SANITIZED ? 10000u : 1000u));
	CHECK_UINT(sim_stage_count(&s, "compute.fingerprint", "host-09999"), 1);
	CHECK_UINT(sim_stage_count(&s, "volume.pools", ""), 10003);
	sim_stage_close(&s);
}

static void a_call_that_fails_succeeds_at_another_attempt(void)
{
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s,
		"{\"hosts\":2,\"faults\":[{\"failure_rate\":1,\"first_attempts\":2,\"code\":"
		"\"busy\"}]}",
		NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", &op), NC_FAILED_NO_EFFECT);
	CHECK_INT(op->err.code, NC_E_BUSY);
	CHECK(op->err.flags & NC_ERR_RETRYABLE);
	CHECK(op->err.hint[0]);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_1"), NC_REC_FAILED);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_FAILED_NO_EFFECT);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_DONE);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	sim_stage_close(&s);
}

static void a_reply_lost_before_acting_leaves_nothing(void)
{
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s,
		"{\"hosts\":2,\"faults\":[{\"lost_reply_before\":1,\"first_attempts\":1}]}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", &op), NC_UNKNOWN);
	CHECK(op->err.flags & NC_ERR_OUTCOME_UNKNOWN);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 0);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_1"), NC_REC_ABSENT);
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_DONE);
	sim_stage_close(&s);
}

static void a_reply_lost_after_acting_is_found_by_recover(void)
{
	sim_stage s;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2,\"lost_reply_after\":1}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_UNKNOWN);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_1"), NC_REC_DONE);
	sim_stage_close(&s);
}

static void a_partial_create_leaves_a_stopped_guest_and_fails(void)
{
	sim_stage s;
	struct nc_sink *sink;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2,\"partial_rate\":1}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_FAILED_PARTIAL);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_1"), NC_REC_FAILED);
	sink = kit_query(&s.stage, "compute.inventory", "", "{}");
	CHECK_HAS(kit_sink_first(sink), "\"power\":\"stopped\"");
	kit_sink_free(sink);
	sim_stage_close(&s);
}

static void a_hung_call_ends_by_a_stop_only(void)
{
	sim_stage s;
	const kit_verb *v = kit_verb_find("compute.create");
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2,\"hang_rate\":1}", NULL));
	REQUIRE(kit_stage_prepare(&s.stage, 0));
	op = kit_try(&s.stage, v, &(kit_how){ .key = "op_1" });
	CHECK(op->is_accepted && !kit_op_wait(s.host, op, 100));
	kit_op_stop(s.host, op, NC_CANCEL);
	CHECK(kit_op_wait(s.host, op, 1000));
	CHECK_INT(op->outcome, NC_CANCELLED);
	op = kit_try(&s.stage, v, &(kit_how){ .key = "op_2" });
	kit_op_stop(s.host, op, NC_DEADLINE);
	CHECK(kit_op_wait(s.host, op, 1000));
	CHECK_INT(op->outcome, NC_UNKNOWN);
	CHECK_INT(op->err.code, NC_E_TIMEOUT);
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_2"), NC_REC_ABSENT);
	sim_stage_close(&s);
}

static void *create_blocked(void *arg)
{
	sim_stage *s = arg;

	return kit_try(&s->stage, kit_verb_find("compute.create"), &(kit_how){ .key = "op_1" });
}

static void a_blocked_call_returns_when_the_instance_closes(void)
{
	sim_stage s;
	pthread_t thread;
	void *op;

	REQUIRE(sim_stage_open(&s,
		"{\"hosts\":2,\"hang_mode\":\"block\",\"faults\":[{\"verbs\":\"compute.create\","
		"\"hang_rate\":1}]}",
		NULL));
	REQUIRE(kit_stage_prepare(&s.stage, 0));
	REQUIRE(pthread_create(&thread, NULL, create_blocked, &s) == 0);
	kit_sleep_ms(50);
	sim_stage_close(&s);
	pthread_join(thread, &op);
	CHECK(((kit_op *)op)->is_refused);
}

static void a_query_to_a_hung_host_obeys_its_deadline(void)
{
	sim_stage s;
	const kit_verb *v = kit_verb_find("compute.inventory");
	nc_error err = { .struct_size = sizeof(err) };
	struct nc_sink *sink;
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2,\"hang_hosts\":[\"host-00001\"]}", NULL));
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", "host-00000"), 0);
	sink = kit_sink_new(s.host);
	op = kit_op_new(s.host, v->name, NULL);
	op->is_query = true;
	op->deadline_ns = kit_mono_ns() + 50000000u;
	CHECK_CODE(kit_query_slot(s.host, v)(s.host->inst, op->op, nc_plug_str("host-00001"),
			   nc_plug_str("{}"), sink, &err),
		NC_E_TIMEOUT);
	kit_sink_free(sink);
	sim_stage_close(&s);
}

static void a_detached_call_goes_on_and_is_found(void)
{
	sim_stage s;
	const kit_verb *v = kit_verb_find("compute.create");
	kit_recovery r;
	kit_op *op;

	REQUIRE(sim_stage_open(&s,
		"{\"hosts\":2,\"latency_ms\":{\"compute.create\":{\"min\":150,\"max\":150}}}",
		NULL));
	REQUIRE(kit_stage_prepare(&s.stage, 0));
	op = kit_try(&s.stage, v, &(kit_how){ .key = "op_1" });
	kit_op_stop(s.host, op, NC_DETACH);
	CHECK(kit_op_wait(s.host, op, 100));
	CHECK_INT(op->outcome, NC_DETACHED);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 0);
	CHECK(kit_recover(&s.stage, v, "op_1", &r));
	CHECK_INT(r.state, NC_REC_RUNNING);
	CHECK_INT(r.op->outcome, NC_DONE);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	sim_stage_close(&s);
}

static void a_key_names_one_request(void)
{
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_DONE);
	/* A fresh stage has other ids, so the same key comes with another request. */
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", &op), -1);
	CHECK_INT(op->err.code, NC_E_CONFLICT);
	sim_stage_close(&s);
}

static void another_key_for_the_same_uuid_is_told_it_exists(void)
{
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_DONE);
	op = kit_try(&s.stage, kit_verb_find("compute.create"), &(kit_how){ .wait = true });
	CHECK_INT(op->outcome, NC_FAILED_NO_EFFECT);
	CHECK_INT(op->err.code, NC_E_EXISTS);
	CHECK_HAS(op->err.message, "op_1");
	sim_stage_close(&s);
}

static void a_forgotten_key_is_known_by_what_it_made(void)
{
	const kit_verb *v = kit_verb_find("compute.create");
	char id[64], uuid[37];
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2,\"remember_ops\":16}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_old", NULL), NC_DONE);
	memcpy(id, s.stage.id, sizeof(id));
	memcpy(uuid, s.stage.uuid, sizeof(uuid));
	for (int i = 0; i < 20; i++)
		CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	memcpy(s.stage.id, id, sizeof(id));
	memcpy(s.stage.uuid, uuid, sizeof(uuid));
	CHECK_INT(sim_stage_recover(&s, "compute.create", "op_old"), NC_REC_DONE);
	op = kit_try(&s.stage, v, &(kit_how){ .key = "op_old", .wait = true });
	CHECK_INT(op->outcome, NC_DONE);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 21);
	sim_stage_close(&s);
}

static void what_another_installation_owns_is_left_alone(void)
{
	sim_stage s;
	char request[1024];
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2}", NULL));
	REQUIRE(kit_stage_prepare(&s.stage, KIT_NEEDS_GUEST));
	(void)snprintf(request, sizeof(request),
		"{\"id\":\"%s\",\"uuid\":\"%s\",\"tag\":{\"installation\":\"inst_other\","
		"\"object\":\"%s\","
		"\"operation\":\"o\",\"epoch\":1}}",
		s.stage.id, s.stage.uuid, s.stage.id);
	op = kit_try(&s.stage, kit_verb_find("compute.destroy"),
		&(kit_how){ .request = request, .wait = true });
	CHECK_INT(op->outcome, NC_FAILED_NO_EFFECT);
	CHECK_INT(op->err.code, NC_E_CONFLICT);
	CHECK_UINT(sim_stage_count(&s, "compute.inventory", ""), 1);
	sim_stage_close(&s);
}

static void a_full_host_says_what_is_short(void)
{
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s,
		"{\"host_list\":[{\"name\":\"h\",\"vcpus\":1,\"memory_mib\":600,\"storage_gib\":10}"
		"],"
		"\"vcpu_ratio\":4}",
		NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, &op), NC_FAILED_NO_EFFECT);
	CHECK_INT(op->err.code, NC_E_QUOTA);
	CHECK_STR(op->err.message, "h: memory_mib 512 of 600 used, 256 asked, short by 168");
	sim_stage_close(&s);
}

static void capacity_is_given_back(void)
{
	sim_stage s;
	struct nc_sink *sink;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":1}", NULL));
	for (int i = 0; i < 10; i++)
		CHECK_INT(sim_stage_run(&s, "compute.destroy", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "disk.detach", NULL, NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "volume.remove", NULL, NULL), NC_DONE);
	sink = kit_query(&s.stage, "compute.fingerprint", "", "{}");
	CHECK_HAS(kit_sink_first(sink),
		"\"used\":{\"vcpus\":1,\"memory_mib\":256,\"storage_gib\":1,\"guests\":1}");
	kit_sink_free(sink);
	sim_stage_close(&s);
}

static unsigned reports(sim_stage *s)
{
	unsigned n;

	pthread_mutex_lock(&s->host->lock);
	n = s->host->n_reports;
	pthread_mutex_unlock(&s->host->lock);
	return n;
}

static void a_guest_that_boots_or_stops_by_itself_is_reported(void)
{
	sim_stage s;
	struct nc_sink *sink;

	REQUIRE(sim_stage_open(&s,
		"{\"hosts\":1,\"guest_boot_ms\":100,\"self_poweroff_per_hour\":3600,\"seed\":3}",
		NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_DONE);
	sink = kit_query(&s.stage, "compute.inventory", "", "{}");
	CHECK_HAS(kit_sink_first(sink), "\"addresses\":[]");
	kit_sink_free(sink);
	for (int i = 0; i < 1000 && reports(&s) < 1; i++)
		kit_sleep_ms(10);
	/* One in a second on average; whichever of the two came first, it is told. */
	CHECK(reports(&s) >= 1);
	for (int i = 0; i < 2000; i++) {
		sink = kit_query(&s.stage, "compute.inventory", "", "{}");
		if (strstr(kit_sink_first(sink), "\"power\":\"stopped\""))
			i = 2000;
		kit_sink_free(sink);
		kit_sleep_ms(10);
	}
	sink = kit_query(&s.stage, "compute.inventory", "", "{}");
	CHECK_HAS(kit_sink_first(sink), "\"power\":\"stopped\"");
	kit_sink_free(sink);
	sim_stage_close(&s);
}

typedef struct change {
	const char *config;
	nc_code code;
	nc_error err;
} change;

static void reconfigure(kit_host *h, void *arg)
{
	change *c = arg;

	c->err.struct_size = sizeof(c->err);
	c->code = sim_reconfigure(h->inst, nc_plug_str(c->config), &c->err);
}

static void what_is_live_changes_and_the_rest_is_named(void)
{
	change live = { .config = "{\"hosts\":2,\"failure_rate\":1}" };
	change other = { .config = "{\"hosts\":3}" };
	change wrong = { .config = "{\"hosts\":2,\"failure_rate\":0.7,\"hang_rate\":0.7}" };
	sim_stage s;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":2}", NULL));
	kit_control_run(s.host, reconfigure, &live);
	CHECK_OK(live.code, &live.err);
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_FAILED_NO_EFFECT);
	kit_control_run(s.host, reconfigure, &other);
	CHECK_INT(other.code, NC_E_CONFLICT);
	CHECK_HAS(other.err.message, "hosts");
	kit_control_run(s.host, reconfigure, &wrong);
	CHECK_INT(wrong.code, NC_E_INVAL);
	CHECK_HAS(wrong.err.message, "1.4");
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, NULL), NC_FAILED_NO_EFFECT);
	sim_stage_close(&s);
}

/* Its document is replaced by the act that starts it. */
static void a_guest_that_was_stopped_starts_and_restarts(void)
{
	static const char *const actions[] = { "start", "restart", "pause", "resume", "suspend",
		"wake", "reset", "nmi", "stop" };
	sim_stage s;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":1,\"guest_boot_ms\":1}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.power", NULL, NULL), NC_DONE);
	for (size_t i = 0; i < NC_LEN(actions); i++) {
		char request[1024];
		kit_op *op;

		(void)snprintf(request, sizeof(request),
			"{\"id\":\"%s\",\"uuid\":\"%s\",\"native_id\":\"%.200s\",\"action\":\"%s\","
			"\"tag\":{\"installation\":\"inst_kit\",\"object\":\"%s\",\"operation\":"
			"\"o\","
			"\"epoch\":1}}",
			s.stage.id, s.stage.uuid, s.stage.native_id, actions[i], s.stage.id);
		op = kit_try(&s.stage, kit_verb_find("compute.power"),
			&(kit_how){ .request = request, .wait = true });
		if (!CHECK_INT(op->outcome, NC_DONE) || !CHECK(!op->is_refused))
			fprintf(stderr, "%s: %s\n", actions[i], op->err.message);
	}
	sim_stage_close(&s);
}

static void a_host_that_is_down_says_so(void)
{
	sim_stage s;
	kit_op *op;

	REQUIRE(sim_stage_open(&s, "{\"hosts\":3,\"down_hosts\":[\"*-00000\"]}", NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", NULL, &op), -1);
	CHECK_INT(op->err.code, NC_E_UNAVAILABLE);
	CHECK_HAS(op->err.message, "host-00000 is down");
	sim_stage_close(&s);
}

static void snapshots_form_a_tree_that_keeps_its_branches(void)
{
	sim_stage s;
	const kit_verb *create = kit_verb_find("snapshot.create");
	struct nc_sink *sink;
	char request[1024];

	REQUIRE(sim_stage_open(&s, "{\"hosts\":1}", NULL));
	REQUIRE(kit_stage_prepare(&s.stage, KIT_NEEDS_GUEST));
	for (int i = 0; i < 3; i++) {
		(void)snprintf(s.stage.made_id, sizeof(s.stage.made_id), "snap_%d", i);
		CHECK_INT(kit_try(&s.stage, create, &(kit_how){ .wait = true })->outcome, NC_DONE);
	}
	/* The middle one goes: the last hangs from the first. */
	(void)snprintf(
		s.stage.snapshot, sizeof(s.stage.snapshot), "%.200s.snap-2", s.stage.native_id);
	CHECK_INT(kit_try(&s.stage, kit_verb_find("snapshot.remove"), &(kit_how){ .wait = true })
			  ->outcome,
		NC_DONE);
	(void)snprintf(request, sizeof(request), "{\"native_id\":\"%s\"}", s.stage.native_id);
	sink = kit_query(&s.stage, "snapshot.list", s.stage.host, request);
	CHECK_UINT(sink->n, 2);
	CHECK_HAS(kit_sink_first(sink), ".snap-1\"");
	CHECK_HAS(kit_sink_next(sink, kit_sink_first(sink)), ".snap-1\",\"current\":true");
	kit_sink_free(sink);
	sim_stage_close(&s);
}

static void a_config_that_makes_no_sense_is_refused_with_a_hint(void)
{
	static const char twins[] =
		"{\"host_list\":[{\"name\":\"a\",\"vcpus\":1,\"memory_mib\":1,\"storage_gib\":1},"
		"{\"name\":\"a\",\"vcpus\":1,\"memory_mib\":1,\"storage_gib\":1}]}";
	static const char *const bad[] = { "{\"hosts\":0}", "{\"hosts\":1,\"x\":1}",
		"{\"truth\":\"relative\"}", "{\"latency_ms\":{\"*\":{\"min\":2,\"max\":1}}}", twins,
		"{\"truth\":\"/no/such/folder/truth\"}", "" };

	for (size_t i = 0; i < NC_LEN(bad); i++) {
		nc_error err = { .struct_size = sizeof(err) };
		sim_stage s;

		CHECK(!sim_stage_open(&s, bad[i], &err));
		CHECK(err.code != NC_OK && err.message[0] && err.hint[0]);
	}
}

NC_TESTS(sim){
	T(ten_thousand_hosts_are_fingerprinted_at_once),
	T(a_call_that_fails_succeeds_at_another_attempt),
	T(a_reply_lost_before_acting_leaves_nothing),
	T(a_reply_lost_after_acting_is_found_by_recover),
	T(a_partial_create_leaves_a_stopped_guest_and_fails),
	T(a_hung_call_ends_by_a_stop_only),
	T(a_blocked_call_returns_when_the_instance_closes),
	T(a_query_to_a_hung_host_obeys_its_deadline),
	T(a_detached_call_goes_on_and_is_found),
	T(a_key_names_one_request),
	T(another_key_for_the_same_uuid_is_told_it_exists),
	T(a_forgotten_key_is_known_by_what_it_made),
	T(what_another_installation_owns_is_left_alone),
	T(a_full_host_says_what_is_short),
	T(capacity_is_given_back),
	T(a_guest_that_boots_or_stops_by_itself_is_reported),
	T(what_is_live_changes_and_the_rest_is_named),
	T(a_guest_that_was_stopped_starts_and_restarts),
	T(a_host_that_is_down_says_so),
	T(snapshots_form_a_tree_that_keeps_its_branches),
	T(a_config_that_makes_no_sense_is_refused_with_a_hint),
};
