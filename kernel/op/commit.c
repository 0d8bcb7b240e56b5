/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a turn to a record, and from a durable record to what comes next. The transaction carries
 * everything of the turn; the sequencer's answer arrives on its own thread, which only moves the
 * run to its next place.
 */
#include "op/engine.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "event/event.h"
#include "model/model.h"

static void add_event(nc_opctx *c)
{
	const nc_operation *op = c->op;
	char type[64];

	snprintf(type, sizeof(type), "operation.%s", nc_operation_state_words[op->state]);
	nc_event_add(c->txn, &(nc_event){ .ts_ms = nc_clock_wall_ms(),
				     .type = type,
				     .topic = "operation",
				     .key = op->o.id,
				     .name = op->verb,
				     .project = op->o.project,
				     .actor = op->actor,
				     .op_id = op->o.id,
				     .object_revision = op->o.revision });
}

nc_code nc_op_stage_all(nc_opctx *c, nc_error *err)
{
	int is_ended = nc_operation_state_is_final(c->op->state);
	nc_code rc = NC_OK;

	if (c->target && c->target_is_gone)
		nc_model_delete(c->txn, c->target);
	else if (c->target && c->target_is_dirty)
		rc = nc_model_put(c->txn, c->target, err);
	if (rc == NC_OK)
		rc = is_ended ? nc_model_put_cold(c->txn, &c->op->o, err)
			      : nc_model_put(c->txn, &c->op->o, err);
	int is_told = is_ended || c->op->state == NC_OPER_CANCELING;
	if (rc == NC_OK && is_told && c->op->state != c->was)
		add_event(c);
	return rc;
}

/* ---- the sequencer's answer; lock held ---- */

/* Trying the same again won't help: the step that asks for it is to hear of it (turn.c). */
static int is_for_good(nc_code code)
{
	return code != NC_E_CONFLICT && code != NC_E_NOMEM && code != NC_E_UNAVAILABLE &&
	       code != NC_E_TIMEOUT && code != NC_E_BUSY;
}

static void not_durable(nc_run *run, const nc_error *why)
{
	int is_conflict = why->code == NC_E_CONFLICT;

	run->conflicts++;
	run->rest_us = 0;
	if (is_for_good(why->code)) {
		run->records_refused++;
		nc_err_copy(&run->record_error, why);
	}
	if (is_conflict && run->conflicts < 20) {
		nc_run_make_ready(run);
		return;
	}
	/* Who loses this often is not unlucky: something it wants can't be. */
	if (!is_conflict || run->conflicts % 100 == 0)
		nc_log(L_WARN, "op.record.refused", F_STR("operation", run->id), F_ERR(why),
			F_STR("consequence", "trying again"));
	nc_run_sleep(run, is_conflict ? 10000 : 500000);
}

static void count_end(nc_run *run, nc_operation_state state)
{
	nc_ops_stats *s = &run->ops->stats;

	s->succeeded += state == NC_OPER_SUCCEEDED;
	s->failed += state == NC_OPER_FAILED;
	s->canceled += state == NC_OPER_CANCELED;
}

void nc_run_durable(nc_run *run)
{
	run->conflicts = run->records_refused = 0;
	if (run->result_is_used) {
		run->has_result = 0;
		nc_run_result_clear(&run->result);
	}
	if (run->is_ended) {
		count_end(run, (nc_operation_state)run->end_state);
		nc_run_drop(run);
	} else if (run->wants_call) {
		run->is_again = 0;
		nc_run_enter_gate(run);
	} else if (run->rest_us) {
		nc_run_sleep(run, run->rest_us);
	} else {
		nc_run_make_ready(run);
	}
}

static void on_answer(void *arg, uint64_t seq, const nc_error *why)
{
	nc_run *run = arg;
	nc_ops *ops = run->ops;

	(void)seq;
	pthread_mutex_lock(&ops->lock);
	if (why)
		not_durable(run, why);
	else
		nc_run_durable(run);
	int is_last = !--ops->records_out && ops->is_orphan;
	pthread_mutex_unlock(&ops->lock);
	if (is_last)
		nc_ops_destroy(ops);
}

void nc_run_commit(nc_run *run, nc_opctx *c)
{
	nc_ops *ops = run->ops;
	nc_error err = NC_ERROR_INIT;

	if (nc_op_stage_all(c, &err) != NC_OK) {
		nc_txn_free(c->txn);
		nc_log(L_ERROR, "op.record.failed", F_STR("operation", run->id), F_ERR(&err),
			F_STR("consequence", "trying again"));
		pthread_mutex_lock(&ops->lock);
		nc_run_sleep(run, 500000);
		pthread_mutex_unlock(&ops->lock);
		return;
	}
	pthread_mutex_lock(&ops->lock);
	run->where = NC_RUN_COMMITTING;
	ops->records_out++;
	run->end_state = (uint8_t)c->op->state;
	pthread_mutex_unlock(&ops->lock);
	nc_txn_submit(c->txn, on_answer, run);
}
