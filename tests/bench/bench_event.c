/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event to 10,000 subscribers in this process: from the commit that holds it until the last of
 * them has it and sleeps again. They are served as connections are, by a few threads with many
 * each: a wake-up puts the subscriber into the inbox of its thread, which pulls. Beside it the same
 * threads, inboxes and subscribers with a pointer in place of the log, each copying the event out.
 *
 *   bench_event [--quick]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "bench.h"
#include "event/event.h"
#include "memstore.h"

enum { SUBSCRIBERS = 10000, ROUNDS = 300, ROUNDS_QUICK = 30, READERS_MAX = 8, EVENT_BYTES = 400 };

typedef struct subscriber subscriber;

/* A thread that serves many subscribers. */
typedef struct reader {
	struct hall *hall;
	uint64_t thread;
	pthread_mutex_t inbox_lock;
	pthread_cond_t stir;
	subscriber *inbox; /* under inbox_lock, as is: */
	int is_stopping;
	uint32_t n_subscribers, n_got; /* its own */
} reader;

struct subscriber {
	subscriber *next; /* of an inbox */
	reader *reader;
	nc_sub *sub;
	uint64_t n_got;
	char copy[EVENT_BYTES];
};

typedef struct hall {
	memstore *store;
	nc_db *db;
	nc_events *ev;
	int n_readers;
	reader readers[READERS_MAX];
	subscriber *subs;
	const char *pointer; /* what is handed on; NULL = there is a log to pull from */
	pthread_mutex_t done_lock;
	pthread_cond_t done;
	int n_done; /* readers whose subscribers all have it */
} hall;

static void on_published(void *ctx, const nc_db_batch *b)
{
	hall *h = ctx;

	if (h->ev)
		nc_events_publish(h->ev, b);
}

/* ---- readers ---- */

static void on_wake(void *arg)
{
	subscriber *s = arg;
	reader *r = s->reader;

	pthread_mutex_lock(&r->inbox_lock);
	int was_empty = !r->inbox;
	s->next = r->inbox;
	r->inbox = s;
	if (was_empty)
		pthread_cond_signal(&r->stir);
	pthread_mutex_unlock(&r->inbox_lock);
}

static void on_event(void *arg, const nc_event *e, uint64_t seq, uint32_t n, nc_bytes entry)
{
	subscriber *s = arg;

	(void)e;
	(void)seq;
	(void)n;
	memcpy(s->copy, entry.ptr, entry.len < EVENT_BYTES ? entry.len : EVENT_BYTES);
	s->n_got++;
}

static void serve(subscriber *s)
{
	uint64_t before = s->n_got, oldest;
	nc_pull got = NC_PULL_IDLE;

	if (s->reader->hall->pointer) {
		memcpy(s->copy, s->reader->hall->pointer, EVENT_BYTES);
		s->n_got++;
	} else {
		do
			got = nc_sub_pull(s->sub, 64, on_event, s, &oldest);
		while (got == NC_PULL_EVENTS);
	}
	if (got != NC_PULL_IDLE)
		bench_die("a subscriber fell out of the ring", NULL);
	s->reader->n_got += (uint32_t)(s->n_got - before);
}

static void tell_if_done(reader *r)
{
	hall *h = r->hall;

	if (r->n_got < r->n_subscribers)
		return;
	r->n_got = 0;
	pthread_mutex_lock(&h->done_lock);
	if (++h->n_done == h->n_readers)
		pthread_cond_signal(&h->done);
	pthread_mutex_unlock(&h->done_lock);
}

static subscriber *take_inbox(reader *r, int *ret_is_stopping)
{
	pthread_mutex_lock(&r->inbox_lock);
	while (!r->inbox && !r->is_stopping)
		pthread_cond_wait(&r->stir, &r->inbox_lock);
	subscriber *all = r->inbox;
	*ret_is_stopping = r->is_stopping;
	r->inbox = NULL;
	pthread_mutex_unlock(&r->inbox_lock);
	return all;
}

static void *read_main(void *arg)
{
	reader *r = arg;
	int is_stopping = 0;

	while (!is_stopping) {
		subscriber *next;
		for (subscriber *s = take_inbox(r, &is_stopping); s; s = next) {
			next = s->next; /* it may be woken, and linked, as soon as it sleeps */
			serve(s);
		}
		tell_if_done(r);
	}
	return NULL;
}

/* ---- life ---- */

static const nc_kind_def kinds[] = { { .number = 1, .name = "vm", .shape = 1 } };

static void open_hall(hall *h)
{
	nc_error err = NC_ERROR_INIT;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	h->store = memstore_new();
	h->n_readers = cores < 2 ? 1 : cores > READERS_MAX ? READERS_MAX : (int)cores;
	pthread_mutex_init(&h->done_lock, NULL);
	pthread_cond_init(&h->done, NULL);
	nc_db_options o = { .table = &memstore_table,
		.inst = h->store,
		.node = "bench",
		.kinds = kinds,
		.n_kinds = 1,
		.hooks = { .ctx = h, .published = on_published } };
	if (nc_db_open(&o, &h->db, &err) != NC_OK ||
		nc_events_new(h->db, 1024, &h->ev, &err) != NC_OK)
		bench_die("open", &err);
	h->subs = calloc(SUBSCRIBERS, sizeof(*h->subs));
	if (!h->subs)
		bench_die("out of memory", NULL);
}

