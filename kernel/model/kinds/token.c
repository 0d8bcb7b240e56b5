/* SPDX-License-Identifier: Apache-2.0 */
#include "model/identity.h"

/* What a program shows instead of a password. The secret itself is told once and never kept. */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_token, user, "user", NC_KIND_USER, .mut = NC_IMMUTABLE,
		.doc = "Whose rights it has at most; left out: whoever makes it"),
	NC_FIELD_STRS(nc_token, scopes, "scopes", .mut = NC_IMMUTABLE,
		.doc = "Actions it is limited to; none: all of the user's"),
	NC_FIELD_TIME(
		nc_token, expires_at_ms, "expires_at", .mut = NC_IMMUTABLE, .doc = "Until when"),
	NC_FIELD_STR(nc_token, digest, "digest", NC_BY_SERVER, .flags = NC_FF_INDEXED,
		.index = NC_TOKEN_IX_DIGEST, .doc = "Keyed digest of the secret"),
	NC_FIELD_TIME(nc_token, revoked_at_ms, "revoked_at", NC_BY_SERVER, .doc = "Since when not"),
	NC_FIELD_TIME(
		nc_token, last_used_at_ms, "last_used_at", NC_SEEN, .doc = "Last seen in use"),
};
static const char *const indexes[] = { "digest" };
static const char *const statuses[] = { "active", "revoked", NULL };

static void derive(nc_object *obj)
{
	obj->status = NC_AS(nc_token, obj)->revoked_at_ms ? "revoked" : "active";
}

const nc_kind nc_kind_token = {
	NC_KIND_TABLE(TOKEN, "token", "tokens", "tok", nc_token, fields),
	.scope = NC_SCOPE_EITHER,
	.verbs = NC_CAN_ALL,
	.flags = NC_KF_NAMELESS,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.own_unique = 1u << 0,
	.statuses = statuses,
	.initial_status = "active",
	.feature = "kernel.identity",
	.derive = derive,
	.doc = "What a program shows instead of a password",
};
