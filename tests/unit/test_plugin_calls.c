/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"
#include "novacron/companions.h"
#include "plugin_fixture.h"
#include "testing.h"

/*
 * Calls through the whole stack with a plugin that keeps the rules. Each test runs twice: with the
 * plugin in this process and with it in nc-plugin-host; nobody above may see a difference.
 */

typedef struct setup {
	fixture *f;
	nc_pinst *inst;
	waited w;
} setup;

static int begin(setup *s, nc_isolation isolation, const char *config)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){
		.plugin = "test.good", .isolation = isolation, .grace_us = 100000 });
	s->inst = s->f ? fixture_open(s->f, "test.good", config) : NULL;
	return s->inst != NULL;
}

static void end(setup *s)
{
	if (s->inst) {
		nc_pinst_close(s->inst, 0);
		nc_pinst_unref(s->inst);
	}
	fixture_free(s->f);
	waited_done(&s->w);
}

#define BOTH_WAYS(name)                                                                            \
	static void name##_here(void)                                                              \
	{                                                                                          \
		name(NC_ISO_IN_PROCESS);                                                           \
	}                                                                                          \
	static void name##_in_a_process(void)                                                      \
	{                                                                                          \
		name(NC_ISO_PROCESS);                                                              \
	}                                                                                          \
	struct nc_needs_semicolon

static void an_operation_is_accepted_and_completed(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "host-1", "{\"do\":\"sync\"}", NC_OK);
		CHECK_STR(s.w.result.ptr,
			"{\"target\":\"host-1\",\"key\":\"op_1.step.0\",\"deadline\":1}");
		CHECK_INT(s.w.outcome, NC_DONE);
		CHECK_INT(s.w.was_sent, 1);
		CHECK_INT(s.w.recover_state, -1);
	}
	end(&s);
}
BOTH_WAYS(an_operation_is_accepted_and_completed);

/* ---- health ---- */

static int begin_asked(setup *s, nc_isolation isolation)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){ .plugin = "test.good",
		.isolation = isolation,
		.grace_us = 50000,
		.health_every_us = 20000,
		.health_timeout_us = 200000 });
	s->inst = s->f ? fixture_open(s->f, "test.good", "{}") : NULL;
	return s->inst != NULL;
}

static void wish_health(setup *s, const char *word)
{
	char req[80];
	snprintf(req, sizeof(req), "{\"do\":\"health\",\"be\":\"%s\"}", word);
	waited_run(&s->w, s->inst, "compute.update", "h", req, NC_OK);
}

/* Until it is so; the message is then the plugin's. */
static void expect_health(setup *s, nc_health_state want, const char *says)
{
	char why[320] = "";
	nc_health_state state = NC_HEALTH_UNKNOWN;
	int64_t until = nc_clock_mono_us() + 20000000;
	while (state != want && nc_clock_mono_us() < until) {
		state = nc_pinst_get_health(s->inst, why, sizeof(why));
		nc_clock_sleep_us(1000);
	}
	CHECK_STR(nc_health_state_name(state), nc_health_state_name(want));
	CHECK_HAS(why, says);
}

static void health_is_asked_and_told(nc_isolation iso)
{
	setup s;
	char text[4096];
	if (begin_asked(&s, iso)) {
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
		wish_health(&s, "degraded");
		expect_health(&s, NC_HEALTH_DEGRADED, "so it is");
		CHECK(fixture_wait_event(s.f, "plugin.health"));
		CHECK_HAS(s.f->last_event, "\"status\":\"degraded\"");
		fixture_status(s.f, "test.good", "instances", text, sizeof(text));
		CHECK_HAS(text, "\"status\":\"degraded\",\"message\":\"so it is\"");
		CHECK_HAS(text, "\"details\":{\"fever\":1}");
		wish_health(&s, "unhealthy");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "so it is");
		CHECK(fixture_wait_worst(s.f, NC_HEALTH_UNHEALTHY, text, sizeof(text)));
		CHECK_STR(text, "test.good, instance one: so it is");
		wish_health(&s, "mad");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "");
		wish_health(&s, "healthy");
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
		wish_health(&s, "fails");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "nobody is at home");
		/* What is gone is ill no more. */
		nc_pinst_close(s.inst, 0);
		CHECK(fixture_wait_worst(s.f, NC_HEALTH_UNKNOWN, text, sizeof(text)));
	}
	end(&s);
}
BOTH_WAYS(health_is_asked_and_told);

static void hung_health_holds_up_nothing(nc_isolation iso)
{
	setup s;
	if (begin_asked(&s, iso)) {
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
		wish_health(&s, "deaf");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "did not end by its deadline");
		/* Time for a hundred more, which are not sent; nor is anything else held up. */
		for (int i = 0; i < 8; i++) {
			waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"sync\"}", NC_OK);
			nc_clock_sleep_us(50000);
		}
		char text[8192];
		fixture_status(s.f, "test.good", "instances", text, sizeof(text));
		CHECK_HAS(text, "\"status\":\"unhealthy\"");
		const char *first = strstr(text, "\"verb\":\"plugin.health\"");
		REQUIRE(first != NULL);
		CHECK(strstr(first + 1, "\"verb\":\"plugin.health\"") ==
			NULL); /* one hangs, not many */
		CHECK_INT(fixture_strikes(s.f, "test.good", "P4"), 0);
		waited_run(&s.w, s.inst, "compute.update", "h", "{\"do\":\"release\"}", NC_OK);
		wish_health(&s, "healthy");
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
	}
	end(&s);
}
BOTH_WAYS(hung_health_holds_up_nothing);

