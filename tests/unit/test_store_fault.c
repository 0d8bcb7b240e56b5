/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/record.h"
#include "store_util.h"

/* What happens when the store fails: clear answers, nothing lost, reads go on, recovery. */

typedef struct watch {
	pthread_mutex_t watch_lock; /* guards all below */
	int degraded, recovered;
	char why[320];
} watch;

static void on_health(void *ctx, int is_degraded, const nc_error *why)
{
	watch *w = ctx;
	pthread_mutex_lock(&w->watch_lock);
	w->degraded += is_degraded;
	w->recovered += !is_degraded;
	if (why)
		snprintf(w->why, sizeof(w->why), "%s", why->message);
	pthread_mutex_unlock(&w->watch_lock);
}

/* Twice where the log and the objects fall ill one after the other. */
static int times_degraded(watch *w)
{
	pthread_mutex_lock(&w->watch_lock);
	int n = w->degraded;
	pthread_mutex_unlock(&w->watch_lock);
	return n;
}

static nc_db *open_watched(memstore *m, watch *w)
{
	nc_db *db = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_db_options o = su_options(m);
	pthread_mutex_init(&w->watch_lock, NULL);
	o.hooks = (nc_db_hooks){ .ctx = w, .health = on_health };
	CHECK_OK(nc_db_open(&o, &db, &err), &err);
	return db;
}

static int is_well(void *arg)
{
	nc_db_health h;
	nc_db_get_health(arg, &h);
	return !h.is_degraded;
}

static int is_degraded(void *arg)
{
	return !is_well(arg);
}

static void refused_append_fails_its_transactions_alone(void)
{
	memstore *m = memstore_new();
	watch w = { .degraded = 0 };
	char body[64];
	nc_error err = NC_ERROR_INIT;
	nc_db *db = open_watched(m, &w);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
	memstore_fail(m, MS_APPEND, 1, 0, MS_REFUSE);
	CHECK_CODE(su_vm(db, "vm_2", "two", "a", &err), NC_E_UNAVAILABLE);
	CHECK(err.flags & NC_ERR_RETRYABLE);
	CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
	CHECK_HAS(err.message, "the state can't be written now: the store was told to fail");
	CHECK(su_wait(is_well, db));
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "one");
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "");
	CHECK_OK(su_vm(db, "vm_2", "two", "a", NULL), NULL);
	CHECK_INT(w.degraded, 1);
	CHECK_INT(w.recovered, 1);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void full_disk_is_told_and_left_again_by_itself(void)
{
	memstore *m = memstore_new();
	watch w = { .degraded = 0 };
	char body[64];
	nc_error err = NC_ERROR_INIT;
	nc_db_health h;
	nc_db *db = open_watched(m, &w);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_APPEND, 1, UINT64_MAX, MS_FULL);
	CHECK_CODE(su_vm(db, "vm_2", "two", "a", &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.message, "no space left on device");
	CHECK_STR(err.hint, "free space on that file system");
	CHECK(su_wait(is_degraded, db));
	/* refused at once now, without trying; reading goes on */
	uint64_t appends = memstore_calls(m, MS_APPEND);
	for (int i = 0; i < 50; i++)
		CHECK_CODE(su_vm(db, "vm_2", "two", "a", &err), NC_E_UNAVAILABLE);
	CHECK(memstore_calls(m, MS_APPEND) < appends + 10);
	CHECK_HAS(err.message, "no space left on device");
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "one");
	CHECK_OK(su_get(db, K_VM, "vm_1", body, NULL), NULL);
	nc_db_get_health(db, &h);
	CHECK(h.is_degraded);
	CHECK_HAS(h.why.message, "no space left on device");
	memstore_heal(m);
	CHECK(su_wait(is_well, db));
	CHECK_OK(su_vm(db, "vm_2", "two", "a", NULL), NULL);
	CHECK_INT(w.degraded, 1);
	CHECK_INT(w.recovered, 1);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

