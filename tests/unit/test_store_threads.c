/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/qsbr.h"
#include "store_util.h"

/* Many threads at once, each with what it may do; run under a thread sanitizer. */

enum { VMS = 200, WRITERS = 4, READERS = 3, COMMITS = NC_SANITIZED ? 400 : 2000 };

typedef struct crowd {
	nc_db *db;
	_Atomic int stop, wrong;
	_Atomic uint64_t reads, roots;
} crowd;

typedef struct member {
	pthread_t thread;
	crowd *c;
	int which, failures;
} member;

/* Every vm is in status "a" or "b", and each transaction moves one there and one back: in each
 * root, whatever its seq, as many have the one status as the other. */
static void check_root(crowd *c, const nc_root *r)
{
	nc_bytes none = { NULL, 0 };
	nc_walk w;
	const nc_item *it;
	uint64_t n = 0;
	size_t sum = 0;
	if (nc_root_count_key(r, K_VM, VM_STATUS, nc_str("a"), VMS) != VMS / 2 ||
		nc_root_count(r, K_VM) != VMS)
		c->wrong++;
	nc_walk_init(&w, r, K_VM, VM_STATUS, none, none, NC_DESCENDING);
	while ((it = nc_walk_next(&w, NULL)) != NULL) {
		n++;
		nc_bytes body = nc_item_body(it);
		for (size_t i = 0; i < body.len; i++)
			sum += ((const uint8_t *)body.ptr)[i];
		if (it->rev > nc_root_seq(r) || nc_root_get(r, K_VM, nc_str(nc_item_id(it))) != it)
			c->wrong++;
	}
	if (n != VMS || sum == 0)
		c->wrong++;
	c->reads++;
}

static void *read_sections(void *arg)
{
	member *me = arg;
	uint64_t last = 0;
	while (!me->c->stop) {
		const nc_root *r = nc_db_read_begin(me->c->db);
		if (nc_root_seq(r) < last)
			me->c->wrong++; /* time goes forward */
		me->c->roots += nc_root_seq(r) != last;
		last = nc_root_seq(r);
		check_root(me->c, r);
		const nc_root *inner = nc_db_read_begin(me->c->db); /* nests */
		if (nc_root_seq(inner) < last)
			me->c->wrong++;
		nc_db_read_end(me->c->db);
		check_root(me->c, r);
		nc_db_read_end(me->c->db);
	}
	return NULL;
}

/* As a reactor does: registered on its own, quiescent once a turn. */
static void *read_as_reactor(void *arg)
{
	member *me = arg;
	nc_qsbr_reader *self = nc_qsbr_register();
	while (!me->c->stop) {
		check_root(me->c, nc_db_root(me->c->db));
		check_root(me->c, nc_db_read_begin(me->c->db)); /* read_end may be skipped */
		nc_qsbr_quiesce(self);
	}
	nc_qsbr_unregister(self);
	return NULL;
}

static nc_code look_at_item(void *ctx, const nc_item *it)
{
	*(size_t *)ctx += nc_item_body(it).len;
	return NC_OK;
}

static nc_code look_at_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	uint64_t *last = ctx;
	(void)n;
	if (seq <= *last || entry.len == 0)
		return NC_E_INTERNAL;
	*last = seq;
	return NC_OK;
}

static void *read_store(void *arg)
{
	member *me = arg;
	uint64_t last = 0;
	while (!me->c->stop) {
		size_t bytes = 0;
		char body[64];
		nc_code code =
			nc_db_scan(me->c->db, K_OP, nc_str(""), 500, look_at_item, &bytes, NULL);
		me->failures += code != NC_OK;
		code = su_get(me->c->db, K_OP, "op_0_0", body, NULL);
		me->failures += code != NC_OK && code != NC_E_NOTFOUND;
		code = nc_db_read_lane(me->c->db, NC_LANE_EVENT, last, UINT32_MAX, 500,
			look_at_entry, &last, NULL);
		me->failures += code != NC_OK;
		nc_db_health h;
		nc_db_get_health(me->c->db, &h);
		me->failures += h.applied > h.seq + 4096;
		sched_yield();
	}
	return NULL;
}