static void a_refusal_reaches_the_owner_as_the_plugin_said_it(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(
			&s.w, s.inst, "compute.create", "h", "{\"do\":\"refuse\"}", NC_E_CONFLICT);
		CHECK_INT(s.w.outcome, NC_FAILED_NO_EFFECT);
		CHECK_STR(s.w.err.message, "the name is taken");
		CHECK_STR(s.w.err.domain, "good");
		CHECK_INT(s.w.err.native, 42);
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"fail\"}", NC_E_QUOTA);
		CHECK_INT(s.w.outcome, NC_FAILED_PARTIAL);
		CHECK_HAS(s.w.err.message, "the guest was not");
		CHECK_INT(s.w.n_done, 2);
	}
	end(&s);
}
BOTH_WAYS(a_refusal_reaches_the_owner_as_the_plugin_said_it);

static void an_unserved_verb_is_unsupported_before_anything_is_sent(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{}")) {
		nc_call_spec spec = waited_spec(&s.w, "compute.destroy", "h", "{}");
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_UNSUPPORTED);
		CHECK_HAS(err.message, "test.good");
		CHECK_HAS(err.message, "compute.destroy");
		spec.verb = "migrate.start";
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_UNSUPPORTED);
		spec.verb = "no.such";
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_UNSUPPORTED);
		CHECK(nc_pinst_can(s.inst, "compute.create"));
		CHECK(!nc_pinst_can(s.inst, "compute.power"));
		CHECK(nc_pinst_has_feature(s.inst, "compute.firmware"));
		CHECK_CODE(nc_pinst_require_feature(s.inst, "compute.tpm", &err), NC_E_UNSUPPORTED);
		CHECK_HAS(err.message, "compute.tpm");
		CHECK_INT(s.w.n_done, 0);
	}
	end(&s);
}
BOTH_WAYS(an_unserved_verb_is_unsupported_before_anything_is_sent);

static void progress_is_monotone_within_a_phase(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"progress\"}", NC_OK);
		CHECK_STR(s.w.progress, "copy:100 copy:900 boot:10 ");
	}
	end(&s);
}
BOTH_WAYS(progress_is_monotone_within_a_phase);

static void a_checkpoint_continues_on_the_control_thread(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"checkpoint\"}", NC_OK);
		CHECK_STR(s.w.token, "token-1");
		CHECK_STR(s.w.result.ptr, "{\"code\":0,\"user\":7,\"class\":1}");
		s.w.checkpoint_code = NC_E_UNAVAILABLE;
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"checkpoint\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"code\":-7,\"user\":7,\"class\":1}");
	}
	end(&s);
}
BOTH_WAYS(a_checkpoint_continues_on_the_control_thread);

static void a_checkpoint_nobody_keeps_is_unsupported(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{}")) {
		nc_call_spec spec =
			waited_spec(&s.w, "compute.create", "h", "{\"do\":\"checkpoint\"}");
		spec.checkpoint = NULL;
		CHECK_OK(nc_pinst_call(s.inst, &spec, NULL, &err), &err);
		if (waited_wait(&s.w))
			CHECK_HAS(s.w.result.ptr, "\"code\":-10");
	}
	end(&s);
}
BOTH_WAYS(a_checkpoint_nobody_keeps_is_unsupported);

static void a_checkpoint_answered_late_or_twice_is_harmless(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		s.w.holds_checkpoint = 1;
		waited_start(&s.w, s.inst, "compute.create", "h", "{\"do\":\"checkpoint\"}", 15000);
		pthread_mutex_lock(&s.w.lock);
		while (s.w.ticket == 0)
			pthread_cond_wait(&s.w.changed, &s.w.lock);
		nc_call call = s.w.call;
		uint64_t ticket = s.w.ticket;
		pthread_mutex_unlock(&s.w.lock);
		nc_call_checkpoint_done(call, ticket + 64, NC_OK);
		nc_call_checkpoint_done((nc_call){ call.v + 1 }, ticket, NC_OK);
		nc_call_checkpoint_done(call, ticket, NC_OK);
		nc_call_checkpoint_done(call, ticket, NC_E_INTERNAL);
		if (waited_wait(&s.w))
			CHECK_HAS(s.w.result.ptr, "\"code\":0");
		nc_call_checkpoint_done(call, ticket, NC_E_INTERNAL);
		CHECK_INT(s.w.n_done, 1);
	}
	end(&s);
}
BOTH_WAYS(a_checkpoint_answered_late_or_twice_is_harmless);

static void timers_and_watches_run_on_the_control_thread(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"timer\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"class\":1}");
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"fdwatch\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"events\":1}");
	}
	end(&s);
}
BOTH_WAYS(timers_and_watches_run_on_the_control_thread);

static void a_result_larger_than_a_frame_arrives_whole(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"big\"}", NC_OK);
		CHECK_UINT(s.w.result.len, 200u << 10);
		CHECK(s.w.result.len > 0 && s.w.result.ptr[s.w.result.len - 1] == '"');
	}
	end(&s);
}
BOTH_WAYS(a_result_larger_than_a_frame_arrives_whole);

