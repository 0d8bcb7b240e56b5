/* SPDX-License-Identifier: Apache-2.0 */
#include "model/storage.h"

/* A disk that outlives VMs. */

static const nc_field_def fields[] = {
	NC_FIELD_I64(nc_volume_obj, size_gib, "size_gib", .mut = NC_IMMUTABLE, .min = 1,
		.max = 1 << 20, .unit = "GiB", .flags = NC_FF_ZERO_NULL,
		.hint = "use POST /api/v1/volumes/{id}/resize",
		.doc = "Left out: the image's or snapshot's"),
	NC_FIELD_REF(nc_volume_obj, pool, "pool", NC_KIND_POOL, .mut = NC_IMMUTABLE,
		.doc = "Where it lies; left out: the scheduler chooses"),
	NC_FIELD_REF(nc_volume_obj, image, "image", NC_KIND_IMAGE, .mut = NC_IMMUTABLE,
		.doc = "What it holds at first"),
	NC_FIELD_REF(nc_volume_obj, snapshot, "snapshot", NC_KIND_SNAPSHOT, .mut = NC_IMMUTABLE,
		.flags = NC_FF_WEAK, .doc = "Or what it is a copy of"),
	NC_FIELD_REF(nc_volume_obj, provider, "provider", NC_KIND_PROVIDER, .mut = NC_IMMUTABLE,
		.doc = "Whose it is"),
	NC_FIELD_STR(
		nc_volume_obj, native_id, "native_id", NC_BY_SERVER, .doc = "The driver's own id"),
	NC_FIELD_REF(nc_volume_obj, attached_to, "attached_to", NC_KIND_VM, NC_BY_SERVER,
		.flags = NC_FF_WEAK | NC_FF_NULL | NC_FF_INDEXED, .index = NC_IX_OWN,
		.hint = "use POST /api/v1/vms/{id}/disks", .doc = "The VM that has it"),
	NC_FIELD_STR(
		nc_volume_obj, device, "device", NC_BY_SERVER, .doc = "What the guest calls it"),
	NC_FIELD_STR(nc_volume_obj, made_with, "made_with", NC_BY_SERVER,
		.doc = "Id of the VM whose own disk it was"),
	NC_FIELD_BOOL(nc_volume_obj, is_deleted_with_vm, "delete_with_vm", NC_BY_SERVER,
		.doc = "It was made with its VM and goes with it"),
};
static const char *const indexes[] = { "attached_to" };
static const char *const statuses[] = { "creating", "available", "in-use", "resizing", "deleting",
	"error", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_volume_obj *v = NC_AS(const nc_volume_obj, obj);
	if (!v->size_gib && !v->image && !v->snapshot)
		nc_fault_add(f, "size_gib", "required", "must be given for an empty volume");
	if (v->image && v->snapshot)
		nc_fault_add(
			f, "snapshot", "conflict", "either image or snapshot can be its content");
}

const nc_kind nc_kind_volume = {
	NC_KIND_TABLE(VOLUME, "volume", "volumes", "vol", nc_volume_obj, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "creating",
	.feature = "nc.volume/1",
	.validate = validate,
	.doc = "A disk that outlives VMs",
};
