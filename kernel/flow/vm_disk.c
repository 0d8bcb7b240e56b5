/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.disk.attach, vm.disk.detach, vm.disk.resize: one disk of a VM, running or not, through the
 * driver. Room for a disk of the host's is claimed before the driver is asked, and given back when
 * it is out; a volume is the VM's from the request on. A disk of the VM's own goes for good
 * when it is detached, or becomes a volume if it is to be kept.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "flow/request.h"
#include "flow/vm_devices.h"
#include "model/problem.h"
#include "model/storage.h"

#define EXTENSION "nc.compute.disk/0"

/* ---- acts ---- */

static nc_code faulty(nc_stage *s, nc_error *err)
{
	nc_code rc = nc_faults_error(&s->a->faults, err);

	return rc == NC_OK ? NC_E_INVAL : rc;
}

static nc_code attach(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);

	if (!nc_object_sub_add(s->object, "disks", ask->body, &s->a->faults))
		return faulty(s, err);
	nc_model_resolve_refs(r, s->object, &s->a->reach, &s->a->faults);
	if (nc_faults_any(&s->a->faults))
		return faulty(s, err);
	nc_vm_disk *d = &vm->disks[vm->n_disks - 1];
	if (!d->volume && !d->size_gib) {
		nc_fault_add(&s->a->faults, "size_gib", "required", "must be given");
		return faulty(s, err);
	}
	if (d->volume)
		d->is_deleted_with_vm = 0;
	nc_code rc = nc_vm_take_devices(s, r, vm, vm->n_disks - 1, vm->n_nics, err);
	return rc == NC_OK ? nc_vm_begin_sub(s, r, "vm.disk.attach", EXTENSION,
				     json_pack("{s:s}", "id", d->id), err)
			   : rc;
}

static nc_code no_disk(nc_stage *s, const char *id, nc_error *err)
{
	return nc_problem_err(err, "not_found", "vm %s has no disk %.64s", s->object->name, id);
}

static nc_code detach(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	const nc_vm_disk *d = nc_object_sub_find(s->object, "disks", ask->sub_id);

	if (!d)
		return no_disk(s, ask->sub_id, err);
	return nc_vm_begin_sub(
		s, r, "vm.disk.detach", EXTENSION, json_pack("{s:s}", "id", d->id), err);
}

/* A new size goes to the driver; delete_with_vm is ours alone and takes effect at once. */
static nc_code change(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	nc_change what = { 0 };
	const nc_vm_disk *d = nc_object_sub_find(s->object, "disks", ask->sub_id);

	if (!d)
		return no_disk(s, ask->sub_id, err);
	int64_t was = d->size_gib;
	nc_object_sub_patch(s->object, "disks", ask->sub_id, ask->body, &s->a->faults, &what);
	nc_vm_disk *now = nc_object_sub_find(s->object, "disks", ask->sub_id);
	if (!now || nc_faults_any(&s->a->faults))
		return faulty(s, err);
	int64_t size = now->size_gib;
	if (size < was)
		nc_fault_add(&s->a->faults, "size_gib", "range",
			"a disk does not shrink: it has %lld", (long long)was);
	if (now->volume && now->is_deleted_with_vm)
		nc_fault_add(&s->a->faults, "delete_with_vm", "conflict", "a volume always stays");
	if (nc_faults_any(&s->a->faults))
		return faulty(s, err);
	s->is_unchanged = !what.is_changed;
	if (size == was)
		return NC_OK;
	now->size_gib = was; /* until the driver has been asked */
	return nc_vm_begin_sub(s, r, "vm.disk.resize", EXTENSION,
		json_pack("{s:s,s:I,s:I}", "id", now->id, "size_gib", (json_int_t)size, "was_gib",
			(json_int_t)was),
		err);
}

nc_code nc_vm_disk_sub(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	if (!ask->sub_id)
		return attach(s, r, ask, err);
	return ask->body ? change(s, r, ask, err) : detach(s, r, ask, err);
}

/* ---- what the host is asked to hold ---- */

static nc_code claim_sum(nc_opctx *c, const nc_vm *vm, int64_t more_gib, nc_error *err)
{
	nc_place_req req;

	nc_vm_place_req(vm, &req);
	req.want[NC_RES_DISK_GIB] += more_gib;
	return nc_sched_resize(
		((nc_flow *)c->user)->sched, c->txn, c->root, vm->o.id, req.want, err);
}

static nc_code find(nc_opctx *c, nc_vm **ret_vm, nc_vm_disk **ret, nc_error *err)
{
	const char *id = NULL;
	nc_code rc = nc_vm_sub_id(c, &id, err);

	if (rc != NC_OK)
		return rc;
	*ret_vm = NC_AS(nc_vm, c->target);
	*ret = nc_object_sub_find(c->target, "disks", id);
	return *ret ? NC_OK
		    : nc_err(err, NC_E_NOTFOUND, "vm %s has no disk %s", c->target->name, id);
}

static nc_code claim(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	/* It is in the list already, so the sum counts it. */
	return rc == NC_OK && !d->volume ? claim_sum(c, vm, 0, err) : rc;
}

static nc_code unclaim(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	/* Where nobody knows whether it is there, it keeps its room. */
	if (rc != NC_OK || d->volume || nc_op_left_unknown(c->op))
		return rc;
	return claim_sum(c, vm, -d->size_gib, err);
}

static nc_code claim_growth(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK)
		return rc;
	int64_t want = nc_vm_sub_i64(c, "size_gib"), more = want - d->size_gib;
	rc = d->volume ? nc_volume_claim(c, d->volume, want, err) : claim_sum(c, vm, more, err);
	if (rc != NC_OK)
		return rc; /* and the disk has the size it had */
	d->size_gib = want;
	c->target_is_dirty = 1;
	return NC_OK;
}