static void a_request_larger_than_a_frame_arrives_whole(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		char *big = nc_calloc(1, 500001);
		REQUIRE(big != NULL);
		memset(big, ' ', 500000);
		memcpy(big, "{\"do\":", 6);
		memcpy(big + 499993, "\"sync\"}", 8);
		waited_run(&s.w, s.inst, "compute.create", "h", big, NC_OK);
		nc_free(big);
	}
	end(&s);
}
BOTH_WAYS(a_request_larger_than_a_frame_arrives_whole);

static void a_query_streams_its_objects(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.inventory", "h", "{}", NC_OK);
		CHECK_INT(s.w.n_objects, 100);
		CHECK_HAS(s.w.objects.ptr, "guest-99");
		waited_run(&s.w, s.inst, "compute.inventory", "h", "{\"do\":\"big\"}", NC_OK);
		CHECK_INT(s.w.n_objects, 101);
		CHECK(s.w.objects.len > 300000);
		waited_run(&s.w, s.inst, "compute.inventory", "h", "{\"do\":\"refuse\"}",
			NC_E_UNAVAILABLE);
		CHECK_STR(s.w.err.message, "the host is off");
	}
	end(&s);
}
BOTH_WAYS(a_query_streams_its_objects);

static void recover_gives_each_state(nc_isolation iso)
{
	setup s;
	static const struct {
		const char *request;
		int32_t state, outcome;
	} cases[] = { { "{\"s\":\"absent\"}", NC_REC_ABSENT, NC_FAILED_NO_EFFECT },
		{ "{\"s\":\"done\"}", NC_REC_DONE, NC_DONE },
		{ "{\"s\":\"failed\"}", NC_REC_FAILED, NC_FAILED_PARTIAL },
		{ "{\"s\":\"?\"}", NC_REC_UNKNOWN, NC_UNKNOWN } };
	if (begin(&s, iso, "{}")) {
		for (size_t i = 0; i < NC_LEN(cases); i++) {
			waited_run(&s.w, s.inst, "compute.recover", "h", cases[i].request, NC_OK);
			CHECK_INT(s.w.recover_state, cases[i].state);
			CHECK_INT(s.w.outcome, cases[i].outcome);
		}
		waited_run(&s.w, s.inst, "compute.recover", "h", "{\"s\":\"done\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"was\":\"done\"}");
		waited_run(&s.w, s.inst, "compute.recover", "h", "{\"s\":\"failed\"}", NC_OK);
		CHECK_STR(s.w.err.message, "it had failed");
		CHECK_CODE(s.w.err.code, NC_E_QUOTA);
		waited_run(&s.w, s.inst, "compute.recover", "h", "{\"s\":\"broken\"}",
			NC_E_UNAVAILABLE);
		CHECK_INT(s.w.recover_state, -1);
		CHECK_INT(s.w.outcome, NC_UNKNOWN);
	}
	end(&s);
}
BOTH_WAYS(recover_gives_each_state);

static void recover_of_a_running_operation_goes_on_as_that_operation(nc_isolation iso)
{
	setup s;
	waited other;
	waited_init(&other);
	if (begin(&s, iso, "{}")) {
		waited_start(&s.w, s.inst, "compute.recover", "h", "{\"s\":\"running\"}", 15000);
		pthread_mutex_lock(&s.w.lock);
		while (s.w.n_accepted == 0)
			pthread_cond_wait(&s.w.changed, &s.w.lock);
		CHECK_INT(s.w.n_done, 0);
		pthread_mutex_unlock(&s.w.lock);
		waited_run(&other, s.inst, "compute.update", "h", "{\"do\":\"complete\"}", NC_OK);
		waited_wait(&s.w);
		CHECK_STR(s.w.result.ptr, "{\"parked\":true}");
		CHECK_INT(s.w.recover_state, NC_REC_RUNNING);
		waited_run(&s.w, s.inst, "compute.recover", "h",
			"{\"s\":\"running\",\"how\":\"quick\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"was\":\"quick\"}");
		CHECK_INT(s.w.n_accepted, 2);
	}
	end(&s);
	waited_done(&other);
}
BOTH_WAYS(recover_of_a_running_operation_goes_on_as_that_operation);

/* Else each recover of an operation that is to be cancelled would end before it is answered. */
static void a_recover_hears_of_a_cancel_only_when_it_has_found_it_running(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_start(&s.w, s.inst, "compute.recover", "h", "{\"s\":\"slow\"}", 15000);
		nc_clock_sleep_us(2000 * (int64_t)(nc_test_random() % 10));
		nc_call_stop(s.w.call, NC_CANCEL);
		waited_wait(&s.w);
		CHECK_INT(s.w.recover_state, NC_REC_DONE);
		CHECK_INT(s.w.outcome, NC_DONE);
	}
	end(&s);
}
BOTH_WAYS(a_recover_hears_of_a_cancel_only_when_it_has_found_it_running);

