/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include "base/clock.h"
#include "base/id.h"
#include "event/event.h"
#include "flow/aging.h"
#include "model/operation.h"
#include "op/op.h"
#include "store/care.h"

/* What is dropped by its age, and what is not. */

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define DAY_US (DAY_MS * 1000)

typedef struct world {
	state st;
	nc_flow f;
} world;

static int world_open(world *w)
{
	static int64_t n_worlds;

	*w = (world){ .f = { .settings = { .operation_retention_ms = 90 * DAY_MS,
				     .event_retention_ms = 30 * DAY_MS,
				     .log_retention_ms = 7 * DAY_MS } } };
	nc_clock_freeze();
	nc_clock_advance_us(++n_worlds * 500 * DAY_US); /* past the ids of the tests before */
	pthread_mutex_init(&w->f.settings_lock, NULL);
	if (!state_open(&w->st))
		return 0;
	w->f.db = w->st.db;
	return 1;
}

static void world_close(world *w)
{
	state_free(&w->st);
	pthread_mutex_destroy(&w->f.settings_lock);
	nc_clock_release();
}

static int put_operation(world *w, nc_operation_state op_state, char id[NC_ID_MAX])
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = nc_object_new(&nc_kind_operation, a);
	nc_error err = NC_ERROR_INIT;
	nc_operation *op = NC_AS(nc_operation, o);

	nc_id_make("op", id);
	o->id = id;
	op->verb = "vm.start";
	op->actor = "system";
	op->state = op_state;
	op->ended_at_ms = nc_operation_state_is_final(op_state) ? nc_clock_wall_ms() : 0;
	nc_txn *t = nc_txn_new(w->st.db);
	if (!CHECK_OK(nc_ops_put(t, op, &err), &err))
		return 0;
	return CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
}

static int put_decision(world *w, char id[NC_ID_MAX])
{
	nc_txn *t = nc_txn_new(w->st.db);

	nc_id_make("dec", id);
	nc_txn_put(t, NC_KIND_DECISION, nc_str(id), NULL, 0, nc_str("{}"), NC_COLD);
	return CHECK_OK(nc_txn_commit(t, NULL, NULL), NULL);
}

static nc_code nothing(void *ctx, const nc_item *it)
{
	(void)ctx;
	(void)it;
	return NC_OK;
}

static int is_there(world *w, uint16_t kind, const char *id)
{
	return nc_db_get(w->st.db, kind, nc_str(id), nothing, NULL, NULL) == NC_OK;
}

static nc_code count_one(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	(void)seq;
	(void)n;
	(void)entry;
	++*(int *)ctx;
	return NC_OK;
}

static int n_events(world *w)
{
	int n = 0;

	CHECK_OK(nc_db_read_lane(w->st.db, NC_LANE_EVENT, 0, 0, 0, count_one, &n, NULL), NULL);
	return n;
}

static void the_finished_and_old_go_the_others_stay(void)
{
	world w;
	char old[NC_ID_MAX], waiting[NC_ID_MAX], young[NC_ID_MAX], dec_old[NC_ID_MAX],
		dec_young[NC_ID_MAX];

	REQUIRE(world_open(&w));
	REQUIRE(put_operation(&w, NC_OPER_SUCCEEDED, old));
	REQUIRE(put_operation(&w, NC_OPER_RUNNING, waiting));
	REQUIRE(put_decision(&w, dec_old));
	nc_clock_advance_us(60 * DAY_US);
	REQUIRE(put_operation(&w, NC_OPER_FAILED, young));
	REQUIRE(put_decision(&w, dec_young));
	nc_clock_advance_us(29 * DAY_US);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK(is_there(&w, NC_KIND_OPERATION, old));
	nc_clock_advance_us(2 * DAY_US);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK(!is_there(&w, NC_KIND_OPERATION, old));
	CHECK(is_there(&w, NC_KIND_OPERATION, waiting));
	CHECK(is_there(&w, NC_KIND_OPERATION, young));
	CHECK(!is_there(&w, NC_KIND_DECISION, dec_old));
	CHECK(is_there(&w, NC_KIND_DECISION, dec_young));
	/* Also after a start from what the store holds. */
	state_close(&w.st);
	REQUIRE(state_open(&w.st));
	CHECK(!is_there(&w, NC_KIND_OPERATION, old));
	CHECK(is_there(&w, NC_KIND_OPERATION, young));
	world_close(&w);
}

