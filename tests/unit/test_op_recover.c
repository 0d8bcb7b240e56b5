/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "op_world.h"

/* Outcomes that are not known, and lives after a crash: nothing is done twice, nothing is lost. */

/* A call whose outcome is not known is not sent again unless recover has said absent. */
static void check_no_call_is_repeated(op_world *w)
{
	for (int i = 0; i < w->n_calls; i++) {
		const ow_call *a = &w->calls[i];
		int is_free = 1; /* to be sent: never was, or failed, or is absent */
		for (int k = 0; k < i; k++) {
			const ow_call *b = &w->calls[k];
			if (strcmp(a->key, b->key) != 0)
				continue;
			if (b->is_recover)
				is_free |= b->how.recovered == NC_REC_ABSENT;
			else
				is_free = b->how.when == OW_REFUSE ||
					  (b->how.when == OW_NOW &&
						  b->how.outcome == NC_FAILED_NO_EFFECT);
		}
		if (!a->is_recover && !CHECK(is_free))
			printf("    call %d, %s %s\n", i, a->verb, a->key);
	}
}

static int32_t last_stop(op_world *w, const char *verb)
{
	ow_call *call = ow_last(w, verb);

	pthread_mutex_lock(&w->world_lock);
	int32_t reason = call->stopped;
	pthread_mutex_unlock(&w->world_lock);
	return reason;
}

/* Another node leads for a moment: calls are let go of, no other is made, and then what became of them is
 * asked. Its own return as leader comes with the next record. */
static void who_leads_no_more_calls_nobody(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "one", .when = OW_LATE },
		{ .verb = "?one", .recovered = NC_REC_DONE });
	const char *a = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_calls(&w, "one", 1));
	memstore_fail(w.st.store, MS_LEAD, 1, UINT64_MAX / 2, MS_REFUSE);
	memstore_usurp(w.st.store, NULL, 0);
	CHECK_CODE(
		state_try(&w.st, state_new(&nc_kind_zone, "fenced", w.a), NULL), NC_E_UNAVAILABLE);
	for (int i = 0; i < 1000 && nc_db_leads(w.st.db); i++)
		ow_settle(&w, 10); /* the answer goes out first */
	CHECK(!nc_db_leads(w.st.db));
	nc_ops_detach(w.ops); /* as the daemon does when it is told */
	for (int i = 0; i < 1000 && last_stop(&w, "one") < 0; i++)
		ow_settle(&w, 10);
	CHECK_INT(last_stop(&w, "one"), NC_DETACH);
	ow_settle(&w, 5000);
	CHECK_INT(ow_count(&w, "?one"), 0);
	memstore_heal(w.st.store);
	CHECK(ow_wait_state(&w, a, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, a), "one ?one two three ");
	ow_free(&w);
}

static void unknown_outcome_is_asked_after_and_never_simply_repeated(void)
{
	static const struct {
		int32_t recovered[4], outcome; /* what recover says in turn */
		nc_operation_state ends;
		const char *log;
	} rows[] = {
		{ { NC_REC_ABSENT }, 0, NC_OPER_SUCCEEDED, "one ?one one two three " },
		{ { NC_REC_DONE }, 0, NC_OPER_SUCCEEDED, "one ?one two three " },
		{ { NC_REC_FAILED }, 0, NC_OPER_FAILED, "one ?one undo-one " },
		{ { NC_REC_RUNNING }, NC_DONE, NC_OPER_SUCCEEDED, "one ?one two three " },
		{ { NC_REC_RUNNING }, NC_FAILED_NO_EFFECT, NC_OPER_FAILED, "one ?one " },
		{ { NC_REC_RUNNING }, NC_FAILED_PARTIAL, NC_OPER_FAILED, "one ?one undo-one " },
		{ { NC_REC_UNKNOWN, NC_REC_UNKNOWN, NC_REC_ABSENT }, 0, NC_OPER_SUCCEEDED,
			"one ?one ?one ?one one two three " },
		{ { NC_REC_RUNNING, NC_REC_DONE }, NC_UNKNOWN, NC_OPER_SUCCEEDED,
			"one ?one ?one two three " },
	};

	for (size_t i = 0; i < NC_LEN(rows); i++) {
		op_world w;
		ow_answer script[5] = { { .verb = "one", .outcome = NC_UNKNOWN } };
		REQUIRE(ow_open(&w, NULL));
		for (int k = 0; k < 4; k++)
			script[k + 1] = (ow_answer){ .verb = "?one",
				.recovered = rows[i].recovered[k],
				.outcome = rows[i].outcome,
				.code = rows[i].outcome ? NC_E_INVAL : NC_OK };
		ow_script(&w, script, 5);
		const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
		if (!(CHECK(ow_wait_state(&w, id, rows[i].ends)) &
			    CHECK_STR(ow_log(&w, id), rows[i].log)))
			printf("    row %zu\n", i);
		check_no_call_is_repeated(&w);
		ow_free(&w);
	}
}

