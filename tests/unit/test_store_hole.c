/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "store_util.h"

/* Records of the log that can't be read and are not materialised: what is named, served, refused,
 * and how one goes on without them. */

/* vm_1 … vm_3, materialised: records 2 to 4 behind the epoch's. */
static nc_db *begin(memstore *m)
{
	nc_db *db = su_open(m);
	if (!db)
		return NULL;
	for (int i = 1; i <= 3; i++) {
		char id[40], name[40];
		snprintf(id, sizeof(id), "vm_%d", i);
		snprintf(name, sizeof(name), "web-%d", i);
		CHECK_OK(su_vm(db, id, name, "x", NULL), NULL);
	}
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	return db;
}

/* What was written since stays in the log alone. */
static void end(memstore *m, nc_db *db)
{
	nc_db_close(db);
	memstore_heal(m);
}

typedef struct lines {
	int n;
	char text[6][200];
} lines;

static void take_line(void *ctx, const char *what)
{
	lines *l = ctx;
	if (l->n < 6)
		snprintf(l->text[l->n], sizeof(l->text[0]), "%s", what);
	l->n++;
}

/* Served, and nothing is written: neither record nor object, nor the end of the hole. */
static void check_barred(memstore *m, nc_db *db, uint64_t damaged)
{
	nc_error err = NC_ERROR_INIT;
	nc_db_health h;
	uint64_t head = memstore_head(m);
	nc_db_get_health(db, &h);
	CHECK(h.is_degraded);
	CHECK_HAS(h.why.message, "of the log is damaged, and not applied yet");
	CHECK_HAS(h.why.hint, "novacron state repair");
	CHECK_UINT(h.damaged, damaged);
	CHECK_UINT(h.applied, 4);
	CHECK_CODE(su_vm(db, "vm_9", "web-9", "x", &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.message, "can't be written now: record");
	CHECK_CODE(nc_db_flush(db, &err), NC_E_PROTO);
	CHECK(su_faults(db) >= 1);
	CHECK_UINT(memstore_head(m), head);
}

static void lost_change_is_named_the_rest_served_and_nothing_written(void)
{
	char body[64];
	nc_error err = NC_ERROR_INIT;
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_2", "web-2b", "x", NULL), NULL); /* record 5 */
	CHECK_OK(su_vm(db, "vm_4", "web-4", "x", NULL), NULL);
	end(m, db);
	memstore_damage_record(m, 5);
	for (int round = 0; round < 2; round++) { /* a start changes nothing about it */
		lines l = { 0 };
		db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_STR(su_body(db, K_VM, "vm_1", body), "web-1");
		CHECK_STR(su_body(db, K_VM, "vm_4", body), "web-4");
		CHECK_CODE(su_get(db, K_VM, "vm_2", body, &err), NC_E_PROTO);
		CHECK_STR(
			err.message, "the last change of vm vm_2 is lost with record 5 of the log");
		nc_db_damage(db, take_line, &l);
		CHECK_INT(l.n, 2);
		CHECK_HAS(l.text[0], "record 5 of the log is lost with all it changed: ");
		CHECK_STR(l.text[1], "vm web-2b (vm_2): its change in record 5 is lost");
		check_barred(m, db, 2);
		nc_db_close(db);
	}
	memstore_free(m);
}

static void one_goes_on_without_it_by_saying_so(void)
{
	char body[64], old_log[NC_ULID_LEN + 1], new_log[NC_ULID_LEN + 1];
	nc_error err = NC_ERROR_INIT;
	lines l = { 0 };
	uint64_t n = 0;
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	snprintf(old_log, sizeof(old_log), "%s", nc_db_log_id(db));
	nc_db_options o = su_options(m);
	CHECK_OK(su_vm(db, "vm_2", "web-2b", "x", NULL), NULL);
	CHECK_OK(su_vm(db, "vm_4", "web-4", "x", NULL), NULL);
	end(m, db);
	memstore_damage_record(m, 5);
	CHECK_OK(nc_db_accept_loss(&o, take_line, &l, &n, new_log, &err), &err);
	CHECK_UINT(n, 1);
	CHECK_INT(l.n, 2);
	CHECK_STR(l.text[1], "vm web-2b (vm_2): its change in record 5 is lost");
	CHECK(strcmp(old_log, new_log) != 0); /* cursors get a gap */
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(nc_db_log_id(db), new_log);
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "web-2"); /* as it was before */
	CHECK_STR(su_body(db, K_VM, "vm_4", body), "web-4");
	CHECK_OK(su_vm(db, "vm_2", "web-2c", "x", &err), &err);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	/* where nothing is lost nothing is done */
	uint64_t head = memstore_head(m);
	CHECK_OK(nc_db_accept_loss(&o, take_line, &l, &n, old_log, &err), &err);
	CHECK_UINT(n, 0);
	CHECK_STR(old_log, new_log);
	CHECK_UINT(memstore_head(m), head + 1); /* an epoch, as any open */
	memstore_free(m);
}