static void many_go_in_several_records_and_no_record_is_endless(void)
{
	world w;
	char id[NC_ID_MAX], last[NC_ID_MAX];

	REQUIRE(world_open(&w));
	for (int i = 0; i < 600; i++)
		REQUIRE(put_decision(&w, id));
	nc_clock_advance_us(91 * DAY_US);
	REQUIRE(put_decision(&w, last));
	uint64_t before = nc_db_seq(w.st.db);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK_UINT(nc_db_seq(w.st.db), before + 3);
	CHECK(!is_there(&w, NC_KIND_DECISION, id));
	CHECK(is_there(&w, NC_KIND_DECISION, last));
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK_UINT(nc_db_seq(w.st.db), before + 3); /* nothing is left to do */
	world_close(&w);
}

static void events_and_the_log_go_by_their_own_ages(void)
{
	world w;
	char id[NC_ID_MAX];
	nc_db_health h;

	REQUIRE(world_open(&w));
	for (int i = 0; i < 5; i++)
		REQUIRE(put_operation(&w, NC_OPER_SUCCEEDED, id));
	uint64_t fifth = nc_db_seq(w.st.db);
	nc_clock_advance_us(20 * DAY_US);
	for (int i = 0; i < 3; i++)
		REQUIRE(put_operation(&w, NC_OPER_SUCCEEDED, id));
	uint64_t eighth = nc_db_seq(w.st.db);
	nc_clock_advance_us(1 * DAY_US);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	nc_db_get_health(w.st.db, &h);
	CHECK_UINT(h.trimmed, fifth);
	CHECK_INT(n_events(&w), 8);

	nc_clock_advance_us(10 * DAY_US);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK_INT(n_events(&w), 3);
	CHECK_UINT(nc_db_lane_oldest(w.st.db, NC_LANE_EVENT), fifth + 1);
	nc_db_get_health(w.st.db, &h);
	CHECK_UINT(h.trimmed, eighth);

	/* All of them are old: whatever cursor there is gets a gap. */
	nc_clock_advance_us(60 * DAY_US);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK_INT(n_events(&w), 0);
	CHECK_UINT(nc_db_lane_oldest(w.st.db, NC_LANE_EVENT), eighth + 1);
	/* And the state is whole without them. */
	state_close(&w.st);
	REQUIRE(state_open(&w.st));
	CHECK(is_there(&w, NC_KIND_OPERATION, id));
	CHECK_UINT(nc_db_lane_oldest(w.st.db, NC_LANE_EVENT), eighth + 1);
	world_close(&w);
}

static void a_clock_that_was_ahead_for_a_while_drops_nothing_too_early(void)
{
	world w;
	char id[NC_ID_MAX];

	REQUIRE(world_open(&w));
	nc_txn *t = nc_txn_new(w.st.db);
	nc_event_add(t, &(nc_event){ .ts_ms = nc_clock_wall_ms() + 365 * DAY_MS,
				.type = "vm.started",
				.topic = "vm" });
	CHECK_OK(nc_txn_commit(t, NULL, NULL), NULL);
	REQUIRE(put_operation(&w, NC_OPER_SUCCEEDED, id));
	nc_clock_advance_us(31 * DAY_US);
	nc_aging_round(&w.f, nc_clock_wall_ms());
	CHECK_INT(n_events(&w), 2);
	world_close(&w);
}

NC_TESTS(flow_aging){
	T(the_finished_and_old_go_the_others_stay),
	T(many_go_in_several_records_and_no_record_is_endless),
	T(events_and_the_log_go_by_their_own_ages),
	T(a_clock_that_was_ahead_for_a_while_drops_nothing_too_early),
};
