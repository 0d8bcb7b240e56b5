/* SPDX-License-Identifier: Apache-2.0 */
#include "model/infra.h"

/* A place that may fail as one. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_zone, region, "region", .doc = "What it lies in"),
};

const nc_kind nc_kind_zone = {
	NC_KIND_TABLE(ZONE, "zone", "zones", "zon", nc_zone, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.doc = "A place that may fail as one",
};
