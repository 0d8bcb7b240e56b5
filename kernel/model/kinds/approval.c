/* SPDX-License-Identifier: Apache-2.0 */
#include "model/governance.h"

/* A question to a person: may this operation go on? */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_approval, operation, "operation", NC_KIND_OPERATION, .mut = NC_SERVER,
		.flags = NC_FF_WEAK | NC_FF_INDEXED, .index = NC_IX_OWN,
		.doc = "What waits for it"),
	NC_FIELD_REF(nc_approval, policy, "policy", NC_KIND_POLICY, .mut = NC_SERVER,
		.flags = NC_FF_WEAK, .doc = "What asks for it"),
	NC_FIELD_STR(
		nc_approval, reason, "reason", .mut = NC_SERVER, .max_len = 1024, .doc = "Why"),
	NC_FIELD_STR(
		nc_approval, requested_by, "requested_by", .mut = NC_SERVER, .doc = "For whom"),
	NC_FIELD_STR(nc_approval, decided_by, "decided_by", NC_BY_SERVER, .doc = "Who decided"),
	NC_FIELD_STR(nc_approval, comment, "comment", .max_len = 1024, .doc = "What they said"),
	NC_FIELD_TIME(nc_approval, decided_at_ms, "decided_at", NC_BY_SERVER, .doc = "When"),
	NC_FIELD_TIME(nc_approval, expires_at_ms, "expires_at", .mut = NC_SERVER,
		.doc = "When it counts as refused"),
};
static const char *const indexes[] = { "operation" };
static const char *const statuses[] = { "waiting", "granted", "refused", "expired", NULL };

const nc_kind nc_kind_approval = {
	NC_KIND_TABLE(APPROVAL, "approval", "approvals", "apv", nc_approval, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_UPDATE,
	.flags = NC_KF_NAMELESS,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "waiting",
	.feature = "kernel.policy",
	.doc = "A question to a person: may this operation go on?",
};
