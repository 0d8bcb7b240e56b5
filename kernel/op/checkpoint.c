/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: what a driver wants to find again after a crash ("the copy has reached byte N").
 * The driver's thread only leaves the token with the run; a worker writes it into the step's
 * record and then acknowledges. One at a time per run: a newer token replaces one not yet written,
 * whose acknowledgement is NC_E_BUSY.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "model/model.h"
#include "op/engine.h"

nc_run_ack nc_run_take_checkpoint(nc_run *run)
{
	nc_run_ack ack = { run->checkpoint.ack, run->checkpoint.arg };

	if (!run->checkpoint.token)
		return (nc_run_ack){ NULL, NULL };
	nc_list_del(&run->checkpoint.link);
	nc_free(run->checkpoint.token);
	run->checkpoint.token = NULL;
	return ack;
}

void nc_run_want_checkpoint(void *arg, nc_bytes token, void (*ack)(void *, nc_code), void *ack_arg)
{
	nc_run *run = arg;
	char *text = nc_malloc(NC_BASE64_LEN(token.len) + 1);

	if (!text) {
		ack(ack_arg, NC_E_NOMEM);
		return;
	}
	nc_base64_encode(token, text);
	pthread_mutex_lock(&run->ops->lock);
	nc_run_ack former = nc_run_take_checkpoint(run);
	int is_late = run->ops->is_stopping;
	if (is_late) {
		nc_free(text);
	} else {
		run->checkpoint.token = text;
		run->checkpoint.ack = ack;
		run->checkpoint.arg = ack_arg;
		memcpy(run->checkpoint.key, run->call.key, sizeof(run->checkpoint.key));
		nc_list_add_tail(&run->ops->checkpoints, &run->checkpoint.link);
		nc_ops_wake(run->ops);
	}
	pthread_mutex_unlock(&run->ops->lock);
	if (former.fn)
		former.fn(former.arg, NC_E_BUSY);
	if (is_late)
		ack(ack_arg, NC_E_UNAVAILABLE);
}

/* Into the step that the call belongs to: by the time it is written that may be over. */
static nc_code write_one(
	nc_ops *ops, const char *id, const char *key, const char *token, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(4u << 20);
	_cleanup_(nc_txn_freep) nc_txn *txn = nc_txn_new(ops->opt.db);
	nc_object *o = NULL;

	if (!a || !txn)
		return nc_err_nomem(err);
	const nc_root *root = nc_db_read_begin(ops->opt.db);
	nc_code rc = nc_model_get(root, &nc_kind_operation, id, a, &o, err);
	nc_db_read_end(ops->opt.db);
	if (rc != NC_OK)
		return rc;
	nc_operation *op = NC_AS(nc_operation, o);
	for (size_t i = 0; i < op->n_steps; i++)
		if (op->steps[i].key && !strcmp(op->steps[i].key, key)) {
			op->steps[i].checkpoint = token;
			rc = nc_model_put(txn, o, err);
			return rc == NC_OK ? nc_txn_commit(nc_steal(&txn), NULL, err) : rc;
		}
	return nc_err(err, NC_E_NOTFOUND, "operation %s has no call %s under way", id, key);
}

int nc_ops_write_checkpoint(nc_ops *ops)
{
	if (nc_list_is_empty(&ops->checkpoints))
		return 0;
	nc_list *n = ops->checkpoints.next;
	nc_run *run = NC_LIST_ENTRY(n, nc_run, checkpoint.link);
	void (*ack)(void *, nc_code) = run->checkpoint.ack;
	void *arg = run->checkpoint.arg;
	_cleanup_(nc_freep) char *token = nc_steal(&run->checkpoint.token);
	char id[sizeof(run->id)], key[sizeof(run->checkpoint.key)];
	nc_error err = NC_ERROR_INIT;

	memcpy(id, run->id, sizeof(id));
	memcpy(key, run->checkpoint.key, sizeof(key));
	nc_list_del(n);
	pthread_mutex_unlock(&ops->lock);
	nc_code rc = NC_E_CONFLICT;
	for (int i = 0; i < 5 && rc == NC_E_CONFLICT; i++)
		rc = write_one(ops, id, key, token, &err);
	if (rc != NC_OK)
		nc_log(L_WARN, "op.checkpoint.failed", F_STR("operation", id), F_ERR(&err),
			F_STR("consequence", "telling the driver so"));
	ack(arg, rc);
	pthread_mutex_lock(&ops->lock);
	return 1;
}