static void unknown_outcome_is_settled_before_anybody_is_answered(void)
{
	const memstore_fault faults[] = { MS_UNKNOWN_DONE, MS_UNKNOWN_LOST };
	for (size_t i = 0; i < NC_LEN(faults); i++) {
		memstore *m = memstore_new();
		char body[64];
		nc_error err = NC_ERROR_INIT;
		nc_db *db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
		uint64_t epoch = nc_db_epoch(db);
		memstore_fail(m, MS_APPEND, 1, 0, faults[i]);
		nc_code code = su_vm(db, "vm_2", "two", "a", &err);
		if (faults[i] == MS_UNKNOWN_DONE) {
			CHECK_OK(code, &err);
			CHECK_STR(su_body(db, K_VM, "vm_2", body), "two");
		} else {
			CHECK_CODE(code, NC_E_UNAVAILABLE);
			CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
			CHECK_STR(su_body(db, K_VM, "vm_2", body), "");
		}
		CHECK(su_wait(is_well, db));
		CHECK(nc_db_epoch(db) > epoch);
		CHECK_OK(su_vm(db, "vm_3", "three", "a", NULL), NULL);
		CHECK_UINT(su_faults(db), 0);
		nc_db_close(db);
		db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_STR(
			su_body(db, K_VM, "vm_2", body), faults[i] == MS_UNKNOWN_DONE ? "two" : "");
		CHECK_STR(su_body(db, K_VM, "vm_3", body), "three");
		nc_db_close(db);
		memstore_free(m);
	}
}

static void reopening_is_tried_until_it_works(void)
{
	const memstore_call calls[] = { MS_LEAD, MS_APPEND, MS_READ };
	for (size_t i = 0; i < NC_LEN(calls); i++) {
		memstore *m = memstore_new();
		char body[64];
		nc_error err = NC_ERROR_INIT;
		nc_db *db = su_open(m);
		REQUIRE(db != NULL);
		CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
		memstore_fail(m, MS_APPEND, 1, 0, MS_UNKNOWN_DONE);
		if (calls[i] == MS_APPEND)
			memstore_fail(m, MS_APPEND, 1, 2, MS_UNKNOWN_DONE); /* the epoch's too */
		else
			memstore_fail(m, calls[i], 1, 2, MS_REFUSE);
		CHECK_OK(su_vm(db, "vm_2", "two", "a", &err), &err);
		CHECK(su_wait(is_well, db));
		CHECK_STR(su_body(db, K_VM, "vm_2", body), "two");
		CHECK_UINT(nc_db_seq(db), memstore_head(m));
		CHECK_UINT(su_faults(db), 0);
		nc_db_close(db);
		memstore_free(m);
	}
}

/* An append that waits until it may go on. */
typedef struct gate {
	pthread_mutex_t gate_lock; /* guards all below */
	pthread_cond_t changed;
	int is_shut, is_reached;
} gate;

static void at_gate(void *arg, memstore_call call)
{
	gate *g = arg;
	if (call != MS_APPEND)
		return;
	pthread_mutex_lock(&g->gate_lock);
	g->is_reached = 1;
	pthread_cond_broadcast(&g->changed);
	while (g->is_shut)
		pthread_cond_wait(&g->changed, &g->gate_lock);
	pthread_mutex_unlock(&g->gate_lock);
}

static void gate_init(gate *g)
{
	*g = (gate){ .is_shut = 1 };
	pthread_mutex_init(&g->gate_lock, NULL);
	pthread_cond_init(&g->changed, NULL);
}

static void gate_reach(gate *g)
{
	pthread_mutex_lock(&g->gate_lock);
	while (!g->is_reached)
		pthread_cond_wait(&g->changed, &g->gate_lock);
	pthread_mutex_unlock(&g->gate_lock);
}

static void gate_open(gate *g)
{
	pthread_mutex_lock(&g->gate_lock);
	g->is_shut = 0;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->gate_lock);
}

typedef struct answer {
	nc_code code;
	uint64_t seq;
	uint32_t flags;
	int n;
	char message[320];
} answer;

