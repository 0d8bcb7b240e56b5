/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drivers are asked about a VM, and what their answers mean for it. The request is made anew
 * from the VM whenever it is needed (also to recover), so it must depend on nothing that moves
 * while the operation runs. Inside a turn, or the commit of an act whose operation begins at once.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "flow/reports.h"
#include "flow/request.h"

static nc_code put_devices(nc_req *q, nc_opctx *c, const nc_vm *vm, nc_error *err)
{
	nc_code rc = NC_OK;

	nc_jw_karr(&q->w, "disks");
	for (size_t i = 0; rc == NC_OK && i < vm->n_disks; i++)
		rc = nc_req_disk(q, c, NULL, &vm->disks[i], err);
	nc_jw_arr_end(&q->w);
	nc_jw_karr(&q->w, "nics");
	for (size_t i = 0; rc == NC_OK && i < vm->n_nics; i++)
		rc = nc_req_nic(q, c, NULL, &vm->nics[i], err);
	nc_jw_arr_end(&q->w);
	return rc;
}

nc_code nc_vmreq_create(nc_opctx *c, const nc_vm *vm, nc_bytes *ret, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	const char *image = NULL;
	nc_code rc = NC_OK;

	nc_req_begin(&q);
	nc_jw_kstr(&q.w, "id", vm->o.id);
	nc_jw_kstr(&q.w, "uuid", vm->uuid);
	nc_jw_kstr(&q.w, "name", vm->o.name);
	nc_jw_kstr(&q.w, "project", vm->o.project ? vm->o.project : "none");
	nc_req_tag(&q, c, vm->o.id);
	nc_jw_ku64(&q.w, "incarnation", vm->incarnation);
	nc_jw_ki64(&q.w, "vcpus", vm->vcpus);
	nc_jw_ki64(&q.w, "memory_mib", vm->memory_mib);
	if (vm->image)
		rc = nc_native_name(c, &nc_kind_image, vm->image, &image, err);
	if (rc == NC_OK)
		rc = put_devices(&q, c, vm, err);
	if (rc != NC_OK)
		return rc;
	nc_req_opt(&q, "image", image);
	if (vm->user_data.is_set) {
		char handle[128];
		snprintf(handle, sizeof(handle), "%s/user_data@%llu", vm->o.id,
			(unsigned long long)vm->user_data.version);
		nc_jw_kstr(&q.w, "user_data", handle);
	}
	nc_req_labels(&q, &vm->o);
	nc_jw_kbool(&q.w, "start", vm->desired_state == NC_VM_WANT_RUNNING);
	return nc_req_end(&q, c, ret, err);
}

nc_code nc_vmreq_power(
	nc_opctx *c, const nc_vm *vm, const char *action, nc_bytes *ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *asked = NULL;
	_cleanup_(nc_req_done) nc_req q;
	nc_code rc =
		c->op->request.len ? nc_json_parse(c->op->request, 64u << 10, &asked, err) : NC_OK;
	const json_t *mode = json_object_get(asked, "mode");
	const json_t *timeout = json_object_get(asked, "timeout_s");

	nc_req_begin(&q);
	if (rc != NC_OK)
		return rc;
	nc_req_guest(&q, c, vm);
	nc_jw_kstr(&q.w, "action", action);
	if (!strcmp(action, "stop") || !strcmp(action, "restart")) {
		if (mode)
			nc_jw_kstr(&q.w, "mode", json_string_value(mode));
		nc_jw_ki64(&q.w, "timeout_s",
			timeout ? json_integer_value(timeout) : vm->shutdown_timeout_s);
	}
	return nc_req_end(&q, c, ret, err);
}

nc_code nc_vmreq_update(nc_opctx *c, const nc_vm *vm, nc_bytes *ret, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;

	nc_req_begin(&q);
	nc_req_guest(&q, c, vm);
	nc_jw_kstr(&q.w, "name", vm->o.name);
	nc_jw_ki64(&q.w, "vcpus", vm->vcpus);
	nc_jw_ki64(&q.w, "memory_mib", vm->memory_mib);
	nc_req_labels(&q, &vm->o);
	return nc_req_end(&q, c, ret, err);
}

nc_code nc_vmreq_destroy(nc_opctx *c, const nc_vm *vm, nc_bytes *ret, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;

	nc_req_begin(&q);
	nc_req_guest(&q, c, vm);
	nc_jw_karr(&q.w, "keep_disks");
	for (size_t i = 0; i < vm->n_disks; i++)
		if (!vm->disks[i].is_deleted_with_vm)
			nc_jw_str(&q.w, vm->disks[i].id);
	nc_jw_arr_end(&q.w);
	return nc_req_end(&q, c, ret, err);
}

nc_code nc_vm_call(nc_opctx *c, const nc_vm *vm, const char *verb, nc_op_call *call, nc_error *err)
{
	nc_object *o = NULL;

	if (!vm->host)
		return nc_err(err, NC_E_CONFLICT, "vm %s is on no host", vm->o.name);
	nc_code rc = nc_model_get(c->root, &nc_kind_host, vm->host, c->arena, &o, err);
	if (rc != NC_OK)
		return rc;
	const nc_host_obj *host = NC_AS(nc_host_obj, o);
	call->provider = host->provider;
	call->target = host->target ? host->target : host->o.name;
	call->verb = verb;
	return NC_OK;
}

