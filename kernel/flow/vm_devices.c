/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What disks and NICs need before a driver is asked for them, the same in a create and in an
 * attach; and what the operations on single ones share. A volume becomes the VM's in the record
 * that asks for it, so that two VMs can't have it both; a MAC is chosen there too, and stays.
 */
#include "flow/vm_devices.h"

#include <string.h>

#include "base/err.h"
#include "flow/mac.h"
#include "model/netobj.h"
#include "model/problem.h"
#include "model/storage.h"

#define MAC_TRIES 16

static const char *path_of(nc_stage *s, const char *list, size_t i, const char *field)
{
	return nc_arena_printf(s->a->arena, "%s[%zu].%s", list, i, field);
}

/* ---- one provider for all ---- */

static void same_provider(nc_stage *s, nc_vm *vm, const char *provider, const char *path)
{
	if (!provider || (vm->provider && !strcmp(vm->provider, provider)))
		return;
	if (vm->provider)
		nc_fault_add(&s->a->faults, path, "conflict", "is of another provider than the vm");
	else
		vm->provider = provider;
}

/* ---- NICs ---- */

static nc_code choose_mac(nc_stage *s, const nc_root *r, nc_vm_nic *n, nc_error *err)
{
	char mac[NC_MAC_MAX];

	if (n->mac) {
		char *own = nc_arena_strdup(s->a->arena, n->mac);
		if (!own)
			return nc_err_nomem(err);
		nc_mac_lower(own);
		n->mac = own;
		return NC_OK;
	}
	for (uint32_t i = 0; i < MAC_TRIES; i++) {
		nc_mac_make(nc_db_installation(s->a->flow->db), n->id, i, mac);
		if (nc_root_find(r, NC_KIND_VM, NC_VM_IX_MAC, nc_str(mac)))
			continue;
		n->mac = nc_arena_strdup(s->a->arena, mac);
		return n->mac ? NC_OK : nc_err_nomem(err);
	}
	return nc_err(err, NC_E_INTERNAL, "no hardware address could be found for %s", n->id);
}

static nc_code take_nic(nc_stage *s, const nc_root *r, nc_vm *vm, size_t i, nc_error *err)
{
	nc_vm_nic *n = &vm->nics[i];
	nc_object *o = NULL;

	if (n->n_security_groups) { /* rather than a guest that is open to all */
		nc_problem_err(err, "unsupported", "no driver here serves security groups");
		return nc_err_hint(err, NC_E_UNSUPPORTED, "leave security_groups out");
	}
	nc_code rc = nc_model_get(r, &nc_kind_network, n->network, s->a->arena, &o, err);
	if (rc == NC_OK)
		rc = nc_thing_check_status(o, "active", err);
	if (rc != NC_OK)
		return rc;
	/* It must not be on its way out when this is written. */
	nc_txn_expect(s->txn, NC_KIND_NETWORK, nc_str(o->id), o->rev);
	same_provider(s, vm, NC_AS(nc_network_obj, o)->provider, path_of(s, "nics", i, "network"));
	return choose_mac(s, r, n, err);
}

/* ---- disks ---- */

static nc_code take_volume(nc_stage *s, const nc_root *r, nc_vm *vm, size_t i, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_get(r, &nc_kind_volume, vm->disks[i].volume, s->a->arena, &o, err);

	if (rc != NC_OK)
		return rc;
	nc_volume_obj *v = NC_AS(nc_volume_obj, o);
	if (v->attached_to && strcmp(v->attached_to, vm->o.id)) {
		nc_problem_err(
			err, "in_use", "volume %s is attached to vm %s", o->name, v->attached_to);
		return nc_err_hint(err, NC_E_CONFLICT, "detach it there first");
	}
	if ((rc = nc_thing_check_status(o, "available", err)) != NC_OK)
		return rc;
	same_provider(s, vm, v->provider, path_of(s, "disks", i, "volume"));
	vm->disks[i].size_gib = v->size_gib;
	v->attached_to = vm->o.id;
	o->status = "in-use";
	return nc_model_put(s->txn, o, err);
}

nc_code nc_vm_take_devices(
	nc_stage *s, const nc_root *r, nc_vm *vm, size_t disk, size_t nic, nc_error *err)
{
	nc_code rc = NC_OK;

	for (size_t i = nic; rc == NC_OK && i < vm->n_nics; i++)
		rc = take_nic(s, r, vm, i, err);
	for (size_t i = disk; rc == NC_OK && i < vm->n_disks; i++)
		if (vm->disks[i].volume)
			rc = take_volume(s, r, vm, i, err);
	if (rc == NC_OK && nc_faults_any(&s->a->faults))
		rc = nc_faults_error(&s->a->faults, err);
	return rc;
}