static void take_answer(void *arg, uint64_t seq, const nc_error *err)
{
	answer *a = arg;
	a->n++;
	a->seq = seq;
	a->code = err ? err->code : NC_OK;
	a->flags = err ? err->flags : 0;
	snprintf(a->message, sizeof(a->message), "%s", err ? err->message : "");
}

static void submit_vm(nc_db *db, const char *id, const char *name, answer *a)
{
	nc_txn *t = nc_txn_new(db);
	su_put_vm(t, id, name, "x", NULL, name);
	*a = (answer){ .n = 0 };
	nc_txn_submit(t, take_answer, a);
}

static void group_of_what_came_meanwhile_is_one_append(void)
{
	memstore *m = memstore_new();
	gate g;
	answer first, a, b, c;
	gate_init(&g);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	memstore_set_hook(m, at_gate, &g);
	submit_vm(db, "vm_0", "zero", &first);
	gate_reach(&g);
	submit_vm(db, "vm_1", "name", &a);
	submit_vm(db, "vm_2", "name", &b);
	submit_vm(db, "vm_3", "other", &c);
	CHECK_INT(first.n + a.n + b.n + c.n, 0);
	gate_open(&g);
	nc_db_close(db);
	CHECK_CODE(first.code, NC_OK);
	CHECK_CODE(a.code, NC_OK);
	CHECK_CODE(b.code, NC_E_EXISTS);
	CHECK_CODE(c.code, NC_OK);
	CHECK_UINT(a.seq + 1, c.seq);
	CHECK_UINT(memstore_largest_batch(m), 2);
	memstore_free(m);
}

/* b is refused because of a; when a is not made durable, that is no reason any more. */
static void group_fails_as_one(void)
{
	memstore *m = memstore_new();
	gate g;
	answer first, a, b, c;
	gate_init(&g);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	memstore_set_hook(m, at_gate, &g);
	submit_vm(db, "vm_0", "zero", &first);
	gate_reach(&g);
	submit_vm(db, "vm_1", "name", &a);
	submit_vm(db, "vm_2", "name", &b);
	submit_vm(db, "vm_3", "other", &c);
	memstore_fail(m, MS_APPEND, 2, 0, MS_REFUSE); /* the one at the gate has begun: the next */
	gate_open(&g);
	nc_db_close(db);
	CHECK_INT(first.n + a.n + b.n + c.n, 4);
	CHECK_CODE(first.code, NC_OK);
	CHECK_CODE(a.code, NC_E_UNAVAILABLE);
	CHECK_CODE(b.code, NC_E_UNAVAILABLE);
	CHECK_CODE(c.code, NC_E_UNAVAILABLE);
	CHECK_HAS(b.message, "the state can't be written now");
	memstore_free(m);
}

static void closing_with_an_unknown_outcome_says_so(void)
{
	memstore *m = memstore_new();
	gate g;
	answer first;
	char body[64];
	gate_init(&g);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	memstore_set_hook(m, at_gate, &g);
	submit_vm(db, "vm_0", "zero", &first);
	gate_reach(&g);
	memstore_fail(m, MS_APPEND, 1, 0, MS_UNKNOWN_DONE);
	memstore_fail(m, MS_LEAD, 1, UINT64_MAX, MS_REFUSE);
	gate_open(&g);
	nc_db_close(db);
	CHECK_INT(first.n, 1);
	CHECK_CODE(first.code, NC_E_UNAVAILABLE);
	CHECK(first.flags & NC_ERR_OUTCOME_UNKNOWN);
	memstore_heal(m);
	memstore_set_hook(m, NULL, NULL);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_0", body), "zero");
	nc_db_close(db);
	memstore_free(m);
}

static void close_answers_everything_that_was_submitted(void)
{
	memstore *m = memstore_new();
	enum { N = 3000 };
	answer *a = calloc(N, sizeof(*a));
	memstore_set_delay_us(m, 200);
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	for (int i = 0; i < N; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%05d", i);
		submit_vm(db, id, id, &a[i]);
	}
	nc_db_close(db);
	for (int i = 0; i < N; i++) {
		CHECK_INT(a[i].n, 1);
		CHECK_CODE(a[i].code, NC_OK);
		CHECK_UINT(a[i].seq, 2 + (unsigned)i);
	}
	CHECK(memstore_largest_batch(m) > 100);
	db = su_open(m);
	REQUIRE(db != NULL);
	const nc_root *r = nc_db_read_begin(db);
	CHECK_UINT(nc_root_count(r, K_VM), N);
	nc_db_read_end(db);
	nc_db_close(db);
	memstore_free(m);
	free(a);
}

