/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "plugin_both.h"
#include "testing.h"

/* How calls end, and are found again: cancel, deadline, recover, hung targets, closing. */

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

NC_TESTS(plugin_ends){
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
	T(closing_detaches_what_runs_and_ends_the_rest_here),
	T(closing_detaches_what_runs_and_ends_the_rest_in_a_process),
	T(the_last_reference_may_go_in_a_callback_here),
	T(the_last_reference_may_go_in_a_callback_in_a_process),
};