static void a_cancel_is_confirmed_by_the_plugin(nc_isolation iso)
{
	setup s;
	static const struct {
		int32_t reason, outcome;
	} cases[] = { { NC_CANCEL, NC_CANCELLED }, { NC_DETACH, NC_DETACHED } };
	if (begin(&s, iso, "{}"))
		for (size_t i = 0; i < NC_LEN(cases); i++) {
			s.w.is_done = 0;
			waited_start(
				&s.w, s.inst, "compute.create", "h", "{\"do\":\"wait\"}", 15000);
			nc_clock_sleep_us(2000 * (int64_t)(nc_test_random() % 3));
			nc_call_stop(s.w.call, cases[i].reason);
			nc_call_stop(s.w.call, cases[i].reason);
			waited_wait(&s.w);
			CHECK_INT(s.w.outcome, cases[i].outcome);
			CHECK_CODE(s.w.code, NC_E_CANCELLED);
			nc_call_stop(s.w.call, NC_CANCEL);
		}
	end(&s);
}
BOTH_WAYS(a_cancel_is_confirmed_by_the_plugin);

static void a_deadline_asks_first(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_start(&s.w, s.inst, "compute.create", "h", "{\"do\":\"wait\"}", 30);
		waited_wait(&s.w);
		CHECK_CODE(s.w.code, NC_E_TIMEOUT);
		CHECK_INT(s.w.outcome, NC_FAILED_PARTIAL);
		CHECK_STR(s.w.err.message, "out of time");
	}
	end(&s);
}
BOTH_WAYS(a_deadline_asks_first);

static void a_queued_call_is_cancelled_unsent(nc_isolation iso)
{
	setup s;
	waited held[2], queued;
	waited_init(&queued);
	for (int i = 0; i < 2; i++)
		waited_init(&held[i]);
	if (begin(&s, iso, "{}")) {
		for (int i = 0; i < 2; i++) /* max_per_target */
			waited_start(&held[i], s.inst, "compute.create", "h", "{\"do\":\"wait\"}",
				15000);
		waited_start(&queued, s.inst, "compute.create", "h", "{\"do\":\"sync\"}", 15000);
		waited_run(&s.w, s.inst, "compute.create", "other", "{\"do\":\"sync\"}", NC_OK);
		CHECK_INT(queued.n_done, 0);
		nc_call_stop(queued.call, NC_CANCEL);
		CHECK_INT(queued.n_done, 1);
		CHECK_INT(queued.outcome, NC_CANCELLED);
		CHECK_INT(queued.was_sent, 0);
		waited_start(&s.w, s.inst, "compute.create", "h", "{\"do\":\"sync\"}", 20);
		s.w.is_done = 0;
		waited_wait(&s.w);
		CHECK_CODE(s.w.code, NC_E_TIMEOUT);
		CHECK_INT(s.w.outcome, NC_FAILED_NO_EFFECT);
		CHECK_INT(s.w.was_sent, 0);
		for (int i = 0; i < 2; i++) {
			nc_call_stop(held[i].call, NC_CANCEL);
			waited_wait(&held[i]);
		}
	}
	end(&s);
	for (int i = 0; i < 2; i++)
		waited_done(&held[i]);
	waited_done(&queued);
}
BOTH_WAYS(a_queued_call_is_cancelled_unsent);

/* More hung calls than the instance has threads: others are served, the hung targets fail fast. */
static void hung_targets_leave_others_served(nc_isolation iso)
{
	enum { HUNG = 24 };
	setup s;
	waited hung[HUNG];
	char target[32];
	nc_error err = NC_ERROR_INIT;
	for (int i = 0; i < HUNG; i++)
		waited_init(&hung[i]);
	if (begin(&s, iso, "{}")) {
		for (int i = 0; i < HUNG; i++) {
			snprintf(target, sizeof(target), "hung-%d", i / 2);
			waited_start(&hung[i], s.inst, "compute.create", target,
				"{\"do\":\"hang\"}", 50);
		}
		for (int i = 0; i < HUNG; i++) {
			waited_wait(&hung[i]);
			CHECK_CODE(hung[i].code, NC_E_TIMEOUT);
			CHECK(hung[i].outcome == NC_UNKNOWN || !hung[i].was_sent);
		}
		CHECK(fixture_wait(s.f, &s.f->stuck, 8));
		waited_run(&s.w, s.inst, "compute.create", "fine", "{\"do\":\"sync\"}", NC_OK);
		nc_call_spec spec =
			waited_spec(&s.w, "compute.create", "hung-0", "{\"do\":\"sync\"}");
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_UNAVAILABLE);
		CHECK_HAS(err.message, "hung-0");
		CHECK(err.flags & NC_ERR_RETRYABLE);
		/* They come back, and the targets with them. */
		waited_run(&s.w, s.inst, "compute.update", "fine", "{\"do\":\"release\"}", NC_OK);
		int64_t until = nc_clock_mono_us() + 10000000;
		nc_code rc = NC_E_UNAVAILABLE;
		s.w.is_done = 0;
		while (rc == NC_E_UNAVAILABLE && nc_clock_mono_us() < until) {
			rc = nc_pinst_call(s.inst, &spec, NULL, &err);
			nc_clock_sleep_us(1000);
		}
		CHECK_OK(rc, &err);
		waited_wait(&s.w);
		CHECK_CODE(s.w.code, NC_OK);
		CHECK_INT(fixture_strikes(s.f, "test.good", "P4"), 0);
	}
	end(&s);
	for (int i = 0; i < HUNG; i++) {
		CHECK_INT(hung[i].n_done, s.inst ? 1 : 0);
		waited_done(&hung[i]);
	}
}
BOTH_WAYS(hung_targets_leave_others_served);

