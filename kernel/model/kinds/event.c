/* SPDX-License-Identifier: Apache-2.0 */
#include "model/logentry.h"

/* An entry of the event log: never an item; its form, for schemas and rendering. */

#define EV(type, m, json, text) NC_FIELD_##type(nc_event_obj, m, json, NC_BY_SERVER, .doc = (text))

static const nc_field_def fields[] = {
	EV(U64, seq, "seq", "Of the record it came with"),
	EV(TIME, ts_ms, "ts", "When"),
	EV(STR, type, "type", "vm.started"),
	EV(STR, topic, "topic", "vm"),
	EV(STR, key, "key", "Id of the object"),
	EV(STR, actor, "actor", "Who"),
	EV(STR, op_id, "op_id", "Operation"),
	EV(STR, decision_id, "decision_id", "Decision"),
	EV(U64, object_revision, "object_revision", "Of the object then"),
	NC_FIELD_JSON(nc_event_obj, data, "data", NC_BY_SERVER, .max_len = 64 << 10,
		.doc = "What there is to say"),
};

const nc_kind nc_kind_event = {
	NC_KIND_TABLE(EVENT, "event", "events", "evt", nc_event_obj, fields),
	.scope = NC_SCOPE_EITHER,
	.flags = NC_KF_LANE | NC_KF_PLAIN,
	.doc = "Something that happened",
};