/* ---- answers ---- */

static nc_vm_power power_of(const char *word)
{
	static const struct {
		const char *word;
		nc_vm_power power;
	} words[] = { { "running", NC_POWER_ON }, { "stopped", NC_POWER_OFF },
		{ "paused", NC_POWER_PAUSED }, { "suspended", NC_POWER_SUSPENDED },
		{ "crashed", NC_POWER_CRASHED } };

	for (size_t i = 0; word && i < NC_LEN(words); i++)
		if (!strcmp(word, words[i].word))
			return words[i].power;
	return NC_POWER_UNKNOWN;
}

nc_vm_power nc_vmres_power(const json_t *result)
{
	return power_of(json_string_value(json_object_get(result, "power")));
}

/* Addresses by NIC, in the order of the VM's NICs. */
nc_code nc_vmres_addresses(nc_vm *vm, const json_t *result, int64_t now_ms, nc_error *err)
{
	const json_t *list = json_object_get(result, "addresses");
	nc_arena *a = vm->o.arena;
	size_t n = json_array_size(list);

	vm->ports = nc_arena_new_array(a, nc_vm_port, vm->n_nics + 1);
	if (!vm->ports)
		return nc_err_nomem(err);
	vm->n_ports = vm->n_nics;
	for (size_t i = 0; i < vm->n_nics; i++) {
		nc_vm_port *p = &vm->ports[i];
		p->id = vm->nics[i].id;
		p->mac = vm->nics[i].mac;
		p->addresses = nc_arena_new_array(a, nc_vm_address, n + 1);
		if (!p->addresses)
			return nc_err_nomem(err);
		for (size_t k = 0; k < n; k++) {
			const json_t *e = json_array_get(list, k);
			const char *nic = json_string_value(json_object_get(e, "nic"));
			if (!nic || strcmp(nic, p->id))
				continue;
			p->addresses[p->n_addresses++] = (nc_vm_address){
				.ip = nc_arena_strdup(
					a, json_string_value(json_object_get(e, "ip"))),
				.source = nc_arena_strdup(
					a, json_string_value(json_object_get(e, "source"))),
				.observed_at_ms = now_ms
			};
		}
	}
	return nc_arena_failed(a) ? nc_err_nomem(err) : NC_OK;
}

/* What only this provider has, as its driver says it; kept as it is where it says nothing. */
static nc_code take_provider_data(nc_opctx *c, nc_vm *vm, const json_t *said, nc_error *err)
{
	if (!json_object_size(said))
		return NC_OK;
	char *text = json_dumps(said, JSON_COMPACT);
	const char *own = text ? nc_arena_strdup(c->arena, text) : NULL;
	nc_free(text);
	if (!own)
		return nc_err_nomem(err);
	vm->provider_data = (nc_bytes){ own, strlen(own) };
	return NC_OK;
}

/* What an answer without addresses leaves as it was, which is in memory and not in the record. */
static void keep_seen(nc_opctx *c, nc_vm *vm)
{
	const nc_item *it = nc_root_get(c->root, NC_KIND_VM, nc_str(vm->o.id));
	nc_object *o = NULL;

	if (!it ||
		nc_observed_load(((nc_flow *)c->user)->observed, it, c->arena, &o, NULL) != NC_OK)
		return;
	const nc_vm *seen = NC_AS(nc_vm, o);
	vm->ports = seen->ports;
	vm->n_ports = seen->n_ports;
	vm->agent_version = seen->agent_version;
}

/* Reports that were sent before this answer are older than it. */
static void tell_seq(nc_opctx *c, const nc_vm *vm, const json_t *answer)
{
	nc_flow *f = c->user;
	json_int_t obs_seq = json_integer_value(json_object_get(answer, "obs_seq"));
	char instance[64];

	if (!vm->provider || !vm->native_id || obs_seq <= 0)
		return;
	nc_provider_instance_name(vm->provider, instance);
	nc_reports_saw(f->reports, instance, vm->native_id, (uint64_t)obs_seq);
}

nc_code nc_vmres_apply(nc_opctx *c, nc_vm *vm, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);

	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "the driver's answer about vm %s", vm->o.name);
	const char *native = json_string_value(json_object_get(j, "native_id"));
	if (native)
		vm->native_id = nc_arena_strdup(c->arena, native);
	vm->power = nc_vmres_power(j);
	nc_vm_guest_is_there(vm);
	tell_seq(c, vm, j);
	if ((rc = take_provider_data(c, vm, json_object_get(j, "provider_data"), err)) != NC_OK)
		return rc;
	vm->o.observed_at_ms = nc_clock_wall_ms();
	if (json_object_get(j, "addresses"))
		return nc_vmres_addresses(vm, j, vm->o.observed_at_ms, err);
	keep_seen(c, vm);
	return nc_arena_failed(c->arena) ? nc_err_nomem(err) : NC_OK;
}
