/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is dropped by its age: finished operations and decisions, events, records of the log. The
 * oldest first, so each walk ends at the first that is young enough; ids and sequence numbers are in
 * the order of time. A round does a bounded amount and the next goes on where it ended. Everything
 * dropped is dropped by one record or one call of the store, so a crash leaves no half of it. The
 * keeper alone; blocking.
 */
#include "flow/aging.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/log.h"
#include "model/operation.h"
#include "store/care.h"

#define BATCH       256
#define BATCHES_MAX 64    /* a round */
#define ENTRIES_MAX 65536 /* of a lane, looked at a round */

/* ---- cold objects ---- */

typedef struct batch {
	nc_flow *f;
	const nc_kind *kind;
	int64_t before_ms;
	nc_arena *a; /* of the object that is looked at */
	nc_txn *t;
	uint32_t n, n_seen;
	char last[NC_DB_ID_MAX + 1];
	int is_at_end; /* what follows is young */
} batch;

static int is_old(batch *b, const nc_item *it)
{
	nc_object *o = NULL;

	if (b->kind != &nc_kind_operation)
		return 1; /* its id has said so */
	if (nc_model_load(it, b->a, &o, NULL) != NC_OK)
		return 0;
	const nc_operation *op = NC_AS(nc_operation, o);
	return nc_operation_state_is_final(op->state) && op->ended_at_ms &&
	       op->ended_at_ms < b->before_ms;
}

static nc_code look_at(void *ctx, const nc_item *it)
{
	batch *b = ctx;
	const char *id = nc_item_id(it);

	if (nc_id_time_ms(id) >= b->before_ms || b->n == BATCH) {
		b->is_at_end = b->n < BATCH;
		return NC_E_CANCELLED;
	}
	b->n_seen++;
	snprintf(b->last, sizeof(b->last), "%s", id);
	nc_arena_reset(b->a);
	if (!is_old(b, it))
		return NC_OK;
	nc_txn_del(b->t, b->kind->number, nc_str(id));
	b->n++;
	return NC_OK;
}

/* One record. *after is where the next goes on; *ret_more: there may be more to drop. */
static nc_code drop_batch(nc_flow *f, const nc_kind *kind, int64_t before_ms,
	char after[NC_DB_ID_MAX + 1], int *ret_more, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	batch b = { .f = f, .kind = kind, .before_ms = before_ms, .a = a, .t = t };

	*ret_more = 0;
	if (!a || !t)
		return nc_err_nomem(err);
	nc_code rc = nc_db_scan(f->db, kind->number, nc_str(after), 0, look_at, &b, err);
	if (rc != NC_OK && rc != NC_E_CANCELLED)
		return rc;
	*ret_more = rc == NC_E_CANCELLED && !b.is_at_end;
	snprintf(after, NC_DB_ID_MAX + 1, "%s", b.last);
	return b.n ? nc_txn_commit(nc_steal(&t), NULL, err) : NC_OK;
}

static nc_code drop_cold(nc_flow *f, const nc_kind *kind, int64_t before_ms, nc_error *err)
{
	char after[NC_DB_ID_MAX + 1] = "";
	nc_code rc = NC_OK;
	int more = 1;

	for (int i = 0; rc == NC_OK && more && i < BATCHES_MAX; i++)
		rc = drop_batch(f, kind, before_ms, after, &more, err);
	return rc;
}

/* ---- by the times of events ---- */

typedef struct tracing {
	int64_t before_ms;
	uint64_t seq;   /* of the last entry seen */
	uint64_t young; /* of the first that is to stay; 0 = none was met */
	uint32_t n;
} tracing;

static nc_code look_at_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	tracing *t = ctx;
	nc_event e;

	(void)n;
	t->n++;
	t->seq = seq;
	/* One that can't be read is as old as what stands around it. */
	if (nc_event_decode(entry, &e, NULL) != NC_OK || e.ts_ms < t->before_ms)
		return NC_OK;
	t->young = seq;
	return NC_E_CANCELLED;
}

/*
 * The record before which everything is older than that, as far as the events after `from` tell; 0 =
 * nothing is. A clock that once was wrong stops the walk early rather than late.
 */
static nc_code find_age(nc_flow *f, uint64_t from, int64_t before_ms, uint64_t *ret, nc_error *err)
{
	tracing t = { .before_ms = before_ms };
	nc_code rc = nc_db_read_lane(
		f->db, NC_LANE_EVENT, from, UINT32_MAX, ENTRIES_MAX, look_at_entry, &t, err);

	*ret = t.young;
	if (rc == NC_E_CANCELLED && t.young)
		return NC_OK;
	/* A record that was seen in part is left for the next round. */
	if (rc == NC_OK && t.n)
		*ret = t.n < ENTRIES_MAX ? t.seq + 1 : t.seq;
	return rc;
}

static nc_code drop_events(nc_flow *f, int64_t before_ms, nc_error *err)
{
	uint64_t oldest = nc_db_lane_oldest(f->db, NC_LANE_EVENT), before = 0;
	nc_code rc = find_age(f, oldest ? oldest - 1 : 0, before_ms, &before, err);

	return rc == NC_OK && before > oldest ? nc_db_trim_lane(f->db, NC_LANE_EVENT, before, err)
					      : rc;
}

static nc_code drop_records(nc_flow *f, int64_t before_ms, nc_error *err)
{
	uint64_t oldest = nc_db_lane_oldest(f->db, NC_LANE_EVENT), before = 0;
	nc_db_health h;

	nc_db_get_health(f->db, &h);
	uint64_t from = NC_MAX(h.trimmed, oldest ? oldest - 1 : 0);
	nc_code rc = find_age(f, from, before_ms, &before, err);
	return rc == NC_OK && before > h.trimmed + 1 ? nc_db_trim_log(f->db, before - 1, err) : rc;
}

/* ---- the round ---- */

static void tell(const char *what, nc_code rc, const nc_error *err)
{
	if (rc != NC_OK && rc != NC_E_CONFLICT)
		nc_log(L_WARN, "retention.failed", F_STR("what", what), F_ERR(err),
			F_STR("consequence", "trying again at the next round"));
}

void nc_aging_round(nc_flow *f, int64_t now_ms)
{
	nc_flow_settings s = nc_flow_get_settings(f);
	nc_error err = NC_ERROR_INIT;

	if (s.operation_retention_ms) {
		int64_t before = now_ms - s.operation_retention_ms;
		tell("operations", drop_cold(f, &nc_kind_operation, before, &err), &err);
		tell("decisions", drop_cold(f, &nc_kind_decision, before, &err), &err);
	}
	/* The log first: its records are found by the times of their events. */
	tell("log", drop_records(f, now_ms - s.log_retention_ms, &err), &err);
	if (s.event_retention_ms)
		tell("events", drop_events(f, now_ms - s.event_retention_ms, &err), &err);
}