static void record_says_unknown_while_it_is_asked_after(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .outcome = NC_UNKNOWN },
		{ .verb = "?make", .when = OW_LATE },
		{ .verb = "?make", .recovered = NC_REC_DONE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "?make", 1));
	CHECK_INT(ow_get(&w, id)->steps[0].state, NC_STEP_UNKNOWN);
	ow_crash(&w); /* the next life knows it as well */
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "make ?make ?make ");
	ow_free(&w);
}

static void what_nobody_ever_knows_fails_as_unknown_in_the_end(void)
{
	op_world w;
	ow_answer script[40];
	REQUIRE(ow_open(&w, NULL));
	w.hurry_us = 5000000;
	for (size_t i = 0; i < NC_LEN(script); i++)
		script[i] = (ow_answer){ .verb = i ? "?two" : "two",
			.outcome = NC_UNKNOWN,
			.recovered = NC_REC_UNKNOWN };
	ow_script(&w, script, NC_LEN(script));
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_count(&w, "?two"), 24);
	CHECK_INT(ow_count(&w, "two"), 1);
	CHECK_INT(ow_get(&w, id)->error->is_outcome_unknown, 1);
	CHECK_INT(ow_count(&w, "undo-two"), 1); /* whatever it was is taken back */
	ow_free(&w);
}

static void recover_that_nobody_serves_is_not_asked_for_ever(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .outcome = NC_UNKNOWN },
		{ .verb = "?make", .when = OW_REFUSE, .code = NC_E_UNSUPPORTED });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_STR(ow_log(&w, id), "make ?make ");
	CHECK_INT(ow_get(&w, id)->error->is_outcome_unknown, 1);
	ow_free(&w);
}

static void undo_of_unknown_outcome_is_asked_after_too(void)
{
	static const struct {
		int32_t recovered;
		const char *log;
	} rows[] = {
		{ NC_REC_ABSENT, "one two undo-one ?undo-one undo-one " },
		{ NC_REC_DONE, "one two undo-one ?undo-one " },
		{ NC_REC_RUNNING, "one two undo-one ?undo-one " },
	};

	for (size_t i = 0; i < NC_LEN(rows); i++) {
		op_world w;
		REQUIRE(ow_open(&w, NULL));
		OW_SCRIPT(&w, { .verb = "two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
			{ .verb = "undo-one", .outcome = NC_UNKNOWN },
			{ .verb = "?undo-one", .recovered = rows[i].recovered });
		const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
		CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
		CHECK_STR(ow_log(&w, id), rows[i].log);
		CHECK_INT(ow_get(&w, id)->steps[0].undo, NC_UNDO_DONE);
		check_no_call_is_repeated(&w);
		ow_free(&w);
	}
}

/* ---- crashes ---- */

static void call_under_way_in_a_crash_is_recovered_not_repeated(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE }, { .verb = "?two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	ow_crash(&w);
	REQUIRE(ow_start(&w));
	REQUIRE(ow_wait_calls(&w, "?two", 1));
	nc_ops_stats s;
	nc_ops_get_stats(w.ops, &s);
	CHECK_UINT(s.adopted, 1);
	CHECK_STR(ow_last(&w, "?two")->key, ow_last(&w, "two")->key);
	ow_answer_call(&w, ow_last(&w, "?two"),
		(ow_answer){ .recovered = NC_REC_RUNNING, .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "one two ?two three ");
	ow_free(&w);
}

static void cancel_that_a_crash_interrupted_is_told_again(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	w.is_deaf = 1;
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE }, { .verb = "?two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", NULL), NULL);
	ow_crash(&w);
	w.is_deaf = 0; /* it hears, and answers RUNNING, then cancelled */
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_STR(ow_log(&w, id), "one two ?two undo-one ");
	ow_free(&w);
}

