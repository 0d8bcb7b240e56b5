/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_util.h"

/* What leaves memory: cold items and lane entries, and what is dropped from the store. */

static int is_out_of_memory(void *arg)
{
	nc_db *db = arg;
	const nc_root *r = nc_db_read_begin(db);
	uint64_t n = nc_root_count(r, K_OP);
	nc_db_read_end(db);
	return n == 0;
}

static nc_code put_ops(nc_db *db, int from, int to, const char *body, nc_warmth w)
{
	nc_txn *t = nc_txn_new(db);
	for (int i = from; i < to; i++) {
		char id[40];
		snprintf(id, sizeof(id), "op_%04d", i);
		su_put_op(t, id, "done", body, w);
	}
	return nc_txn_commit(t, NULL, NULL);
}

static void cold_items_leave_memory_and_are_still_found(void)
{
	memstore *m = memstore_new();
	char body[64];
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(put_ops(db, 0, 1, "running", NC_HOT), NC_OK);
	CHECK_STR(su_body(db, K_OP, "op_0000", body), "running");
	CHECK_CODE(put_ops(db, 0, 10, "finished", NC_COLD), NC_OK);
	CHECK_OK(su_get(db, K_OP, "op_0000", body, &err), &err);
	CHECK_STR(body, "finished");
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK(su_wait(is_out_of_memory, db));
	CHECK_OK(su_get(db, K_OP, "op_0000", body, &err), &err);
	CHECK_STR(body, "finished");
	CHECK_UINT(memstore_count(m, 1), 0);
	CHECK_UINT(memstore_count(m, 6), 10);
	CHECK_CODE(su_get(db, K_OP, "op_9999", body, &err), NC_E_NOTFOUND);
	CHECK_STR(err.message, "operation op_9999 does not exist");
	/* a cold one is written again, and deleted */
	CHECK_CODE(put_ops(db, 3, 4, "amended", NC_COLD), NC_OK);
	CHECK_OK(su_get(db, K_OP, "op_0003", body, &err), &err);
	CHECK_STR(body, "amended");
	CHECK_OK(su_del(db, K_OP, "op_0004", NULL), NULL);
	CHECK_CODE(su_get(db, K_OP, "op_0004", body, &err), NC_E_NOTFOUND);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_CODE(su_get(db, K_OP, "op_0004", body, &err), NC_E_NOTFOUND);
	CHECK_UINT(memstore_count(m, 6), 9);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK(is_out_of_memory(db));
	CHECK_OK(su_get(db, K_OP, "op_0003", body, &err), &err);
	CHECK_STR(body, "amended");
	/* and comes back to life */
	CHECK_CODE(put_ops(db, 5, 6, "again", NC_HOT), NC_OK);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_STR(su_body(db, K_OP, "op_0005", body), "again");
	CHECK_UINT(memstore_count(m, 1), 1);
	CHECK_UINT(memstore_count(m, 6), 8);
	CHECK_UINT(su_faults(db), 0);
	memstore_set_value(m, 6, (nc_bytes){ "\0\2op_0005", 9 }, nc_str("nonsense"), 3);
	CHECK_UINT(su_faults(db), 2); /* no value, and an id that is in both */
	nc_db_close(db);
	memstore_free(m);
}

typedef struct listed {
	int n, hot;
	char last[40];
	int is_ordered;
	nc_code stop;
} listed;

static nc_code list_item(void *ctx, const nc_item *it)
{
	listed *l = ctx;
	l->is_ordered &= strcmp(nc_item_id(it), l->last) > 0;
	snprintf(l->last, sizeof(l->last), "%s", nc_item_id(it));
	l->n++;
	l->hot += strcmp(nc_item_body(it).ptr, "hot") == 0;
	return l->stop;
}

static listed list(nc_db *db, const char *after, uint32_t max)
{
	listed l = { .is_ordered = 1 };
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_db_scan(db, K_OP, nc_str(after), max, list_item, &l, &err), &err);
	CHECK(l.is_ordered);
	return l;
}

