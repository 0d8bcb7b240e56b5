/* SPDX-License-Identifier: Apache-2.0 */
#include "model/logentry.h"

/* Why something went where it went. Stored as binary columns by sched/, which renders it so. */

#define DE(m, json, text)                                                                          \
	NC_FIELD_JSON(nc_decision_obj, m, json, NC_BY_SERVER, .max_len = 128 << 10, .doc = (text))

static const nc_field_def fields[] = {
	DE(request, "request", "What was asked for"),
	NC_FIELD_U64(nc_decision_obj, policy_bundle_rev, "policy_bundle_rev", NC_BY_SERVER,
		.doc = "Policies then"),
	NC_FIELD_U64(nc_decision_obj, ledger_generation, "ledger_generation", NC_BY_SERVER,
		.doc = "The ledger then"),
	DE(filters, "filters", "How many each filter refused"),
	DE(candidates, "candidates", "Those that were left, with scores"),
	DE(nearest_miss, "nearest_miss", "What would make it fit"),
	NC_FIELD_STR(nc_decision_obj, chosen, "chosen", NC_BY_SERVER, .doc = "The one it was"),
	NC_FIELD_STRS(
		nc_decision_obj, alternates, "alternates", NC_BY_SERVER, .doc = "The next best"),
};

const nc_kind nc_kind_decision = {
	NC_KIND_TABLE(DECISION, "decision", "decisions", "dec", nc_decision_obj, fields),
	.scope = NC_SCOPE_EITHER,
	.warmth = NC_COLD,
	.flags = NC_KF_BINARY | NC_KF_PLAIN,
	.doc = "Why something went where it went",
};
