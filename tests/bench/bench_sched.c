/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A placement decision with 1,000 and with 10,000 hosts: nc_sched_place with its decision record,
 * and the same with claim, decision and commit over a store in memory, so that no disk is in it.
 * Half of the hosts' room is taken, unevenly; two in a hundred are down. Beside it what there is to
 * look through at least: three counters a host, once, for the tightest that fits.
 *
 *   bench_sched [--quick]
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/log.h"
#include "bench.h"
#include "memstore.h"
#include "model/host.h"
#include "model/model.h"
#include "model/provider.h"
#include "sched/sched.h"

enum { ROUNDS = 5000, ROUNDS_QUICK = 500, PUT_AT_ONCE = 250 };
static const int64_t want[NC_RES_COUNT] = { 2, 4096, 40 };

typedef struct farm {
	memstore *store;
	nc_db *db;
	nc_sched *s;
	nc_arena *arena; /* what is put before the clock runs */
	const char *provider;
	uint32_t random;
} farm;

static void on_published(void *ctx, const nc_db_batch *b)
{
	farm *f = ctx;

	if (f->s)
		nc_sched_apply(f->s, b);
}

static void open_farm(farm *f, nc_sched_algorithm algorithm)
{
	nc_error err = NC_ERROR_INIT;

	*f = (farm){
		.store = memstore_new(), .arena = nc_arena_new(512u << 20), .random = 2463534242u
	};
	nc_db_options o = { .table = &memstore_table,
		.inst = f->store,
		.node = "bench",
		.hooks = { .ctx = f, .published = on_published, .upgrade = nc_model_upgrade } };
	o.kinds = nc_model_kind_defs(&o.n_kinds);
	if (nc_db_open(&o, &f->db, &err) != NC_OK)
		bench_die("open", &err);
	nc_sched_options so = {
		.algorithm = algorithm,
		.vcpu_ratio = 4,
		.memory_ratio = 1,
		.disk_ratio = 1,
		.reserve_memory_mib = 2048,
		.db = f->db,
	};
	if (nc_sched_new(&so, &f->s, &err) != NC_OK)
		bench_die("scheduler", &err);
	const nc_root *r = nc_db_read_begin(f->db);
	nc_code rc = nc_sched_load(f->s, r, &err);
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		bench_die("load", &err);
}

static void close_farm(farm *f)
{
	nc_db_close(f->db);
	nc_sched_free(f->s);
	memstore_free(f->store);
	nc_arena_free(f->arena);
}

static void put(nc_txn *t, nc_object *o)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_model_put(t, o, &err) != NC_OK)
		bench_die("put", &err);
}

static void commit(nc_txn *t)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_txn_commit(t, NULL, &err) != NC_OK)
		bench_die("commit", &err);
}

static nc_object *new_object(farm *f, const nc_kind *k, const char *name)
{
	nc_object *o = nc_object_new(k, f->arena);

	if (!o || !(o->name = nc_arena_strdup(f->arena, name)))
		bench_die("out of memory", NULL);
	return o;
}

static void put_provider(farm *f)
{
	nc_txn *t = nc_txn_new(f->db);
	nc_object *o = new_object(f, &nc_kind_provider, "farm");

	NC_AS(nc_provider, o)->plugin = "novacron.sim";
	NC_AS(nc_provider, o)->is_enabled = 1;
	put(t, o);
	commit(t);
	f->provider = o->id;
}

/* What is taken already stands in its books as reserved: to a placement it is the same. */
static nc_object *make_host(farm *f, int n)
{
	static const int64_t sizes[] = { 32, 64, 128 };
	char name[32];

	snprintf(name, sizeof(name), "host-%05d", n);
	nc_object *o = new_object(f, &nc_kind_host, name);
	nc_host_obj *h = NC_AS(nc_host_obj, o);
	h->provider = f->provider;
	h->reach = bench_random(&f->random) % 50 ? NC_HOST_UP : NC_HOST_DOWN;
	h->vcpus = sizes[bench_random(&f->random) % 3];
	h->memory_mib = h->vcpus * 8192;
	h->disk_gib = h->vcpus * 125;
	h->vcpu_ratio = 4;
	h->memory_ratio = h->disk_ratio = 1;
	h->reserved_vcpus = bench_random(&f->random) % (uint32_t)h->vcpus;
	h->reserved_memory_mib = 1 + bench_random(&f->random) % (uint32_t)h->memory_mib;
	h->reserved_disk_gib = bench_random(&f->random) % (uint32_t)h->disk_gib;
	return o;
}

static void put_hosts(farm *f, int n)
{
	for (int i = 0; i < n;) {
		nc_txn *t = nc_txn_new(f->db);
		for (int j = 0; j < PUT_AT_ONCE && i < n; j++, i++)
			put(t, make_host(f, i));
		commit(t);
	}
}

/* ---- what is measured ---- */

static double place(farm *f, const nc_place_req *req, nc_buf *decision)
{
	nc_error err = NC_ERROR_INIT;
	nc_placement p;
	double t0 = bench_now_us();
	const nc_root *r = nc_db_read_begin(f->db);
	nc_code rc = nc_sched_place(f->s, r, req, &p, decision, &err);

	nc_db_read_end(f->db);
	if (rc != NC_OK)
		bench_die("place", &err);
	return bench_now_us() - t0;
}

