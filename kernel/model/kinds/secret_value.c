/* SPDX-License-Identifier: Apache-2.0 */
#include "model/internal.h"

/* A sealed value: what a secret field points to. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_secret_value, owner, "owner", NC_BY_SERVER, .flags = NC_FF_INDEXED,
		.index = NC_SECRET_VALUE_IX_OWNER, .doc = "Whose it is"),
	NC_FIELD_STR(nc_secret_value, field, "field", NC_BY_SERVER, .doc = "Which field"),
	NC_FIELD_U64(
		nc_secret_value, version, "version", NC_BY_SERVER, .doc = "Moves with each value"),
	NC_FIELD_STR(nc_secret_value, key_id, "key_id", NC_BY_SERVER, .doc = "Which key sealed it"),
	NC_FIELD_STR(nc_secret_value, sealed, "sealed", NC_BY_SERVER, .max_len = 160 << 10,
		.doc = "hex"),
	NC_FIELD_STR(nc_secret_value, digest, "digest", NC_BY_SERVER, .doc = "Keyed, of the value"),
};
static const char *const indexes[] = { "owner" };

const nc_kind nc_kind_secret_value = {
	NC_KIND_TABLE(
		SECRET_VALUE, "secret_value", "secret-values", "scv", nc_secret_value, fields),
	.scope = NC_SCOPE_GLOBAL,
	.flags = NC_KF_INTERNAL | NC_KF_PLAIN | NC_KF_GIVEN_ID,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.doc = "A sealed value",
};
