/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "op_world.h"
#include "store_util.h"

/* Operations begun in the record that makes them. */

static nc_begun begin_in(op_world *w, ow_staged *s, nc_arena *a)
{
	nc_opctx c = { .ops = w->ops,
		.db = w->st.db,
		.arena = a,
		.op = s->op,
		.target = s->zone,
		.txn = s->txn,
		.user = w->opt.user };

	c.root = nc_db_read_begin(w->st.db);
	nc_begun begun = nc_ops_begin(&c);
	nc_db_read_end(w->st.db);
	return begun;
}

static nc_begun begin(op_world *w, ow_staged *s)
{
	return begin_in(w, s, w->a);
}

static nc_code put(ow_staged *s, nc_error *err)
{
	CHECK_OK(nc_model_put(s->txn, s->zone, err), err);
	CHECK_OK(nc_ops_put(s->txn, s->op, err), err);
	return nc_txn_commit(s->txn, NULL, err);
}

static const char *at_once(op_world *w, ow_staged *s)
{
	nc_error err = NC_ERROR_INIT;

	if (!ow_stage(w, s, "t.at_once", "p", "h", "acme") || !CHECK_INT(begin(w, s), NC_BEGUN))
		return "";
	CHECK_OK(put(s, &err), &err);
	return s->op->o.id;
}

static uint64_t live(op_world *w)
{
	nc_ops_stats st;

	nc_ops_get_stats(w->ops, &st);
	return st.queued + st.running + st.waiting;
}

static void first_record_names_the_call_and_the_second_ends_it(void)
{
	op_world w;
	ow_staged s;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	uint64_t before = nc_db_seq(w.st.db);
	const char *id = at_once(&w, &s);
	const nc_operation *op = ow_get(&w, id);
	REQUIRE(op != NULL);
	CHECK_INT(op->state, NC_OPER_RUNNING);
	CHECK_STR(op->step, "make");
	CHECK_INT(op->steps[0].state, NC_STEP_DONE);
	CHECK_INT(op->steps[1].state, NC_STEP_RUNNING);
	CHECK_STR(op->checkpoint, "host-0"); /* what the local step has done */
	REQUIRE(ow_wait_calls(&w, "make", 1));
	CHECK(ow_last(&w, "make")->was_durable);
	CHECK(!ow_last(&w, "make")->is_recover);
	CHECK_UINT(nc_db_seq(w.st.db), before + 2); /* the project's and this one */
	ow_answer_call(&w, ow_last(&w, "make"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_UINT(nc_db_seq(w.st.db), before + 3);
	CHECK_STR(ow_description(&w, id), "succeeded");
	CHECK(ow_wait_idle(&w));
	ow_free(&w);
}

static void failure_goes_to_another_host_as_ever(void)
{
	op_world w;
	ow_staged s;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_BUSY });
	const char *id = at_once(&w, &s);
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_INT(ow_count(&w, "make"), 2);
	CHECK_STR(ow_get(&w, id)->checkpoint, "host-1");
	ow_free(&w);
}

static void what_was_refused_is_forgotten_and_nothing_is_called(void)
{
	op_world w;
	ow_staged s;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(ow_open(&w, NULL));
	REQUIRE(ow_stage(&w, &s, "t.at_once", "p", "h", "acme"));
	CHECK_INT(begin(&w, &s), NC_BEGUN);
	CHECK_UINT(live(&w), 1);
	s.zone->rev = 77; /* of no such revision */
	CHECK_CODE(put(&s, &err), NC_E_CONFLICT);
	nc_ops_forget(w.ops, s.op->o.id);
	CHECK_UINT(live(&w), 0);
	nc_ops_forget(w.ops, s.op->o.id);
	nc_ops_forget(w.ops, "op_of_nobody");
	ow_settle(&w, 500);
	CHECK_INT(ow_count(&w, NULL), 0);
	ow_free(&w);
}

static void forgetting_spares_what_is_published(void)
{
	op_world w;
	ow_staged s;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = at_once(&w, &s);
	REQUIRE(ow_wait_calls(&w, "make", 1));
	nc_ops_forget(w.ops, id);
	CHECK_UINT(live(&w), 1);
	ow_answer_call(&w, ow_last(&w, "make"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

/* Durable, and the process gone before anything was called, or while it was. */
static void next_life_asks_after_it_first(void)
{
	op_world w;
	ow_staged s;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE },
		{ .verb = "?make", .recovered = NC_REC_ABSENT });
	const char *id = at_once(&w, &s);
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_crash(&w);
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "make ?make make ");
	ow_free(&w);
}

static void what_can_not_be_begun_leaves_nothing(void)
{
	op_world w;
	ow_staged s;
	REQUIRE(ow_open(&w, NULL));
	/* not before its time */
	REQUIRE(ow_stage(&w, &s, "t.at_once", "p", "h", "acme"));
	s.op->not_before_ms = INT64_MAX / 2;
	CHECK_INT(begin(&w, &s), NC_BEGUN_NOT);
	nc_txn_free(s.txn);
	CHECK_UINT(live(&w), 0);
	/* a step that fails */
	REQUIRE(ow_stage(&w, &s, "t.at_once", "none", "h", "acme"));
	CHECK_INT(begin(&w, &s), NC_BEGUN_NOT);
	nc_txn_free(s.txn);
	CHECK_UINT(live(&w), 0);
	ow_free(&w);
}

static void engine_that_stops_begins_nothing(void)
{
	op_world w;
	ow_staged s;
	REQUIRE(ow_open(&w, NULL));
	nc_ops_stop(w.ops);
	REQUIRE(ow_stage(&w, &s, "t.at_once", "p", "h", "acme"));
	CHECK_INT(begin(&w, &s), NC_BEGUN_NOT);
	nc_txn_free(s.txn);
	ow_free(&w);
}

static void memory_that_runs_out_leaves_nothing(void)
{
	op_world w;
	ow_staged s;
	int n_begun = 0;
	REQUIRE(ow_open(&w, NULL));
	for (uint64_t n = 1; n < 500 && !n_begun; n++) {
		REQUIRE(ow_stage(&w, &s, "t.at_once", "p", "h", "acme"));
		_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
		nc_alloc_fail_at(n, NC_FAIL_ONCE);
		nc_begun begun = begin_in(&w, &s, a);
		int has_failed = nc_alloc_has_failed();
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		n_begun = begun == NC_BEGUN && !has_failed;
		nc_txn_free(s.txn);
		nc_ops_forget(w.ops, s.op->o.id);
		CHECK_UINT(live(&w), 0);
		if (begun == NC_BEGUN_NOT)
			CHECK(has_failed);
	}
	CHECK(n_begun);
	ow_free(&w);
}

NC_TESTS(op_begin){
	T(first_record_names_the_call_and_the_second_ends_it),
	T(failure_goes_to_another_host_as_ever),
	T(what_was_refused_is_forgotten_and_nothing_is_called),
	T(forgetting_spares_what_is_published),
	T(next_life_asks_after_it_first),
	T(what_can_not_be_begun_leaves_nothing),
	T(engine_that_stops_begins_nothing),
	T(memory_that_runs_out_leaves_nothing),
};
