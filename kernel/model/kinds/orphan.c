/* SPDX-License-Identifier: Apache-2.0 */
#include "model/records.h"

/* Something found outside that carries our tag, or one like it, and has no owner here. */

#define OR(type, m, json, text) NC_FIELD_##type(nc_orphan, m, json, NC_BY_SERVER, .doc = (text))

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_orphan, provider, "provider", NC_KIND_PROVIDER, NC_BY_SERVER,
		.flags = NC_FF_WEAK, .doc = "Where"),
	NC_FIELD_REF(nc_orphan, host, "host", NC_KIND_HOST, NC_BY_SERVER, .flags = NC_FF_WEAK,
		.doc = "Where"),
	NC_FIELD_STR(nc_orphan, native_id, "native_id", NC_BY_SERVER, .max_len = 200,
		.flags = NC_FF_INDEXED, .index = NC_ORPHAN_IX_NATIVE,
		.doc = "What it is called there"),
	OR(STR, native_kind, "native_kind", "guest, volume, …"),
	OR(STR, native_name, "native_name", "Its name there"),
	OR(STR, tag_installation, "tag_installation", "Whose tag it carries"),
	OR(STR, tag_object, "tag_object", "Object in the tag"),
	OR(STR, tag_operation, "tag_operation", "Operation in the tag"),
	OR(U64, tag_epoch, "tag_epoch", "Epoch in the tag"),
	OR(STR, reason, "reason", "Why it is listed"),
	NC_FIELD_JSON(nc_orphan, found, "found", NC_BY_SERVER, .max_len = 64 << 10,
		.doc = "As the driver reported it"),
	OR(TIME, found_at_ms, "found_at", "When"),
};
static const char *const indexes[] = { "native_id" };
static const char *const statuses[] = { "listed", "adopting", "deleting", NULL };

const nc_kind nc_kind_orphan = {
	NC_KIND_TABLE(ORPHAN, "orphan", "orphans", "orp", nc_orphan, fields),
	.scope = NC_SCOPE_GLOBAL,
	.flags = NC_KF_PLAIN,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "listed",
	.doc = "Something outside that carries our tag and has no owner here",
};
