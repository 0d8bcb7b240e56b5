/* SPDX-License-Identifier: Apache-2.0 */
/*
 * volume.create, volume.resize, volume.delete: a disk in a pool, by the provider whose pool it is.
 * Its project is counted its size from the request on; the pool's own room is its driver's affair.
 * One that is attached is resized through its VM, and deleted not at all.
 */
#include <string.h>

#include "base/err.h"
#include "flow/actions.h"
#include "flow/acts.h"
#include "flow/request.h"
#include "flow/thing.h"
#include "model/infra.h"
#include "model/problem.h"
#include "model/storage.h"

#define GIB (1024LL * 1024 * 1024)

/* ---- acts ---- */

/* Of this provider's pools the one with most room, as last seen; NULL = it has none. */
static const char *roomiest(nc_stage *s, const nc_root *r, const char *provider)
{
	const char *best = NULL;
	int64_t most = -1;
	nc_walk w;
	nc_bytes key;

	nc_walk_init(
		&w, r, NC_KIND_POOL, NC_IX_REF, nc_str(provider), (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it;
		(it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, nc_str(provider));) {
		nc_object *o = NULL;
		if (nc_observed_load(s->a->flow->observed, it, s->a->arena, &o, NULL) != NC_OK)
			continue;
		const nc_pool_obj *p = NC_AS(nc_pool_obj, o);
		int64_t room = p->free_gib ? p->free_gib : p->total_gib;
		if (room > most) {
			most = room;
			best = o->id;
		}
	}
	return best;
}

static nc_code choose_pool(nc_stage *s, const nc_root *r, nc_volume_obj *v, nc_error *err)
{
	nc_arena *a = s->a->arena;
	nc_object *o = NULL;
	nc_code rc = v->pool ? nc_model_get(r, &nc_kind_pool, v->pool, a, &o, err) : NC_OK;

	if (rc != NC_OK)
		return rc;
	const char *of = o ? NC_AS(nc_pool_obj, o)->provider : NULL;
	if (of && v->provider && strcmp(of, v->provider)) {
		nc_fault_add(&s->a->faults, "pool", "conflict", "is of another provider");
		return nc_faults_error(&s->a->faults, err);
	}
	v->provider = of ? of : v->provider;
	rc = nc_providers_choose(s->a->flow, r, "nc.volume/1", a, &v->provider, err);
	if (rc != NC_OK || v->pool)
		return rc;
	v->pool = roomiest(s, r, v->provider);
	if (v->pool)
		return nc_object_defaulted(&v->o, "pool") ? nc_err_nomem(err) : NC_OK;
	nc_fault_add(&s->a->faults, "pool", "required", "must be given: its provider has none yet");
	nc_fault_hint(&s->a->faults, "novacron pool list shows those there are");
	return nc_faults_error(&s->a->faults, err);
}

/* What the request left to image or snapshot. */
static nc_code choose_size(nc_stage *s, const nc_root *r, nc_volume_obj *v, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = NC_OK;

	if (v->size_gib)
		return NC_OK;
	if (v->image) {
		rc = nc_model_get(r, &nc_kind_image, v->image, s->a->arena, &o, err);
		if (rc == NC_OK)
			v->size_gib = NC_MAX(NC_AS(nc_image, o)->min_disk_gib,
				(NC_AS(nc_image, o)->virtual_size_bytes + GIB - 1) / GIB);
	} else if (v->snapshot) {
		rc = nc_model_get(r, &nc_kind_snapshot, v->snapshot, s->a->arena, &o, err);
		if (rc == NC_OK)
			v->size_gib = (NC_AS(nc_snapshot, o)->size_bytes + GIB - 1) / GIB;
	}
	if (rc != NC_OK)
		return rc;
	if (!v->size_gib) {
		nc_fault_add(&s->a->faults, "size_gib", "required",
			"must be given: the size of what it is made of is not known");
		return nc_faults_error(&s->a->faults, err);
	}
	return nc_object_defaulted(&v->o, "size_gib") ? nc_err_nomem(err) : NC_OK;
}

/* One that is made of a snapshot is of its provider. */
static nc_code check_snapshot(nc_stage *s, const nc_root *r, nc_volume_obj *v, nc_error *err)
{
	nc_object *o = NULL, *of = NULL;
	nc_code rc = v->snapshot
			     ? nc_model_get(r, &nc_kind_snapshot, v->snapshot, s->a->arena, &o, err)
			     : NC_OK;

	if (rc != NC_OK || !o)
		return rc;
	if ((rc = nc_thing_check_status(o, "available", err)) != NC_OK)
		return rc;
	const char *volume = NC_AS(nc_snapshot, o)->volume;
	if (!volume) {
		nc_fault_add(&s->a->faults, "snapshot", "conflict", "is of a vm, not of a volume");
		return nc_faults_error(&s->a->faults, err);
	}
	rc = nc_model_get(r, &nc_kind_volume, volume, s->a->arena, &of, err);
	if (rc == NC_OK && !v->provider)
		v->provider = NC_AS(nc_volume_obj, of)->provider;
	return rc;
}

static nc_code create(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_volume_obj *v = NC_AS(nc_volume_obj, s->object);
	nc_code rc = check_snapshot(s, r, v, err);

	if (rc == NC_OK)
		rc = choose_pool(s, r, v, err);

	if (rc == NC_OK)
		rc = choose_size(s, r, v, err);
	if (rc != NC_OK)
		return rc;
	int64_t delta[NC_RES_COUNT] = { [NC_RES_DISK_GIB] = v->size_gib };
	rc = nc_sched_check_quota(s->a->flow->sched, r, v->o.project, delta, err);
	if (rc != NC_OK)
		return rc;
	s->object->status = "creating";
	s->event = "volume.create_requested";
	return nc_stage_operation(s, "volume.create", NULL, err);
}

static nc_code remove_volume(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err)
{
	nc_code rc = nc_thing_check_idle(s, r, err);

	(void)how;
	if (rc == NC_OK)
		rc = nc_stage_operation(s, "volume.delete", NULL, err);
	if (rc != NC_OK)
		return rc;
	nc_model_expect_unused(s->txn, s->object); /* whoever attaches it meanwhile wins */
	s->object->status = "deleting";
	s->event = NULL;
	return NC_OK;
}

nc_code nc_volume_act_resize(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const keys[] = { "size_gib", NULL };
	nc_volume_obj *v = NC_AS(nc_volume_obj, s->object);
	int64_t size = 0;
	nc_code rc = nc_json_only_keys(body, NULL, keys, err);

	(void)self;
	if (rc == NC_OK)
		rc = nc_json_get_i64(body, NULL, "size_gib", NC_REQUIRED, 1, 1 << 16, &size, err);
	if (rc != NC_OK)
		return rc;
	if (v->attached_to) {
		nc_problem_err(
			err, "in_use", "volume %s is attached to vm %s", v->o.name, v->attached_to);
		return nc_err_hint(err, NC_E_CONFLICT,
			"resize it through the vm: novacron vm disk resize VM DISK --size N");
	}
	if ((rc = nc_thing_check_idle(s, r, err)) != NC_OK)
		return rc;
	if ((rc = nc_thing_check_status(s->object, "available", err)) != NC_OK)
		return rc;
	if (size < v->size_gib)
		return nc_err(err, NC_E_INVAL, "size_gib: a volume does not shrink: it has %lld",
			(long long)v->size_gib);
	if (size == v->size_gib) {
		s->is_unchanged = 1;
		return NC_OK;
	}
	rc = nc_providers_check(s->a->flow, r, v->provider, "nc.volume/1", err);
	if (rc == NC_OK)
		rc = nc_stage_operation(s, "volume.resize", body, err);
	s->object->status = "resizing";
	s->event = NULL;
	return rc;
}

const nc_special nc_volume_special = {
	.kind = &nc_kind_volume, .create = create, .remove = remove_volume
};

/* ---- what its project is counted ---- */

static nc_sched *sched_of(nc_opctx *c)
{
	return ((nc_flow *)c->user)->sched;
}

static nc_code count(nc_opctx *c, const nc_volume_obj *v, int64_t size_gib, nc_error *err)
{
	const nc_hold_req hold = { .consumer = v->o.id,
		.kind = "volume",
		.project = v->o.project,
		.want = { [NC_RES_DISK_GIB] = size_gib } };

	return nc_sched_hold(sched_of(c), c->txn, c->root, &hold, err);
}

nc_code nc_volume_claim(nc_opctx *c, const char *volume, int64_t size_gib, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_get(c->root, &nc_kind_volume, volume, c->arena, &o, err);

	if (rc != NC_OK)
		return rc;
	nc_volume_obj *v = NC_AS(nc_volume_obj, o);
	if ((rc = count(c, v, size_gib, err)) != NC_OK)
		return rc;
	v->size_gib = size_gib;
	return nc_model_put(c->txn, o, err);
}

static nc_code release(nc_opctx *c, nc_error *err)
{
	nc_code rc = nc_sched_release(sched_of(c), c->txn, c->root, c->op->target.id, err);

	if (rc != NC_E_NOTFOUND)
		return rc;
	nc_err_clear(err);
	return NC_OK;
}

static nc_code claim(nc_opctx *c, nc_error *err)
{
	nc_code rc = nc_thing_target(c, err);

	return rc == NC_OK ? count(c, NC_AS(nc_volume_obj, c->target),
				     NC_AS(nc_volume_obj, c->target)->size_gib, err)
			   : rc;
}

static int64_t asked_size(const nc_opctx *c)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;

	if (nc_json_parse(c->op->request, 64u << 10, &j, NULL) != NC_OK)
		return 0;
	return json_integer_value(json_object_get(j, "size_gib"));
}

