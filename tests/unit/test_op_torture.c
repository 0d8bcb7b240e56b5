/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "op_world.h"

/*
 * Each allocation fails in turn: on the worker that runs turns, on the sequencer's thread that
 * takes operations in and carries answers, on the driver's, and on that of who asks. Whatever
 * fails, each operation ends as it would have, nothing is done twice, and nothing is left over.
 */

enum { OPS = 5, NTH_MAX = 3000 };

typedef struct play {
	const char *ids[OPS];
} play;

static const nc_operation_state ends[OPS] = { NC_OPER_SUCCEEDED, NC_OPER_FAILED, NC_OPER_SUCCEEDED,
	NC_OPER_SUCCEEDED, NC_OPER_SUCCEEDED };

/* One of each sort: straight on; the way back; another host; unknown and absent; retried. */
static void begin_all(op_world *w, play *p)
{
	ow_answer failed = { .verb = "two", .outcome = NC_FAILED_PARTIAL, .code = NC_E_INVAL };

	p->ids[0] = ow_begin(w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(w, p->ids[0], ends[0]));
	OW_SCRIPT(w, failed);
	p->ids[1] = ow_begin(w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(w, p->ids[1], ends[1]));
	OW_SCRIPT(w, { .verb = "make", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_BUSY });
	p->ids[2] = ow_begin(w, "t.hosts", "q", "h", "other");
	CHECK(ow_wait_state(w, p->ids[2], ends[2]));
	OW_SCRIPT(w, { .verb = "make", .outcome = NC_UNKNOWN },
		{ .verb = "?make", .recovered = NC_REC_ABSENT });
	p->ids[3] = ow_begin(w, "t.single", "p", "i", "acme");
	CHECK(ow_wait_state(w, p->ids[3], ends[3]));
	OW_SCRIPT(w, { .verb = "make",
			     .outcome = NC_FAILED_NO_EFFECT,
			     .code = NC_E_BUSY,
			     .flags = NC_ERR_RETRYABLE });
	p->ids[4] = ow_begin(w, "t.single", "r", "h", "acme");
	CHECK(ow_wait_state(w, p->ids[4], ends[4]));
}

/* A lost answer is asked for: what counts is what was done. */
static const char *deeds(op_world *w, const char *id)
{
	char *log = nc_arena_strdup(w->a, ow_log(w, id)), *to = log;

	for (char *word = log, *end; *word; word = end) {
		end = word + strcspn(word, " ") + 1;
		if (*word == '?')
			continue;
		memmove(to, word, (size_t)(end - word));
		to += end - word;
	}
	*to = '\0';
	return log;
}

static int check_logs(op_world *w, const play *p)
{
	static const char *const logs[OPS] = { "one two three ", "one two undo-two undo-one ",
		"make make ", "make make ", "make make " };
	int ok = 1;

	for (int i = 0; i < OPS; i++) {
		ok &= CHECK_STR(deeds(w, p->ids[i]), logs[i]);
		ok &= CHECK_STR(ow_description(w, p->ids[i]), nc_operation_state_words[ends[i]]);
	}
	ok &= CHECK(ow_wait_idle(w));
	return ok;
}

static void worker_loses_nothing_and_repeats_nothing(void)
{
	op_world w;
	nc_ops_options one = { .workers = 1, .per_host = 2 };
	int has_fired = 1;

	REQUIRE(ow_open(&w, &one));
	for (uint64_t nth = 1; has_fired; nth++) {
		play p;
		ow_forget(&w);
		w.arm_nth = nth;
		begin_all(&w, &p);
		const char *last = ow_begin(&w, "t.single", "p", "h", "acme");
		CHECK(ow_wait_state(&w, last, NC_OPER_SUCCEEDED)); /* looks whether it fired */
		has_fired = w.has_fired;
		if (!check_logs(&w, &p))
			printf("    allocation %llu of the worker\n", (unsigned long long)nth);
		REQUIRE(nth < NTH_MAX);
		CHECK(nth > 1 || has_fired);
	}
	ow_free(&w);
}