/* As the operation does it: decision, claim, and the record that holds both. */
static double place_and_claim(farm *f, const nc_place_req *req, nc_buf *decision)
{
	nc_error err = NC_ERROR_INIT;
	nc_placement p;
	double t0 = bench_now_us();
	nc_txn *t = nc_txn_new(f->db);
	const nc_root *r = nc_db_read_begin(f->db);
	nc_code rc = nc_sched_place(f->s, r, req, &p, decision, &err);

	if (rc == NC_OK)
		rc = nc_sched_claim(f->s, t, r, req, &p, &err);
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		bench_die("claim", &err);
	nc_txn_put(t, NC_KIND_DECISION, nc_str(p.decision_id), NULL, 0, nc_buf_bytes(decision),
		NC_COLD);
	commit(t);
	return bench_now_us() - t0;
}

static void measure(farm *f, int rounds, double (*act)(farm *, const nc_place_req *, nc_buf *),
	bench_samples *ret)
{
	char id[NC_ID_MAX];
	nc_buf decision;

	nc_buf_init(&decision, 64u << 10);
	bench_samples_init(ret, (size_t)rounds);
	for (int i = 0; i < rounds + 20; i++) {
		nc_id_make("vm", id);
		nc_place_req req = { .consumer = id, .want = { want[0], want[1], want[2] } };
		nc_buf_reset(&decision);
		double us = act(f, &req, &decision);
		if (i >= 20) /* caches are warm by then */
			bench_sample(ret, us);
	}
	nc_buf_done(&decision);
}

/* ---- the yardstick ---- */

static void scan_arrays(int n_hosts, int rounds, bench_samples *ret)
{
	int64_t *room = malloc((size_t)n_hosts * NC_RES_COUNT * sizeof(*room));
	uint32_t x = 88172645u;
	volatile int chosen = -1;

	if (!room)
		bench_die("out of memory", NULL);
	for (int i = 0; i < n_hosts * NC_RES_COUNT; i++)
		room[i] = want[i / n_hosts] * (int64_t)(bench_random(&x) % 100) / 10;
	bench_samples_init(ret, (size_t)rounds);
	for (int k = 0; k < rounds; k++) {
		double t0 = bench_now_us();
		int64_t best = INT64_MAX;
		for (int i = 0; i < n_hosts; i++) {
			int64_t left = 0;
			for (int res = 0; res < NC_RES_COUNT; res++) {
				int64_t rest = room[res * n_hosts + i] - want[res];
				left = rest < 0 || left < 0 ? -1 : left + rest;
			}
			if (left < 0 || left >= best)
				continue;
			best = left;
			chosen = i;
		}
		bench_sample(ret, bench_now_us() - t0);
	}
	if (chosen < 0)
		bench_die("the scan found nothing", NULL);
	free(room);
}

static void print(
	const char *what, int n_hosts, bench_samples *s, bench_samples *yard, double first)
{
	char figure[80];
	bench_row r;
	double p50 = bench_percentile(s, 50), p99 = bench_percentile(s, 99);
	double scan = bench_percentile(yard, 50);

	snprintf(figure, sizeof(figure), "%s, %d,000 hosts", what, n_hosts / 1000);
	bench_row_begin(&r, figure, NULL);
	bench_row_value(&r, "p50 %.0f us, p99 %.0f us", p50, p99);
	bench_row_yardstick(&r, "scan of %d x 3 counters: %.0f us", n_hosts, scan);
	bench_row_number(&r, "p50_us", p50);
	bench_row_number(&r, "p99_us", p99);
	bench_row_number(&r, "scan_p50_us", scan);
	if (first > 0)
		bench_row_number(&r, "first_fit_p50_us", first);
	bench_row_end(&r);
}

static double first_fit_p50_us(int n_hosts, int rounds)
{
	farm f;
	bench_samples s;

	open_farm(&f, NC_SCHED_FIRST_FIT);
	put_provider(&f);
	put_hosts(&f, n_hosts);
	measure(&f, rounds, place, &s);
	double p50 = bench_percentile(&s, 50);
	bench_samples_done(&s);
	close_farm(&f);
	return p50;
}

static void bench_hosts(int n_hosts, int rounds)
{
	farm f;
	bench_samples placed, claimed, scanned;

	open_farm(&f, NC_SCHED_BEST_FIT);
	put_provider(&f);
	put_hosts(&f, n_hosts);
	measure(&f, rounds, place, &placed);
	scan_arrays(n_hosts, rounds, &scanned);
	measure(&f, rounds, place_and_claim, &claimed);
	close_farm(&f);
	print("placement decision", n_hosts, &placed, &scanned, first_fit_p50_us(n_hosts, rounds));
	print("placed, claimed and committed", n_hosts, &claimed, &scanned, 0);
	bench_samples_done(&placed);
	bench_samples_done(&claimed);
	bench_samples_done(&scanned);
}

int main(int argc, char **argv)
{
	int rounds = bench_is_quick(argc, argv) ? ROUNDS_QUICK : ROUNDS;

	nc_log_set_level(L_ERROR);
	bench_hosts(1000, rounds);
	bench_hosts(10000, rounds);
	return 0;
}