static void way_back_goes_on_after_a_crash(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
		{ .verb = "undo-two", .when = OW_LATE },
		{ .verb = "?undo-two", .recovered = NC_REC_DONE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "undo-two", 1));
	ow_crash(&w);
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_STR(ow_log(&w, id), "one two three undo-two ?undo-two undo-one ");
	ow_free(&w);
}

static void stop_detaches_and_the_next_start_takes_hold_again(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE },
		{ .verb = "?make", .recovered = NC_REC_RUNNING, .outcome = NC_DONE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_stop(&w);
	CHECK_INT(ow_last(&w, "make")->stopped, NC_DETACH);
	REQUIRE(state_open(&w.st));
	CHECK_INT(ow_get(&w, id)->state, NC_OPER_RUNNING);
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "make ?make ");
	ow_free(&w);
}

static void stop_waits_for_records_under_way(void)
{
	for (int i = 0; i < 10; i++) {
		op_world w;
		REQUIRE(ow_open(&w, NULL));
		memstore_set_delay_us(w.st.store, 3000);
		for (int k = 0; k < 5; k++)
			ow_begin(&w, "t.calls", "p", "h", "acme");
		usleep((useconds_t)(nc_test_random() % 5000));
		ow_stop(&w); /* what the sequencer still had is ASan's to judge */
		ow_free(&w);
	}
}

/* The store dies at any moment; whatever happened, each operation ends, and each deed was done
 * once. The driver of the next life remembers what the former was asked. */
static void crash_at_any_moment_repeats_nothing_and_loses_nothing(void)
{
	int has_failed = 1;

	for (uint64_t nth = 1; has_failed; nth++) {
		op_world w;
		static const char *const kinds[] = { "t.calls", "t.hosts", "t.single" };
		REQUIRE(ow_open(&w, NULL));
		OW_SCRIPT(&w, { .verb = "one", .when = OW_LATE },
			{ .verb = "make", .when = OW_LATE }, { .verb = "make", .when = OW_LATE });
		for (size_t i = 0; i < NC_LEN(kinds); i++)
			ow_begin(&w, kinds[i], "p", "h", "acme");
		REQUIRE(ow_wait_calls(&w, NULL, 3));
		OW_SCRIPT(&w, { .verb = "undo-one", .outcome = NC_UNKNOWN });
		memstore_fail(w.st.store, MS_APPEND, nth, UINT64_MAX,
			nth % 2 ? MS_REFUSE : MS_UNKNOWN_LOST);
		for (int i = 0; i < 3; i++)
			ow_answer_call(&w, &w.calls[i],
				strcmp(w.calls[i].verb, "one")
					? (ow_answer){ .outcome = NC_FAILED_NO_EFFECT,
						  .code = NC_E_BUSY }
					: (ow_answer){ .outcome = NC_DONE });
		for (int i = 0; i < 300 && !memstore_has_failed(w.st.store); i++)
			ow_settle(&w, 10);
		has_failed = memstore_has_failed(w.st.store);
		ow_crash(&w);
		ow_script(&w, NULL, 0); /* recover tells the truth */
		REQUIRE(ow_start(&w));
		CHECK(ow_wait_idle(&w));
		for (int i = 0; i < w.n_calls; i++) { /* each deed once */
			int n = 0;
			for (int k = 0; k < w.n_calls; k++)
				n += !strcmp(w.calls[i].key, w.calls[k].key) &&
				     !w.calls[k].is_recover && w.calls[k].how.when == OW_NOW &&
				     w.calls[k].how.outcome == NC_DONE;
			if (!CHECK(n <= 1))
				printf("    %s, append %llu\n", w.calls[i].key,
					(unsigned long long)nth);
		}
		ow_free(&w);
		REQUIRE(nth < 100);
	}
}

/* ---- times ---- */

