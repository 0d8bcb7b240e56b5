/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/atomics.h"
#include "base/log.h"
#include "base/pool.h"
#include "event/event.h"
#include "store_util.h"

/* Subscribers: every event once and in order, or a gap that is told; never waited for. */

typedef struct log_world {
	memstore *m;
	nc_db *db;
	nc_events *ev;
} log_world;

static void on_published(void *ctx, const nc_db_batch *b)
{
	log_world *w = ctx;

	if (w->ev)
		nc_events_publish(w->ev, b);
}

static int open_log(log_world *w, uint32_t ring)
{
	nc_error err = NC_ERROR_INIT;

	nc_log_set_level(L_ERROR);
	if (!w->m)
		w->m = memstore_new();
	nc_db_options o = su_options(w->m);
	o.hooks.ctx = w;
	o.hooks.published = on_published;
	if (!CHECK_OK(nc_db_open(&o, &w->db, &err), &err))
		return 0;
	return CHECK_OK(nc_events_new(w->db, ring, &w->ev, &err), &err);
}

static void close_log(log_world *w)
{
	nc_events *ev = nc_steal(&w->ev);

	nc_db_close(w->db);
	nc_events_free(ev);
}

static void free_log(log_world *w)
{
	close_log(w);
	memstore_free(w->m);
}

/* One record with n events called <type>-<serial>. */
static void emit_as(log_world *w, const char *type, const char *project, int n)
{
	static nc_loose64 serial;
	nc_txn *t = nc_txn_new(w->db);

	for (int i = 0; i < n; i++) {
		char name[32];
		nc_loose64_add(&serial, 1);
		snprintf(name, sizeof(name), "n-%lld", (long long)nc_loose64_get(&serial));
		nc_event_add(t, &(nc_event){ .ts_ms = 1,
					.type = type,
					.topic = strncmp(type, "vm.", 3) ? "host" : "vm",
					.name = name,
					.project = project });
	}
	if (!n) /* a record without any */
		nc_txn_append(t, NC_LANE_AUDIT, nc_str("x"));
	nc_txn_commit(t, NULL, NULL);
}

static void emit(log_world *w, int n)
{
	emit_as(w, "vm.started", NULL, n);
}

typedef struct reader {
	nc_sub *sub;
	nc_beacon32 n_wakes;
	uint64_t seq;
	uint32_t n;
	int n_events, n_gaps, is_disordered, from_store;
	uint64_t oldest;
} reader;

static void on_wake(void *arg)
{
	reader *r = arg;

	nc_beacon32_set(&r->n_wakes, nc_beacon32_get(&r->n_wakes) + 1);
}

static void on_event(void *arg, const nc_event *e, uint64_t seq, uint32_t n, nc_bytes entry)
{
	reader *r = arg;

	(void)entry;
	int is_next = r->seq == seq ? n == r->n + 1 : seq > r->seq && n == 0;
	/* Where it begins in the middle of a record, or not all are wanted, order is all. */
	int is_after = seq > r->seq || (seq == r->seq && (n > r->n || r->n == UINT32_MAX));
	if (!is_next && !is_after)
		r->is_disordered = 1;
	if (!e->type)
		r->is_disordered = 1;
	r->seq = seq;
	r->n = n;
	r->n_events++;
}

static int subscribe_as(log_world *w, reader *r, nc_sub_options o)
{
	nc_error err = NC_ERROR_INIT;

	*r = (reader){ .n = UINT32_MAX };
	o.wake = on_wake;
	o.arg = r;
	return CHECK_OK(nc_sub_new(w->ev, &o, &r->sub, &err), &err);
}

static int subscribe(log_world *w, reader *r, const char *after)
{
	return subscribe_as(w, r, (nc_sub_options){ .after = after });
}

/* Until there is nothing more; the last answer. */
static nc_pull drain_by(reader *r, uint32_t max)
{
	nc_error err = NC_ERROR_INIT;
	nc_pull got;

	do {
		got = nc_sub_pull(r->sub, max, on_event, r, &r->oldest);
		if (got == NC_PULL_NEEDS_STORE) {
			r->from_store++;
			got = nc_sub_catch_up(r->sub, max, on_event, r, &r->oldest, &err);
		}
		r->n_gaps += got == NC_PULL_GAP;
	} while (got == NC_PULL_EVENTS || got == NC_PULL_GAP);
	return got;
}

static nc_pull drain(reader *r)
{
	return drain_by(r, 64);
}

