/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "store/value.h"
#include "store_util.h"

/* Values that can't be read, a state put back from a copy, and what check finds. */

static nc_bytes vm_key(const char *id, char mem[NC_OBJECT_KEY_MAX])
{
	return nc_object_key(K_VM, nc_str(id), mem);
}

/* A state of vm_1 … vm_5, all materialised and the log trimmed up to here, unless kept. */
static memstore *make_state(int is_log_kept)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	if (!db)
		return m;
	for (int i = 1; i <= 5; i++) {
		char id[40], name[40];
		snprintf(id, sizeof(id), "vm_%d", i);
		snprintf(name, sizeof(name), "web-%d", i);
		CHECK_OK(su_vm(db, id, name, "x", NULL), NULL);
	}
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	if (!is_log_kept)
		CHECK_OK(nc_db_trim_log(db, nc_db_seq(db), NULL), NULL);
	nc_db_close(db);
	return m;
}

typedef struct lines {
	int n;
	char text[4][200];
} lines;

static void take_line(void *ctx, const char *what)
{
	lines *l = ctx;
	if (l->n < 4)
		snprintf(l->text[l->n], sizeof(l->text[0]), "%s", what);
	l->n++;
}

static void damaged_value_is_named_and_the_rest_served(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	nc_error err = NC_ERROR_INIT;
	lines l = { 0 };
	nc_db_health h;
	memstore *m = make_state(0);
	memstore_damage_value(m, 1, vm_key("vm_3", mem));
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_db_get_health(db, &h);
	CHECK_UINT(h.damaged, 1);
	CHECK(!h.is_degraded);
	nc_db_damage(db, take_line, &l);
	CHECK_INT(l.n, 1);
	CHECK_STR(l.text[0], "vm web-3 (vm_3): its value can't be read");
	CHECK_STR(su_body(db, K_VM, "vm_3", body), "");
	CHECK_STR(su_body(db, K_VM, "vm_4", body), "web-4");
	CHECK_CODE(su_get(db, K_VM, "vm_3", body, &err), NC_E_PROTO);
	CHECK_STR(err.message, "the stored value of vm vm_3 is damaged");
	/* nothing takes its place, neither by id nor by name */
	CHECK_CODE(su_vm(db, "vm_3", "other", "x", &err), NC_E_PROTO);
	CHECK_CODE(su_vm(db, "vm_9", "web-3", "x", &err), NC_E_EXISTS);
	CHECK_STR(err.message, "vm name web-3 is taken by vm_3, whose value is damaged");
	CHECK_OK(su_vm(db, "vm_9", "web-9", "x", &err), &err);
	CHECK_UINT(su_faults(db), 1);
	/* until it is deleted */
	CHECK_OK(su_del(db, K_VM, "vm_3", &err), &err);
	CHECK_CODE(su_get(db, K_VM, "vm_3", body, &err), NC_E_NOTFOUND);
	CHECK_OK(su_vm(db, "vm_3", "web-3", "x", &err), &err);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	nc_db_get_health(db, &h);
	CHECK_UINT(h.damaged, 0);
	nc_db_close(db);
	memstore_free(m);
}

static void damaged_value_is_had_back_from_the_log(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	nc_db_health h;
	memstore *m = make_state(1);
	memstore_damage_value(m, 1, vm_key("vm_3", mem));
	memstore_lose_rows(m, 1, vm_key("vm_4", mem), 2);
	for (int round = 0; round < 2; round++) {
		nc_db *db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_STR(su_body(db, K_VM, "vm_3", body), "web-3");
		CHECK_STR(su_body(db, K_VM, "vm_5", body), "web-5");
		CHECK_UINT(su_rev(db, K_VM, "vm_3"), 4);
		CHECK(su_is_found(db, "web-4", "vm_4"));
		nc_db_get_health(db, &h);
		CHECK_UINT(h.damaged, 0); /* the log has all of it, so nothing is missing */
		CHECK_OK(nc_db_flush(db, NULL), NULL);
		CHECK_UINT(su_faults(db), 0);
		nc_db_close(db);
	}
	memstore_free(m);
}

static void a_lost_range_stays_listed_where_the_log_does_not_begin_with_the_state(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	nc_db_health h;
	memstore *m = make_state(1);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(nc_db_trim_log(db, nc_db_seq(db), NULL), NULL);
	CHECK_OK(su_vm(db, "vm_4", "web-4b", "x", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	nc_db_close(db);
	memstore_lose_rows(m, 1, vm_key("vm_4", mem), 2);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK(su_is_found(db, "web-4b", "vm_4"));
	CHECK_STR(su_body(db, K_VM, "vm_5", body), "");
	nc_db_get_health(db, &h);
	CHECK_UINT(h.damaged, 2); /* the range, and vm_5 of which the name is known */
	CHECK(!h.is_degraded);
	nc_db_close(db);
	memstore_free(m);
}

static void nothing_is_had_back_across_a_hole_in_the_log(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	memstore *m = make_state(1);
	memstore_damage_value(m, 1, vm_key("vm_3", mem));
	memstore_damage_record(m, 5); /* may have changed it last */
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_3", body), "");
	CHECK_UINT(su_faults(db), 2);
	nc_db_close(db);
	memstore_free(m);
}

static void lost_range_names_what_the_names_space_knows(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	nc_error err = NC_ERROR_INIT;
	lines l = { 0 };
	memstore *m = make_state(0);
	memstore_lose_rows(m, 1, vm_key("vm_2", mem), 2);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_db_damage(db, take_line, &l);
	CHECK_INT(l.n, 3);
	CHECK_STR(l.text[0], "objects from vm vm_2 on: nothing can be read");
	CHECK_CODE(su_get(db, K_VM, "vm_2", body, &err), NC_E_PROTO);
	CHECK_CODE(su_vm(db, "vm_9", "web-3", "x", &err), NC_E_EXISTS);
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "web-1");
	CHECK_STR(su_body(db, K_VM, "vm_4", body), "web-4");
	nc_db_close(db);
	memstore_free(m);
}

static void value_that_is_whole_but_no_value_counts_as_damaged(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	memstore *m = make_state(0);
	memstore_set_value(m, 1, vm_key("vm_2", mem), nc_str("\x01\xff nonsense"), 3);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(su_get(db, K_VM, "vm_2", body, NULL), NC_E_PROTO);
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "web-1");
	nc_db_close(db);
	memstore_free(m);
}

