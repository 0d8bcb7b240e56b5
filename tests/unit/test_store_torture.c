/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_util.h"

/*
 * Every allocation and every store call fails in turn. Failures are armed per thread, so those of
 * the sequencer are armed by a guard, which runs there, and those of the materialiser by the
 * store's hook. tests/torture/store.txt says for every fallible function which test it is.
 */

static memstore *make_state(void)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	if (!db)
		return m;
	for (int i = 0; i < 300; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%03d", i);
		CHECK_OK(su_vm(db, id, id, i % 2 ? "a" : "b", NULL), NULL);
	}
	nc_db_close(db);
	return m;
}

static void building_and_submitting_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_code rc = NC_OK;
	int round = 0;
	NC_TORTURE(rc)
	{
		nc_error err = NC_ERROR_INIT;
		char id[40];
		uint64_t seq = nc_db_seq(db);
		round++;
		nc_txn *t = nc_txn_new(db);
		for (int i = 0; i < 20; i++) {
			snprintf(id, sizeof(id), "new_%d_%d", round, i);
			nc_txn_expect(t, K_VM, nc_str(id), 0);
			su_put_vm(t, id, id, "new", "l", "body");
		}
		nc_txn_del(t, K_VM, nc_str(id));
		nc_txn_append(t, NC_LANE_EVENT, nc_str("event"));
		rc = nc_txn_commit(t, NULL, &err);
		CHECK_UINT(nc_db_seq(db), seq + (rc == NC_OK));
		snprintf(id, sizeof(id), "new_%d_0", round);
		CHECK((su_rev(db, K_VM, id) > 0) == (rc == NC_OK));
	}
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static nc_code ignore_item(void *ctx, const nc_item *it)
{
	(void)ctx;
	(void)it;
	return NC_OK;
}

static nc_code ignore_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	(void)ctx;
	(void)seq;
	(void)n;
	(void)entry;
	return NC_OK;
}

static void reading_the_store_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_code rc = NC_OK;
	char body[64];
	for (int i = 0; i < 20; i++) {
		char id[40];
		snprintf(id, sizeof(id), "op_%d", i);
		nc_txn *t = nc_txn_new(db);
		su_put_op(t, id, "done", id, NC_COLD);
		nc_txn_append(t, NC_LANE_EVENT, nc_str("event"));
		su_commit(t, NULL);
	}
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	NC_TORTURE(rc)
	{
		rc = su_get(db, K_OP, "op_7", body, NULL);
	}
	NC_TORTURE(rc)
	{
		rc = nc_db_scan(db, K_OP, nc_str(""), 0, ignore_item, NULL, NULL);
	}
	NC_TORTURE(rc)
	{
		rc = nc_db_read_lane(db, NC_LANE_EVENT, 0, 0, 0, ignore_entry, NULL, NULL);
	}
	NC_TORTURE(rc)
	{
		uint64_t n;
		rc = nc_db_check(db, NULL, NULL, &n, NULL);
		CHECK(rc != NC_OK || n == 0);
	}
	nc_db_close(db);
	memstore_free(m);
}

static void checking_the_files_alone_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	nc_db_options o = su_options(m);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		uint64_t n = 77;
		rc = nc_db_check_files(&o, NULL, NULL, &n, NULL);
		CHECK(rc != NC_OK || n == 0);
	}
	memstore_free(m);
}

typedef struct reader {
	nc_db *db;
	int has_failed, is_found;
} reader;

static void *read_without_memory(void *arg)
{
	reader *r = arg;
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	const nc_root *root = nc_db_read_begin(r->db);
	r->is_found = nc_root_get(root, K_VM, nc_str("vm_007")) != NULL;
	nc_db_read_end(r->db);
	r->has_failed = nc_alloc_has_failed();
	return NULL;
}

static void thread_without_memory_reads_under_a_lock(void)
{
	memstore *m = make_state();
	reader r = { .db = su_open(m) };
	pthread_t thread;
	REQUIRE(r.db != NULL && pthread_create(&thread, NULL, read_without_memory, &r) == 0);
	pthread_join(thread, NULL);
	CHECK(r.has_failed && r.is_found);
	CHECK_OK(su_vm(r.db, "vm_007", "other", "a", NULL), NULL); /* the lock is given back */
	nc_db_close(r.db);
	memstore_free(m);
}