static void typed_verbs_carry_arrays(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{}")) {
		nc_bytes guests[] = { nc_str("a"), nc_str("bcd") };
		nc_call_spec spec = waited_spec(&s.w, "stats.sample", "h", "");
		spec.guests = guests;
		spec.n_guests = 2;
		CHECK_OK(nc_pinst_call(s.inst, &spec, NULL, &err), &err);
		waited_wait(&s.w);
		nc_stat_row rows[2];
		REQUIRE(s.w.result.len == sizeof(rows));
		memcpy(rows, s.w.result.ptr, sizeof(rows));
		CHECK_UINT(rows[1].cpu_time_ns, 3);
		CHECK_UINT(rows[1].net_rx_bytes, UINT64_MAX);

		uint64_t req[] = { 1, 2 }, free_[] = { 10, 0, 20, 0, 30, 0 };
		uint32_t off[] = { 0, 2 }, cand[] = { 2, 0 };
		nc_score_batch batch = { .struct_size = sizeof(batch),
			.n_req = 1,
			.n_cand = 2,
			.n_res = 2,
			.req = req,
			.free = free_,
			.cand_off = off,
			.cand = cand };
		spec = waited_spec(&s.w, "scheduler.score", "", "");
		spec.batch = &batch;
		spec.n_hosts = 3;
		s.w.is_done = 0;
		CHECK_OK(nc_pinst_call(s.inst, &spec, NULL, &err), &err);
		waited_wait(&s.w);
		double scores[2] = { 0, 0 };
		REQUIRE(s.w.result.len == sizeof(scores));
		memcpy(scores, s.w.result.ptr, sizeof(scores));
		CHECK(scores[0] == 30.0 && scores[1] == 10.0);
	}
	end(&s);
}
BOTH_WAYS(typed_verbs_carry_arrays);

static size_t read_some(int fd, char *out, size_t cap)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	if (poll(&pfd, 1, 10000) <= 0)
		return 0;
	ssize_t n = read(fd, out, cap);
	return n > 0 ? (size_t)n : 0;
}

static void a_stream_echoes_and_ends(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	char got[16] = "";
	int fd = -1;
	if (begin(&s, iso, "{}")) {
		nc_call_spec spec = waited_spec(&s.w, NULL, "h", "{\"kind\":\"serial\"}");
		CHECK_OK(nc_pinst_stream(s.inst, &spec, &fd, NULL, &err), &err);
		CHECK(write(fd, "hello", 5) == 5);
		CHECK_UINT(read_some(fd, got, sizeof(got) - 1), 5);
		CHECK_STR(got, "hello");
		close(fd);
		waited_wait(&s.w);
		CHECK_STR(s.w.result.ptr, "{\"bytes\":5}");
		spec.request = nc_str("{\"do\":\"refuse\"}");
		s.w.is_done = 0;
		CHECK_OK(nc_pinst_stream(s.inst, &spec, &fd, NULL, &err), &err);
		waited_wait(&s.w);
		CHECK_CODE(s.w.code, NC_E_NOTFOUND);
		CHECK_UINT(read_some(fd, got, sizeof(got)), 0); /* end of file */
		close(fd);
		spec.verb = "stream.open";
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_INVAL);
	}
	end(&s);
}
BOTH_WAYS(a_stream_echoes_and_ends);

static void secrets_of_the_configuration_reach_the_plugin_by_handle(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{\"password\":\"hunter2-hunter2\"}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"secret\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"code\":0,\"handle\":\"config:password#1\",\"n\":15}");
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"which\":\"named\"}", NC_OK);
		CHECK_HAS(s.w.result.ptr, "\"n\":12");
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"which\":\"other\"}", NC_OK);
		CHECK_HAS(s.w.result.ptr, "\"code\":-5"); /* denied */
		CHECK_INT(fixture_strikes(s.f, "test.good", "P10"), 0);
	}
	end(&s);
}
BOTH_WAYS(secrets_of_the_configuration_reach_the_plugin_by_handle);

static void a_secret_in_a_result_or_a_log_line_is_withheld_and_counted(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{\"password\":\"hunter2-hunter2\"}")) {
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"how\":\"leak\"}", NC_OK);
		CHECK_UINT(s.w.result.len, 0);
		CHECK(fixture_wait_strikes(s.f, "test.good", "P10", 1));
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"how\":\"shout\"}", NC_OK);
		CHECK(fixture_wait_strikes(s.f, "test.good", "P10", 2));
	}
	end(&s);
}
BOTH_WAYS(a_secret_in_a_result_or_a_log_line_is_withheld_and_counted);

static void kv_goes_to_the_hooks_and_back(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"kv\"}", NC_OK);
		CHECK_STR(s.w.result.ptr,
			"{\"put\":0,\"get\":0,\"value\":\"blue\",\"del\":0,\"again\":-2}");
	}
	end(&s);
}
BOTH_WAYS(kv_goes_to_the_hooks_and_back);

