/* SPDX-License-Identifier: Apache-2.0 */
#include "model/records.h"

/* What a plugin keeps through nc.kv/1. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_kv_obj, owner, "owner", NC_BY_SERVER, .max_len = 128,
		.flags = NC_FF_INDEXED, .index = NC_KV_IX_OWNER, .doc = "Plugin instance"),
	NC_FIELD_STR(nc_kv_obj, key, "key", NC_BY_SERVER, .max_len = 200, .doc = "Its key"),
	NC_FIELD_STR(
		nc_kv_obj, value, "value", NC_BY_SERVER, .max_len = 128 << 10, .doc = "base64"),
};
static const char *const indexes[] = { "owner" };

const nc_kind nc_kind_kv = {
	NC_KIND_TABLE(KV, "kv", "kv", "kv", nc_kv_obj, fields),
	.scope = NC_SCOPE_GLOBAL,
	.flags = NC_KF_INTERNAL | NC_KF_PLAIN | NC_KF_GIVEN_ID,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.doc = "What a plugin keeps through nc.kv/1",
};
