/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "op_world.h"
#include "store_util.h"

/* The way forward, the way back, cancel, abandon, retries, checkpoints. */

static void steps_run_in_order_each_named_in_the_record_first(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "one two three ");
	for (int i = 0; i < w.n_calls; i++) {
		char key[64];
		snprintf(key, sizeof(key), "%s.%d.0", id, i);
		CHECK_STR(w.calls[i].key, key);
		CHECK(w.calls[i].was_durable);
	}
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->is_cancelable, 0);
	CHECK(op->started_at_ms && op->ended_at_ms);
	CHECK_UINT(op->result.len, 2);
	CHECK_STR(op->plugin.id, "test");
	CHECK_STR(op->steps[0].target, "h");
	CHECK_STR(ow_description(&w, id), "succeeded");
	CHECK(ow_wait_idle(&w));
	ow_free(&w);
}

static void answers_that_come_late_do_as_well(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	CHECK_INT(ow_get(&w, id)->state, NC_OPER_RUNNING);
	CHECK_STR(ow_get(&w, id)->step, "two");
	ow_answer_call(&w, ow_last(&w, "two"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void failed_step_takes_back_what_was_done_from_the_last_to_the_first(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_STR(ow_log(&w, id), "one two three undo-two undo-one ");
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->steps[2].state, NC_STEP_FAILED);
	CHECK_INT(op->steps[1].undo, NC_UNDO_DONE);
	CHECK_INT(op->steps[0].undo, NC_UNDO_DONE);
	REQUIRE(op->error != NULL);
	CHECK_STR(op->error->message, "told to fail");
	CHECK_HAS(ow_last(&w, "undo-two")->key, ".1u.0");
	CHECK(ow_last(&w, "undo-two")->was_durable);
	CHECK_STR(ow_description(&w, id), "failed");
	ow_free(&w);
}

static void step_without_effect_is_not_undone_one_with_some_is(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_STR(ow_log(&w, id), "one two undo-one ");
	OW_SCRIPT(&w, { .verb = "two", .outcome = NC_FAILED_PARTIAL, .code = NC_E_INVAL });
	id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_STR(ow_log(&w, id), "one two undo-two undo-one ");
	ow_free(&w);
}

static void undo_is_tried_again_and_given_up_without_stopping_the_way_back(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	ow_answer fails = {
		.verb = "undo-two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL
	};
	OW_SCRIPT(&w, { .verb = "three", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
		fails, fails, fails, fails, fails, fails, fails);
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_count(&w, "undo-two"), 7);
	CHECK_INT(ow_count(&w, "undo-one"), 1);
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->steps[1].undo, NC_UNDO_FAILED);
	CHECK_INT(op->steps[0].undo, NC_UNDO_DONE);
	ow_free(&w);
}

static void undo_that_nobody_serves_is_given_up_at_once(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
		{ .verb = "undo-two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_UNSUPPORTED });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_count(&w, "undo-two"), 1);
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->steps[1].undo, NC_UNDO_FAILED);
	CHECK_INT(op->steps[0].undo, NC_UNDO_DONE);
	ow_free(&w);
}

static void undo_of_what_is_not_there_is_done(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
		{ .verb = "undo-one", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_NOTFOUND });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_get(&w, id)->steps[0].undo, NC_UNDO_DONE);
	CHECK_INT(ow_count(&w, "undo-one"), 1);
	ow_free(&w);
}

