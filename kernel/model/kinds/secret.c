/* SPDX-License-Identifier: Apache-2.0 */
#include "model/identity.h"

/* A value that is kept sealed and never shown again. */

static const nc_field_def fields[] = {
	NC_FIELD_SECRET(nc_secret_obj, value, "value", .flags = NC_FF_REQUIRED, .doc = "The value"),
	NC_FIELD_STR(nc_secret_obj, content_type, "content_type", .doc = "What it is"),
	NC_FIELD_TIME(nc_secret_obj, expires_at_ms, "expires_at", .doc = "When to renew it"),
};

const nc_kind nc_kind_secret = {
	NC_KIND_TABLE(SECRET, "secret", "secrets", "sec", nc_secret_obj, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.feature = "kernel.secrets",
	.doc = "A value that is kept sealed and never shown again",
};
