/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include "base/clock.h"
#include "flow/sweep.h"
#include "model/operation.h"
#include "model/records.h"

/* What is destroyed without anybody's word: what the journal of this epoch says has failed. */

#define LATER_MS (nc_clock_wall_ms() + NC_SWEEP_AFTER_MS + 1)

typedef struct world {
	state st;
	nc_flow f;
	nc_op_driver driver;
	nc_arena *a;
} world;

static int world_open(world *w)
{
	nc_error err = NC_ERROR_INIT;

	*w = (world){ .a = nc_arena_new(4u << 20) };
	if (!w->a || !state_open(&w->st))
		return 0;
	w->f.db = w->st.db;
	/* Never started: what it is given stays pending. */
	nc_ops_options o = { .db = w->st.db, .driver = &w->driver, .user = &w->f, .workers = 1 };
	return CHECK_OK(nc_ops_new(&o, &w->f.ops, &err), &err) &&
	       CHECK_OK(nc_ops_register(w->f.ops, &nc_flow_orphan_delete, &err), &err);
}

static void world_close(world *w)
{
	nc_ops_free(w->f.ops);
	state_free(&w->st);
	nc_arena_free(w->a);
}

static const char *put_operation(world *w, nc_operation_state how, const char *object)
{
	nc_object *o = nc_object_new(&nc_kind_operation, w->a);
	nc_operation *op = NC_AS(nc_operation, o);

	op->verb = "vm.create";
	op->actor = "uid:0";
	op->state = how;
	op->epoch = nc_db_epoch(w->st.db);
	op->target = (nc_op_target){ .kind = "vm", .id = object };
	op->ended_at_ms = nc_clock_wall_ms();
	nc_txn *t = nc_txn_new(w->st.db);
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_ops_put(t, op, &err), &err);
	CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
	return o->id;
}

static nc_object *put_orphan(world *w, const char *object, const char *operation)
{
	nc_object *o = nc_object_new(&nc_kind_orphan, w->a);
	nc_orphan *orphan = NC_AS(nc_orphan, o);

	o->status = "listed";
	orphan->provider = "prv_01ARZ3NDEKTSV4RRFFQ69G5FAV";
	orphan->native_id = "n";
	orphan->native_kind = "guest";
	orphan->tag_object = object;
	orphan->tag_operation = operation;
	orphan->tag_epoch = nc_db_epoch(w->st.db);
	orphan->reason = NC_ORPHAN_GONE;
	orphan->found_at_ms = nc_clock_wall_ms();
	state_put(&w->st, o);
	return o;
}

static int is_swept(world *w, const nc_object *orphan)
{
	nc_object *now = state_get(&w->st, &nc_kind_orphan, orphan->id, w->a);

	return now && !strcmp(now->status, "deleting");
}

static void what_an_operation_left_behind_that_failed_is_swept(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;

	REQUIRE(world_open(&w));
	nc_object *failed = put_orphan(&w, "vm_01", put_operation(&w, NC_OPER_FAILED, "vm_01"));
	nc_object *canceled = put_orphan(&w, "vm_02", put_operation(&w, NC_OPER_CANCELED, "vm_02"));
	nc_sweep_round(&w.f, nc_clock_wall_ms());
	CHECK(!is_swept(&w, failed));               /* it has only just been found */
	CHECK_OK(nc_db_flush(w.st.db, &err), &err); /* the operations are cold */
	nc_sweep_round(&w.f, LATER_MS);
	CHECK(is_swept(&w, failed));
	CHECK(is_swept(&w, canceled));
	const nc_root *r = nc_db_read_begin(w.st.db);
	uint64_t n = nc_root_count_key(
		r, NC_KIND_OPERATION, NC_OPER_IX_VERB, nc_str("orphan.delete"), 10);
	nc_db_read_end(w.st.db);
	CHECK_UINT(n, 2);
	uint64_t seq = nc_db_seq(w.st.db);
	nc_sweep_round(&w.f, LATER_MS);
	CHECK_UINT(nc_db_seq(w.st.db), seq); /* once */
	world_close(&w);
}

static void whatever_else_there_is_stays_listed(void)
{
	world w;
	nc_object *kept[6];

	REQUIRE(world_open(&w));
	kept[0] = put_orphan(&w, "vm_01", put_operation(&w, NC_OPER_SUCCEEDED, "vm_01"));
	kept[1] = put_orphan(&w, "vm_02", put_operation(&w, NC_OPER_ABANDONED, "vm_02"));
	kept[2] = put_orphan(&w, "vm_03", put_operation(&w, NC_OPER_FAILED, "vm_other"));
	kept[3] = put_orphan(&w, "vm_04", "op_01ARZ3NDEKTSV4RRFFQ69G5FAV"); /* not in this store */
	kept[4] = put_orphan(&w, "vm_05", put_operation(&w, NC_OPER_RUNNING, "vm_05"));
	kept[5] = put_orphan(&w, "vm_06", put_operation(&w, NC_OPER_FAILED, "vm_06"));
	NC_AS(nc_orphan, kept[5])->reason = "it could not be destroyed";
	state_put(&w.st, kept[5]);
	nc_sweep_round(&w.f, LATER_MS);
	for (size_t i = 0; i < NC_LEN(kept); i++)
		CHECK(!is_swept(&w, kept[i]));
	world_close(&w);
}

static void in_another_epoch_nothing_of_before_is_swept(void)
{
	world w;

	REQUIRE(world_open(&w));
	nc_object *failed = put_orphan(&w, "vm_01", put_operation(&w, NC_OPER_FAILED, "vm_01"));
	nc_ops_free(nc_steal(&w.f.ops));
	uint64_t epoch = nc_db_epoch(w.st.db);
	state_close(&w.st);
	memstore_usurp(w.st.store, NULL, 0); /* another node has led meanwhile */
	REQUIRE(state_open(&w.st));
	REQUIRE(nc_db_epoch(w.st.db) > epoch);
	w.f.db = w.st.db;
	nc_sweep_round(&w.f, LATER_MS);
	CHECK(!is_swept(&w, failed));
	state_free(&w.st);
	nc_arena_free(w.a);
}

NC_TESTS(flow_sweep){
	T(what_an_operation_left_behind_that_failed_is_swept),
	T(whatever_else_there_is_stays_listed),
	T(in_another_epoch_nothing_of_before_is_swept),
};
