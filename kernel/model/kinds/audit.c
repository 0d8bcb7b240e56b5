/* SPDX-License-Identifier: Apache-2.0 */
#include "model/logentry.h"

/* A link of the audit chain: an entry of the log, never an item. */

#define AU(m, json, text) NC_FIELD_STR(nc_audit_obj, m, json, NC_BY_SERVER, .doc = (text))

static const nc_field_def fields[] = {
	NC_FIELD_U64(nc_audit_obj, seq, "seq", NC_BY_SERVER, .doc = "Of the record it came with"),
	NC_FIELD_TIME(nc_audit_obj, ts_ms, "ts", NC_BY_SERVER, .doc = "When"),
	AU(actor, "actor", "Who"),
	AU(action, "action", "vm.power.stop"),
	AU(object, "object", "To what"),
	AU(verdict, "verdict", "allowed or refused"),
	AU(reason, "reason", "Why"),
	AU(request_id, "request_id", "The request"),
	AU(operation, "operation", "The operation it started"),
	AU(decision, "decision", "The decision behind it"),
	AU(plugin_version, "plugin_version", "Who did it"),
	AU(provider_request, "provider_request", "The provider's own id of it"),
	AU(previous_hash, "previous_hash", "The link before"),
	AU(hash, "hash", "This link"),
};

const nc_kind nc_kind_audit = {
	NC_KIND_TABLE(AUDIT, "audit", "audit", "aud", nc_audit_obj, fields),
	.scope = NC_SCOPE_EITHER,
	.flags = NC_KF_LANE | NC_KF_PLAIN,
	.doc = "Who did what, and who was refused",
};
