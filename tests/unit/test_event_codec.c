/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "event/event.h"
#include "store_util.h"

/* An event's forms, and the text of a place in the log. */

static const nc_event full = { .ts_ms = 1763683200123,
	.type = "vm.started",
	.topic = "vm",
	.key = "vm_01J00000000000000000000000",
	.name = "web-1",
	.project = "prj_01J00000000000000000000000",
	.actor = "alice",
	.op_id = "op_01J00000000000000000000000",
	.decision_id = "dec_01J00000000000000000000000",
	.object_revision = 7,
	.data = { "{\"power\":\"on\"}", 14 } };

typedef struct kept {
	char bytes[70000];
	size_t len;
	int n;
} kept;

static nc_code keep(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	kept *k = ctx;

	(void)seq;
	(void)n;
	memcpy(k->bytes, entry.ptr, entry.len);
	k->len = entry.len;
	k->n++;
	return NC_OK;
}

/* What comes of an event that is put and read again. */
static nc_code store_and_read(const nc_event *e, kept *k)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	nc_txn *t = nc_txn_new(db);

	k->n = 0;
	nc_event_add(t, e);
	nc_code rc = nc_txn_commit(t, NULL, NULL);
	CHECK_OK(nc_db_read_lane(db, NC_LANE_EVENT, 0, UINT32_MAX, 0, keep, k, NULL), NULL);
	nc_db_close(db);
	memstore_free(m);
	return rc;
}

static void what_is_put_is_decoded(void)
{
	static kept k;
	nc_event e;
	CHECK_OK(store_and_read(&full, &k), NULL);
	REQUIRE(k.n == 1);
	CHECK_OK(nc_event_decode((nc_bytes){ k.bytes, k.len }, &e, NULL), NULL);
	CHECK_INT(e.ts_ms, full.ts_ms);
	CHECK_STR(e.type, full.type);
	CHECK_STR(e.topic, full.topic);
	CHECK_STR(e.key, full.key);
	CHECK_STR(e.name, full.name);
	CHECK_STR(e.project, full.project);
	CHECK_STR(e.actor, full.actor);
	CHECK_STR(e.op_id, full.op_id);
	CHECK_STR(e.decision_id, full.decision_id);
	CHECK_UINT(e.object_revision, 7);
	CHECK_MEM(e.data.ptr, full.data.ptr, full.data.len);
}

static void absent_fields_stay_absent(void)
{
	static kept k;
	const nc_event few = { .ts_ms = 1, .type = "a.b", .topic = "a" };
	nc_event e;
	_cleanup_(nc_buf_done) nc_buf json;
	CHECK_OK(store_and_read(&few, &k), NULL);
	CHECK_OK(nc_event_decode((nc_bytes){ k.bytes, k.len }, &e, NULL), NULL);
	CHECK(!e.key && !e.name && !e.project && !e.actor && !e.op_id && !e.decision_id);
	CHECK_UINT(e.data.len, 0);
	nc_buf_init(&json, 4096);
	nc_event_render(&e, "01J00000000000000000000000", 5, 2, &json);
	CHECK_STR(json.ptr,
		"{\"seq\":5,\"cursor\":\"01J00000000000000000000000.5.2\","
		"\"ts\":\"1970-01-01T00:00:00.001Z\",\"type\":\"a.b\",\"topic\":\"a\"}");
}

static void a_rendered_event_is_json_with_all_its_fields(void)
{
	_cleanup_(nc_buf_done) nc_buf json;
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_buf_init(&json, 4096);
	nc_event_render(&full, "01J00000000000000000000000", 5, 0, &json);
	REQUIRE(nc_json_parse(nc_buf_bytes(&json), 4096, &j, NULL) == NC_OK);
	static const char *const keys[] = { "seq", "cursor", "ts", "type", "topic", "key", "name",
		"project", "actor", "op_id", "decision_id", "object_revision", "data" };
	for (size_t i = 0; i < NC_LEN(keys); i++)
		CHECK(json_object_get(j, keys[i]) != NULL);
	CHECK_UINT(json_object_size(j), NC_LEN(keys));
	CHECK_STR(json_string_value(json_object_get(json_object_get(j, "data"), "power")), "on");
}