/* Two of its own vms change their status, back and forth. */
static void *write_pairs(void *arg)
{
	member *me = arg;
	for (int i = 0; i < COMMITS; i++) {
		char a[40], b[40], op[40];
		int pair = me->which + WRITERS * (i % (VMS / 2 / WRITERS));
		int flip = i / (VMS / 2 / WRITERS) % 2;
		snprintf(a, sizeof(a), "vm_%d", 2 * pair);
		snprintf(b, sizeof(b), "vm_%d", 2 * pair + 1);
		snprintf(op, sizeof(op), "op_%d_%d", me->which, i);
		nc_txn *t = nc_txn_new(me->c->db);
		su_put_vm(t, a, a, flip ? "a" : "b", NULL, "some body");
		su_put_vm(t, b, b, flip ? "b" : "a", NULL, "some other body");
		su_put_op(t, op, "done", op, NC_COLD);
		nc_txn_append(t, NC_LANE_EVENT, nc_str("changed"));
		me->failures += nc_txn_commit(t, NULL, NULL) != NC_OK;
	}
	return NULL;
}

static void start(member *m, crowd *c, int which, void *(*fn)(void *))
{
	*m = (member){ .c = c, .which = which };
	pthread_create(&m->thread, NULL, fn, m);
}

static void readers_see_whole_roots_while_writers_go_on(void)
{
	memstore *m = memstore_new();
	crowd c = { .db = su_open(m) };
	REQUIRE(c.db != NULL);
	nc_txn *t = nc_txn_new(c.db);
	for (int i = 0; i < VMS; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%d", i);
		su_put_vm(t, id, id, i % 2 ? "b" : "a", NULL, "first body");
	}
	su_commit(t, NULL);
	member writers[WRITERS], readers[READERS], reactor, store;
	for (int i = 0; i < READERS; i++)
		start(&readers[i], &c, i, read_sections);
	start(&reactor, &c, 0, read_as_reactor);
	start(&store, &c, 0, read_store);
	for (int i = 0; i < WRITERS; i++)
		start(&writers[i], &c, i, write_pairs);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		CHECK_INT(writers[i].failures, 0);
	}
	c.stop = 1;
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i].thread, NULL);
	pthread_join(reactor.thread, NULL);
	pthread_join(store.thread, NULL);
	CHECK_INT(store.failures, 0);
	CHECK_INT(c.wrong, 0);
	CHECK(c.reads > 0 && c.roots > 1);
	CHECK_UINT(nc_db_seq(c.db), 2 + WRITERS * COMMITS);
	CHECK_UINT(su_faults(c.db), 0);
	nc_db_close(c.db);
	memstore_free(m);
}

/* A section that had no memory to register holds a lock instead. */
static void *read_without_memory(void *arg)
{
	member *me = arg;
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	for (int i = 0; i < 200; i++) {
		check_root(me->c, nc_db_read_begin(me->c->db));
		nc_db_read_end(me->c->db);
	}
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	return NULL;
}

static void section_works_without_memory_to_register(void)
{
	memstore *m = memstore_new();
	crowd c = { .db = su_open(m) };
	REQUIRE(c.db != NULL);
	nc_txn *t = nc_txn_new(c.db);
	for (int i = 0; i < VMS; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%d", i);
		su_put_vm(t, id, id, i % 2 ? "b" : "a", NULL, "first body");
	}
	su_commit(t, NULL);
	member writers[2], readers[2];
	for (int i = 0; i < 2; i++)
		start(&readers[i], &c, i, read_without_memory);
	for (int i = 0; i < 2; i++)
		start(&writers[i], &c, i, write_pairs);
	for (int i = 0; i < 2; i++) {
		pthread_join(readers[i].thread, NULL);
		pthread_join(writers[i].thread, NULL);
	}
	CHECK_INT(c.wrong, 0);
	CHECK_UINT(c.reads, 400);
	nc_db_close(c.db);
	memstore_free(m);
}

/* ---- closing while much is under way ---- */

static _Atomic int answered;
static void count_answer(void *arg, uint64_t seq, const nc_error *err)
{
	(void)seq;
	*(int *)arg += err == NULL;
	answered++;
}