static void destroying_what_is_not_there_is_done(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "destroy", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_NOTFOUND });
	const char *id = ow_begin(&w, "t.destroy", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_log(&w, id), "destroy two ");
	CHECK_INT(ow_get(&w, id)->steps[0].state, NC_STEP_DONE);
	CHECK_STR(ow_get(&w, id)->checkpoint, "gone");
	/* Of another step it is a failure, and of this one any other code. */
	OW_SCRIPT(&w, { .verb = "two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_NOTFOUND });
	id = ow_begin(&w, "t.destroy", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	OW_SCRIPT(&w, { .verb = "destroy", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL });
	id = ow_begin(&w, "t.destroy", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	ow_free(&w);
}

/* Not every undo destroys: what it should have been taken back from may be elsewhere. */
static void undo_that_moves_something_is_not_done_where_nothing_was_found(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
		{ .verb = "undo-two", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_NOTFOUND });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->steps[1].undo, NC_UNDO_FAILED);
	CHECK_INT(op->steps[1].error->is_outcome_unknown, 1);
	CHECK_INT(op->steps[0].undo, NC_UNDO_DONE);
	CHECK_INT(ow_count(&w, "undo-two"), 1);
	ow_free(&w);
}

static void undo_whose_answer_says_something_else_is_not_done(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL },
		{ .verb = "undo-two", .outcome = NC_DONE, .result = "{\"host\":\"another\"}" });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->steps[1].undo, NC_UNDO_FAILED);
	CHECK_INT(op->steps[1].error->is_outcome_unknown, 1);
	CHECK_INT(op->steps[0].undo, NC_UNDO_DONE);
	ow_free(&w);
}

/* ---- retries ---- */

static void failure_that_may_be_retried_is_with_the_same_key(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	ow_answer fails = { .verb = "make",
		.outcome = NC_FAILED_NO_EFFECT,
		.code = NC_E_BUSY,
		.flags = NC_ERR_RETRYABLE };
	OW_SCRIPT(&w, fails, fails);
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_INT(ow_count(&w, "make"), 3);
	for (int i = 1; i < w.n_calls; i++)
		CHECK_STR(w.calls[i].key, w.calls[0].key);
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 3);
	OW_SCRIPT(&w, fails, fails, fails, fails, fails);
	id = ow_begin(&w, "t.single", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_count_of(&w, id, "make"), 4);
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 4);
	CHECK_INT(ow_get(&w, id)->error->is_retryable, 1);
	ow_free(&w);
}

static void attempt_is_counted_before_its_call_is_sent(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w,
		{ .verb = "make",
			.outcome = NC_FAILED_NO_EFFECT,
			.code = NC_E_BUSY,
			.flags = NC_ERR_RETRYABLE },
		{ .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 2));
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 2);
	/* Asked after and found absent: sent once more. */
	ow_crash(&w);
	OW_SCRIPT(&w, { .verb = "?make", .recovered = NC_REC_ABSENT },
		{ .verb = "make", .when = OW_LATE });
	REQUIRE(ow_start(&w));
	REQUIRE(ow_wait_calls(&w, "make", 3));
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 3);
	CHECK_STR(ow_last(&w, "make")->key, w.calls[0].key);
	ow_answer_call(&w, ow_last(&w, "make"), (ow_answer){ .outcome = NC_UNKNOWN });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED)); /* as asking after it says */
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 4);
	ow_free(&w);
}

static void another_host_is_another_deed_and_another_key(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	ow_answer fails = { .verb = "make", .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_BUSY };
	OW_SCRIPT(&w, fails, fails);
	const char *id = ow_begin(&w, "t.hosts", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_INT(ow_count(&w, "make"), 3);
	for (int i = 0; i < w.n_calls; i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s.1.%d", id, i);
		CHECK_STR(w.calls[i].key, text);
		snprintf(text, sizeof(text), "host-%d", i);
		CHECK_STR(w.calls[i].host, text);
	}
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 3);
	CHECK_INT(ow_get(&w, id)->steps[1].attempts, 3);
	/* bounded */
	ow_answer many[20];
	for (size_t i = 0; i < NC_LEN(many); i++)
		many[i] = fails;
	ow_script(&w, many, NC_LEN(many));
	id = ow_begin(&w, "t.hosts", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_count_of(&w, id, "make"), NC_OP_RETRIES + 1);
	ow_free(&w);
}

