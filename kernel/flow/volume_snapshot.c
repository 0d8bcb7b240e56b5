/* SPDX-License-Identifier: Apache-2.0 */
/*
 * volume.snapshot and volume.snapshot.delete: a volume as it was, in its pool, beside it. The
 * snapshot is the target; the volume is kept from being deleted by it, and goes on being used.
 * There is no way back into the volume itself: a new one is made of the snapshot. Its project is
 * counted the volume's size.
 */
#include <string.h>

#include "base/err.h"
#include "flow/acts.h"
#include "flow/request.h"
#include "flow/thing.h"
#include "model/problem.h"
#include "model/storage.h"

#define GIB (1024LL * 1024 * 1024)

/* ---- acts ---- */

nc_code nc_volume_snapshot_create(nc_stage *s, const nc_root *r, nc_error *err)
{
	const nc_snapshot *snap = NC_AS(nc_snapshot, s->object);
	nc_object *o = NULL;
	nc_code rc = nc_model_get(r, &nc_kind_volume, snap->volume, s->a->arena, &o, err);

	if (rc != NC_OK)
		return rc;
	const nc_volume_obj *v = NC_AS(nc_volume_obj, o);
	if (!v->native_id || !strcmp(o->status, "deleting"))
		return nc_thing_check_status(o, "available", err);
	rc = nc_providers_check(s->a->flow, r, v->provider, "nc.volume/1", err);
	if (rc != NC_OK)
		return rc;
	int64_t delta[NC_RES_COUNT] = { [NC_RES_DISK_GIB] = v->size_gib };
	rc = nc_sched_check_quota(s->a->flow->sched, r, snap->o.project, delta, err);
	return rc == NC_OK ? nc_stage_operation(s, "volume.snapshot", NULL, err) : rc;
}

nc_code nc_volume_snapshot_remove(nc_stage *s, nc_error *err)
{
	nc_code rc = nc_stage_operation(s, "volume.snapshot.delete", NULL, err);

	s->object->status = "deleting";
	s->event = NULL;
	return rc;
}

/* ---- steps ---- */

static nc_code of_volume(nc_opctx *c, nc_volume_obj **ret, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_thing_target(c, err);

	if (rc == NC_OK)
		rc = nc_model_get(c->root, &nc_kind_volume, NC_AS(nc_snapshot, c->target)->volume,
			c->arena, &o, err);
	*ret = o ? NC_AS(nc_volume_obj, o) : NULL;
	return rc;
}

static nc_code claim(nc_opctx *c, nc_error *err)
{
	nc_volume_obj *v = NULL;
	nc_code rc = of_volume(c, &v, err);

	if (rc != NC_OK)
		return rc;
	const nc_hold_req hold = { .consumer = c->target->id,
		.kind = "snapshot",
		.project = c->target->project,
		.want = { [NC_RES_DISK_GIB] = v->size_gib } };
	return nc_sched_hold(((nc_flow *)c->user)->sched, c->txn, c->root, &hold, err);
}

static nc_code release(nc_opctx *c, nc_error *err)
{
	nc_code rc = nc_sched_release(
		((nc_flow *)c->user)->sched, c->txn, c->root, c->op->target.id, err);

	if (rc != NC_E_NOTFOUND)
		return rc;
	nc_err_clear(err);
	return NC_OK;
}

/* Asked of the pool that the volume lies in. */
static nc_code ask_pool(
	nc_opctx *c, const char *verb, nc_req_fill fill, nc_op_call *call, nc_error *err)
{
	nc_volume_obj *v = NULL;
	const char *pool = "";
	nc_code rc = of_volume(c, &v, err);

	if (rc == NC_OK && v->pool)
		rc = nc_native_name(c, &nc_kind_pool, v->pool, &pool, err);
	if (rc != NC_OK)
		return rc;
	nc_thing_call(c, v->provider, pool, verb, call);
	return nc_thing_ask(c, c->target, fill, call, err);
}

static nc_code put_new(nc_req *q, nc_opctx *c, nc_error *err)
{
	nc_volume_obj *v = NULL;
	nc_code rc = of_volume(c, &v, err);

	if (rc != NC_OK)
		return rc;
	nc_jw_kstr(&q->w, "name", c->target->name);
	nc_jw_kstr(&q->w, "volume", v->native_id);
	return NC_OK;
}

static nc_code take(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return ask_pool(c, "volume.snapshot", put_new, call, err);
}

static nc_code taken(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_snapshot *snap = NC_AS(nc_snapshot, c->target);
	nc_code rc = nc_thing_native(c, result, &snap->native_id, err);

	if (rc == NC_OK)
		rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);
	if (rc != NC_OK)
		return rc;
	snap->size_bytes = json_integer_value(json_object_get(j, "size_gib")) * GIB;
	c->target_is_dirty = 1;
	return NC_OK;
}

static nc_code put_which(nc_req *q, nc_opctx *c, nc_error *err)
{
	(void)err;
	nc_req_opt(q, "native_id", NC_AS(nc_snapshot, c->target)->native_id);
	return NC_OK;
}

static nc_code put_remove(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return ask_pool(c, "volume.remove", put_which, call, err);
}

static nc_code create_ended(nc_opctx *c, nc_error *err)
{
	return nc_thing_created(c, "available", "snapshot", err);
}

static nc_code delete_ended(nc_opctx *c, nc_error *err)
{
	const nc_snapshot *snap = c->target ? NC_AS(nc_snapshot, c->target) : NULL;

	return nc_thing_deleted(
		c, snap && snap->native_id ? "available" : "error", "snapshot", err);
}

static const nc_op_step_def create_steps[] = {
	{ .name = "claim", .run = claim, .undo = release, .flags = NC_STEP_CANCELABLE },
	{ .name = "create",
		.prepare = take,
		.finish = taken,
		.undo_prepare = put_remove,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};
static const nc_op_step_def delete_steps[] = {
	{ .name = "remove", .prepare = put_remove, .flags = NC_STEP_GONE_IS_DONE },
	{ .name = "release", .run = release },
};
const nc_op_type nc_flow_volume_snapshot[2] = {
	{ .kind = "volume.snapshot",
		.steps = create_steps,
		.n_steps = NC_LEN(create_steps),
		.ended = create_ended },
	{ .kind = "volume.snapshot.delete",
		.steps = delete_steps,
		.n_steps = NC_LEN(delete_steps),
		.ended = delete_ended },
};