static void start_readers(hall *h)
{
	for (int i = 0; i < h->n_readers; i++) {
		reader *r = &h->readers[i];
		r->hall = h;
		pthread_mutex_init(&r->inbox_lock, NULL);
		pthread_cond_init(&r->stir, NULL);
		if (nc_thread_start(&r->thread, "reader", read_main, r) != 0)
			bench_die("no thread", NULL);
	}
}

/* All are put to sleep before the first event. */
static void subscribe_all(hall *h)
{
	nc_error err = NC_ERROR_INIT;
	uint64_t oldest;

	for (int i = 0; i < SUBSCRIBERS; i++) {
		subscriber *s = &h->subs[i];
		s->reader = &h->readers[i % h->n_readers];
		s->reader->n_subscribers++;
		nc_sub_options o = { .wake = on_wake, .arg = s };
		if (nc_sub_new(h->ev, &o, &s->sub, &err) != NC_OK)
			bench_die("subscribe", &err);
		if (nc_sub_pull(s->sub, 64, on_event, s, &oldest) != NC_PULL_IDLE)
			bench_die("there is an event before the first", NULL);
	}
}

static void close_hall(hall *h)
{
	for (int i = 0; i < h->n_readers; i++) {
		reader *r = &h->readers[i];
		pthread_mutex_lock(&r->inbox_lock);
		r->is_stopping = 1;
		pthread_cond_signal(&r->stir);
		pthread_mutex_unlock(&r->inbox_lock);
		nc_thread_join(r->thread);
	}
	for (int i = 0; i < SUBSCRIBERS; i++)
		nc_sub_free(h->subs[i].sub);
	nc_db_close(h->db);
	nc_events_free(h->ev);
	memstore_free(h->store);
	free(h->subs);
}

/* ---- rounds ---- */

static void wait_for_all(hall *h)
{
	pthread_mutex_lock(&h->done_lock);
	while (h->n_done < h->n_readers)
		pthread_cond_wait(&h->done, &h->done_lock);
	h->n_done = 0;
	pthread_mutex_unlock(&h->done_lock);
}

static void emit(hall *h)
{
	char data[200];
	nc_error err = NC_ERROR_INIT;
	nc_txn *t = nc_txn_new(h->db);

	memset(data, 'x', sizeof(data));
	memcpy(data, "{\"a\":\"", 6);
	memcpy(data + sizeof(data) - 2, "\"}", 2);
	nc_event_add(t, &(nc_event){ .ts_ms = 1,
				.type = "vm.started",
				.topic = "vm",
				.key = "vm_01M7XXA78SAPRQWC8JE99RQ001",
				.name = "web-1",
				.project = "prj_01M7XXA78SAPRQWC8JE99RQ001",
				.actor = "unix:0",
				.op_id = "op_01M7XXA78SAPRQWC8JE99RQ001",
				.object_revision = 3,
				.data = { data, sizeof(data) } });
	if (nc_txn_commit(t, NULL, &err) != NC_OK)
		bench_die("commit", &err);
}

static void run_events(hall *h, int rounds, bench_samples *all, bench_samples *committed)
{
	for (int i = 0; i < rounds + 3; i++) {
		double t0 = bench_now_us();
		emit(h);
		double t1 = bench_now_us();
		wait_for_all(h);
		if (i < 3)
			continue;
		bench_sample(all, bench_now_us() - t0);
		bench_sample(committed, t1 - t0);
	}
}

static void run_pointers(hall *h, int rounds, bench_samples *all)
{
	static char event[EVENT_BYTES];

	for (int i = 0; i < rounds; i++) {
		double t0 = bench_now_us();
		h->pointer = event;
		for (int k = 0; k < SUBSCRIBERS; k++)
			on_wake(&h->subs[k]);
		wait_for_all(h);
		bench_sample(all, bench_now_us() - t0);
	}
	h->pointer = NULL;
}

int main(int argc, char **argv)
{
	static hall h;
	int rounds = bench_is_quick(argc, argv) ? ROUNDS_QUICK : ROUNDS;
	bench_samples all, committed, pointers;
	bench_row r;

	nc_log_set_level(L_ERROR);
	bench_samples_init(&all, (size_t)rounds);
	bench_samples_init(&committed, (size_t)rounds);
	bench_samples_init(&pointers, (size_t)rounds);
	open_hall(&h);
	subscribe_all(&h);
	start_readers(&h);
	run_events(&h, rounds, &all, &committed);
	run_pointers(&h, rounds, &pointers);
	close_hall(&h);
	double p50 = bench_percentile(&all, 50), yard = bench_percentile(&pointers, 50);
	bench_row_begin(&r, "one event to 10,000 subscribers", NULL);
	bench_row_value(&r, "p50 %.1f ms, p99 %.1f ms; %.0f ns each", p50 / 1e3,
		bench_percentile(&all, 99) / 1e3, p50 * 1e3 / SUBSCRIBERS);
	bench_row_yardstick(
		&r, "a pointer to as many, same %d threads: %.1f ms", h.n_readers, yard / 1e3);
	bench_row_number(&r, "p50_us", p50);
	bench_row_number(&r, "p99_us", bench_percentile(&all, 99));
	bench_row_number(&r, "each_ns", p50 * 1e3 / SUBSCRIBERS);
	bench_row_number(&r, "commit_p50_us", bench_percentile(&committed, 50));
	bench_row_number(&r, "pointer_p50_us", yard);
	bench_row_number(&r, "threads", h.n_readers);
	bench_row_end(&r);
	bench_samples_done(&all);
	bench_samples_done(&committed);
	bench_samples_done(&pointers);
	return 0;
}
