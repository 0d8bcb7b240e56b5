/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "store/care.h"
#include "store/db_internal.h"
#include "store/kvs.h"
#include "store/meta.h"
#include "store/value.h"

/*
 * What is dropped from the store: records of the log that are materialised and old enough, lane
 * entries past their retention. In bounded steps on the materialiser's thread, the one that may
 * ask for it; a step that fails leaves what it left, and is made again.
 */

enum { LOG_STEP = 20000, LANE_STEP = 1000 };

static nc_code trim_log(nc_db *db, uint64_t upto, nc_error *err)
{
	uint64_t from = atomic_load_explicit(&db->trimmed, memory_order_relaxed);
	if (upto <= from)
		return NC_OK;
	nc_code code = db->store->trim(
		db->inst, atomic_load_explicit(&db->epoch, memory_order_relaxed), upto, err);
	if (code == NC_OK)
		atomic_store_explicit(&db->trimmed, upto, memory_order_relaxed);
	return code;
}

void nc_trim_log_if_due(nc_db *db, uint64_t applied)
{
	nc_error err = NC_ERROR_INIT;
	uint64_t from = atomic_load_explicit(&db->trimmed, memory_order_relaxed);
	uint64_t slack = db->log_keep / 8 + 1; /* not a trim for every record */
	if (applied <= from + db->log_keep + slack)
		return;
	uint64_t upto = NC_MIN(applied - db->log_keep, from + LOG_STEP);
	if (trim_log(db, upto, &err) != NC_OK)
		nc_log(L_WARN, "store.trim.failed", F_U64("upto", upto), F_ERR(&err));
}

static nc_code log_step(nc_db *db, nc_chore *c, nc_error *err)
{
	uint64_t from = atomic_load_explicit(&db->trimmed, memory_order_relaxed);
	uint64_t upto = NC_MIN(c->seq, from + LOG_STEP);
	c->is_done = upto == c->seq || c->seq <= from;
	return trim_log(db, upto, err);
}

nc_code nc_db_trim_log(nc_db *db, uint64_t seq, nc_error *err)
{
	if (seq > nc_db_seq(db))
		return nc_err(err, NC_E_INVAL, "there is no record %llu to trim yet",
			(unsigned long long)seq);
	nc_code code = nc_db_flush(db, err);
	if (code != NC_OK)
		return code;
	nc_chore c = { .step = log_step, .seq = seq };
	return nc_pending_chore(db, &c, err);
}

/* ---- lanes ---- */

typedef struct lane_step {
	nc_kvs *k;
	nc_error *err;
	uint32_t space;
} lane_step;

static nc_code drop_entry(void *arg, const nc_kv *kv)
{
	lane_step *s = arg;
	if (kv->flags & NC_KV_LOST)
		return NC_OK;
	nc_code code = nc_kvs_room(s->k, 1, kv->key.len, s->err);
	if (code == NC_OK)
		nc_kvs_del(s->k, s->space, kv->key, kv->rev);
	return code;
}

static void put_oldest(nc_kvs *k, uint32_t lane, uint64_t seq)
{
	static const char *const names[] = { NC_META_EVENT_OLDEST, NC_META_AUDIT_OLDEST };
	size_t from = nc_kvs_mark(k);
	nc_buf_put_u64(&k->data, seq);
	nc_kvs_put(k, NC_SPACE_META, nc_str(names[lane - 1]), nc_kvs_since(k, from), 0);
}

/* The first entries of the lane, at most LANE_STEP, in one call with the new oldest. */
static nc_code lane_trim_step(nc_db *db, nc_chore *c, nc_error *err)
{
	_cleanup_(nc_kvs_done) nc_kvs k;
	char to[NC_LANE_KEY_LEN];
	uint64_t applied = nc_pending_applied(db);
	uint64_t before = NC_MIN(c->seq, applied + 1); /* the rest isn't there yet */
	nc_code code = nc_kvs_init(&k, db, applied, err);
	if (code == NC_OK)
		code = nc_kvs_room(&k, LANE_STEP + 1, 0, err);
	if (code != NC_OK)
		return code;
	lane_step s = { &k, err, nc_lane_space(c->lane) };
	code = db->store->scan(db->inst, s.space, (nc_bytes){ NULL, 0 }, nc_lane_key(before, 0, to),
		LANE_STEP, drop_entry, &s, err);
	if (code != NC_OK)
		return code;
	c->is_done = k.n < LANE_STEP;
	put_oldest(&k, c->lane, before);
	code = nc_kvs_flush(&k, applied, err);
	if (code != NC_OK)
		return code;
	pthread_mutex_lock(&db->pending.pending_lock);
	db->pending.lane_oldest[c->lane] = before;
	pthread_mutex_unlock(&db->pending.pending_lock);
	return NC_OK;
}

static int is_lane(uint32_t lane)
{
	return lane > 0 && lane <= NC_LANE_LAST;
}

nc_code nc_db_trim_lane(nc_db *db, uint32_t lane, uint64_t before_seq, nc_error *err)
{
	if (!is_lane(lane))
		return nc_err(err, NC_E_INVAL, "there is no lane %u", lane);
	if (before_seq <= nc_db_lane_oldest(db, lane))
		return NC_OK;
	nc_chore c = { .step = lane_trim_step, .seq = before_seq, .lane = lane };
	return nc_pending_chore(db, &c, err);
}

uint64_t nc_db_lane_oldest(nc_db *db, uint32_t lane)
{
	nc_pending *p = &db->pending;
	pthread_mutex_lock(&p->pending_lock);
	uint64_t oldest = is_lane(lane) ? p->lane_oldest[lane] : 0;
	pthread_mutex_unlock(&p->pending_lock);
	return oldest;
}
