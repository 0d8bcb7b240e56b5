/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/storage.h"

/* A VM or a volume as it was. */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_snapshot, vm, "vm", NC_KIND_VM, .mut = NC_IMMUTABLE, .flags = NC_FF_INDEXED,
		.index = NC_IX_REF, .doc = "Of this VM, or"),
	NC_FIELD_REF(nc_snapshot, volume, "volume", NC_KIND_VOLUME, .mut = NC_IMMUTABLE,
		.flags = NC_FF_INDEXED, .index = NC_IX_REF, .doc = "of this volume"),
	NC_FIELD_BOOL(nc_snapshot, has_memory, "memory", .mut = NC_IMMUTABLE,
		.doc = "With what was in its memory"),
	NC_FIELD_STR(nc_snapshot, quiesce, "quiesce", .mut = NC_IMMUTABLE, .max_len = 16,
		.flags = NC_FF_DEFAULT, .def_s = "preferred",
		.doc = "Whether its file systems are frozen first: required, preferred, off"),
	NC_FIELD_STR(nc_snapshot, quiesce_result, "quiesce_result", NC_BY_SERVER,
		.doc = "Whether they were: frozen, not frozen"),
	NC_FIELD_STR(
		nc_snapshot, native_id, "native_id", NC_BY_SERVER, .doc = "The driver's own id"),
	NC_FIELD_REF(nc_snapshot, parent, "parent", NC_KIND_SNAPSHOT, NC_BY_SERVER,
		.flags = NC_FF_WEAK, .doc = "The one before it"),
	NC_FIELD_I64(nc_snapshot, size_bytes, "size_bytes", NC_BY_SERVER, .unit = "bytes",
		.doc = "What it takes"),
};
static const char *const statuses[] = { "creating", "available", "reverting", "deleting", "error",
	NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_snapshot *s = NC_AS(const nc_snapshot, obj);
	if (!s->vm == !s->volume)
		nc_fault_add(f, "vm", "conflict", "either vm or volume must be given");
	if (s->has_memory && s->volume)
		nc_fault_add(f, "memory", "conflict", "a volume has no memory");
	if (s->quiesce && strcmp(s->quiesce, "required") != 0 &&
		strcmp(s->quiesce, "preferred") != 0 && strcmp(s->quiesce, "off") != 0)
		nc_fault_add(f, "quiesce", "choice", "must be required, preferred or off");
}

const nc_kind nc_kind_snapshot = {
	NC_KIND_TABLE(SNAPSHOT, "snapshot", "snapshots", "snp", nc_snapshot, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "creating",
	.feature = "nc.compute.snapshot/0",
	.validate = validate,
	.doc = "A VM or a volume as it was",
};