static void *submit_many(void *arg)
{
	member *me = arg;
	for (int i = 0; i < 500; i++) {
		char id[40];
		snprintf(id, sizeof(id), "vm_%d_%d", me->which, i);
		nc_txn *t = nc_txn_new(me->c->db);
		su_put_vm(t, id, id, "x", NULL, id);
		su_put_op(t, id, "done", id, NC_COLD);
		nc_txn_append(t, NC_LANE_EVENT, nc_str("made"));
		nc_txn_submit(t, count_answer, &me->failures); /* counts successes here */
	}
	return NULL;
}

static void close_under_load_answers_all_and_loses_nothing(void)
{
	memstore *m = memstore_new();
	memstore_set_delay_us(m, 100);
	int total = 0;
	for (int round = 0; round < 4; round++) {
		crowd c = { .db = su_open(m) };
		member writers[WRITERS];
		REQUIRE(c.db != NULL);
		answered = 0;
		for (int i = 0; i < WRITERS; i++)
			start(&writers[i], &c, round * WRITERS + i, submit_many);
		for (int i = 0; i < WRITERS; i++)
			pthread_join(writers[i].thread, NULL);
		nc_db_close(c.db);
		CHECK_INT(answered, WRITERS * 500);
		for (int i = 0; i < WRITERS; i++) {
			CHECK_INT(writers[i].failures, 500);
			total += writers[i].failures;
		}
	}
	nc_db *db = su_open(m);
	REQUIRE(db != NULL);
	const nc_root *r = nc_db_read_begin(db);
	CHECK_UINT(nc_root_count(r, K_VM), (unsigned)total);
	nc_db_read_end(db);
	CHECK_UINT(su_faults(db), 0);
	nc_db_close(db);
	memstore_free(m);
}

/* ---- everything while the store fails now and then ---- */

static void *trouble(void *arg)
{
	member *me = arg;
	memstore *m = *(memstore **)(void *)(me + 1);
	const memstore_fault faults[] = { MS_REFUSE, MS_UNKNOWN_DONE, MS_UNKNOWN_LOST, MS_FULL };
	for (int i = 0; !me->c->stop; i++) {
		memstore_fail(
			m, i % 3 ? MS_APPEND : MS_MATERIALISE, 2, (uint64_t)(i % 2), faults[i % 4]);
		usleep(3000);
		memstore_heal(m);
		usleep(2000);
	}
	return NULL;
}

static void *write_what_works(void *arg)
{
	member *me = arg;
	for (int i = 0; i < 300; i++) {
		char id[40];
		nc_code code;
		snprintf(id, sizeof(id), "vm_%d_%d", me->which, i);
		do {
			code = su_vm(me->c->db, id, id, "x", NULL);
			if (code != NC_OK)
				usleep(1000);
		} while (code == NC_E_UNAVAILABLE);
		me->failures += code != NC_OK;
	}
	return NULL;
}

static void retries_bring_everything_through_a_store_in_trouble(void)
{
	memstore *m = memstore_new();
	crowd c = { .db = su_open(m) };
	struct {
		member m;
		memstore *store;
	} bad = { .store = m };
	member writers[WRITERS];
	REQUIRE(c.db != NULL);
	start(&bad.m, &c, 0, trouble);
	for (int i = 0; i < WRITERS; i++)
		start(&writers[i], &c, i, write_what_works);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		CHECK_INT(writers[i].failures, 0);
	}
	c.stop = 1;
	pthread_join(bad.m.thread, NULL);
	memstore_heal(m);
	while (nc_db_flush(c.db, NULL) != NC_OK)
		usleep(1000);
	CHECK_UINT(su_faults(c.db), 0);
	nc_db_close(c.db);
	c.db = su_open(m);
	REQUIRE(c.db != NULL);
	const nc_root *r = nc_db_read_begin(c.db);
	CHECK_UINT(nc_root_count(r, K_VM), WRITERS * 300);
	nc_db_read_end(c.db);
	nc_db_close(c.db);
	memstore_free(m);
}

NC_TESTS(store_threads){
	T(readers_see_whole_roots_while_writers_go_on),
	T(section_works_without_memory_to_register),
	T(close_under_load_answers_all_and_loses_nothing),
	T(retries_bring_everything_through_a_store_in_trouble),
};