nc_code nc_vm_free_volume(nc_opctx *c, const nc_vm *vm, const char *volume, nc_error *err)
{
	const nc_item *it = nc_root_get(c->root, NC_KIND_VOLUME, nc_str(volume));
	nc_object *o = NULL;

	if (!it)
		return NC_OK;
	nc_code rc = nc_model_load(it, c->arena, &o, err);
	if (rc != NC_OK)
		return rc;
	nc_volume_obj *v = NC_AS(nc_volume_obj, o);
	if (!v->attached_to || strcmp(v->attached_to, vm->o.id))
		return NC_OK;
	v->attached_to = NULL;
	v->device = NULL;
	o->status = "available";
	return nc_model_put(c->txn, o, err);
}

nc_code nc_vm_free_volumes(nc_opctx *c, const nc_vm *vm, nc_error *err)
{
	nc_code rc = NC_OK;

	for (size_t i = 0; rc == NC_OK && i < vm->n_disks; i++)
		if (vm->disks[i].volume)
			rc = nc_vm_free_volume(c, vm, vm->disks[i].volume, err);
	return rc;
}

/* ---- single ones ---- */

nc_code nc_vm_sub(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err)
{
	if (!strcmp(ask->field, "disks"))
		return nc_vm_disk_sub(s, r, ask, err);
	return nc_vm_nic_sub(s, r, ask, err);
}

nc_code nc_vm_begin_sub(nc_stage *s, const nc_root *r, const char *kind, const char *extension,
	json_t *request, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	nc_vm_move move;
	nc_code rc = request ? NC_OK : nc_err_nomem(err);

	if (rc == NC_OK && vm->provider)
		rc = nc_providers_check(s->a->flow, r, vm->provider, extension, err);
	if (rc == NC_OK)
		rc = nc_stage_operation(s, kind, request, err);
	json_decref(request);
	if (rc == NC_OK)
		rc = nc_vm_begin(vm, NC_VM_RECONFIGURE, s->op->o.id, &move, err);
	s->event = NULL; /* the operation's end is told */
	return rc;
}

nc_code nc_vm_sub_id(nc_opctx *c, const char **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	const char *id = NULL;
	nc_code rc =
		c->target ? NC_OK : nc_err(err, NC_E_NOTFOUND, "vm %s is gone", c->op->target.name);

	if (rc == NC_OK)
		rc = nc_json_parse(c->op->request, 64u << 10, &j, err);
	if (rc == NC_OK)
		rc = nc_json_get_str(j, NULL, "id", NC_REQUIRED, 64, &id, err);
	if (rc != NC_OK)
		return rc;
	*ret = nc_arena_strdup(c->arena, id);
	return *ret ? NC_OK : nc_err_nomem(err);
}

int64_t nc_vm_sub_i64(nc_opctx *c, const char *key)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;

	if (nc_json_parse(c->op->request, 64u << 10, &j, NULL) != NC_OK)
		return 0;
	return json_integer_value(json_object_get(j, key));
}

nc_code nc_vm_sub_drop(nc_vm *vm, const char *field, const char *id, nc_error *err)
{
	nc_code rc = nc_object_sub_remove(&vm->o, field, id, err);

	if (rc != NC_E_NOTFOUND)
		return rc;
	nc_err_clear(err);
	return NC_OK;
}

int nc_op_left_unknown(const nc_operation *op)
{
	if (op->state == NC_OPER_ABANDONED)
		return 1;
	for (size_t i = 0; i < op->n_steps; i++) {
		const nc_op_step *s = &op->steps[i];
		int is_unknown = s->state == NC_STEP_FAILED && s->error &&
				 s->error->is_outcome_unknown && s->undo != NC_UNDO_DONE;
		if (is_unknown || s->undo == NC_UNDO_FAILED)
			return 1;
	}
	return 0;
}

nc_code nc_vm_sub_ask(
	nc_opctx *c, const char *verb, nc_req_fill fill, nc_op_call *call, nc_error *err)
{
	nc_code rc = nc_thing_target(c, err);

	return rc == NC_OK ? nc_vm_ask(c, NC_AS(nc_vm, c->target), verb, fill, call, err) : rc;
}

/* "vm.disk.attach" → "vm.disk_attached", "vm.disk_attach_failed" */
static const char *event_of(const nc_opctx *c)
{
	const char *verb = c->op->verb, *word = strrchr(verb, '.') + 1;
	int n = (int)(word - verb) - 1, is_done = c->op->state == NC_OPER_SUCCEEDED;
	const char *done = word[strlen(word) - 1] == 'e' ? "d" : "ed";

	return nc_arena_printf(c->arena, "%.*s_%s%s", n, verb, word, is_done ? done : "_failed");
}

nc_code nc_vm_sub_ended(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = c->target ? NC_AS(nc_vm, c->target) : NULL;
	const char *event = event_of(c);

	if (!vm || !event)
		return event ? NC_OK : nc_err_nomem(err);
	c->target_is_dirty = 1;
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_op_failed_as(
			c, vm, event, nc_op_left_unknown(c->op) ? NC_VM_PARTIAL : NC_VM_NO_EFFECT);
		return NC_OK;
	}
	nc_vm_finish(vm, vm->power);
	vm->operation = NULL;
	nc_flow_event(c->txn, c->target, event, c->op->actor, c->op->o.id, NULL);
	return NC_OK;
}