/* ---- another leader ---- */

typedef struct foreign {
	uint64_t changes;
} foreign;

static void count_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	(void)seq;
	(void)kind;
	(void)was;
	((foreign *)ctx)->changes += now != NULL;
}

static void on_published(void *ctx, const nc_db_batch *b)
{
	nc_db_batch_changes(b, count_change, ctx);
}

/* A record as another node would have written it. */
static void write_foreign(nc_buf *rec, uint64_t seq, const char *id, const char *name)
{
	nc_buf value;
	nc_buf_init(&value, 1000);
	nc_key key = { VM_NAME, (uint16_t)strlen(name), name };
	nc_item *it = nc_item_new(K_VM, 1, nc_str(id), &key, 1, nc_str(name));
	nc_buf_put(&value, (const uint8_t[]){ 1, 0, 1, 0 }, 4);
	nc_buf_put_u64(&value, 0);
	nc_buf_put_varint(&value, 1);
	nc_buf_put_u16(&value, VM_NAME);
	nc_buf_put_lstr(&value, name, strlen(name));
	nc_buf_puts(&value, name);
	nc_buf_init(rec, 10000);
	nc_record_begin(rec, NC_REC_TXN);
	nc_record_section(rec, NC_TAG_CHANGES, 1);
	nc_buf_put_u16(rec, K_VM);
	nc_buf_put_lstr(rec, id, strlen(id));
	nc_buf_put_lstr(rec, value.ptr, value.len);
	nc_record_end(rec);
	nc_record_stamp(rec, seq, 99, 0);
	nc_item_free(it);
	nc_buf_done(&value);
}

/* Health may still be good when the failure is answered: wait for what the takeover brings. */
static int has_foreign(void *arg)
{
	return su_rev(arg, K_VM, "vm_9") == 3;
}

static void what_another_leader_wrote_is_taken_over(void)
{
	memstore *m = memstore_new();
	char body[64];
	foreign f = { 0 };
	nc_error err = NC_ERROR_INIT;
	nc_db *db = NULL;
	nc_db_options o = su_options(m);
	o.hooks = (nc_db_hooks){ .ctx = &f, .published = on_published };
	REQUIRE(CHECK_OK(nc_db_open(&o, &db, &err), &err));
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
	nc_buf rec;
	write_foreign(&rec, 3, "vm_9", "foreign");
	nc_bytes raw = nc_buf_bytes(&rec);
	memstore_usurp(m, &raw, 1);
	nc_buf_done(&rec);
	CHECK(nc_db_leads(db));
	/* fenced off: it fails, and is not mistaken for a conflict of revisions */
	CHECK_CODE(su_vm(db, "vm_2", "two", "a", &err), NC_E_UNAVAILABLE);
	CHECK(su_wait(has_foreign, db));
	CHECK(su_wait(is_well, db));
	CHECK(nc_db_leads(db));
	CHECK_STR(su_body(db, K_VM, "vm_9", body), "foreign");
	CHECK_UINT(su_rev(db, K_VM, "vm_9"), 3);
	CHECK_UINT(f.changes, 2);
	CHECK_CODE(su_vm(db, "vm_2", "foreign", "a", &err), NC_E_EXISTS);
	CHECK_OK(su_vm(db, "vm_2", "two", "a", &err), &err);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- the materialiser ---- */

static void objects_are_written_when_the_store_is_well_again(void)
{
	memstore *m = memstore_new();
	watch w = { .degraded = 0 };
	nc_error err = NC_ERROR_INIT;
	nc_db_health h;
	nc_db *db = open_watched(m, &w);
	REQUIRE(db != NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_FULL);
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL); /* writes go on: the log has room */
	CHECK(su_wait(is_degraded, db));
	nc_db_get_health(db, &h);
	CHECK_HAS(h.why.message, "no space left");
	CHECK_UINT(h.seq, 2);
	CHECK_UINT(h.applied, 1);
	CHECK(h.waiting > 0);
	CHECK_CODE(nc_db_flush(db, &err), NC_E_UNAVAILABLE);
	memstore_heal(m);
	CHECK(su_wait(is_well, db));
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_UINT(nc_db_applied(db), 2);
	CHECK_UINT(memstore_count(m, 1), 1);
	CHECK_UINT(memstore_count(m, 5), 1);
	nc_db_close(db);
	memstore_free(m);
}

