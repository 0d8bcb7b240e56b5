/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over key-values that scan and check share. What stops SQLite's own walk, a page that
 * can't be read or makes no sense, is stepped over: by one key when only the value lies in it,
 * else to the nearest place behind it from where keys can be found again, sought by halving.
 * Threads: the connection's, inside a read transaction of the caller's.
 */
#include "walk.h"

#include "crc32c.h"
#include "error.h"

static bool is_past(const ss_walk *w, nc_bytes key)
{
	return w->to.len && ss_bytes_cmp(key, w->to) >= 0;
}

static nc_code pass(ss_walk *w, const nc_kv *kv)
{
	if (w->left != UINT32_MAX)
		w->left--;
	ss_place_after(&w->at, kv->key);
	return w->cb(w->arg, kv);
}

/* A row whose checksum is not its value's: damage, or the record of an earlier one. */
static void look_at_lost(ss_walk *w, nc_kv *kv, uint32_t crc)
{
	bool is_range = crc == ss_crc_lost(SS_LOST_RANGE, kv->space, kv->key, kv->rev);
	w->is_recorded = is_range || crc == ss_crc_lost(SS_LOST_VALUE, kv->space, kv->key, kv->rev);
	w->saw_damage |= !w->is_recorded;
	kv->flags = is_range ? NC_KV_LOST : NC_KV_CORRUPT;
	kv->val = (nc_bytes){ NULL, 0 };
}

static nc_code pass_row(ss_walk *w, sqlite3_stmt *st)
{
	nc_kv kv = {
		.space = w->space,
		.key = ss_column_bytes(st, 0),
		.val = ss_column_bytes(st, 1),
		.rev = (uint64_t)sqlite3_column_int64(st, 2),
	};
	uint32_t crc = (uint32_t)sqlite3_column_int64(st, 3);
	w->is_recorded = false;
	if (ss_crc_kv(kv.space, kv.key, kv.rev, kv.val) != crc)
		look_at_lost(w, &kv, crc);
	if (kv.flags != NC_KV_LOST)
		return pass(w, &kv);
	ss_place_after(&w->at, kv.key);
	return w->cb(w->arg, &kv);
}

/* Rows until the end (SQLITE_DONE), cb's refusal (SQLITE_OK with *ret), or a failure. */
static int pass_rows(ss_walk *w, sqlite3_stmt *st, nc_code *ret)
{
	sqlite3_bind_int64(st, 1, w->space);
	ss_bind_bytes(st, 2, ss_place_bytes(&w->at));
	while (w->left) {
		int rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			return rc;
		if (is_past(w, ss_column_bytes(st, 0)))
			return SQLITE_DONE;
		*ret = pass_row(w, st);
		if (*ret != NC_OK)
			return SQLITE_OK;
	}
	return SQLITE_DONE;
}

static int probe_once(ss_walk *w, const ss_place *p, ss_place *ret_key)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	if (ss_stmt(w->c, SS_KV_PROBE, &st, NULL) != NC_OK)
		return SQLITE_NOMEM;
	sqlite3_bind_int64(st, 1, w->space);
	ss_bind_bytes(st, 2, ss_place_bytes(p));
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && ret_key)
		ss_place_set(ret_key, ss_column_bytes(st, 0));
	return rc;
}

/* Whether keys can be found from `p` on: SQLITE_ROW with the first one, SQLITE_DONE, or not. */
static int probe(ss_walk *w, const ss_place *p, ss_place *ret_key)
{
	int rc = probe_once(w, p, ret_key);
	/* a disk that failed once may answer the next time; SQLite calls either damage */
	return ss_is_damage(rc) ? probe_once(w, p, ret_key) : rc;
}

/* The nearest place above `at` from where the walk can go on. */
static int find_edge(ss_walk *w, ss_place *ret_edge)
{
	ss_place low = w->at, high, mid;
	if (w->to.len)
		ss_place_set(&high, w->to);
	else
		ss_place_last(&high);
	while (ss_place_between(&low, &high, &mid)) {
		int rc = probe(w, &mid, NULL);
		if (rc == SQLITE_ROW || rc == SQLITE_DONE)
			high = mid;
		else if (ss_is_damage(rc))
			low = mid;
		else
			return rc;
	}
	*ret_edge = high;
	return SQLITE_OK;
}