static int wait_for_wake(reader *r, uint32_t n)
{
	for (int i = 0; i < 5000 && nc_beacon32_get(&r->n_wakes) < n; i++)
		usleep(1000);
	return nc_beacon32_get(&r->n_wakes) >= n;
}

/* ---- live ---- */

static void a_sleeper_is_woken_once_and_finds_all(void)
{
	log_world w = { .m = NULL };
	reader r;
	REQUIRE(open_log(&w, 100));
	emit(&w, 3); /* before it came */
	REQUIRE(subscribe(&w, &r, NULL));
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 0);
	emit(&w, 2);
	emit(&w, 0);
	CHECK(wait_for_wake(&r, 1));
	emit(&w, 1);
	emit(&w, 1);
	usleep(20000);
	CHECK_UINT(nc_beacon32_get(&r.n_wakes), 1); /* it is awake: told already */
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 4);
	CHECK(!r.is_disordered);
	emit(&w, 1);
	CHECK(wait_for_wake(&r, 2));
	CHECK_INT(r.from_store, 0);
	nc_sub_free(r.sub);
	free_log(&w);
}

static void pulls_are_bounded_and_go_on_within_a_record(void)
{
	log_world w = { .m = NULL };
	reader r;
	REQUIRE(open_log(&w, 100));
	REQUIRE(subscribe(&w, &r, NULL));
	emit(&w, 10);
	CHECK_INT(nc_sub_pull(r.sub, 3, on_event, &r, &r.oldest), NC_PULL_EVENTS);
	CHECK_INT(r.n_events, 3);
	char cursor[64];
	nc_sub_cursor(r.sub, cursor);
	reader again;
	REQUIRE(subscribe(&w, &again, cursor));
	CHECK_INT(drain(&again), NC_PULL_IDLE);
	CHECK_INT(again.n_events, 7);
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 10);
	nc_sub_free(r.sub);
	nc_sub_free(again.sub);
	free_log(&w);
}

static void filters_pass_over_what_is_not_wanted(void)
{
	static const char *const topics[] = { "vm" }, *types[] = { "vm.*" },
				 *one[] = { "host.up", "vm.stopped" };
	log_world w = { .m = NULL };
	reader r[6];
	REQUIRE(open_log(&w, 100));
	const nc_sub_options o[] = { { .project = "p1" }, { .topics = topics, .n_topics = 1 },
		{ .topics = types, .n_topics = 1 }, { .topics = one, .n_topics = 2 },
		{ .topics = one, .n_topics = 2, .project = "p2" }, { .n_topics = 0 } };
	for (int i = 0; i < 6; i++)
		REQUIRE(subscribe_as(&w, &r[i], o[i]));
	emit_as(&w, "vm.started", "p1", 2);
	emit_as(&w, "vm.stopped", "p2", 3);
	emit_as(&w, "host.up", NULL, 5);
	emit_as(&w, "vmware.up", "p1", 7);
	const int want[] = { 9, 5, 5, 8, 3, 17 };
	for (int i = 0; i < 6; i++) {
		CHECK_INT(drain(&r[i]), NC_PULL_IDLE);
		CHECK_INT(r[i].n_events, want[i]);
		CHECK(!r[i].is_disordered);
		nc_sub_free(r[i].sub);
	}
	free_log(&w);
}

/* ---- from the store ---- */

static void a_slow_one_goes_on_from_the_store_without_loss(void)
{
	log_world w = { .m = NULL };
	reader r;
	REQUIRE(open_log(&w, 16));
	REQUIRE(subscribe(&w, &r, NULL));
	for (int i = 0; i < 100; i++) {
		emit(&w, 1 + i % 4);
		if (i == 50)
			CHECK_OK(nc_db_flush(w.db, NULL), NULL); /* part of it is materialised */
	}
	CHECK_INT(drain_by(&r, 7), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 250);
	CHECK(!r.is_disordered);
	CHECK_INT(r.n_gaps, 0);
	CHECK(r.from_store > 0);
	nc_sub_free(r.sub);
	free_log(&w);
}