static void reports_reach_the_hook_and_a_flood_blocks_nobody(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "host-7", "{\"do\":\"report\"}", NC_OK);
		CHECK(fixture_wait(s.f, &s.f->reports, 1));
		CHECK_STR(s.f->last_target, "host-7");
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"report\",\"how\":\"flood\"}", NC_OK);
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"report\"}", NC_OK);
		/* All came, or the gap was told. */
		int64_t until = nc_clock_mono_us() + 10000000;
		unsigned reports = 0, overflows = 0;
		while (reports < 20002 && overflows == 0 && nc_clock_mono_us() < until) {
			nc_clock_sleep_us(1000);
			pthread_mutex_lock(&s.f->lock);
			reports = s.f->reports;
			overflows = s.f->overflows;
			pthread_mutex_unlock(&s.f->lock);
		}
		CHECK(reports == 20002 || overflows > 0);
	}
	end(&s);
}
BOTH_WAYS(reports_reach_the_hook_and_a_flood_blocks_nobody);

static void logs_and_metrics_come_out(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"log\"}", NC_OK);
		_cleanup_(nc_buf_done) nc_buf text;
		nc_buf_init(&text, 1 << 20);
		int64_t until = nc_clock_mono_us() + 10000000;
		do {
			nc_buf_reset(&text);
			nc_metric_render(&text);
			nc_clock_sleep_us(1000);
		} while (!strstr(text.ptr, "novacron_plugin_test_good_level") &&
			 nc_clock_mono_us() < until);
		CHECK_HAS(text.ptr,
			"novacron_plugin_test_good_calls_total{instance=\"one\",kind=\"log\"}");
		CHECK_HAS(text.ptr, "novacron_plugin_test_good_level{instance=\"one\"} 3");
	}
	end(&s);
}
BOTH_WAYS(logs_and_metrics_come_out);

static void health_is_the_plugins_own_document(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{}")) {
		_cleanup_(nc_buf_done) nc_buf out;
		nc_buf_init(&out, 1 << 16);
		CHECK_OK(nc_pinst_health(s.inst, 5000000, &out, &err), &err);
		CHECK_HAS(out.ptr, "\"status\":\"healthy\"");
	}
	end(&s);
}
BOTH_WAYS(health_is_the_plugins_own_document);

static void reconfigure_applies_what_is_live_and_names_what_is_not(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{\"password\":\"first-one\",\"label\":\"a\"}")) {
		CHECK_OK(nc_pinst_reconfigure(s.inst,
				 nc_str("{\"password\":\"first-one\",\"label\":\"b\"}"), &err),
			&err);
		CHECK_CODE(nc_pinst_reconfigure(s.inst,
				   nc_str("{\"password\":\"first-one\",\"label\":\"bad\"}"), &err),
			NC_E_INVAL);
		CHECK_CODE(
			nc_pinst_reconfigure(s.inst,
				nc_str("{\"password\":\"second-one\",\"hosts\":7,\"label\":\"c\"}"),
				&err),
			NC_E_CONFLICT);
		CHECK_HAS(err.message, "hosts");
		CHECK_HAS(err.message, "password");
		CHECK_CODE(nc_pinst_reconfigure(s.inst, nc_str("{\"hosts\":0}"), &err), NC_E_INVAL);
		CHECK_HAS(err.message, "1 to 100");
	}
	end(&s);
}
BOTH_WAYS(reconfigure_applies_what_is_live_and_names_what_is_not);

typedef struct changer {
	nc_pinst *inst;
	const char *config;
	unsigned n_bad;
} changer;

static void *change_often(void *arg)
{
	changer *c = arg;
	for (int i = 0; i < 50; i++)
		c->n_bad += nc_pinst_reconfigure(c->inst, nc_str(c->config), NULL) != NC_OK;
	return NULL;
}

static void changes_of_a_configuration_come_one_after_the_other(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{\"password\":\"first-one\",\"label\":\"a\"}")) {
		pthread_t threads[2];
		changer c[] = { { s.inst, "{\"password\":\"first-one\",\"label\":\"b\"}", 0 },
			{ s.inst, "{\"password\":\"first-one\",\"label\":\"c\"}", 0 } };
		for (int i = 0; i < 2; i++)
			REQUIRE(pthread_create(&threads[i], NULL, change_often, &c[i]) == 0);
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			CHECK_UINT(c[i].n_bad, 0);
		}
		/* The secret is still the one that the plugin has a handle of. */
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"secret\"}", NC_OK);
		CHECK_HAS(s.w.result.ptr, "\"n\":9");
		nc_pinst_close(s.inst, 0);
		CHECK_CODE(nc_pinst_reconfigure(s.inst, nc_str("{\"label\":\"d\"}"), NULL),
			NC_E_UNAVAILABLE);
	}
	end(&s);
}
BOTH_WAYS(changes_of_a_configuration_come_one_after_the_other);

