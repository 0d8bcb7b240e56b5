/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.nic.attach, vm.nic.detach, vm.nic.update: one NIC of a VM, running or not, through the driver.
 * An attached one is in the VM's list from the request on, and out of it again if the driver did
 * not take it; a detached one leaves the list when it is out; an update is in the list when done.
 */
#include <string.h>

#include "base/err.h"
#include "flow/request.h"
#include "flow/vm_devices.h"
#include "model/problem.h"
#include "model/tenancy.h"

#define EXTENSION "nc.compute.nic/0"

/* ---- acts ---- */

static nc_code faulty(nc_stage *s, nc_error *err)
{
	nc_code rc = nc_faults_error(&s->a->faults, err);

	return rc == NC_OK ? NC_E_INVAL : rc;
}

static nc_code default_network(nc_stage *s, const nc_root *r, nc_vm_nic *n, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = NC_OK;

	if (n->network)
		return NC_OK;
	if (s->object->project)
		rc = nc_model_get(r, &nc_kind_project, s->object->project, s->a->arena, &o, err);
	if (rc != NC_OK)
		return rc;
	n->network = o ? NC_AS(nc_project, o)->default_network : NULL;
	if (!n->network)
		nc_fault_add(&s->a->faults, "network", "required",
			"must be given: there is no default one");
	return NC_OK;
}

static nc_code attach(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	nc_vm_nic *n = nc_object_sub_add(s->object, "nics", ask->body, &s->a->faults);

	if (!n)
		return faulty(s, err);
	nc_code rc = default_network(s, r, n, err);
	if (rc != NC_OK)
		return rc;
	nc_model_resolve_refs(r, s->object, &s->a->reach, &s->a->faults);
	if (nc_faults_any(&s->a->faults))
		return faulty(s, err);
	n = &vm->nics[vm->n_nics - 1]; /* resolving copies the list */
	rc = nc_vm_take_devices(s, r, vm, vm->n_disks, vm->n_nics - 1, err);
	return rc == NC_OK ? nc_vm_begin_sub(s, r, "vm.nic.attach", EXTENSION,
				     json_pack("{s:s}", "id", n->id), err)
			   : rc;
}

static nc_code no_nic(nc_stage *s, const char *id, nc_error *err)
{
	return nc_problem_err(err, "not_found", "vm %s has no nic %.64s", s->object->name, id);
}

static nc_code detach(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	const nc_vm_nic *n = nc_object_sub_find(s->object, "nics", ask->sub_id);

	if (!n)
		return no_nic(s, ask->sub_id, err);
	return nc_vm_begin_sub(
		s, r, "vm.nic.detach", EXTENSION, json_pack("{s:s}", "id", n->id), err);
}

/* Network and address go to the driver. The list keeps what is, until the driver has said so. */
static nc_code update(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	nc_change change = { 0 };
	const nc_vm_nic *was = nc_object_sub_find(s->object, "nics", ask->sub_id);

	if (!was)
		return no_nic(s, ask->sub_id, err);
	nc_object *wish = nc_object_copy(s->object);
	if (!wish)
		return nc_err_nomem(err);
	nc_object_sub_patch(wish, "nics", ask->sub_id, ask->body, &s->a->faults, &change);
	nc_model_resolve_refs(r, wish, &s->a->reach, &s->a->faults);
	const nc_vm_nic *now = nc_object_sub_find(wish, "nics", ask->sub_id);
	if (!now || nc_faults_any(&s->a->faults))
		return faulty(s, err);
	if (now->n_security_groups != was->n_security_groups) {
		nc_problem_err(err, "unsupported", "no driver here serves security groups");
		return nc_err_hint(err, NC_E_UNSUPPORTED, "leave security_groups as they are");
	}
	if (!now->network || (was->address && !now->address)) {
		nc_fault_add(&s->a->faults, now->network ? "address" : "network", "required",
			"can be changed, not taken away");
		return faulty(s, err);
	}
	int is_moved = strcmp(now->network, was->network) != 0;
	int is_renamed = now->address && (!was->address || strcmp(now->address, was->address));
	if (!is_moved && !is_renamed) {
		s->is_unchanged = 1;
		return NC_OK;
	}
	size_t i = (size_t)(now - NC_AS(nc_vm, wish)->nics);
	nc_code rc = nc_vm_take_devices(s, r, NC_AS(nc_vm, wish), vm->n_disks, i, err);
	json_t *q = json_pack("{s:s}", "id", was->id);
	if (is_moved)
		json_object_set_new(q, "network", json_string(now->network));
	if (is_renamed)
		json_object_set_new(q, "address", json_string(now->address));
	if (rc == NC_OK)
		return nc_vm_begin_sub(s, r, "vm.nic.update", EXTENSION, q, err);
	json_decref(q);
	return rc;
}

nc_code nc_vm_nic_sub(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	if (!ask->sub_id)
		return attach(s, r, ask, err);
	return ask->body ? update(s, r, ask, err) : detach(s, r, ask, err);
}

/* ---- operations ---- */