static nc_code pass_lost(ss_walk *w, nc_error *err)
{
	ss_place edge, begin = w->at;
	if (find_edge(w, &edge) != SQLITE_OK)
		return ss_fail_db(err, w->c->db, "search the state", w->c->path);
	nc_kv lost = { .space = w->space, .flags = NC_KV_LOST, .key = ss_place_bytes(&begin) };
	w->at = edge;
	return w->cb(w->arg, &lost);
}

static nc_code pass_damage(ss_walk *w, nc_error *err)
{
	ss_place key;
	w->saw_damage = true;
	w->is_recorded = false;
	int rc = probe(w, &w->at, &key);
	if (rc == SQLITE_ROW && !is_past(w, ss_place_bytes(&key))) {
		nc_kv kv = {
			.space = w->space, .flags = NC_KV_CORRUPT, .key = ss_place_bytes(&key)
		};
		return pass(w, &kv);
	}
	if (rc == SQLITE_ROW || rc == SQLITE_DONE) { /* whatever it was, it lies past the end */
		ss_place_last(&w->at);
		return NC_OK;
	}
	if (!ss_is_damage(rc))
		return ss_fail_db(err, w->c->db, "search the state", w->c->path);
	return pass_lost(w, err);
}

static bool is_over(const ss_walk *w)
{
	ss_place end;
	ss_place_last(&end);
	return is_past(w, ss_place_bytes(&w->at)) ||
	       ss_bytes_cmp(ss_place_bytes(&w->at), ss_place_bytes(&end)) >= 0;
}

nc_code ss_walk_space(ss_walk *w, nc_error *err)
{
	nc_code code = NC_OK;
	bool is_again = false;
	while (code == NC_OK && w->left && !is_over(w)) {
		_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
		code = ss_stmt(w->c, SS_KV_SCAN, &st, err);
		if (code != NC_OK)
			return code;
		ss_place before = w->at;
		int rc = pass_rows(w, st, &code);
		if (ss_bytes_cmp(ss_place_bytes(&before), ss_place_bytes(&w->at)) != 0)
			is_again = false;
		if (rc == SQLITE_DONE || code != NC_OK)
			return code;
		if (!ss_is_damage(rc))
			return ss_fail_db(err, w->c->db, "scan the state", w->c->path);
		ss_stmt_donep(&st);
		is_again = !is_again; /* each place gets two tries */
		if (!is_again)
			code = pass_damage(w, err);
	}
	return code;
}

/* ---- which spaces there are ---- */

static int find_space_once(ss_conn *c, uint64_t from, uint64_t *ret)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	if (ss_stmt(c, SS_SPACE_NEXT, &st, NULL) != NC_OK)
		return SQLITE_NOMEM;
	sqlite3_bind_int64(st, 1, (int64_t)from);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(st, 0);
	return rc;
}

static int find_space(ss_conn *c, uint64_t from, uint64_t *ret)
{
	int rc = find_space_once(c, from, ret);
	return ss_is_damage(rc) ? find_space_once(c, from, ret) : rc;
}

/* Past a damaged page: the least number found by halving from which spaces can be told again. */
static uint64_t skip_spaces(ss_conn *c, uint64_t low)
{
	uint64_t high = (uint64_t)UINT32_MAX + 1, unused;
	while (high - low > 1) {
		uint64_t mid = low + (high - low) / 2;
		if (ss_is_damage(find_space(c, mid, &unused)))
			low = mid;
		else
			high = mid;
	}
	return high;
}

int ss_walk_next_space(ss_conn *c, uint64_t *space, uint64_t *ret_lost)
{
	*ret_lost = 0;
	if (*space > UINT32_MAX)
		return SQLITE_DONE;
	int rc = find_space(c, *space, space);
	if (!ss_is_damage(rc))
		return rc;
	/* The last of them may have keys behind the damage. */
	uint64_t last = skip_spaces(c, *space) - 1;
	*ret_lost = last - *space + 1;
	*space = last;
	return SQLITE_ROW;
}