static void on_ack(void *arg, nc_code code)
{
	op_world *w = arg;
	pthread_mutex_lock(&w->world_lock);
	w->acks[w->n_acks++] = code;
	pthread_mutex_unlock(&w->world_lock);
}

/* What the worker writes beside turns; the allocations of the turn before it count too. */
static void worker_writes_a_checkpoint_or_refuses_it(void)
{
	op_world w;
	nc_ops_options one = { .workers = 1 };
	int has_fired = 1, n_refused = 0;

	REQUIRE(ow_open(&w, &one));
	for (uint64_t nth = 1; has_fired; nth++) {
		ow_forget(&w);
		w.arm_nth = nth;
		w.n_acks = 0;
		OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
		const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
		REQUIRE(ow_wait_calls(&w, "make", 1));
		ow_call *call = ow_last(&w, "make");
		call->sink.checkpoint(call->sink.arg, nc_str("AAA"), on_ack, &w);
		REQUIRE(ow_wait_acks(&w, 1));
		int is_refused = w.acks[0] != NC_OK;
		if (is_refused)
			CHECK_CODE(w.acks[0], NC_E_NOMEM);
		CHECK_STR(ow_get(&w, id)->steps[0].checkpoint, is_refused ? NULL : "QUFB");
		n_refused += is_refused;
		ow_answer_call(&w, call, (ow_answer){ .outcome = NC_DONE });
		CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
		CHECK_STR(ow_log(&w, id), "make ");
		const char *last = ow_begin(&w, "t.single", "p", "h", "acme");
		CHECK(ow_wait_state(&w, last, NC_OPER_SUCCEEDED)); /* looks whether it fired */
		has_fired = w.has_fired;
		REQUIRE(nth < NTH_MAX);
	}
	CHECK(n_refused > 0);
	ow_free(&w);
}

/* Half a minute goes by in each round, so with sanitizers a sample is taken. */
static void worker_keeps_a_deadline(void)
{
	op_world w;
	nc_ops_options one = { .workers = 1 };
	const uint64_t stride = NC_SANITIZED && !getenv("NC_TEST_LONG") ? 13 : 1;
	int has_fired = 1;

	REQUIRE(ow_open(&w, &one));
	for (uint64_t nth = 1 + nc_test_random() % stride; has_fired; nth += stride) {
		ow_forget(&w);
		w.arm_nth = nth;
		OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE });
		ow_more more = { .deadline_at_ms = nc_clock_wall_ms() + 30000 };
		const char *id = ow_begin_more(&w, "t.calls", "p", "h", "acme", &more);
		CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
		CHECK_HAS(ow_get(&w, id)->error->message, "its deadline was");
		if (!CHECK_STR(deeds(&w, id), "one two undo-one "))
			printf("    allocation %llu of the worker\n", (unsigned long long)nth);
		const char *last = ow_begin(&w, "t.single", "p", "h", "acme");
		CHECK(ow_wait_state(&w, last, NC_OPER_SUCCEEDED)); /* looks whether it fired */
		has_fired = w.has_fired;
		REQUIRE(nth < NTH_MAX);
	}
	ow_free(&w);
}

/* ---- the sequencer's thread ---- */

static _Atomic uint64_t arm_nth;
static _Atomic int has_fired_there;

static void arm_sequencer(void *arg, memstore_call call)
{
	(void)arg;
	if (call != MS_APPEND)
		return;
	if (nc_alloc_has_failed())
		has_fired_there = 1;
	if (arm_nth)
		nc_alloc_fail_at(arm_nth, NC_FAIL_ONCE);
	arm_nth = 0;
}