static nc_code put_nic(nc_req *q, nc_opctx *c, nc_error *err)
{
	const char *id = NULL;
	nc_code rc = nc_vm_sub_id(c, &id, err);
	const nc_vm_nic *n = rc == NC_OK ? nc_object_sub_find(c->target, "nics", id) : NULL;

	if (rc == NC_OK && !n)
		rc = nc_err(err, NC_E_NOTFOUND, "vm %s has no nic %s", c->target->name, id);
	return rc == NC_OK ? nc_req_nic(q, c, "nic", n, err) : rc;
}

static nc_code plug(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return nc_vm_sub_ask(c, "nic.attach", put_nic, call, err);
}

static nc_code put_which(nc_req *q, nc_opctx *c, nc_error *err)
{
	const char *id = NULL;
	nc_code rc = nc_vm_sub_id(c, &id, err);

	if (rc == NC_OK)
		nc_jw_kstr(&q->w, "nic", id);
	return rc;
}

static nc_code unplug(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return nc_vm_sub_ask(c, "nic.detach", put_which, call, err);
}

static nc_code put_update(nc_req *q, nc_opctx *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	const char *network, *native = NULL;
	nc_code rc = nc_json_parse(c->op->request, 64u << 10, &j, err);

	network = json_string_value(json_object_get(j, "network"));
	if (rc == NC_OK && network)
		rc = nc_native_name(c, &nc_kind_network, network, &native, err);
	if (rc == NC_OK)
		rc = put_which(q, c, err);
	nc_req_opt(q, "network", native);
	nc_req_opt(q, "address", json_string_value(json_object_get(j, "address")));
	return rc;
}

static nc_code tell_update(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return nc_vm_sub_ask(c, "nic.update", put_update, call, err);
}

static nc_code read_addresses(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_vm *vm = NC_AS(nc_vm, c->target);
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);

	if (rc != NC_OK)
		return nc_err_wrap(err, NC_E_PROTO, "the driver's answer about vm %s", vm->o.name);
	c->target_is_dirty = 1;
	return nc_vmres_addresses(vm, j, vm->o.observed_at_ms, err);
}

static nc_code let_go(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	const char *id = NULL;
	nc_code rc = nc_vm_sub_id(c, &id, err);

	if (rc == NC_OK)
		rc = nc_vm_sub_drop(vm, "nics", id, err);
	for (size_t i = 0; rc == NC_OK && i < vm->n_ports; i++) {
		if (strcmp(vm->ports[i].id, id))
			continue;
		memmove(&vm->ports[i], &vm->ports[i + 1],
			(vm->n_ports - i - 1) * sizeof(*vm->ports));
		vm->n_ports--;
		break;
	}
	c->target_is_dirty = 1;
	return rc;
}

static nc_code unplugged(nc_opctx *c, nc_bytes result, nc_error *err)
{
	(void)result;
	return let_go(c, err);
}

static nc_code updated(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	const char *id = NULL;
	nc_code rc = nc_vm_sub_id(c, &id, err);
	nc_vm_nic *n = rc == NC_OK ? nc_object_sub_find(c->target, "nics", id) : NULL;

	if (rc == NC_OK)
		rc = nc_json_parse(c->op->request, 64u << 10, &j, err);
	if (rc != NC_OK)
		return rc;
	const char *network = json_string_value(json_object_get(j, "network"));
	const char *address = json_string_value(json_object_get(j, "address"));
	if (n && network)
		n->network = nc_arena_strdup(c->arena, network);
	if (n && address)
		n->address = nc_arena_strdup(c->arena, address);
	else if (n && network)
		n->address = NULL; /* that was one of the old network */
	return read_addresses(c, result, err);
}

static nc_code attach_ended(nc_opctx *c, nc_error *err)
{
	const char *id = NULL;
	nc_code rc = nc_vm_sub_ended(c, err);

	if (rc != NC_OK || !c->target || c->op->state == NC_OPER_SUCCEEDED ||
		nc_op_left_unknown(c->op))
		return rc;
	rc = nc_vm_sub_id(c, &id, err);
	return rc == NC_OK ? nc_vm_sub_drop(NC_AS(nc_vm, c->target), "nics", id, err) : rc;
}

static const nc_op_step_def attach_steps[] = {
	{ .name = "attach",
		.prepare = plug,
		.finish = read_addresses,
		.undo_prepare = unplug,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};
static const nc_op_step_def detach_steps[] = {
	{ .name = "detach",
		.prepare = unplug,
		.finish = unplugged,
		.gone = let_go,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_DONE },
};
static const nc_op_step_def update_steps[] = {
	{ .name = "update",
		.prepare = tell_update,
		.finish = updated,
		.flags = NC_STEP_CANCELABLE },
};
#define TYPE(word, end)                                                                            \
	{                                                                                          \
		.kind = "vm.nic." #word, .steps = word##_steps, .n_steps = NC_LEN(word##_steps),   \
		.ended = (end)                                                                     \
	}
const nc_op_type nc_flow_vm_nic[3] = { TYPE(attach, attach_ended), TYPE(detach, nc_vm_sub_ended),
	TYPE(update, nc_vm_sub_ended) };