static void scan_merges_what_is_hot_and_cold(void)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_INT(list(db, "", 0).n, 0);
	CHECK_CODE(put_ops(db, 0, 1000, "cold", NC_COLD), NC_OK);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK(su_wait(is_out_of_memory, db));
	for (int i = 0; i < 1000; i += 7)
		CHECK_CODE(put_ops(db, i, i + 1, "hot", NC_HOT), NC_OK);
	CHECK_CODE(put_ops(db, 1000, 1400, "hot", NC_HOT), NC_OK);
	nc_txn *t = nc_txn_new(db);
	for (int i = 300; i < 700; i++) {
		char id[40];
		snprintf(id, sizeof(id), "op_%04d", i);
		nc_txn_del(t, K_OP, nc_str(id));
	}
	su_commit(t, NULL);
	/* of 0..999 each 7th is hot: 143, of which 57 lay in 300..699 */
	for (int round = 0; round < 2; round++) {
		listed l = list(db, "", 0);
		CHECK_INT(l.n, 1000);
		CHECK_INT(l.hot, 143 - 57 + 400);
		CHECK_INT(list(db, "op_0299", 0).n, 700);
		CHECK_INT(list(db, "op_0100", 50).n, 50);
		CHECK_STR(list(db, "op_0298", 2).last, "op_0700");
		CHECK_OK(nc_db_flush(db, NULL), NULL);
	}
	listed l = { .is_ordered = 1, .stop = NC_E_CANCELLED };
	CHECK_CODE(nc_db_scan(db, K_OP, nc_str(""), 0, list_item, &l, NULL), NC_E_CANCELLED);
	CHECK_INT(l.n, 1);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void deleted_cold_item_stays_away_while_the_store_is_behind(void)
{
	memstore *m = memstore_new();
	char body[64];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(put_ops(db, 0, 3, "old", NC_COLD), NC_OK);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK(su_wait(is_out_of_memory, db));
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	CHECK_OK(su_del(db, K_OP, "op_0001", NULL), NULL);
	CHECK_CODE(su_get(db, K_OP, "op_0001", body, NULL), NC_E_NOTFOUND);
	CHECK_INT(list(db, "", 0).n, 2);
	CHECK_CODE(put_ops(db, 1, 2, "new", NC_COLD), NC_OK);
	CHECK_OK(su_get(db, K_OP, "op_0001", body, NULL), NULL);
	CHECK_STR(body, "new");
	CHECK_OK(su_del(db, K_OP, "op_0001", NULL), NULL);
	CHECK_OK(su_del(db, K_OP, "op_0001", NULL), NULL);
	CHECK_CODE(su_get(db, K_OP, "op_0001", body, NULL), NC_E_NOTFOUND);
	memstore_heal(m);
	while (nc_db_flush(db, NULL) != NC_OK)
		;
	CHECK_CODE(su_get(db, K_OP, "op_0001", body, NULL), NC_E_NOTFOUND);
	CHECK_INT(list(db, "", 0).n, 2);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- lanes ---- */

typedef struct lane_list {
	uint64_t seq[4096];
	uint32_t n[4096];
	char text[4096][12];
	uint32_t count;
	uint32_t stop_at;
} lane_list;

static nc_code take_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	lane_list *l = ctx;
	l->seq[l->count] = seq;
	l->n[l->count] = n;
	snprintf(l->text[l->count], sizeof(l->text[0]), "%.*s", (int)entry.len,
		(const char *)entry.ptr);
	l->count++;
	return l->stop_at && l->count == l->stop_at ? NC_E_BUSY : NC_OK;
}

static void append_entries(nc_db *db, int i)
{
	nc_txn *t = nc_txn_new(db);
	for (int j = 0; j < 3; j++) {
		char text[32];
		snprintf(text, sizeof(text), "e%d.%d", i, j);
		nc_txn_append(t, NC_LANE_EVENT, nc_str(text));
		if (j == 1)
			nc_txn_append(t, NC_LANE_AUDIT, nc_str("audit"));
	}
	su_commit(t, NULL);
}

static uint32_t read_events(
	nc_db *db, lane_list *l, uint64_t after_seq, uint32_t after_n, uint32_t max)
{
	nc_error err = NC_ERROR_INIT;
	l->count = 0;
	CHECK_OK(nc_db_read_lane(db, NC_LANE_EVENT, after_seq, after_n, max, take_entry, l, &err),
		&err);
	return l->count;
}