static nc_code ignore_item(void *ctx, const nc_item *it)
{
	(void)it;
	++*(int *)ctx;
	return NC_OK;
}

static void damaged_cold_value_is_found_when_it_is_read(void)
{
	char mem[NC_OBJECT_KEY_MAX], body[64];
	nc_error err = NC_ERROR_INIT;
	nc_db_health h;
	int n = 0;
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	for (int i = 0; i < 3; i++) {
		char id[40];
		snprintf(id, sizeof(id), "op_%d", i);
		nc_txn *t = nc_txn_new(db);
		su_put_op(t, id, "done", id, NC_COLD);
		su_commit(t, NULL);
	}
	nc_db_close(db);
	memstore_damage_value(m, 6, nc_object_key(K_OP, nc_str("op_1"), mem));
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(su_get(db, K_OP, "op_1", body, &err), NC_E_PROTO);
	CHECK_HAS(err.message, "operation op_1 is damaged");
	CHECK_OK(nc_db_scan(db, K_OP, nc_str(""), 0, ignore_item, &n, &err), &err);
	CHECK_INT(n, 2);
	nc_db_get_health(db, &h);
	CHECK_UINT(h.damaged, 1);
	nc_db_close(db);
	memstore_free(m);
}

static void check_finds_what_differs(void)
{
	char mem[NC_OBJECT_KEY_MAX];
	nc_buf value;
	nc_item *it = nc_item_new(K_VM, 1, nc_str("vm_2"), NULL, 0, nc_str("else"));
	nc_buf_init(&value, 1000);
	it->rev = 3;
	nc_value_put(&value, it);
	memstore *m = make_state(1);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_UINT(su_faults(db), 0);
	memstore_set_value(m, 1, vm_key("vm_2", mem), nc_buf_bytes(&value), 3);
	CHECK_UINT(su_faults(db), 1); /* differs */
	memstore_set_value(m, 1, vm_key("vm_2", mem), nc_buf_bytes(&value), 2);
	CHECK_UINT(su_faults(db), 1); /* another revision */
	memstore_set_value(m, 1, vm_key("vm_2", mem), (nc_bytes){ NULL, 0 }, 0);
	CHECK_UINT(su_faults(db), 1); /* missing */
	memstore_set_value(m, 1, vm_key("vm_77", mem), nc_buf_bytes(&value), 3);
	CHECK_UINT(su_faults(db), 2); /* one too many */
	memstore_damage_record(m, 2);
	CHECK_UINT(su_faults(db), 3);
	nc_db_close(db);
	nc_buf_done(&value);
	nc_item_free(it);
	memstore_free(m);
}

/* ---- a restored copy ---- */

static void restored_state_gets_a_new_log_and_keeps_its_installation(void)
{
	nc_error err = NC_ERROR_INIT;
	char old_log[32], installation[32], new_log[NC_ULID_LEN + 1], body[64];
	memstore *m = memstore_new();
	CHECK_CODE(nc_db_mark_restored(&memstore_table, m, "test", new_log, &err), NC_E_NOTFOUND);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	snprintf(old_log, sizeof(old_log), "%s", nc_db_log_id(db));
	snprintf(installation, sizeof(installation), "%s", nc_db_installation(db));
	CHECK_OK(su_vm(db, "vm_1", "one", "x", NULL), NULL);
	nc_db_close(db);
	for (int round = 0; round < 2; round++) {
		/* once with the identity in the meta space, once in the log alone */
		if (round == 1)
			memstore_power(m, 0);
		CHECK_OK(nc_db_mark_restored(&memstore_table, m, "test", new_log, &err), &err);
		CHECK(strcmp(old_log, new_log) != 0);
		for (int again = 0; again < 2; again++) {
			db = su_open(m);
			REQUIRE(db != NULL);
			CHECK_STR(nc_db_log_id(db), new_log);
			CHECK_STR(nc_db_installation(db), installation);
			CHECK_STR(su_body(db, K_VM, "vm_1", body), "one");
			CHECK_UINT(su_faults(db), 0);
			nc_db_close(db);
		}
		snprintf(old_log, sizeof(old_log), "%s", new_log);
	}
	memstore_fail(m, MS_APPEND, 1, 0, MS_FULL);
	CHECK_CODE(
		nc_db_mark_restored(&memstore_table, m, "test", new_log, &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.message, "could not mark the state as restored");
	memstore_free(m);
}

NC_TESTS(store_damage){
	T(damaged_value_is_named_and_the_rest_served),
	T(damaged_value_is_had_back_from_the_log),
	T(a_lost_range_stays_listed_where_the_log_does_not_begin_with_the_state),
	T(nothing_is_had_back_across_a_hole_in_the_log),
	T(lost_range_names_what_the_names_space_knows),
	T(value_that_is_whole_but_no_value_counts_as_damaged),
	T(damaged_cold_value_is_found_when_it_is_read),
	T(check_finds_what_differs),
	T(restored_state_gets_a_new_log_and_keeps_its_installation),
};