static void sequencer_loses_no_operation(void)
{
	has_fired_there = 1;
	for (uint64_t nth = 1; has_fired_there; nth += 3) {
		op_world w;
		play p;
		REQUIRE(ow_open(&w, NULL));
		ow_begin(&w, "t.single", "x", "y", "acme"); /* the project is there by now */
		CHECK(ow_wait_idle(&w));
		has_fired_there = 0;
		arm_nth = nth;
		memstore_set_hook(w.st.store, arm_sequencer, NULL);
		/* what asks for them may be refused for want of memory; it asks again then */
		nc_ops_stats s = { 0 };
		p.ids[0] = "";
		for (int i = 0; i < 20; i++) {
			nc_error err = NC_ERROR_INIT;
			nc_operation *op = NULL;
			nc_txn *t = nc_txn_new(w.st.db);
			CHECK_OK(nc_ops_stage(w.ops, w.a, "t.calls", &op, &err), &err);
			op->request = nc_str("{\"p\":\"p\",\"h\":\"h\"}");
			op->actor = "test";
			CHECK_OK(nc_ops_put(t, op, &err), &err);
			if (nc_txn_commit(t, NULL, &err) != NC_OK)
				continue;
			CHECK(ow_wait_state(&w, op->o.id, NC_OPER_SUCCEEDED));
			if (!CHECK_STR(deeds(&w, op->o.id), "one two three "))
				printf("    allocation %llu of the sequencer\n",
					(unsigned long long)nth);
			p.ids[0] = op->o.id;
			if (has_fired_there)
				break;
		}
		CHECK(p.ids[0][0]);
		memstore_set_hook(w.st.store, NULL, NULL);
		CHECK(ow_wait_idle(&w));
		nc_ops_get_stats(w.ops, &s);
		CHECK_UINT(s.failed, 0);
		ow_free(&w);
		REQUIRE(nth < NTH_MAX);
	}
}

/* ---- the driver's thread, and who asks ---- */

static void lost_answer_is_asked_for_again(void)
{
	for (uint64_t nth = 1; nth < 3; nth++) { /* there is one allocation */
		op_world w;
		REQUIRE(ow_open(&w, NULL));
		OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE },
			{ .verb = "?make", .recovered = NC_REC_DONE });
		const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
		REQUIRE(ow_wait_calls(&w, "make", 1));
		nc_alloc_fail_at(nth, NC_FAIL_ONCE);
		ow_answer_call(&w, ow_last(&w, "make"), (ow_answer){ .outcome = NC_DONE });
		int fired = nc_alloc_has_failed();
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		CHECK_INT(fired, nth == 1);
		CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
		CHECK_STR(ow_log(&w, id), fired ? "make ?make " : "make ");
		ow_free(&w);
	}
}

static void lost_answer_to_a_recover_is_no_answer(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "one", .outcome = NC_UNKNOWN }, { .verb = "?one", .when = OW_LATE },
		{ .verb = "?one", .recovered = NC_REC_DONE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "?one", 1));
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	ow_answer_call(&w, ow_last(&w, "?one"), (ow_answer){ .recovered = NC_REC_DONE });
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "one ?one ?one two three ");
	ow_free(&w);
}

static void asking_survives_each_failed_allocation(void)
{
	op_world w;
	nc_code rc = NC_OK;
	REQUIRE(ow_open(&w, NULL));
	w.is_deaf = 1;
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE }, { .verb = "two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	NC_TORTURE(rc)
	{
		nc_error err = NC_ERROR_INIT;
		rc = nc_ops_cancel(w.ops, id, "test", &err);
	}
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_INT(ow_get(&w, id)->state, NC_OPER_CANCELING);
	ow_answer_call(&w, ow_last(&w, "two"), (ow_answer){ .outcome = NC_CANCELLED });
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_STR(ow_log(&w, id), "one two undo-one ");

	id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 2));
	int has_ended = 0;
	NC_TORTURE(rc)
	{
		nc_error err = NC_ERROR_INIT;
		rc = nc_ops_abandon(w.ops, id, "root", "enough", &err);
		if (has_ended && rc == NC_E_CONFLICT)
			rc = NC_OK; /* told once is enough */
		has_ended |= rc == NC_OK;
	}
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_INT(ow_get(&w, id)->state, NC_OPER_ABANDONED);
	ow_answer_call(&w, ow_last(&w, "two"), (ow_answer){ .outcome = NC_DETACHED });
	CHECK(ow_wait_idle(&w));
	ow_free(&w);
}