static void an_event_that_cannot_be_kept_fails_its_transaction(void)
{
	static kept k;
	static char large[70000];
	nc_event e = full;
	memset(large, ' ', sizeof(large));
	e.data = (nc_bytes){ large, 60000 };
	CHECK_OK(store_and_read(&e, &k), NULL); /* past the small buffer */
	CHECK_INT(k.n, 1);
	e.data.len = 66000;
	CHECK_CODE(store_and_read(&e, &k), NC_E_INVAL);
	CHECK_INT(k.n, 0);
	e = full;
	e.type = NULL;
	CHECK_CODE(store_and_read(&e, &k), NC_E_INVAL);
	e.type = "";
	CHECK_CODE(store_and_read(&e, &k), NC_E_INVAL);
	e = full;
	e.topic = NULL;
	CHECK_CODE(store_and_read(&e, &k), NC_E_INVAL);
}

static void a_cut_or_changed_entry_is_refused(void)
{
	static kept k;
	nc_event e, untouched;
	memset(&untouched, 0x5a, sizeof(untouched));
	CHECK_OK(store_and_read(&full, &k), NULL);
	for (size_t n = 0; n < k.len; n++) {
		e = untouched;
		CHECK_CODE(nc_event_decode((nc_bytes){ k.bytes, n }, &e, NULL), NC_E_PROTO);
		CHECK_MEM(&e, &untouched, sizeof(e));
	}
	k.bytes[k.len] = 0;
	CHECK_CODE(nc_event_decode((nc_bytes){ k.bytes, k.len + 1 }, &e, NULL), NC_E_PROTO);
	char *type = memmem(k.bytes, k.len, "vm.started", 10);
	type[3] = '\0'; /* a NUL within a string */
	CHECK_CODE(nc_event_decode((nc_bytes){ k.bytes, k.len }, &e, NULL), NC_E_PROTO);
	type[3] = 's';
	type[10] = 'x'; /* or none at its end */
	CHECK_CODE(nc_event_decode((nc_bytes){ k.bytes, k.len }, &e, NULL), NC_E_PROTO);
	type[10] = '\0';
	k.bytes[0] = 2;
	CHECK_CODE(nc_event_decode((nc_bytes){ k.bytes, k.len }, &e, NULL), NC_E_PROTO);
}

static void cursors_come_back_as_they_went(void)
{
	static const struct {
		uint64_t seq;
		uint32_t n;
	} rows[] = { { 0, 0 }, { 1, 0 }, { 42, 7 }, { UINT64_MAX, UINT32_MAX } };
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		char text[64], log_id[NC_ULID_LEN + 1];
		uint64_t seq = 99;
		uint32_t n = 99;
		nc_cursor_format("01J00000000000000000000000", rows[i].seq, rows[i].n, text);
		CHECK_INT(nc_cursor_parse(text, log_id, &seq, &n), 0);
		CHECK_STR(log_id, "01J00000000000000000000000");
		CHECK_UINT(seq, rows[i].seq);
		CHECK_UINT(n, rows[i].n);
	}
}

static void what_is_no_cursor_is_refused(void)
{
	static const char *const rows[] = {
		"",
		"01J00000000000000000000000",
		"01J00000000000000000000000.",
		"01J00000000000000000000000.1",
		"01J00000000000000000000000.1.",
		"01J00000000000000000000000..1",
		"01J00000000000000000000000.1.2.3",
		"01J00000000000000000000000.1.2 ",
		"01J00000000000000000000000.01.2",
		"01J00000000000000000000000.1.00",
		"01J00000000000000000000000.-1.2",
		"01J00000000000000000000000.+1.2",
		"01J00000000000000000000000.18446744073709551616.0",
		"01J00000000000000000000000.1.4294967296",
		"01J0000000000000000000000U.1.2",
		"01J0000000000000000000000.1.2",
		"01J000000000000000000000000.1.2",
		"01J00000000000000000000000.111111111111111111111111111111111111111111111111111.2",
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		char log_id[NC_ULID_LEN + 1] = "kept";
		uint64_t seq = 99;
		uint32_t n = 99;
		CHECK_INT(nc_cursor_parse(rows[i], log_id, &seq, &n), -1);
		CHECK_STR(log_id, "kept");
		CHECK_UINT(seq, 99);
		CHECK_UINT(n, 99);
	}
}

NC_TESTS(event_codec){
	T(what_is_put_is_decoded),
	T(absent_fields_stay_absent),
	T(a_rendered_event_is_json_with_all_its_fields),
	T(an_event_that_cannot_be_kept_fails_its_transaction),
	T(a_cut_or_changed_entry_is_refused),
	T(cursors_come_back_as_they_went),
	T(what_is_no_cursor_is_refused),
};