static void entries_are_read_in_order_wherever_they_lie(void)
{
	memstore *m = memstore_new();
	lane_list *l = calloc(1, sizeof(*l));
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	/* seq 2..401 in the store, 402..501 in memory alone */
	for (int i = 2; i <= 401; i++)
		append_entries(db, i);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	for (int i = 402; i <= 501; i++)
		append_entries(db, i);
	CHECK_UINT(read_events(db, l, 0, 0, 0), 1500);
	for (uint32_t i = 0; i < l->count; i++) {
		char want[40];
		snprintf(want, sizeof(want), "e%u.%u", 2 + i / 3, i % 3);
		CHECK_UINT(l->seq[i], 2 + i / 3);
		CHECK_UINT(l->n[i], i % 3);
		CHECK_STR(l->text[i], want);
	}
	const uint64_t seqs[] = { 1, 2, 200, 400, 401, 402, 450, 501 };
	for (size_t i = 0; i < NC_LEN(seqs); i++) {
		uint32_t left = (uint32_t)(501 - seqs[i]) * 3;
		CHECK_UINT(read_events(db, l, seqs[i], UINT32_MAX, 0), left);
		CHECK_UINT(read_events(db, l, seqs[i], 2, 0), left);
		if (seqs[i] > 1)
			CHECK_UINT(read_events(db, l, seqs[i], 0, 0), left + 2);
		CHECK_UINT(read_events(db, l, seqs[i], 2, 5), NC_MIN(left, 5u));
	}
	CHECK_UINT(read_events(db, l, 999, 0, 0), 0);
	l->count = 0;
	CHECK_OK(nc_db_read_lane(db, NC_LANE_AUDIT, 0, 0, 0, take_entry, l, NULL), NULL);
	CHECK_UINT(l->count, 500);
	CHECK_UINT(l->n[9], 0);
	l->count = 0;
	l->stop_at = 7;
	CHECK_CODE(nc_db_read_lane(db, NC_LANE_EVENT, 0, 0, 0, take_entry, l, NULL), NC_E_BUSY);
	CHECK_UINT(l->count, 7);
	CHECK_CODE(nc_db_read_lane(db, 3, 0, 0, 0, take_entry, l, NULL), NC_E_INVAL);
	memstore_heal(m);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	l->stop_at = 0;
	CHECK_UINT(read_events(db, l, 0, 0, 0), 1500);
	nc_db_close(db);
	memstore_free(m);
	free(l);
}

static void lanes_are_trimmed_and_say_from_where_they_go_on(void)
{
	memstore *m = memstore_new();
	lane_list *l = calloc(1, sizeof(*l));
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	for (int i = 2; i <= 801; i++)
		append_entries(db, i);
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_EVENT), 1);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_OK(nc_db_trim_lane(db, NC_LANE_EVENT, 600, &err), &err);
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_EVENT), 600);
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_AUDIT), 1);
	CHECK_UINT(read_events(db, l, 0, 0, 0), 3 * 202);
	CHECK_UINT(l->seq[0], 600);
	CHECK_UINT(memstore_count(m, 2), 3 * 202);
	CHECK_UINT(memstore_count(m, 3), 800);
	CHECK_OK(nc_db_trim_lane(db, NC_LANE_EVENT, 500, &err), &err); /* never back */
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_EVENT), 600);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_EVENT), 600);
	/* beyond what there is: all of it goes, and no further */
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_OK(nc_db_trim_lane(db, NC_LANE_EVENT, 100000, &err), &err);
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_EVENT), 803);
	CHECK_UINT(memstore_count(m, 2), 0);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	CHECK_CODE(nc_db_trim_lane(db, NC_LANE_AUDIT, 100, &err), NC_E_UNAVAILABLE);
	CHECK_UINT(nc_db_lane_oldest(db, NC_LANE_AUDIT), 1);
	memstore_heal(m);
	CHECK_CODE(nc_db_trim_lane(db, 9, 100, &err), NC_E_INVAL);
	nc_db_close(db);
	memstore_free(m);
	free(l);
}

static void log_is_trimmed_behind_what_is_kept(void)
{
	memstore *m = memstore_new();
	nc_db *db = NULL;
	nc_error err = NC_ERROR_INIT;
	char body[64];
	nc_db_options o = su_options(m);
	o.log_keep_records = 80;
	REQUIRE(CHECK_OK(nc_db_open(&o, &db, &err), &err));
	for (int i = 0; i < 300; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%d", i % 20);
		CHECK_OK(su_vm(db, id, id, "x", NULL), NULL);
	}
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_OK(su_vm(db, "vm_1", "vm_1", "y", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL); /* the trim follows a write, so one more */
	nc_db_health h;
	nc_db_get_health(db, &h);
	CHECK(h.trimmed >= 300 - 80 - 12 && h.trimmed <= h.seq - 80);
	CHECK_UINT(memstore_trimmed(m), h.trimmed);
	CHECK_UINT(su_faults(db), 0);
	CHECK_OK(nc_db_trim_log(db, nc_db_seq(db), &err), &err);
	CHECK_UINT(memstore_trimmed(m), nc_db_seq(db));
	CHECK_CODE(nc_db_trim_log(db, nc_db_seq(db) + 1, &err), NC_E_INVAL);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_19", body), "vm_19");
	nc_db_close(db);
	memstore_free(m);
}

NC_TESTS(store_cold){
	T(cold_items_leave_memory_and_are_still_found),
	T(scan_merges_what_is_hot_and_cold),
	T(deleted_cold_item_stays_away_while_the_store_is_behind),
	T(entries_are_read_in_order_wherever_they_lie),
	T(lanes_are_trimmed_and_say_from_where_they_go_on),
	T(log_is_trimmed_behind_what_is_kept),
};
