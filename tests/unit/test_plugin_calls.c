/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "novacron/companions.h"
#include "plugin_both.h"
#include "testing.h"

/* Calls through the whole stack with a plugin that keeps the rules: how they go and what they carry. */

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
	T(typed_verbs_carry_arrays_here),
	T(typed_verbs_carry_arrays_in_a_process),
	T(a_stream_echoes_and_ends_here),
	T(a_stream_echoes_and_ends_in_a_process),
	T(many_threads_call_and_stop_at_once_here),
	T(many_threads_call_and_stop_at_once_in_a_process),
};