static void a_power_cut_after_going_on_asks_again(void)
{
	char body[64], log_id[NC_ULID_LEN + 1];
	nc_error err = NC_ERROR_INIT;
	lines l = { 0 };
	uint64_t n = 0;
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	nc_db_options o = su_options(m);
	CHECK_OK(su_vm(db, "vm_2", "web-2b", "x", NULL), NULL);
	CHECK_OK(su_vm(db, "vm_4", "web-4", "x", NULL), NULL);
	end(m, db);
	memstore_damage_record(m, 5);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	CHECK_CODE(nc_db_accept_loss(&o, take_line, &l, &n, log_id, &err), NC_E_UNAVAILABLE);
	memstore_heal(m);
	db = su_open(m);
	REQUIRE(db != NULL);
	check_barred(m, db, 2);
	nc_db_close(db);
	CHECK_OK(nc_db_accept_loss(&o, take_line, &l, &n, log_id, &err), &err);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "web-2");
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void what_a_later_record_says_whole_is_not_lost(void)
{
	char body[64];
	lines l = { 0 };
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_2", "web-2b", "x", NULL), NULL);
	CHECK_OK(su_vm(db, "vm_5", "web-5", "x", NULL), NULL);
	CHECK_OK(su_vm(db, "vm_2", "web-2c", "x", NULL), NULL);
	CHECK_OK(su_del(db, K_VM, "vm_5", NULL), NULL);
	end(m, db);
	memstore_damage_record(m, 5);
	memstore_damage_record(m, 6);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "web-2c");
	CHECK_CODE(su_get(db, K_VM, "vm_5", body, NULL), NC_E_NOTFOUND);
	nc_db_damage(db, take_line, &l);
	CHECK_INT(l.n, 1);
	CHECK_HAS(l.text[0], "records 5 to 6 of the log are lost with all they changed: ");
	check_barred(m, db, 2);
	nc_db_close(db);
	memstore_free(m);
}

/* Nothing is left of the record's bytes; that another has the name since tells who lost it. */
static void who_has_a_key_that_was_given_away_is_stale(void)
{
	char body[64], log_id[NC_ULID_LEN + 1];
	nc_error err = NC_ERROR_INIT;
	lines l = { 0 };
	uint64_t n = 0;
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	nc_db_options o = su_options(m);
	CHECK_OK(su_vm(db, "vm_1", "renamed", "x", NULL), NULL); /* record 5 */
	CHECK_OK(su_vm(db, "vm_9", "web-1", "x", NULL), NULL);
	end(m, db);
	memstore_lose_record(m, 5);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(su_get(db, K_VM, "vm_1", body, NULL), NC_E_PROTO);
	CHECK(su_is_found(db, "web-1", "vm_9"));
	nc_db_damage(db, take_line, &l);
	CHECK_INT(l.n, 2);
	CHECK_STR(l.text[1], "vm web-1 (vm_1): its change in record 5 is lost");
	check_barred(m, db, 2);
	nc_db_close(db);
	CHECK_OK(nc_db_accept_loss(&o, take_line, &l, &n, log_id, &err), &err);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(su_get(db, K_VM, "vm_1", body, NULL), NC_E_NOTFOUND);
	CHECK(su_is_found(db, "web-1", "vm_9"));
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* All that is left of a record's middle: no item is made up from it, whatever bit is wrong. */
static void remains_with_any_bit_wrong_are_taken_as_they_come(void)
{
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, "vm_2", "web-2b", "x", "label", "body");
	nc_txn_del(t, K_VM, nc_str("vm_3"));
	CHECK_OK(su_commit(t, NULL), NULL);
	end(m, db);
	size_t len = memstore_record_len(m, 5);
	for (size_t bit = 0; bit < 8 * len; bit += 3) {
		char body[64];
		memstore_flip(m, 5, bit);
		db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_STR(su_body(db, K_VM, "vm_1", body), "web-1");
		nc_db_close(db);
		memstore_flip(m, 5, bit);
	}
	db = su_open(m); /* and whole again, it counts */
	REQUIRE(db != NULL);
	CHECK(su_is_found(db, "web-2b", "vm_2"));
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void lost_last_records_are_served_without(void)
{
	char body[64], log_id[NC_ULID_LEN + 1];
	nc_error err = NC_ERROR_INIT;
	uint64_t n = 0;
	lines l = { 0 };
	memstore *m = memstore_new();
	nc_db *db = begin(m);
	REQUIRE(db != NULL);
	nc_db_options o = su_options(m);
	CHECK_OK(su_vm(db, "vm_4", "web-4", "x", NULL), NULL);
	CHECK_OK(su_vm(db, "vm_5", "web-5", "x", NULL), NULL);
	end(m, db);
	memstore_lose_record(m, 6);
	for (int is_led = 1; is_led >= 0; is_led--) {
		/* a store may refuse to be led without its end */
		if (!is_led)
			memstore_fail(m, MS_LEAD, 1, UINT64_MAX, MS_DAMAGED);
		db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_STR(su_body(db, K_VM, "vm_4", body), "web-4");
		CHECK_STR(su_body(db, K_VM, "vm_5", body), "");
		CHECK_CODE(su_vm(db, "vm_9", "web-9", "x", &err), NC_E_UNAVAILABLE);
		nc_db_close(db);
	}
	/* then it can't be gone on with either */
	CHECK_CODE(nc_db_accept_loss(&o, take_line, &l, &n, log_id, &err), NC_E_PROTO);
	CHECK_HAS(err.message, "could not go on without what is lost");
	memstore_heal(m);
	CHECK_OK(nc_db_accept_loss(&o, take_line, &l, &n, log_id, &err), &err);
	CHECK_UINT(n, 1);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_5", "web-5", "x", &err), &err);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

NC_TESTS(store_hole){
	T(lost_change_is_named_the_rest_served_and_nothing_written),
	T(one_goes_on_without_it_by_saying_so),
	T(a_power_cut_after_going_on_asks_again),
	T(what_a_later_record_says_whole_is_not_lost),
	T(who_has_a_key_that_was_given_away_is_stale),
	T(remains_with_any_bit_wrong_are_taken_as_they_come),
	T(lost_last_records_are_served_without),
};