static void every_place_around_the_edge_of_the_ring_resumes_exactly(void)
{
	log_world w = { .m = NULL };
	char cursor[64];
	const char *log_id;
	REQUIRE(open_log(&w, 16));
	uint64_t first = nc_db_seq(w.db) + 1;
	for (int i = 0; i < 12; i++)
		emit(&w, 3); /* 36 events; the ring begins within a record */
	log_id = nc_db_log_id(w.db);
	for (uint64_t seq = first; seq < first + 12; seq++)
		for (uint32_t n = 0; n < 3; n++) {
			reader r;
			nc_cursor_format(log_id, seq, n, cursor);
			REQUIRE(subscribe(&w, &r, cursor));
			CHECK_INT(drain_by(&r, 5), NC_PULL_IDLE);
			CHECK_INT(r.n_events, 36 - (int)((seq - first) * 3 + n + 1));
			CHECK_INT(r.n_gaps, 0);
			CHECK(!r.is_disordered);
			nc_sub_free(r.sub);
		}
	free_log(&w);
}

static void a_cursor_is_good_after_a_restart(void)
{
	log_world w = { .m = NULL };
	reader r;
	char cursor[64];
	REQUIRE(open_log(&w, 100));
	REQUIRE(subscribe(&w, &r, NULL));
	emit(&w, 2);
	drain(&r);
	nc_sub_cursor(r.sub, cursor);
	emit(&w, 5);
	nc_sub_free(r.sub);
	close_log(&w);
	REQUIRE(open_log(&w, 100));
	REQUIRE(subscribe(&w, &r, cursor));
	emit(&w, 1);
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 6);
	CHECK(r.from_store > 0);
	CHECK_INT(r.n_gaps, 0);
	nc_sub_free(r.sub);
	free_log(&w);
}

static void what_was_published_before_the_hook_is_not_missed(void)
{
	log_world w = { .m = NULL };
	reader r;
	REQUIRE(open_log(&w, 100));
	REQUIRE(subscribe(&w, &r, NULL));
	emit(&w, 1);
	nc_events *ev = nc_steal(&w.ev);
	emit(&w, 4); /* unheard */
	w.ev = ev;
	emit(&w, 1);
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 6);
	CHECK(!r.is_disordered);
	nc_sub_free(r.sub);
	free_log(&w);
}

static void a_failing_store_is_reported_and_nothing_is_passed_over(void)
{
	log_world w = { .m = NULL };
	reader r;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(open_log(&w, 16));
	REQUIRE(subscribe(&w, &r, NULL));
	for (int i = 0; i < 40; i++)
		emit(&w, 1);
	CHECK_OK(nc_db_flush(w.db, NULL), NULL);
	CHECK_INT(nc_sub_pull(r.sub, 64, on_event, &r, &r.oldest), NC_PULL_NEEDS_STORE);
	memstore_fail(w.m, MS_SCAN, 1, 0, MS_REFUSE);
	CHECK_INT(nc_sub_catch_up(r.sub, 64, on_event, &r, &r.oldest, &err), NC_PULL_NEEDS_STORE);
	CHECK_CODE(err.code, NC_E_UNAVAILABLE);
	CHECK_INT(r.n_events, 0);
	memstore_heal(w.m);
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 40);
	nc_sub_free(r.sub);
	free_log(&w);
}

/* ---- gaps ---- */

static void who_falls_off_the_store_is_told_of_the_gap(void)
{
	log_world w = { .m = NULL };
	reader r, on_edge;
	char cursor[64];
	REQUIRE(open_log(&w, 16));
	REQUIRE(subscribe(&w, &r, NULL));
	for (int i = 0; i < 50; i++)
		emit(&w, 1);
	CHECK_OK(nc_db_flush(w.db, NULL), NULL);
	uint64_t oldest = nc_db_seq(w.db) - 29;
	CHECK_OK(nc_db_trim_lane(w.db, NC_LANE_EVENT, oldest, NULL), NULL);
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_gaps, 1);
	CHECK_UINT(r.oldest, oldest);
	CHECK_INT(r.n_events, 30);
	nc_sub_free(r.sub);
	/* Who had seen the last record before the edge has lost nothing; of half a record, who
	 * knows. */
	nc_cursor_format(nc_db_log_id(w.db), oldest - 1, UINT32_MAX, cursor);
	REQUIRE(subscribe(&w, &on_edge, cursor));
	CHECK_INT(drain(&on_edge), NC_PULL_IDLE);
	CHECK_INT(on_edge.n_gaps, 0);
	CHECK_INT(on_edge.n_events, 30);
	nc_sub_free(on_edge.sub);
	nc_cursor_format(nc_db_log_id(w.db), oldest - 1, 0, cursor);
	REQUIRE(subscribe(&w, &on_edge, cursor));
	CHECK_INT(drain(&on_edge), NC_PULL_IDLE);
	CHECK_INT(on_edge.n_gaps, 1);
	CHECK_INT(on_edge.n_events, 30);
	nc_sub_free(on_edge.sub);
	free_log(&w);
}