static void deadline_ends_what_hangs_and_takes_back_what_was_done(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE });
	ow_more more = { .deadline_at_ms = nc_clock_wall_ms() + 30000 };
	const char *id = ow_begin_more(&w, "t.calls", "p", "h", "acme", &more);
	REQUIRE(ow_wait_calls(&w, "two", 1));
	CHECK_INT(ow_get(&w, id)->state, NC_OPER_RUNNING);
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK(nc_clock_wall_ms() >= more.deadline_at_ms);
	CHECK_HAS(ow_get(&w, id)->error->message, "its deadline was");
	CHECK_STR(ow_log(&w, id), "one two undo-one ");
	CHECK_INT(ow_last(&w, "two")->stopped, NC_CANCEL);
	ow_free(&w);
}

static void deadline_counts_before_the_gate_and_after_a_crash(void)
{
	op_world w;
	/* one worker: the script is for the first that is asked after, then the other */
	nc_ops_options limits = { .per_host = 1, .workers = 1 };
	REQUIRE(ow_open(&w, &limits));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *first = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_more more = { .deadline_at_ms = nc_clock_wall_ms() + 5000 };
	const char *second = ow_begin_more(&w, "t.single", "p", "h", "acme", &more);
	CHECK(ow_wait_state(&w, second, NC_OPER_FAILED));
	CHECK_INT(ow_count_of(&w, second, NULL), 0);
	more.deadline_at_ms = nc_clock_wall_ms() + 3600000;
	const char *third = ow_begin_more(&w, "t.single", "p", "h", "acme", &more);
	ow_settle(&w, 100);
	ow_crash(&w);
	nc_clock_advance_us(INT64_C(7200) * 1000000);
	OW_SCRIPT(&w, { .verb = "?make", .recovered = NC_REC_DONE },
		{ .verb = "?make", .recovered = NC_REC_ABSENT });
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, third, NC_OPER_FAILED));
	CHECK_INT(ow_count_of(&w, third, "make"), 0);
	CHECK(ow_wait_state(&w, first, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void step_that_cannot_be_cancelled_is_let_end_after_the_deadline(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .when = OW_LATE });
	ow_more more = { .deadline_at_ms = nc_clock_wall_ms() + 30000 };
	const char *id = ow_begin_more(&w, "t.calls", "p", "h", "acme", &more);
	REQUIRE(ow_wait_calls(&w, "three", 1));
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELING));
	CHECK_INT(ow_last(&w, "three")->stopped, -1);
	ow_answer_call(&w, ow_last(&w, "three"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK(ow_get(&w, id)->error == NULL);
	ow_free(&w);
}

static void nothing_happens_before_its_time(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	ow_more more = { .not_before_ms = nc_clock_wall_ms() + 200000 };
	const char *id = ow_begin_more(&w, "t.single", "p", "h", "acme", &more);
	CHECK(ow_wait_state(&w, id, NC_OPER_WAITING));
	CHECK_INT(w.n_calls, 0);
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK(nc_clock_wall_ms() >= more.not_before_ms);
	more.not_before_ms = nc_clock_wall_ms() + 3600000;
	id = ow_begin_more(&w, "t.single", "p", "h", "acme", &more);
	CHECK(ow_wait_state(&w, id, NC_OPER_WAITING));
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", NULL), NULL);
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_INT(ow_count_of(&w, id, NULL), 0);
	ow_free(&w);
}

NC_TESTS(op_recover){
	T(who_leads_no_more_calls_nobody),
	T(unknown_outcome_is_asked_after_and_never_simply_repeated),
	T(record_says_unknown_while_it_is_asked_after),
	T(what_nobody_ever_knows_fails_as_unknown_in_the_end),
	T(recover_that_nobody_serves_is_not_asked_for_ever),
	T(undo_of_unknown_outcome_is_asked_after_too),
	T(call_under_way_in_a_crash_is_recovered_not_repeated),
	T(cancel_that_a_crash_interrupted_is_told_again),
	T(way_back_goes_on_after_a_crash),
	T(stop_detaches_and_the_next_start_takes_hold_again),
	T(stop_waits_for_records_under_way),
	T(crash_at_any_moment_repeats_nothing_and_loses_nothing),
	T(deadline_ends_what_hangs_and_takes_back_what_was_done),
	T(deadline_counts_before_the_gate_and_after_a_crash),
	T(step_that_cannot_be_cancelled_is_let_end_after_the_deadline),
	T(nothing_happens_before_its_time),
};
