/* SPDX-License-Identifier: Apache-2.0 */
#include "model/identity.h"

/* Users that are given roles together. */

static const nc_field_def fields[] = {
	NC_FIELD_REFS(
		nc_group, members, "members", NC_KIND_USER, .max_len = 256, .doc = "Users in it"),
};

const nc_kind nc_kind_group = {
	NC_KIND_TABLE(GROUP, "group", "groups", "grp", nc_group, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.feature = "kernel.identity",
	.doc = "Users that are given roles together",
};