static void unsent_is_asked_again_with_the_same_key(ow_when when)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	ow_answer no = { .verb = "make",
		.when = when,
		.outcome = NC_FAILED_NO_EFFECT,
		.code = NC_E_UNAVAILABLE,
		.flags = NC_ERR_RETRYABLE };
	OW_SCRIPT(&w, no, no, no, no, no, no, no, no, no, no);
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_INT(ow_count(&w, "make"), 11);
	CHECK_INT(ow_get(&w, id)->steps[0].attempts, 1); /* nobody was asked */
	for (int i = 1; i < w.n_calls; i++)
		CHECK_STR(w.calls[i].key, w.calls[0].key);
	no.flags = 0;
	OW_SCRIPT(&w, no);
	id = ow_begin(&w, "t.single", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_INT(ow_count_of(&w, id, "make"), 1);
	ow_free(&w);
}

static void refusal_that_passes_is_asked_again_with_the_same_key(void)
{
	unsent_is_asked_again_with_the_same_key(OW_REFUSE);
}

/* Nor does it speak against the host, whose breaker opens at the fifth fault. */
static void what_waited_in_the_plugins_queue_is_asked_again_likewise(void)
{
	unsent_is_asked_again_with_the_same_key(OW_UNSENT);
}

/* ---- cancel and abandon ---- */

typedef struct departed {
	op_world *w;
	const char *id;
} departed;

static int has_left_memory(void *arg)
{
	const departed *d = arg;
	const nc_root *r = nc_db_read_begin(d->w->st.db);
	int is_gone = !nc_root_get(r, NC_KIND_OPERATION, nc_str(d->id));
	nc_db_read_end(d->w->st.db);
	if (!is_gone)
		ow_begin(d->w, "t.single", "p", "h", "acme"); /* with the next record it goes */
	return is_gone;
}

static void cancel_is_said_only_when_the_driver_has_confirmed(void)
{
	op_world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(ow_open(&w, NULL));
	w.is_deaf = 1;
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", &err), &err);
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", &err), &err); /* twice is once */
	ow_settle(&w, 500);
	CHECK_INT(ow_last(&w, "two")->stopped, NC_CANCEL);
	CHECK_INT(ow_get(&w, id)->state, NC_OPER_CANCELING);
	ow_answer_call(&w, ow_last(&w, "two"), (ow_answer){ .outcome = NC_CANCELLED });
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_STR(ow_log(&w, id), "one two undo-one ");
	CHECK(ow_get(&w, id)->error == NULL);
	CHECK_STR(ow_description(&w, id), "canceled");
	CHECK_CODE(nc_ops_cancel(w.ops, id, "test", &err), NC_E_CONFLICT);
	CHECK(su_wait(has_left_memory, &(departed){ &w, id }));
	nc_err_clear(&err);
	CHECK_CODE(nc_ops_cancel(w.ops, id, "test", &err), NC_E_CONFLICT);
	CHECK_HAS(err.message, "has already ended: canceled");
	CHECK_CODE(
		nc_ops_cancel(w.ops, "op_01M8R0BTHY1AKN6EFCYKMVBCAV", "test", &err), NC_E_NOTFOUND);
	ow_free(&w);
}