static nc_code claim_growth(nc_opctx *c, nc_error *err)
{
	nc_code rc = nc_thing_target(c, err);

	return rc == NC_OK ? count(c, NC_AS(nc_volume_obj, c->target), asked_size(c), err) : rc;
}

static nc_code unclaim_growth(nc_opctx *c, nc_error *err)
{
	for (size_t i = 0; i < c->op->n_steps; i++)
		if (c->op->steps[i].error && c->op->steps[i].error->is_outcome_unknown)
			return NC_OK; /* it may well be that large */
	return claim(c, err);
}

/* ---- what the driver is asked ---- */

static nc_code begin(nc_opctx *c, const char *verb, nc_op_call *call, nc_error *err)
{
	const char *pool = "";
	nc_code rc = nc_thing_target(c, err);

	if (rc != NC_OK)
		return rc;
	const nc_volume_obj *v = NC_AS(nc_volume_obj, c->target);
	if (v->pool && (rc = nc_native_name(c, &nc_kind_pool, v->pool, &pool, err)) != NC_OK)
		return rc;
	nc_thing_call(c, v->provider, pool, verb, call);
	call->is_needless = !v->provider; /* of before drivers were asked: there is nothing */
	return NC_OK;
}

static nc_code make(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	const char *image = NULL, *snapshot = NULL;
	nc_code rc = begin(c, "volume.create", call, err);
	const nc_volume_obj *v = rc == NC_OK ? NC_AS(nc_volume_obj, c->target) : NULL;

	nc_req_begin(&q);
	if (rc == NC_OK && v->image)
		rc = nc_native_name(c, &nc_kind_image, v->image, &image, err);
	if (rc == NC_OK && v->snapshot)
		rc = nc_native_name(c, &nc_kind_snapshot, v->snapshot, &snapshot, err);
	if (rc != NC_OK)
		return rc;
	nc_req_thing(&q, c, &v->o);
	nc_jw_kstr(&q.w, "name", v->o.name);
	nc_jw_kstr(&q.w, "project", v->o.project ? v->o.project : "none");
	nc_jw_ki64(&q.w, "size_gib", v->size_gib);
	nc_req_opt(&q, "image", image);
	nc_req_opt(&q, "snapshot", snapshot);
	nc_req_labels(&q, &v->o);
	return nc_req_end(&q, c, &call->request, err);
}