static void opening_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	char body[64];
	memstore_power(m, 20); /* so that there is something to replay */
	memstore_mark(m);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_db_options o = su_options(m);
		nc_db *db = NULL;
		memstore_rewind(m);
		rc = nc_db_open(&o, &db, NULL);
		CHECK((rc == NC_OK) == (db != NULL));
		if (db) {
			nc_alloc_fail_at(0, NC_FAIL_ONCE);
			CHECK_STR(su_body(db, K_VM, "vm_299", body), "vm_299");
			nc_db_close(db);
		}
	}
	memstore_free(m);
}

static void opening_a_damaged_state_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	memstore_mark(m);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_db_options o = su_options(m);
		nc_db *db = NULL;
		nc_db_health h;
		memstore_rewind(m);
		memstore_damage_value(m, 1, (nc_bytes){ "\0\1vm_007", 8 });
		memstore_damage_value(m, 1, (nc_bytes){ "\0\1vm_008", 8 });
		rc = nc_db_open(&o, &db, NULL);
		if (db) {
			nc_alloc_fail_at(0, NC_FAIL_ONCE);
			nc_db_get_health(db, &h);
			CHECK_UINT(h.damaged, 0); /* had back from the log */
			nc_db_close(db);
		}
	}
	memstore_free(m);
}

static void opening_with_a_lost_range_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	memstore_mark(m);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_db_options o = su_options(m);
		nc_db *db = NULL;
		memstore_rewind(m);
		memstore_lose_rows(m, 1, (nc_bytes){ "\0\1vm_007", 8 }, 3);
		rc = nc_db_open(&o, &db, NULL);
		CHECK((rc == NC_OK) == (db != NULL));
		if (db) {
			nc_alloc_fail_at(0, NC_FAIL_ONCE);
			CHECK(su_is_found(db, "vm_008", "vm_008"));
			nc_db_close(db);
		}
	}
	memstore_free(m);
}

static void ignore_line(void *ctx, const char *what)
{
	(void)ctx;
	(void)what;
}

/* The last two records are in the log alone; the first of them is damaged, and the second takes
 * the name that it had given up. */
static void *make_hole(void *arg)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	(void)arg;
	if (!db)
		return m;
	CHECK_OK(su_vm(db, "vm_1", "a", "x", NULL), NULL);
	CHECK_OK(su_vm(db, "vm_2", "b", "x", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	CHECK_OK(su_vm(db, "vm_1", "c", "x", NULL), NULL);
	uint64_t seq = nc_db_seq(db);
	CHECK_OK(su_vm(db, "vm_2", "a", "x", NULL), NULL);
	nc_db_close(db);
	memstore_heal(m);
	memstore_damage_record(m, seq);
	return m;
}

/* On a thread of its own, where no allocation fails. */
static memstore *make_hole_apart(void)
{
	pthread_t t;
	void *m = NULL;
	if (pthread_create(&t, NULL, make_hole, NULL) != 0)
		abort();
	pthread_join(t, &m);
	return m;
}

static void opening_with_a_lost_record_survives_each_failed_allocation(void)
{
	nc_code rc = NC_OK;
	memstore *m = make_hole_apart();
	NC_TORTURE(rc)
	{
		nc_db_options o = su_options(m);
		nc_db *db = NULL;
		rc = nc_db_open(&o, &db, NULL);
		CHECK((rc == NC_OK) == (db != NULL));
		if (db) {
			nc_alloc_fail_at(0, NC_FAIL_ONCE);
			CHECK(su_is_found(db, "a", "vm_2"));
			CHECK_STR(su_body(db, K_VM, "vm_1", (char[64]){ 0 }), "");
			CHECK_CODE(su_vm(db, "vm_9", "x", "x", NULL), NC_E_UNAVAILABLE);
			nc_db_close(db);
		}
	}
	memstore_free(m);
}

static void going_on_without_a_record_survives_each_failed_allocation(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		char log_id[NC_ULID_LEN + 1];
		uint64_t n = 0;
		memstore *m = make_hole_apart();
		nc_db_options o = su_options(m);
		rc = nc_db_accept_loss(&o, ignore_line, NULL, &n, log_id, NULL);
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		nc_db *db = su_open(m); /* whatever came of it */
		if (db) {
			CHECK(su_is_found(db, "a", "vm_2"));
			nc_db_close(db);
		}
		memstore_free(m);
	}
}