static void a_configuration_with_faults_opens_nothing(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	nc_pinst *inst = NULL;
	if (begin(&s, iso, "{}")) {
		nc_pinst_spec spec = { .plugin = "test.good",
			.name = "two",
			.config = nc_str("{\"hosts\":0,\"pasword\":\"abcdefgh\"}") };
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_INVAL);
		CHECK_HAS(err.message, "hosts = 0 is too small (1 to 100)");
		CHECK_HAS(err.message, "pasword is not known (did you mean password)");
		CHECK(!strstr(err.message, "abcdefgh"));
		spec.config = nc_str("{\"mode\":\"refuse\"}");
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_DENIED);
		CHECK_HAS(err.message, "this account is closed");
		spec.config = nc_str("{}");
		spec.name = "one";
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_EXISTS);
		spec.name = "No Good";
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_INVAL);
		CHECK(inst == NULL);
		nc_pinst *found = nc_pinst_find(s.f->plugins, "one");
		CHECK(found == s.inst);
		nc_pinst_unref(found);
		CHECK(nc_pinst_find(s.f->plugins, "two") == NULL);
	}
	end(&s);
}
BOTH_WAYS(a_configuration_with_faults_opens_nothing);

static void closing_detaches_what_runs_and_ends_the_rest(nc_isolation iso)
{
	setup s;
	waited w[4];
	nc_error err = NC_ERROR_INIT;
	for (int i = 0; i < 4; i++)
		waited_init(&w[i]);
	if (begin(&s, iso, "{}")) {
		waited_start(&w[0], s.inst, "compute.create", "a", "{\"do\":\"wait\"}", 0);
		waited_start(&w[1], s.inst, "compute.create", "a", "{\"do\":\"wait\"}", 0);
		waited_start(&w[2], s.inst, "compute.create", "a", "{\"do\":\"sync\"}", 0);
		waited_start(&w[3], s.inst, "compute.create", "b", "{\"do\":\"park\"}", 0);
		nc_clock_sleep_us(20000);
		nc_pinst_close(s.inst, 5000000);
		for (int i = 0; i < 4; i++)
			CHECK_INT(w[i].n_done, 1);
		CHECK_INT(w[0].outcome, NC_DETACHED);
		CHECK_INT(w[2].outcome, NC_FAILED_NO_EFFECT);
		CHECK_CODE(w[2].code, NC_E_UNAVAILABLE);
		CHECK_INT(w[3].outcome, NC_DETACHED);
		CHECK_INT(nc_pinst_get_state(s.inst), NC_PINST_CLOSED);
		nc_call_spec spec = waited_spec(&s.w, "compute.create", "a", "{}");
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_UNAVAILABLE);
		nc_pinst_unref(s.inst);
		s.inst = fixture_open(s.f, "test.good", "{}"); /* the name is free again */
	}
	end(&s);
	for (int i = 0; i < 4; i++)
		waited_done(&w[i]);
}
BOTH_WAYS(closing_detaches_what_runs_and_ends_the_rest);

static void close_in_done(void *user, const nc_call_end *end_)
{
	nc_pinst *inst = user;
	(void)end_;
	nc_pinst_unref(inst); /* the last reference, in a callback */
}

static void the_last_reference_may_go_in_a_callback(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{}")) {
		nc_call_spec spec = { .verb = "compute.create",
			.request = nc_str("{\"do\":\"sync\"}"),
			.done = close_in_done,
			.user = s.inst };
		CHECK_OK(nc_pinst_call(s.inst, &spec, NULL, &err), &err);
		s.inst = NULL;
		int64_t until = nc_clock_mono_us() + 10000000;
		nc_pinst *found;
		while ((found = nc_pinst_find(s.f->plugins, "one")) && nc_clock_mono_us() < until) {
			nc_pinst_unref(found);
			nc_clock_sleep_us(1000);
		}
		CHECK(found == NULL);
	}
	end(&s);
}
BOTH_WAYS(the_last_reference_may_go_in_a_callback);

/* Many threads call, stop and look at once: what ThreadSanitizer is for. */
typedef struct crowd {
	setup *s;
	unsigned seed;
	int n_bad;
} crowd;

static void *run_crowd(void *arg)
{
	crowd *c = arg;
	static const char *const wishes[] = { "sync", "wait", "timer", "checkpoint", "refuse",
		"progress" };
	char target[16], request[40];
	for (unsigned i = 0; i < 60; i++) {
		waited w;
		waited_init(&w);
		unsigned pick = (c->seed + i * 7) % NC_LEN(wishes);
		snprintf(target, sizeof(target), "h%u", (c->seed + i) % 5);
		snprintf(request, sizeof(request), "{\"do\":\"%s\"}", wishes[pick]);
		nc_call_spec spec = waited_spec(&w, "compute.create", target, request);
		spec.deadline_us = nc_clock_mono_us() + 20000000;
		nc_call call = { 0 };
		if (nc_pinst_call(c->s->inst, &spec, &call, NULL) == NC_OK) {
			if (pick == 1 || i % 11 == 0)
				nc_call_stop(call, NC_CANCEL);
			pthread_mutex_lock(&w.lock);
			while (!w.is_done)
				pthread_cond_wait(&w.changed, &w.lock);
			c->n_bad += w.n_done != 1 || w.outcome == NC_UNKNOWN;
			pthread_mutex_unlock(&w.lock);
		} else {
			c->n_bad++;
		}
		waited_done(&w);
	}
	return NULL;
}