static void each_checkpoint_is_acknowledged_once(void)
{
	op_world w;
	nc_code rc = NC_OK;
	int n = 0;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_call *call = ow_last(&w, "make");
	NC_TORTURE(rc)
	{
		call->sink.checkpoint(call->sink.arg, nc_str("AAA"), on_ack, &w);
		int fired = nc_alloc_has_failed();
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		n++;
		CHECK(ow_wait_acks(&w, n));
		CHECK_INT(w.acks[n - 1], fired ? NC_E_NOMEM : NC_OK);
		rc = w.acks[n - 1];
	}
	ow_answer_call(&w, call, (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_INT(w.n_acks, n);
	ow_free(&w);
}

static void starting_survives_each_failed_allocation(void)
{
	op_world w;
	nc_code rc = NC_OK;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_crash(&w);
	w.opt.db = w.st.db;
	static const nc_op_step_def steps[] = { { .name = "x" } };
	static const nc_op_type type = { .kind = "t.none", .steps = steps, .n_steps = 1 };
	NC_TORTURE(rc)
	{
		nc_ops *ops = NULL;
		rc = nc_ops_new(&w.opt, &ops, NULL);
		CHECK((rc == NC_OK) == (ops != NULL));
		if (rc == NC_OK)
			rc = nc_ops_register(ops, &type, NULL);
		nc_ops_free(ops);
	}
	NC_TORTURE(rc)
	{
		nc_operation *op = NULL;
		_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
		nc_ops *ops = NULL;
		rc = a ? nc_ops_new(&w.opt, &ops, NULL) : NC_E_NOMEM;
		if (rc == NC_OK)
			rc = nc_ops_register(ops, &type, NULL);
		if (rc == NC_OK)
			rc = nc_ops_stage(ops, a, "t.none", &op, NULL);
		CHECK((rc == NC_OK) == (op != NULL));
		_cleanup_(nc_txn_freep) nc_txn *t = rc == NC_OK ? nc_txn_new(w.st.db) : NULL;
		if (rc == NC_OK)
			rc = t ? nc_ops_put(t, op, NULL) : NC_E_NOMEM;
		nc_ops_free(ops);
	}
	OW_SCRIPT(&w, { .verb = "?make", .recovered = NC_REC_DONE });
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void adopting_takes_all_or_says_so(void)
{
	op_world w;
	nc_code rc = NC_OK;
	const char *ids[3];
	REQUIRE(ow_open(&w, NULL));
	ow_answer late = { .verb = "make", .when = OW_LATE };
	OW_SCRIPT(&w, late, late, late);
	for (int i = 0; i < 3; i++)
		ids[i] = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 3));
	ow_crash(&w);
	w.is_dead = 1; /* nobody answers in the lives between */
	w.opt.db = w.st.db;
	NC_TORTURE(rc)
	{
		nc_ops *ops = NULL;
		nc_error err = NC_ERROR_INIT;
		rc = nc_ops_new(&w.opt, &ops, &err);
		if (rc == NC_OK)
			rc = ow_register(ops, &err);
		if (rc == NC_OK)
			rc = nc_ops_start(ops, &err);
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		if (ops) {
			nc_clock_release();
			nc_ops_stop(ops);
			nc_clock_freeze();
			nc_ops_free(ops);
		}
		CHECK_INT(ow_get(&w, ids[0])->state, NC_OPER_RUNNING);
	}
	w.is_dead = 0;
	ow_answer done = { .verb = "?make", .recovered = NC_REC_DONE };
	OW_SCRIPT(&w, done, done, done);
	REQUIRE(ow_start(&w));
	for (int i = 0; i < 3; i++) {
		CHECK(ow_wait_state(&w, ids[i], NC_OPER_SUCCEEDED));
		CHECK_STR(ow_log(&w, ids[i]), "make ?make ");
	}
	ow_free(&w);
}

NC_TESTS(op_torture){
	T(worker_loses_nothing_and_repeats_nothing),
	T(worker_writes_a_checkpoint_or_refuses_it),
	T(worker_keeps_a_deadline),
	T(sequencer_loses_no_operation),
	T(lost_answer_is_asked_for_again),
	T(lost_answer_to_a_recover_is_no_answer),
	T(asking_survives_each_failed_allocation),
	T(each_checkpoint_is_acknowledged_once),
	T(starting_survives_each_failed_allocation),
	T(adopting_takes_all_or_says_so),
};