static nc_code made(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->target_is_dirty = 1;
	return nc_thing_native(c, result, &NC_AS(nc_volume_obj, c->target)->native_id, err);
}

static nc_code put_remove(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	nc_code rc = begin(c, "volume.remove", call, err);

	nc_req_begin(&q);
	if (rc != NC_OK || call->is_needless)
		return rc;
	nc_req_thing(&q, c, c->target);
	nc_req_opt(&q, "native_id", NC_AS(nc_volume_obj, c->target)->native_id);
	return nc_req_end(&q, c, &call->request, err);
}

static nc_code grow(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	nc_code rc = begin(c, "volume.resize", call, err);

	nc_req_begin(&q);
	if (rc != NC_OK)
		return rc;
	nc_req_thing(&q, c, c->target);
	nc_jw_kstr(&q.w, "native_id", NC_AS(nc_volume_obj, c->target)->native_id);
	nc_jw_ki64(&q.w, "size_gib", asked_size(c));
	return nc_req_end(&q, c, &call->request, err);
}

static nc_code grown(nc_opctx *c, nc_bytes result, nc_error *err)
{
	(void)result;
	(void)err;
	NC_AS(nc_volume_obj, c->target)->size_gib = asked_size(c);
	c->target_is_dirty = 1;
	return NC_OK;
}