static void many_threads_call_and_stop_at_once(nc_isolation iso)
{
	setup s;
	pthread_t threads[6];
	crowd crowds[6];
	char status[64];
	if (begin(&s, iso, "{}")) {
		for (unsigned i = 0; i < 6; i++) {
			crowds[i] = (crowd){ &s, i * 13, 0 };
			REQUIRE(pthread_create(&threads[i], NULL, run_crowd, &crowds[i]) == 0);
		}
		for (int i = 0; i < 20; i++)
			fixture_status(s.f, "test.good", "state", status, sizeof(status));
		for (unsigned i = 0; i < 6; i++) {
			pthread_join(threads[i], NULL);
			CHECK_INT(crowds[i].n_bad, 0);
		}
		fixture_status(s.f, "test.good", "strikes", status, sizeof(status));
		CHECK_STR(status, "{}");
	}
	end(&s);
}
BOTH_WAYS(many_threads_call_and_stop_at_once);

NC_TESTS(plugin_calls){
	T(an_operation_is_accepted_and_completed_here),
	T(an_operation_is_accepted_and_completed_in_a_process),
	T(health_is_asked_and_told_here),
	T(health_is_asked_and_told_in_a_process),
	T(hung_health_holds_up_nothing_here),
	T(hung_health_holds_up_nothing_in_a_process),
	T(a_refusal_reaches_the_owner_as_the_plugin_said_it_here),
	T(a_refusal_reaches_the_owner_as_the_plugin_said_it_in_a_process),
	T(an_unserved_verb_is_unsupported_before_anything_is_sent_here),
	T(an_unserved_verb_is_unsupported_before_anything_is_sent_in_a_process),
	T(progress_is_monotone_within_a_phase_here),
	T(progress_is_monotone_within_a_phase_in_a_process),
	T(a_checkpoint_continues_on_the_control_thread_here),
	T(a_checkpoint_continues_on_the_control_thread_in_a_process),
	T(a_checkpoint_nobody_keeps_is_unsupported_here),
	T(a_checkpoint_nobody_keeps_is_unsupported_in_a_process),
	T(a_checkpoint_answered_late_or_twice_is_harmless_here),
	T(a_checkpoint_answered_late_or_twice_is_harmless_in_a_process),
	T(timers_and_watches_run_on_the_control_thread_here),
	T(timers_and_watches_run_on_the_control_thread_in_a_process),
	T(a_result_larger_than_a_frame_arrives_whole_here),
	T(a_result_larger_than_a_frame_arrives_whole_in_a_process),
	T(a_request_larger_than_a_frame_arrives_whole_here),
	T(a_request_larger_than_a_frame_arrives_whole_in_a_process),
	T(a_query_streams_its_objects_here),
	T(a_query_streams_its_objects_in_a_process),
	T(recover_gives_each_state_here),
	T(recover_gives_each_state_in_a_process),
	T(recover_of_a_running_operation_goes_on_as_that_operation_here),
	T(recover_of_a_running_operation_goes_on_as_that_operation_in_a_process),
	T(a_recover_hears_of_a_cancel_only_when_it_has_found_it_running_here),
	T(a_recover_hears_of_a_cancel_only_when_it_has_found_it_running_in_a_process),
	T(a_cancel_is_confirmed_by_the_plugin_here),
	T(a_cancel_is_confirmed_by_the_plugin_in_a_process),
	T(a_deadline_asks_first_here),
	T(a_deadline_asks_first_in_a_process),
	T(a_queued_call_is_cancelled_unsent_here),
	T(a_queued_call_is_cancelled_unsent_in_a_process),
	T(hung_targets_leave_others_served_here),
	T(hung_targets_leave_others_served_in_a_process),
	T(typed_verbs_carry_arrays_here),
	T(typed_verbs_carry_arrays_in_a_process),
	T(a_stream_echoes_and_ends_here),
	T(a_stream_echoes_and_ends_in_a_process),
	T(secrets_of_the_configuration_reach_the_plugin_by_handle_here),
	T(secrets_of_the_configuration_reach_the_plugin_by_handle_in_a_process),
	T(a_secret_in_a_result_or_a_log_line_is_withheld_and_counted_here),
	T(a_secret_in_a_result_or_a_log_line_is_withheld_and_counted_in_a_process),
	T(kv_goes_to_the_hooks_and_back_here),
	T(kv_goes_to_the_hooks_and_back_in_a_process),
	T(reports_reach_the_hook_and_a_flood_blocks_nobody_here),
	T(reports_reach_the_hook_and_a_flood_blocks_nobody_in_a_process),
	T(logs_and_metrics_come_out_here),
	T(logs_and_metrics_come_out_in_a_process),
	T(health_is_the_plugins_own_document_here),
	T(health_is_the_plugins_own_document_in_a_process),
	T(reconfigure_applies_what_is_live_and_names_what_is_not_here),
	T(reconfigure_applies_what_is_live_and_names_what_is_not_in_a_process),
	T(changes_of_a_configuration_come_one_after_the_other_here),
	T(changes_of_a_configuration_come_one_after_the_other_in_a_process),
	T(a_configuration_with_faults_opens_nothing_here),
	T(a_configuration_with_faults_opens_nothing_in_a_process),
	T(closing_detaches_what_runs_and_ends_the_rest_here),
	T(closing_detaches_what_runs_and_ends_the_rest_in_a_process),
	T(the_last_reference_may_go_in_a_callback_here),
	T(the_last_reference_may_go_in_a_callback_in_a_process),
	T(many_threads_call_and_stop_at_once_here),
	T(many_threads_call_and_stop_at_once_in_a_process),
};