static void too_much_waiting_refuses_instead_of_growing(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_code code = NC_OK;
	static char big[250000];
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_FULL);
	uint64_t bytes = 0;
	for (int i = 0; i < 100 && code == NC_OK; i++) {
		nc_txn *t = nc_txn_new(db);
		for (int j = 0; j < 32; j++) {
			char id[40];
			snprintf(id, sizeof(id), "vm_%d", j);
			nc_txn_put(t, K_VM, nc_str(id), NULL, 0, (nc_bytes){ big, sizeof(big) },
				NC_HOT);
		}
		bytes += 32 * sizeof(big);
		code = nc_txn_commit(t, NULL, &err);
	}
	CHECK_CODE(code, NC_E_UNAVAILABLE);
	CHECK(err.flags & NC_ERR_RETRYABLE);
	CHECK(bytes > (256u << 20) && bytes < (290u << 20));
	memstore_heal(m);
	while (nc_db_flush(db, NULL) != NC_OK)
		;
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- opening ---- */

static void open_fails_clean_at_each_store_call(void)
{
	memstore *m = memstore_new();
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	char body[64];
	for (int i = 0; i < 50; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%d", i);
		CHECK_OK(su_vm(db, id, id, "x", NULL), NULL);
		if (i == 25)
			CHECK_OK(nc_db_flush(db, NULL), NULL);
		if (i == 25)
			memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	}
	nc_db_close(db);
	memstore_heal(m);
	const memstore_fault faults[] = { MS_REFUSE, MS_UNKNOWN_DONE, MS_UNKNOWN_LOST };
	for (size_t f = 0; f < NC_LEN(faults); f++) {
		for (uint64_t nth = 1;; nth++) {
			nc_error err = NC_ERROR_INIT;
			nc_db_options o = su_options(m);
			db = NULL;
			memstore_fail(m, MS_ANY, nth, 0, faults[f]);
			nc_code code = nc_db_open(&o, &db, &err);
			int has_failed = memstore_has_failed(m);
			memstore_heal(m);
			if (code == NC_OK)
				nc_db_close(db);
			else
				CHECK_HAS(err.message, "could not open the state");
			if (!has_failed)
				break;
			CHECK(nth < 1000);
		}
	}
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_49", body), "vm_49");
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* Opened over a store that refuses these calls; healed later. */
static void open_without_writing(memstore_call call, memstore_fault how)
{
	memstore *m = memstore_new();
	watch w = { .degraded = 0 };
	char body[64];
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_OK(su_vm(db, "vm_1", "one", "a", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	CHECK_OK(su_vm(db, "vm_2", "two", "a", NULL), NULL); /* in the log alone */
	nc_db_close(db);
	memstore_fail(m, call, 1, UINT64_MAX, how);
	db = open_watched(m, &w);
	REQUIRE(db != NULL);
	CHECK(is_degraded(db));
	CHECK(times_degraded(&w) >= 1);
	CHECK_STR(su_body(db, K_VM, "vm_1", body), "one");
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "two");
	CHECK_CODE(su_vm(db, "vm_3", "three", "a", &err), NC_E_UNAVAILABLE);
	CHECK(err.flags & NC_ERR_RETRYABLE);
	CHECK_HAS(err.message, "the state can't be written now");
	memstore_heal(m);
	CHECK(su_wait(is_well, db));
	CHECK(nc_db_epoch(db) > 0);
	CHECK_OK(su_vm(db, "vm_3", "three", "a", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_STR(su_body(db, K_VM, "vm_2", body), "two");
	CHECK_STR(su_body(db, K_VM, "vm_3", body), "three");
	nc_db_close(db);
	memstore_free(m);
}

static void a_store_that_cannot_be_written_at_the_start_is_served_and_led_later(void)
{
	open_without_writing(MS_LEAD, MS_REFUSE);
	open_without_writing(MS_LEAD, MS_FULL);
	open_without_writing(MS_APPEND, MS_FULL);
	open_without_writing(MS_APPEND, MS_UNKNOWN_LOST);
	open_without_writing(MS_APPEND, MS_UNKNOWN_DONE);
}

static void an_empty_store_that_cannot_be_written_is_not_opened(void)
{
	memstore *m = memstore_new();
	nc_db *db = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_db_options o = su_options(m);
	memstore_fail(m, MS_LEAD, 1, UINT64_MAX, MS_FULL);
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_UNAVAILABLE);
	memstore_fail(m, MS_APPEND, 1, UINT64_MAX, MS_FULL);
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_UNAVAILABLE);
	CHECK(db == NULL);
	memstore_free(m);
}

static void mixed_up_positions_are_refused(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	for (int i = 0; i < 5; i++)
		CHECK_OK(su_vm(db, "vm_1", "one", "x", NULL), NULL);
	CHECK_OK(nc_db_flush(db, NULL), NULL);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	for (int i = 0; i < 5; i++)
		CHECK_OK(su_vm(db, "vm_1", "one", "x", NULL), NULL);
	nc_db_close(db);
	memstore_heal(m);
	/* a damaged record that is materialised bars nothing, one of the tail bars writing */
	memstore_damage_record(m, 4);
	db = su_open(m);
	REQUIRE(db != NULL);
	nc_db_close(db);
	memstore_fail(m, MS_MATERIALISE, 1, UINT64_MAX, MS_REFUSE);
	db = su_open(m);
	REQUIRE(db != NULL);
	nc_db_close(db);
	memstore_heal(m);
	memstore_damage_record(m, memstore_head(m));
	db = su_open(m);
	REQUIRE(db != NULL);
	CHECK_CODE(su_vm(db, "vm_1", "two", "x", &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.message, "is damaged");
	nc_db_close(db);
	memstore_free(m);
}

static void newer_format_is_refused_before_anything_is_written(void)
{
	memstore *m = memstore_new();
	nc_error err = NC_ERROR_INIT;
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	nc_db_close(db);
	uint64_t head = memstore_head(m);
	char format[8] = { 2, 0 };
	memstore_set_value(m, 4, nc_str("format"), (nc_bytes){ format, 8 }, 1);
	nc_db_options o = su_options(m);
	CHECK_CODE(nc_db_open(&o, &db, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "the state is of format 2, this build reads up to 1");
	CHECK_HAS(err.hint, "newer version");
	CHECK_UINT(memstore_head(m), head);
	CHECK_UINT(memstore_calls(m, MS_LEAD), 1);
	memstore_free(m);
}

NC_TESTS(store_fault){
	T(refused_append_fails_its_transactions_alone),
	T(full_disk_is_told_and_left_again_by_itself),
	T(unknown_outcome_is_settled_before_anybody_is_answered),
	T(reopening_is_tried_until_it_works),
	T(group_of_what_came_meanwhile_is_one_append),
	T(group_fails_as_one),
	T(closing_with_an_unknown_outcome_says_so),
	T(close_answers_everything_that_was_submitted),
	T(what_another_leader_wrote_is_taken_over),
	T(objects_are_written_when_the_store_is_well_again),
	T(too_much_waiting_refuses_instead_of_growing),
	T(open_fails_clean_at_each_store_call),
	T(a_store_that_cannot_be_written_at_the_start_is_served_and_led_later),
	T(an_empty_store_that_cannot_be_written_is_not_opened),
	T(mixed_up_positions_are_refused),
	T(newer_format_is_refused_before_anything_is_written),
};
