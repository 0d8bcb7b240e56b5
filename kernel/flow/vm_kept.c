/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM's own disk that outlives it: once its driver has let go of it, it is a volume of the VM's
 * project. The driver's tag on it stays the VM's, so the volume remembers whose disk it was. What it
 * holds has been there all the while, so no quota is asked. Inside a turn.
 */
#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "flow/internal.h"
#include "flow/vm_devices.h"
#include "model/storage.h"

#define TAIL 8 /* of the disk's id: enough to tell the disks of one name apart */

static const char *name_of(nc_opctx *c, const nc_vm *vm, const nc_vm_disk *d)
{
	size_t n = strlen(d->id);
	char *name = nc_arena_printf(c->arena, "%.50s-%s", vm->o.name ? vm->o.name : "disk",
		d->id + (n > TAIL ? n - TAIL : 0));

	for (char *p = name; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

nc_code nc_vm_keep_disk(
	nc_opctx *c, const nc_vm *vm, const nc_vm_disk *d, const char *native_id, nc_error *err)
{
	nc_object *o = nc_object_new(&nc_kind_volume, c->arena);

	if (!o)
		return nc_err_nomem(err);
	nc_volume_obj *v = NC_AS(nc_volume_obj, o);
	o->name = name_of(c, vm, d);
	o->project = vm->o.project;
	o->status = "available";
	v->size_gib = NC_MAX(d->size_gib, (int64_t)1);
	v->pool = d->pool;
	v->provider = vm->provider;
	v->made_with = nc_arena_strdup(c->arena, vm->o.id);
	v->native_id = nc_arena_strdup(c->arena, native_id);
	if (!o->name || !v->made_with || !v->native_id)
		return nc_err_nomem(err);
	const nc_hold_req hold = { .consumer = o->id,
		.kind = "volume",
		.project = o->project,
		.want = { [NC_RES_DISK_GIB] = v->size_gib },
		.is_settled = 1 };
	nc_code rc = nc_sched_hold(((nc_flow *)c->user)->sched, c->txn, c->root, &hold, err);
	if (rc == NC_OK)
		rc = nc_model_put(c->txn, o, err);
	if (rc == NC_OK)
		nc_flow_event(c->txn, o, "volume.created", c->op->actor, c->op->o.id, NULL);
	return rc;
}

/* A volume that was attached is known already. */
static int is_attached(nc_opctx *c, const nc_vm *vm, const char *native_id)
{
	for (size_t i = 0; i < vm->n_disks; i++) {
		nc_object *o = NULL;
		if (!vm->disks[i].volume || nc_model_get(c->root, &nc_kind_volume,
						    vm->disks[i].volume, c->arena, &o, NULL))
			continue;
		const char *known = NC_AS(nc_volume_obj, o)->native_id;
		if (known && !strcmp(known, native_id))
			return 1;
	}
	return 0;
}

static const nc_vm_disk *next_kept(const nc_vm *vm, size_t *i)
{
	while (*i < vm->n_disks) {
		const nc_vm_disk *d = &vm->disks[(*i)++];
		if (!d->volume && !d->is_deleted_with_vm)
			return d;
	}
	return NULL;
}

nc_code nc_vm_keep_disks(nc_opctx *c, const nc_vm *vm, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);
	const json_t *kept = json_object_get(j, "kept_volumes");
	size_t at = 0;

	if (rc != NC_OK)
		return nc_err_wrap(err, NC_E_PROTO, "the driver's answer about vm %s", vm->o.name);
	for (size_t i = 0; rc == NC_OK && i < json_array_size(kept); i++) {
		const char *native = json_string_value(json_array_get(kept, i));
		if (!native || is_attached(c, vm, native))
			continue;
		const nc_vm_disk *d = next_kept(vm, &at); /* they come in the VM's order */
		if (!d) {
			nc_log(L_WARN, "vm.disk.kept.unknown", F_STR("vm", vm->o.id),
				F_STR("volume", native),
				F_STR("consequence",
					"it stays at its provider, without an object"));
			continue;
		}
		rc = nc_vm_keep_disk(c, vm, d, native, err);
	}
	return rc;
}
