/* SPDX-License-Identifier: Apache-2.0 */
/* Making a new operation: its steps come from the table of its kind, so that they are listed before
 * any of them has run. */
#include "op/engine.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "event/event.h"
#include "model/model.h"
#include "model/problem.h"

nc_code nc_ops_stage(nc_ops *ops, nc_arena *a, const char *kind, nc_operation **ret, nc_error *err)
{
	const nc_op_type *type = nc_map_get(ops->types, nc_str(kind));

	if (!type) {
		nc_problem_err(err, "unsupported", "there is no operation \"%s\"", kind);
		return nc_err_hint(err, NC_E_UNSUPPORTED, "no driver that is loaded serves it");
	}
	nc_object *o = nc_object_new(&nc_kind_operation, a);
	if (!o)
		return nc_err_nomem(err);
	nc_operation *op = NC_AS(nc_operation, o);
	op->verb = type->kind;
	op->state = NC_OPER_PENDING;
	op->epoch = nc_db_epoch(ops->opt.db);
	op->n_steps = type->n_steps;
	op->steps = nc_arena_new_array(a, nc_op_step, type->n_steps);
	if (!op->steps)
		return nc_err_nomem(err);
	for (uint32_t i = 0; i < type->n_steps; i++)
		op->steps[i].name = type->steps[i].name;
	op->step = type->steps[0].name;
	op->is_cancelable = 1;
	*ret = op;
	return NC_OK;
}

int nc_ops_begins_at_once(const nc_ops *ops, const nc_operation *op)
{
	const nc_op_type *type = nc_map_get(ops->types, nc_str(op->verb));

	return type && type->begins_at_once;
}

nc_code nc_ops_put(nc_txn *t, nc_operation *op, nc_error *err)
{
	nc_code rc = nc_model_put(t, &op->o, err);

	if (rc == NC_OK)
		nc_event_add(t, &(nc_event){ .ts_ms = nc_clock_wall_ms(),
					.type = "operation.created",
					.topic = "operation",
					.key = op->o.id,
					.name = op->verb,
					.project = op->o.project,
					.actor = op->actor,
					.op_id = op->o.id,
					.object_revision = op->o.revision });
	return rc;
}
