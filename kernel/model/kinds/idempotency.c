/* SPDX-License-Identifier: Apache-2.0 */
#include "model/records.h"

/* What a client's key was used for. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_idempotency, request_hash, "request_hash", NC_BY_SERVER,
		.doc = "What was asked"),
	NC_FIELD_STR(
		nc_idempotency, operation, "operation", NC_BY_SERVER, .doc = "What it started"),
	NC_FIELD_I64(nc_idempotency, http_status, "http_status", NC_BY_SERVER,
		.doc = "Of the final answer"),
	NC_FIELD_JSON(nc_idempotency, body, "body", NC_BY_SERVER, .max_len = 128 << 10,
		.doc = "The final answer"),
	NC_FIELD_TIME(nc_idempotency, expires_at_ms, "expires_at", NC_BY_SERVER,
		.flags = NC_FF_INDEXED, .index = NC_IDEMPOTENCY_IX_EXPIRES, .doc = "Kept until"),
};
static const char *const indexes[] = { "expires_at" };

const nc_kind nc_kind_idempotency = {
	NC_KIND_TABLE(IDEMPOTENCY, "idempotency", "idempotency", "idm", nc_idempotency, fields),
	.scope = NC_SCOPE_GLOBAL,
	.flags = NC_KF_INTERNAL | NC_KF_PLAIN | NC_KF_GIVEN_ID,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.doc = "What a client's key was used for",
};