static nc_code unclaim_growth(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK || nc_op_left_unknown(c->op))
		return rc;
	int64_t was = nc_vm_sub_i64(c, "was_gib"), more = was - d->size_gib;
	rc = d->volume ? nc_volume_claim(c, d->volume, was, err) : claim_sum(c, vm, more, err);
	d->size_gib = was;
	c->target_is_dirty = 1;
	return rc;
}

/* ---- what the driver is asked ---- */

static nc_code put_disk(nc_req *q, nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	return rc == NC_OK ? nc_req_disk(q, c, "disk", d, err) : rc;
}

static nc_code plug(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return nc_vm_sub_ask(c, "disk.attach", put_disk, call, err);
}

static nc_code plugged(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	const char *device = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc == NC_OK)
		rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);
	if (rc == NC_OK)
		rc = nc_json_get_str(j, NULL, "device", NC_OPTIONAL, 63, &device, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "the driver's answer about vm %s", c->op->target.name);
	if (device && *device)
		d->device = nc_arena_strdup(c->arena, device);
	c->target_is_dirty = 1;
	return nc_arena_failed(c->arena) ? nc_err_nomem(err) : NC_OK;
}

static nc_code put_which(nc_req *q, nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK)
		return rc;
	nc_jw_kstr(&q->w, "disk", d->id);
	/* Taking an attach back leaves nothing; else what is to be kept is. */
	int is_undo = !strcmp(c->op->verb, "vm.disk.attach");
	nc_jw_kbool(&q->w, "delete", !d->volume && (is_undo || d->is_deleted_with_vm));
	return NC_OK;
}

static nc_code unplug(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return nc_vm_sub_ask(c, "disk.detach", put_which, call, err);
}

/* Out of the list, and its room or its volume free, in one record. */
static nc_code let_go(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK)
		return rc;
	const char *volume = d->volume;
	rc = nc_vm_sub_drop(vm, "disks", d->id, err);
	c->target_is_dirty = 1;
	if (rc == NC_OK && volume)
		rc = nc_vm_free_volume(c, vm, volume, err);
	return rc;
}

static nc_code keep(
	nc_opctx *c, const nc_vm *vm, const nc_vm_disk *d, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	const char *volume = NULL;
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);

	if (rc == NC_OK)
		rc = nc_json_get_str(j, NULL, "volume", NC_REQUIRED, 255, &volume, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, NC_E_PROTO, "the driver's answer about vm %s", vm->o.name);
	return *volume ? nc_vm_keep_disk(c, vm, d, volume, err) : NC_OK;
}

static int is_to_be_kept(const nc_vm_disk *d)
{
	return !d->volume && !d->is_deleted_with_vm;
}

static nc_code give_back(nc_opctx *c, const nc_vm *vm, const nc_vm_disk *d, nc_error *err)
{
	int is_hosts = !d->volume;
	nc_code rc = let_go(c, err);

	return rc == NC_OK && is_hosts ? claim_sum(c, vm, 0, err) : rc;
}

static nc_code unplugged(nc_opctx *c, nc_bytes result, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK)
		return rc;
	if (is_to_be_kept(d) && (rc = keep(c, vm, d, result, err)) != NC_OK)
		return rc;
	return give_back(c, vm, d, err);
}

/* Its driver knows no such disk, so there is nothing to keep either. */
static nc_code gone(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK)
		return rc;
	if (is_to_be_kept(d))
		nc_log(L_WARN, "vm.disk.kept.gone", F_STR("vm", vm->o.id), F_STR("disk", d->id),
			F_STR("consequence", "it does not become a volume"));
	return give_back(c, vm, d, err);
}

static nc_code put_size(nc_req *q, nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_vm_disk *d = NULL;
	nc_code rc = find(c, &vm, &d, err);

	if (rc != NC_OK)
		return rc;
	nc_jw_kstr(&q->w, "disk", d->id);
	nc_jw_ki64(&q->w, "size_gib", nc_vm_sub_i64(c, "size_gib"));
	return NC_OK;
}

static nc_code grow(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return nc_vm_sub_ask(c, "disk.resize", put_size, call, err);
}

/* ---- ends ---- */

static nc_code attach_ended(nc_opctx *c, nc_error *err)
{
	nc_code rc = nc_vm_sub_ended(c, err);

	if (rc != NC_OK || !c->target || c->op->state == NC_OPER_SUCCEEDED ||
		nc_op_left_unknown(c->op))
		return rc;
	return let_go(c, err);
}

static const nc_op_step_def attach_steps[] = {
	{ .name = "claim", .run = claim, .undo = unclaim, .flags = NC_STEP_CANCELABLE },
	{ .name = "attach",
		.prepare = plug,
		.finish = plugged,
		.undo_prepare = unplug,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};
static const nc_op_step_def detach_steps[] = {
	{ .name = "detach",
		.prepare = unplug,
		.finish = unplugged,
		.gone = gone,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_DONE },
};
static const nc_op_step_def resize_steps[] = {
	{ .name = "claim",
		.run = claim_growth,
		.undo = unclaim_growth,
		.flags = NC_STEP_CANCELABLE },
	{ .name = "resize", .prepare = grow, .flags = NC_STEP_CANCELABLE },
};
#define TYPE(word, end)                                                                            \
	{                                                                                          \
		.kind = "vm.disk." #word, .steps = word##_steps, .n_steps = NC_LEN(word##_steps),  \
		.ended = (end)                                                                     \
	}
const nc_op_type nc_flow_vm_disk[3] = { TYPE(attach, attach_ended), TYPE(detach, nc_vm_sub_ended),
	TYPE(resize, nc_vm_sub_ended) };