/* ---- ends ---- */

static nc_code create_ended(nc_opctx *c, nc_error *err)
{
	return nc_thing_created(c, "available", "volume", err);
}

static nc_code resize_ended(nc_opctx *c, nc_error *err)
{
	int is_good = c->op->state == NC_OPER_SUCCEEDED;

	if (!c->target)
		return NC_OK;
	c->target_is_dirty = 1;
	nc_thing_event(c, "volume", is_good ? "resized" : "resize_failed");
	return nc_thing_say(c, c->target, "available", err);
}

static nc_code delete_ended(nc_opctx *c, nc_error *err)
{
	const nc_volume_obj *v = c->target ? NC_AS(nc_volume_obj, c->target) : NULL;

	return nc_thing_deleted(c, v && v->native_id ? "available" : "error", "volume", err);
}

static const nc_op_step_def create_steps[] = {
	{ .name = "claim", .run = claim, .undo = release, .flags = NC_STEP_CANCELABLE },
	{ .name = "create",
		.prepare = make,
		.finish = made,
		.undo_prepare = put_remove,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};
const nc_op_type nc_flow_volume_create = { .kind = "volume.create",
	.steps = create_steps,
	.n_steps = NC_LEN(create_steps),
	.ended = create_ended };

static const nc_op_step_def resize_steps[] = {
	{ .name = "claim",
		.run = claim_growth,
		.undo = unclaim_growth,
		.flags = NC_STEP_CANCELABLE },
	{ .name = "resize", .prepare = grow, .finish = grown, .flags = NC_STEP_CANCELABLE },
};
const nc_op_type nc_flow_volume_resize = { .kind = "volume.resize",
	.steps = resize_steps,
	.n_steps = NC_LEN(resize_steps),
	.ended = resize_ended };

static const nc_op_step_def delete_steps[] = {
	{ .name = "remove", .prepare = put_remove, .flags = NC_STEP_GONE_IS_DONE },
	{ .name = "release", .run = release },
};
const nc_op_type nc_flow_volume_delete = { .kind = "volume.delete",
	.steps = delete_steps,
	.n_steps = NC_LEN(delete_steps),
	.ended = delete_ended };
