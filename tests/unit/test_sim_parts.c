/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the simulated provider: map, heap, memory of keys, contents of disks. */
#include <stdlib.h>
#include <string.h>

#include "sim/disk_data.h"
#include "sim/heap.h"
#include "sim/map.h"
#include "sim/ops.h"
#include "testing.h"

enum { N_KEYS = 300 };

static void the_map_agrees_with_a_plain_list(void)
{
	static char keys[N_KEYS][16];
	void *there[N_KEYS] = { NULL };
	sim_map m = { NULL, 0, 0 };
	size_t n = 0;

	for (int i = 0; i < N_KEYS; i++)
		(void)snprintf(keys[i], sizeof(keys[i]), "key-%d", i);
	for (int step = 0; step < 20000; step++) {
		size_t k = nc_test_random() % N_KEYS;

		if (nc_test_random() % 3) {
			REQUIRE(sim_map_reserve(&m, 1));
			sim_map_put(&m, keys[k], &keys[(k + 1) % N_KEYS]);
			n += !there[k];
			there[k] = &keys[(k + 1) % N_KEYS];
		} else {
			sim_map_del(&m, keys[k]);
			n -= there[k] != NULL;
			there[k] = NULL;
		}
		k = nc_test_random() % N_KEYS;
		REQUIRE(sim_map_get(&m, keys[k]) == there[k] && m.n == n);
	}
	for (int i = 0; i < N_KEYS; i++)
		CHECK(sim_map_get(&m, keys[i]) == there[i]);
	sim_map_done(&m);
}

static void timers_come_by_time_and_then_by_order(void)
{
	enum { N = 500 };
	static sim_timer t[N];
	sim_heap h = { NULL, 0, 0, 0 };
	uint64_t due = 0, order = 0;
	size_t n = 0;

	memset(t, 0, sizeof(t));
	for (int i = 0; i < N; i++) {
		REQUIRE(sim_heap_reserve(&h, 1));
		sim_heap_put(&h, &t[i], nc_test_random() % 50);
	}
	for (int i = 0; i < N; i += 3)
		sim_heap_remove(&h, &t[i]);
	for (int i = 0; i < N; i += 5)
		if (t[i].at)
			sim_heap_put(&h, &t[i], nc_test_random() % 50);
	for (sim_timer *f; (f = sim_heap_first(&h)); n++) {
		CHECK(f->due_ns > due || (f->due_ns == due && f->order > order));
		due = f->due_ns;
		order = f->order;
		sim_heap_remove(&h, f);
	}
	CHECK_UINT(n, N - (N + 2) / 3);
	sim_heap_remove(&h, &t[1]); /* not in it any more */
	sim_heap_done(&h);
}

static sim_end_doc *make_end(const char *key, int64_t attempt)
{
	sim_end_doc end = {
		.key = key, .verb = "v", .attempt = attempt, .outcome = SIM_OUTCOME_DONE
	};

	return nc_msg_pack(&sim_end_doc_msg, &end);
}

static void keys_are_forgotten_from_the_oldest_on(void)
{
	sim_ops ops = { .oldest = NULL };
	char key[16];

	for (int i = 0; i < 100; i++) {
		sim_op *op;

		(void)snprintf(key, sizeof(key), "k%d", i);
		op = sim_ops_add(&ops, key);
		sim_ops_end(&ops, op, make_end(key, 1), 20);
	}
	CHECK_UINT(ops.n_ended, 20);
	CHECK(!sim_ops_get(&ops, "k79"));
	CHECK(sim_ops_get(&ops, "k80") != NULL);
	/* What ends again is the newest again. */
	sim_ops_end(&ops, sim_ops_get(&ops, "k80"), make_end("k80", 2), 20);
	ops.walk = ops.oldest;
	CHECK_STR(ops.walk->key, "k81");
	sim_ops_end(&ops, sim_ops_add(&ops, "new"), make_end("new", 1), 20);
	CHECK_STR(ops.walk->key, "k82"); /* the walk goes on past what was forgotten */
	CHECK_INT(sim_ops_get(&ops, "k80")->end->attempt, 2);
	CHECK(!sim_ops_get(&ops, "k81"));
	sim_ops_done(&ops);
}

static void a_disk_reads_the_same_in_pieces_as_whole(void)
{
	enum { WHOLE = 200000 };
	static char whole[WHOLE], piece[WHOLE];
	sim_disk_id disk = { sim_disk_seed("guest", "disk0"), 1ull << 30 };
	uint64_t from = (1ull << 20) - 5000; /* over the end of a run */

	sim_disk_read(&disk, from, whole, WHOLE);
	for (size_t at = 0; at < WHOLE;) {
		size_t n = 1 + nc_test_random() % 5000;

		n = n < WHOLE - at ? n : WHOLE - at;
		sim_disk_read(&disk, from + at, piece + at, n);
		at += n;
	}
	CHECK_MEM(piece, whole, WHOLE);
}

static void runs_of_data_lie_apart_within_the_disk(void)
{
	for (uint64_t gib = 1; gib < 200; gib += 13) {
		sim_disk_id disk = { gib, gib << 30 };
		uint64_t offset, len, end = 0;
		unsigned n = 0;

		for (; sim_disk_run(&disk, n, &offset, &len); n++) {
			char in[8] = { 0 }, out[8] = { 1 };

			CHECK(offset >= end && len > 0 && offset + len <= disk.size_bytes);
			end = offset + len;
			sim_disk_read(&disk, offset, in, 8);
			CHECK(memcmp(in, "\0\0\0\0\0\0\0\0", 8) != 0);
			sim_disk_read(&disk, disk.size_bytes, out, 8);
			CHECK_MEM(out, "\0\0\0\0\0\0\0\0", 8);
		}
		CHECK_UINT(n, 64);
	}
}

NC_TESTS(sim_parts){
	T(the_map_agrees_with_a_plain_list),
	T(timers_come_by_time_and_then_by_order),
	T(keys_are_forgotten_from_the_oldest_on),
	T(a_disk_reads_the_same_in_pieces_as_whole),
	T(runs_of_data_lie_apart_within_the_disk),
};