static void a_cursor_of_another_log_gets_a_gap_first(void)
{
	log_world w = { .m = NULL };
	reader r;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(open_log(&w, 100));
	emit(&w, 3);
	REQUIRE(subscribe(&w, &r, "01J00000000000000000000000.1000.0"));
	CHECK_INT(nc_sub_pull(r.sub, 64, on_event, &r, &r.oldest), NC_PULL_GAP);
	CHECK_UINT(r.oldest, 1);
	CHECK_INT(drain(&r), NC_PULL_IDLE);
	CHECK_INT(r.n_events, 3);
	CHECK_INT(r.n_gaps, 0);
	nc_sub_free(r.sub);
	nc_sub *none = NULL;
	nc_sub_options o = { .after = "5", .wake = on_wake };
	CHECK_CODE(nc_sub_new(w.ev, &o, &none, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "\"5\" is not a cursor");
	CHECK(none == NULL);
	free_log(&w);
}

/* ---- memory ---- */

static void subscribing_and_catching_up_survive_every_failed_allocation(void)
{
	static const char *const topics[] = { "vm", "host" };
	log_world w = { .m = NULL };
	nc_code rc = NC_OK;
	REQUIRE(open_log(&w, 16));
	uint64_t first = nc_db_seq(w.db);
	for (int i = 0; i < 40; i++)
		emit(&w, 1);
	char cursor[64];
	nc_cursor_format(nc_db_log_id(w.db), first, UINT32_MAX, cursor);
	NC_TORTURE(rc)
	{
		nc_sub_options o = { .after = cursor,
			.topics = topics,
			.n_topics = 2,
			.project = "p",
			.wake = on_wake };
		nc_sub *s = NULL;
		rc = nc_sub_new(w.ev, &o, &s, NULL);
		CHECK((rc == NC_OK) == (s != NULL));
		nc_sub_free(s);
	}
	NC_TORTURE(rc)
	{
		reader r = { .n = UINT32_MAX };
		nc_error err = NC_ERROR_INIT;
		nc_sub_options o = { .after = cursor, .wake = on_wake, .arg = &r };
		rc = nc_sub_new(w.ev, &o, &r.sub, &err);
		if (rc == NC_OK && nc_sub_catch_up(r.sub, 64, on_event, &r, &r.oldest, &err) ==
					   NC_PULL_NEEDS_STORE)
			rc = err.code;
		CHECK_INT(r.n_events, rc == NC_OK ? 40 : 0);
		nc_sub_free(r.sub);
	}
	NC_TORTURE(rc)
	{
		nc_events *ev = NULL;
		rc = nc_events_new(w.db, 100, &ev, NULL);
		CHECK((rc == NC_OK) == (ev != NULL));
		nc_events_free(ev);
	}
	free_log(&w);
}

typedef struct poor_log { /* its ring has no memory for some events */
	log_world w;
	nc_loose32 is_poor;
} poor_log;

static void on_poor_publish(void *ctx, const nc_db_batch *b)
{
	poor_log *p = ctx;

	if (!p->w.ev)
		return;
	if (nc_loose32_get(&p->is_poor))
		nc_alloc_fail_at(2, NC_FAIL_ONCE);
	nc_events_publish(p->w.ev, b);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
}

static void a_ring_without_memory_loses_no_event(void)
{
	poor_log p = { .w = { .m = memstore_new() } };
	nc_error err = NC_ERROR_INIT;
	reader r;
	nc_db_options o = su_options(p.w.m);
	o.hooks.ctx = &p;
	o.hooks.published = on_poor_publish;
	nc_log_set_level(L_ERROR);
	REQUIRE(nc_db_open(&o, &p.w.db, &err) == NC_OK);
	REQUIRE(nc_events_new(p.w.db, 100, &p.w.ev, &err) == NC_OK);
	REQUIRE(subscribe(&p.w, &r, NULL));
	int n = 0;
	for (int i = 0; i < 30; i++) {
		nc_loose32_set(&p.is_poor, i % 3 == 1);
		emit(&p.w, 3);
		n += 3;
		if (i % 5 == 4) {
			CHECK_INT(drain(&r), NC_PULL_IDLE);
			CHECK_INT(r.n_events, n);
		}
	}
	CHECK(!r.is_disordered);
	CHECK_INT(r.n_gaps, 0);
	CHECK(r.from_store > 0);
	nc_sub_free(r.sub);
	free_log(&p.w);
}

/* ---- threads ---- */

enum { READERS = 6, WRITERS = 2, RECORDS = 150 };

typedef struct thread_reader {
	log_world *w;
	int total, delay_us, is_restless;
	const char *start; /* cursor */
	/* What came of it. */
	int n_events, n_gaps, is_disordered, from_store, n_wakes;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	int is_woken;
} thread_reader;

static void wake_thread(void *arg)
{
	thread_reader *t = arg;

	pthread_mutex_lock(&t->lock);
	t->is_woken = 1;
	t->n_wakes++;
	pthread_cond_signal(&t->woken);
	pthread_mutex_unlock(&t->lock);
}

/* A wake that never comes shows as a test that never ends. */
static void sleep_until_woken(thread_reader *t)
{
	pthread_mutex_lock(&t->lock);
	while (!t->is_woken)
		pthread_cond_wait(&t->woken, &t->lock);
	t->is_woken = 0;
	pthread_mutex_unlock(&t->lock);
}

static void *read_main(void *arg)
{
	thread_reader *t = arg;
	reader r = { .n = UINT32_MAX };
	char cursor[64];
	snprintf(cursor, sizeof(cursor), "%s", t->start);
	while (r.n_events < t->total) {
		nc_sub_options o = { .after = cursor, .wake = wake_thread, .arg = t };
		if (nc_sub_new(t->w->ev, &o, &r.sub, NULL) != NC_OK)
			return NULL;
		do {
			nc_pull got = drain_by(&r, 10);
			if (t->delay_us)
				usleep((useconds_t)t->delay_us);
			if (got == NC_PULL_IDLE && r.n_events < t->total)
				sleep_until_woken(t);
		} while (r.n_events < t->total && !t->is_restless);
		nc_sub_cursor(r.sub, cursor);
		nc_sub_free(r.sub);
	}
	t->n_events = r.n_events;
	t->n_gaps = r.n_gaps;
	t->is_disordered = r.is_disordered;
	t->from_store = r.from_store;
	return NULL;
}

static void *write_main(void *arg)
{
	for (int i = 0; i < RECORDS; i++)
		emit(arg, 1 + i % 3);
	return NULL;
}

static void readers_at_any_pace_see_all_in_order(void)
{
	log_world w = { .m = NULL };
	thread_reader t[READERS];
	uint64_t thread[READERS + WRITERS];
	char start[64];
	REQUIRE(open_log(&w, 64));
	nc_cursor_format(nc_db_log_id(w.db), nc_db_seq(w.db), UINT32_MAX, start);
	for (int i = 0; i < READERS; i++) {
		t[i] = (thread_reader){ .w = &w,
			.total = WRITERS * RECORDS * 2,
			.start = start,
			.delay_us = i < 2 ? 0 : i * 1000,
			.is_restless = i % 2,
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.woken = PTHREAD_COND_INITIALIZER };
		REQUIRE(nc_thread_start(&thread[i], "reader", read_main, &t[i]) == 0);
	}
	for (int i = 0; i < WRITERS; i++)
		REQUIRE(nc_thread_start(&thread[READERS + i], "writer", write_main, &w) == 0);
	for (int i = 0; i < READERS + WRITERS; i++)
		nc_thread_join(thread[i]);
	for (int i = 0; i < READERS; i++) {
		CHECK_INT(t[i].n_events, t[i].total);
		CHECK_INT(t[i].n_gaps, 0);
		CHECK(!t[i].is_disordered);
	}
	free_log(&w);
}

NC_TESTS(event_sub){
	T(a_sleeper_is_woken_once_and_finds_all),
	T(pulls_are_bounded_and_go_on_within_a_record),
	T(filters_pass_over_what_is_not_wanted),
	T(a_slow_one_goes_on_from_the_store_without_loss),
	T(every_place_around_the_edge_of_the_ring_resumes_exactly),
	T(a_cursor_is_good_after_a_restart),
	T(what_was_published_before_the_hook_is_not_missed),
	T(a_failing_store_is_reported_and_nothing_is_passed_over),
	T(who_falls_off_the_store_is_told_of_the_gap),
	T(a_cursor_of_another_log_gets_a_gap_first),
	T(subscribing_and_catching_up_survive_every_failed_allocation),
	T(a_ring_without_memory_loses_no_event),
	T(readers_at_any_pace_see_all_in_order),
};