static int is_older(void *ctx, const nc_item *it)
{
	return it->rev <= *(const uint64_t *)ctx;
}

static nc_code write_anew(void *ctx, nc_txn *t, const nc_item *it, nc_error *err)
{
	(void)ctx;
	(void)err;
	su_put_vm(t, nc_item_id(it), nc_item_id(it), "anew", NULL, "anew");
	return NC_OK;
}

static void care_survives_each_failed_allocation(void)
{
	memstore *m = make_state();
	nc_code rc = NC_OK;
	char log_id[NC_ULID_LEN + 1];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	NC_TORTURE(rc)
	{
		uint64_t upto = nc_db_seq(db);
		nc_rewrite all = { K_VM, is_older, &upto, write_anew, NULL };
		rc = nc_db_rewrite(db, &all, NULL);
	}
	NC_TORTURE(rc)
	{
		rc = nc_db_flush(db, NULL);
	}
	NC_TORTURE(rc)
	{
		rc = nc_db_trim_lane(db, NC_LANE_EVENT, nc_db_seq(db), NULL);
	}
	NC_TORTURE(rc)
	{
		rc = nc_db_trim_log(db, nc_db_seq(db), NULL);
	}
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	NC_TORTURE(rc)
	{
		rc = nc_db_mark_restored(&memstore_table, m, "test", log_id, NULL);
	}
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(nc_db_log_id(db), log_id);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- the sequencer's thread ---- */

typedef struct arm {
	uint64_t nth;
	nc_fail_mode mode;
	int undos, dones;
} arm;

static nc_code arm_check(void *arg, const nc_root *tip, nc_error *err)
{
	const arm *a = arg;
	(void)tip;
	(void)err;
	nc_alloc_fail_at(a->nth, a->mode);
	return NC_OK;
}

static void arm_undo(void *arg)
{
	((arm *)arg)->undos++;
}

static void arm_done(void *arg, uint64_t seq)
{
	(void)seq;
	((arm *)arg)->dones++;
}

typedef struct outcome {
	pthread_mutex_t outcome_lock; /* guards all below */
	pthread_cond_t changed;
	nc_code code[4];
	int n, has_failed;
} outcome;

typedef struct slot {
	outcome *all;
	int which;
} slot;

static void take_outcome(void *arg, uint64_t seq, const nc_error *err)
{
	slot *s = arg;
	(void)seq;
	pthread_mutex_lock(&s->all->outcome_lock);
	s->all->code[s->which] = err ? err->code : NC_OK;
	if (++s->all->n == 4) {
		s->all->has_failed = nc_alloc_has_failed();
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
	}
	pthread_cond_broadcast(&s->all->changed);
	pthread_mutex_unlock(&s->all->outcome_lock);
}

/* Holds appends until all four have been submitted: what comes meanwhile forms a group. */
static _Atomic int n_submitted;
static void hold_append(void *arg, memstore_call call)
{
	(void)arg;
	while (call == MS_APPEND && n_submitted < 4)
		sched_yield();
}

static void submit_group(nc_db *db, outcome *o, slot slots[4], arm *a, int round)
{
	for (int i = 0; i < 4; i++) {
		char id[40];
		nc_txn *t = nc_txn_new(db);
		nc_guard g = { .check = arm_check, .undo = arm_undo, .done = arm_done, .arg = a };
		slots[i] = (slot){ o, i };
		for (int j = 0; j < 20; j++) {
			snprintf(id, sizeof(id), "vm_%03d", j * 13 + i);
			su_put_vm(t, id, id, round % 2 ? "c" : "d", "l", "body");
		}
		snprintf(id, sizeof(id), "new_%d_%d", round, i);
		su_put_vm(t, id, id, "new", NULL, "");
		if (i == 2)
			nc_txn_guard(t, &g);
		nc_txn_submit(t, take_outcome, &slots[i]);
		n_submitted++;
	}
	pthread_mutex_lock(&o->outcome_lock);
	while (o->n < 4)
		pthread_cond_wait(&o->changed, &o->outcome_lock);
	pthread_mutex_unlock(&o->outcome_lock);
}

static void sequencer_loses_only_the_transaction_that_had_no_memory(void)
{
	const nc_fail_mode modes[] = { NC_FAIL_ONCE, NC_FAIL_STICKY };
	memstore *m = make_state();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	int round = 0, failures = 0;
	for (size_t mode = 0; mode < NC_LEN(modes); mode++) {
		outcome o = { .has_failed = 1 };
		for (uint64_t nth = 1; o.has_failed; nth++) {
			slot slots[4];
			arm a = { nth, modes[mode], 0, 0 };
			o = (outcome){ .n = 0 };
			pthread_mutex_init(&o.outcome_lock, NULL);
			pthread_cond_init(&o.changed, NULL);
			n_submitted = 0;
			memstore_set_hook(m, hold_append, NULL);
			submit_group(db, &o, slots, &a, ++round);
			memstore_set_hook(m, NULL, NULL);
			CHECK_INT(a.undos + a.dones, 1);
			int lost = 0;
			for (int i = 0; i < 4; i++) {
				char id[40];
				snprintf(id, sizeof(id), "new_%d_%d", round, i);
				CHECK((su_rev(db, K_VM, id) > 0) == (o.code[i] == NC_OK));
				CHECK(o.code[i] == NC_OK || o.code[i] == NC_E_NOMEM);
				lost += o.code[i] != NC_OK;
			}
			/* the one that armed it, or the one behind it */
			if (modes[mode] == NC_FAIL_ONCE)
				CHECK(lost <= 1 && o.code[0] == NC_OK && o.code[1] == NC_OK);
			failures += lost;
			CHECK_INT(a.dones, o.code[2] == NC_OK);
			if (nth % 16 == 1)
				CHECK_UINT(su_faults(db), 0);
			REQUIRE(nth < 5000);
		}
	}
	CHECK(failures > 0);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- the materialiser's thread ---- */

static _Atomic uint64_t arm_nth;
static _Atomic int arm_failed;

static void arm_materialiser(void *arg, memstore_call call)
{
	(void)arg;
	if (call != MS_MATERIALISE)
		return;
	/* what has failed since the last call; then the next round's */
	if (nc_alloc_has_failed())
		arm_failed = 1;
	nc_alloc_fail_at(arm_nth, NC_FAIL_ONCE);
}

static void materialiser_writes_everything_in_the_end(void)
{
	memstore *m = make_state();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_set_hook(m, arm_materialiser, NULL);
	int is_over = 0;
	for (uint64_t nth = 1; !is_over; nth++) {
		arm_nth = 0;
		CHECK_OK(su_vm(db, "vm_000", "vm_000", "z", NULL), NULL);
		while (nc_db_flush(db, NULL) != NC_OK)
			;
		arm_failed = 0;
		arm_nth = nth;
		for (int i = 0; i < 2;
			i++) { /* the first arms, the second fails and is made again */
			char id[40];
			snprintf(id, sizeof(id), "vm_%03d", (int)(nth % 300));
			CHECK_OK(su_vm(db, id, id, i ? "y" : "x", NULL), NULL);
			nc_txn *t = nc_txn_new(db);
			su_put_op(t, "op_1", "done", "", NC_COLD);
			nc_txn_append(t, NC_LANE_AUDIT, nc_str("entry"));
			su_commit(t, NULL);
			while (nc_db_flush(db, NULL) != NC_OK)
				;
		}
		arm_nth = 0;
		CHECK_OK(su_vm(db, "vm_000", "vm_000", "z", NULL), NULL);
		while (nc_db_flush(db, NULL) != NC_OK)
			;
		is_over = !arm_failed;
		REQUIRE(nth < 1000);
		CHECK(nth > 1 || !is_over);
	}
	memstore_set_hook(m, NULL, NULL);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- store calls ---- */

enum { SCRIPT = 24 };

/* Each step's answer; what was refused must not be there, what was acknowledged must. */
static void run_script(nc_db *db, nc_code code[SCRIPT])
{
	for (int i = 0; i < SCRIPT; i++) {
		nc_error err = NC_ERROR_INIT;
		char id[40];
		snprintf(id, sizeof(id), "s_%d", i);
		nc_txn *t = nc_txn_new(db);
		su_put_vm(t, id, id, "x", NULL, id);
		su_put_op(t, id, "done", id, i % 2 ? NC_COLD : NC_HOT);
		nc_txn_append(t, NC_LANE_EVENT, nc_str(id));
		code[i] = nc_txn_commit(t, NULL, &err);
		CHECK(code[i] == NC_OK || code[i] == NC_E_UNAVAILABLE);
		CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
		if (i % 5 == 4)
			(void)nc_db_flush(db, NULL);
		if (i == 15)
			(void)nc_db_trim_lane(db, NC_LANE_AUDIT, 5, NULL);
		if (i == 17)
			(void)nc_db_trim_log(db, 5, NULL);
	}
}

static void check_script(nc_db *db, const nc_code code[SCRIPT])
{
	for (int i = 0; i < SCRIPT; i++) {
		char id[40], body[64];
		nc_error err = NC_ERROR_INIT;
		snprintf(id, sizeof(id), "s_%d", i);
		CHECK_STR(su_body(db, K_VM, id, body), code[i] == NC_OK ? id : "");
		nc_code got = su_get(db, K_OP, id, body, &err);
		CHECK_CODE(got, code[i] == NC_OK ? NC_OK : NC_E_NOTFOUND);
		CHECK(su_is_found(db, id, id) == (code[i] == NC_OK));
	}
	CHECK_UINT(su_faults(db), 0);
}

static int is_well(void *arg)
{
	nc_db_health h;
	nc_db_get_health(arg, &h);
	return !h.is_degraded;
}

static void store_that_fails_at_any_call_loses_nothing(void)
{
	const memstore_fault faults[] = { MS_REFUSE, MS_FULL, MS_UNKNOWN_DONE, MS_UNKNOWN_LOST };
	for (size_t f = 0; f < NC_LEN(faults); f++) {
		int has_failed = 1;
		for (uint64_t nth = 1; has_failed; nth += 1 + nc_test_random() % 2) {
			nc_code code[SCRIPT];
			memstore *m = memstore_new();
			nc_db *db = su_open(m);
			REQUIRE(db != NULL);
			memstore_fail(m, MS_ANY, nth, nth % 3, faults[f]);
			run_script(db, code);
			has_failed = memstore_has_failed(m);
			memstore_heal(m);
			CHECK(su_wait(is_well, db));
			while (nc_db_flush(db, NULL) != NC_OK)
				;
			check_script(db, code);
			nc_db_close(db);
			db = su_open(m);
			REQUIRE(db != NULL);
			check_script(db, code);
			nc_db_close(db);
			memstore_free(m);
		}
	}
}

NC_TESTS(store_torture){
	T(building_and_submitting_survives_each_failed_allocation),
	T(reading_the_store_survives_each_failed_allocation),
	T(checking_the_files_alone_survives_each_failed_allocation),
	T(thread_without_memory_reads_under_a_lock),
	T(opening_survives_each_failed_allocation),
	T(opening_a_damaged_state_survives_each_failed_allocation),
	T(opening_with_a_lost_range_survives_each_failed_allocation),
	T(opening_with_a_lost_record_survives_each_failed_allocation),
	T(going_on_without_a_record_survives_each_failed_allocation),
	T(care_survives_each_failed_allocation),
	T(sequencer_loses_only_the_transaction_that_had_no_memory),
	T(materialiser_writes_everything_in_the_end),
	T(store_that_fails_at_any_call_loses_nothing),
};