static void events_tell_each_change_of_state_once(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	w.is_deaf = 1;
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE }, { .verb = "undo-one", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	CHECK_INT(ow_events(&w, id, "operation.created"), 1);
	CHECK_INT(ow_events(&w, id, "operation.canceling"), 0);
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", NULL), NULL);
	CHECK_INT(ow_events(&w, id, "operation.canceling"), 1);
	ow_answer_call(&w, ow_last(&w, "two"), (ow_answer){ .outcome = NC_CANCELLED });
	REQUIRE(ow_wait_calls(&w, "undo-one", 1)); /* named in a record of its own */
	CHECK_INT(ow_events(&w, id, "operation.canceling"), 1);
	ow_answer_call(&w, ow_last(&w, "undo-one"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_INT(ow_events(&w, id, "operation.canceling"), 1);
	CHECK_INT(ow_events(&w, id, "operation.canceled"), 1);
	ow_free(&w);
}

static void what_was_done_all_the_same_is_taken_back(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	w.is_deaf = 1;
	OW_SCRIPT(&w, { .verb = "one", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "one", 1));
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", NULL), NULL);
	ow_answer_call(&w, ow_last(&w, "one"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_STR(ow_log(&w, id), "one undo-one ");
	ow_free(&w);
}

static void cancel_of_a_call_not_sent_needs_no_driver(void)
{
	op_world w;
	nc_ops_options limits = { .per_host = 1 };
	REQUIRE(ow_open(&w, &limits));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *first = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	const char *second = ow_begin(&w, "t.single", "p", "h", "acme");
	ow_settle(&w, 200);
	CHECK_OK(nc_ops_cancel(w.ops, second, "test", NULL), NULL);
	CHECK(ow_wait_state(&w, second, NC_OPER_CANCELED));
	CHECK_INT(ow_count_of(&w, second, NULL), 0);
	ow_answer_call(&w, ow_last(&w, "make"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, first, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void step_that_cannot_be_cancelled_says_so(void)
{
	op_world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "three", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "three", 1));
	CHECK_CODE(nc_ops_cancel(w.ops, id, "test", &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "\"three\"");
	CHECK_HAS(err.hint, "abandon");
	ow_answer_call(&w, ow_last(&w, "three"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	ow_free(&w);
}

static void cancel_wakes_who_sleeps_before_a_retry(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make",
			      .outcome = NC_FAILED_NO_EFFECT,
			      .code = NC_E_BUSY,
			      .flags = NC_ERR_RETRYABLE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	CHECK_OK(nc_ops_cancel(w.ops, id, "test", NULL), NULL);
	CHECK(ow_wait_state(&w, id, NC_OPER_CANCELED));
	CHECK_INT(ow_count(&w, "make"), 1);
	ow_free(&w);
}

static void driver_that_cancels_by_itself_fails_the_operation(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "two", .outcome = NC_CANCELLED });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	CHECK(ow_wait_state(&w, id, NC_OPER_FAILED));
	CHECK_HAS(ow_get(&w, id)->error->message, "cancelled step \"two\" by itself");
	CHECK_STR(ow_log(&w, id), "one two undo-one ");
	ow_free(&w);
}

static void abandon_ends_it_and_tells_the_driver_to_let_go(void)
{
	op_world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(ow_open(&w, NULL));
	w.is_deaf = 1;
	OW_SCRIPT(&w, { .verb = "two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	CHECK_CODE(nc_ops_abandon(w.ops, id, "root", "", &err), NC_E_INVAL);
	CHECK_OK(nc_ops_abandon(w.ops, id, "root", "the host burnt", &err), &err);
	const nc_operation *op = ow_get(&w, id);
	CHECK_INT(op->state, NC_OPER_ABANDONED);
	CHECK_INT(op->error->is_outcome_unknown, 1);
	CHECK_HAS(op->error->message, "the host burnt");
	CHECK_STR(ow_description(&w, id), "abandoned");
	CHECK_INT(ow_last(&w, "two")->stopped, NC_DETACH);
	CHECK_CODE(nc_ops_abandon(w.ops, id, "root", "again", &err), NC_E_CONFLICT);
	ow_answer_call(&w, ow_last(&w, "two"), (ow_answer){ .outcome = NC_DETACHED });
	CHECK(ow_wait_idle(&w));
	CHECK_STR(ow_log(&w, id), "one two ");
	ow_free(&w);
}

static void abandoned_one_sends_no_undo_any_more(void)
{
	op_world w;
	nc_ops_options limits = { .per_host = 1 };
	REQUIRE(ow_open(&w, &limits));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE }, { .verb = "two", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.calls", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "two", 1));
	/* another takes the place at the host before the undo can have it */
	const char *other = ow_begin(&w, "t.single", "p", "h", "acme");
	ow_settle(&w, 200);
	ow_answer_call(&w, ow_last(&w, "two"),
		(ow_answer){ .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_INVAL });
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_settle(&w, 200);
	CHECK_OK(nc_ops_abandon(w.ops, id, "root", "enough", NULL), NULL);
	ow_settle(&w, 200);
	ow_answer_call(&w, ow_last(&w, "make"), (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, other, NC_OPER_SUCCEEDED));
	CHECK(ow_wait_idle(&w));
	CHECK_STR(ow_log(&w, id), "one two ");
	ow_free(&w);
}

/* ---- checkpoints, progress ---- */

typedef struct ack {
	op_world *w;
	const char *op, *token;
} ack;

static void on_ack(void *arg, nc_code code)
{
	ack *k = arg;
	char text[64];
	nc_base64_encode(nc_str(k->token), text);
	const nc_root *r = nc_db_read_begin(k->w->st.db);
	const nc_item *it = nc_root_get(r, NC_KIND_OPERATION, nc_str(k->op));
	nc_bytes body = it ? nc_item_body(it) : (nc_bytes){ "", 0 };
	int is_there = memmem(body.ptr, body.len, text, strlen(text)) != NULL;
	nc_db_read_end(k->w->st.db);
	pthread_mutex_lock(&k->w->world_lock);
	k->w->acks[k->w->n_acks++] = code;
	k->w->acks_durable += code == NC_OK && is_there;
	pthread_mutex_unlock(&k->w->world_lock);
}

static void checkpoint_is_durable_before_it_is_acknowledged(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_call *call = ow_last(&w, "make");
	ack k = { &w, id, "AAA" };
	call->sink.checkpoint(call->sink.arg, nc_str("AAA"), on_ack, &k);
	CHECK(ow_wait_acks(&w, 1));
	CHECK_INT(w.acks[0], NC_OK);
	CHECK_INT(w.acks_durable, 1);
	CHECK_STR(ow_get(&w, id)->steps[0].checkpoint, "QUFB");
	/* and handed back with a recover */
	ow_crash(&w);
	OW_SCRIPT(&w, { .verb = "?make", .recovered = NC_REC_DONE });
	REQUIRE(ow_start(&w));
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_last(&w, "?make")->checkpoint, "QUFB");
	ow_free(&w);
}

static void newer_checkpoint_takes_the_place_of_one_not_yet_written(void)
{
	op_world w;
	nc_ops_options one = { .workers = 1 };
	REQUIRE(ow_open(&w, &one));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_call *call = ow_last(&w, "make");
	ack a = { &w, id, "AAA" }, b = { &w, id, "AAB" };
	memstore_set_delay_us(w.st.store, 20000);
	for (int i = 0; i < 3; i++) { /* the first is at work; of the others one is replaced */
		call->sink.checkpoint(call->sink.arg, nc_str("AAA"), on_ack, &a);
		call->sink.checkpoint(call->sink.arg, nc_str("AAB"), on_ack, &b);
	}
	CHECK(ow_wait_acks(&w, 6));
	int ok = 0, busy = 0;
	for (int i = 0; i < w.n_acks; i++) {
		ok += w.acks[i] == NC_OK;
		busy += w.acks[i] == NC_E_BUSY;
	}
	CHECK_INT(ok + busy, 6);
	CHECK(ok >= 1 && busy >= 1);
	CHECK_STR(ow_get(&w, id)->steps[0].checkpoint, "QUFC"); /* the last one asked for */
	ow_answer_call(&w, call, (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_INT(w.n_acks, 6);
	ow_free(&w);
}

static void another_deed_begins_without_the_checkpoint_of_the_last(void)
{
	op_world w;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.hosts", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_call *call = ow_last(&w, "make");
	ack k = { &w, id, "AAA" };
	call->sink.checkpoint(call->sink.arg, nc_str("AAA"), on_ack, &k);
	CHECK(ow_wait_acks(&w, 1));
	ow_answer_call(&w, call, (ow_answer){ .outcome = NC_FAILED_NO_EFFECT, .code = NC_E_BUSY });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK_STR(ow_last(&w, "make")->host, "host-1");
	CHECK_STR(ow_last(&w, "make")->checkpoint, "");
	ow_free(&w);
}

static void progress_never_goes_back_within_a_phase(void)
{
	op_world w;
	nc_op_live live;
	REQUIRE(ow_open(&w, NULL));
	OW_SCRIPT(&w, { .verb = "make", .when = OW_LATE });
	const char *id = ow_begin(&w, "t.single", "p", "h", "acme");
	REQUIRE(ow_wait_calls(&w, "make", 1));
	ow_call *call = ow_last(&w, "make");
	call->sink.progress(call->sink.arg, 500, "copy");
	call->sink.progress(call->sink.arg, 300, "copy");
	CHECK_OK(nc_ops_get_live(w.ops, id, &live), NULL);
	CHECK_UINT(live.permille, 500);
	nc_clock_advance_us(1000000);
	call->sink.progress(call->sink.arg, 1400, "copy");
	nc_ops_get_live(w.ops, id, &live);
	CHECK_UINT(live.permille, 1000);
	CHECK_INT(live.stalled_since_ms, 0);
	nc_clock_advance_us(61000000);
	nc_ops_get_live(w.ops, id, &live);
	CHECK_INT(live.stalled_since_ms, nc_clock_wall_ms() - 61000);
	call->sink.progress(call->sink.arg, 10, "boot");
	nc_ops_get_live(w.ops, id, &live);
	CHECK_INT(live.stalled_since_ms, 0);
	CHECK_UINT(live.permille, 10);
	CHECK_STR(live.phase, "boot");
	ow_answer_call(&w, call, (ow_answer){ .outcome = NC_DONE });
	CHECK(ow_wait_state(&w, id, NC_OPER_SUCCEEDED));
	CHECK(ow_wait_idle(&w));
	CHECK_CODE(nc_ops_get_live(w.ops, id, &live), NC_E_NOTFOUND);
	ow_free(&w);
}

NC_TESTS(op_steps){
	T(steps_run_in_order_each_named_in_the_record_first),
	T(answers_that_come_late_do_as_well),
	T(failed_step_takes_back_what_was_done_from_the_last_to_the_first),
	T(step_without_effect_is_not_undone_one_with_some_is),
	T(undo_is_tried_again_and_given_up_without_stopping_the_way_back),
	T(undo_that_nobody_serves_is_given_up_at_once),
	T(undo_of_what_is_not_there_is_done),
	T(destroying_what_is_not_there_is_done),
	T(undo_that_moves_something_is_not_done_where_nothing_was_found),
	T(undo_whose_answer_says_something_else_is_not_done),
	T(failure_that_may_be_retried_is_with_the_same_key),
	T(attempt_is_counted_before_its_call_is_sent),
	T(another_host_is_another_deed_and_another_key),
	T(refusal_that_passes_is_asked_again_with_the_same_key),
	T(what_waited_in_the_plugins_queue_is_asked_again_likewise),
	T(cancel_is_said_only_when_the_driver_has_confirmed),
	T(events_tell_each_change_of_state_once),
	T(what_was_done_all_the_same_is_taken_back),
	T(cancel_of_a_call_not_sent_needs_no_driver),
	T(step_that_cannot_be_cancelled_says_so),
	T(cancel_wakes_who_sleeps_before_a_retry),
	T(driver_that_cancels_by_itself_fails_the_operation),
	T(abandon_ends_it_and_tells_the_driver_to_let_go),
	T(abandoned_one_sends_no_undo_any_more),
	T(checkpoint_is_durable_before_it_is_acknowledged),
	T(newer_checkpoint_takes_the_place_of_one_not_yet_written),
	T(another_deed_begins_without_the_checkpoint_of_the_last),
	T(progress_never_goes_back_within_a_phase),
};
