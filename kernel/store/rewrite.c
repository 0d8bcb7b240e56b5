/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/care.h"
#include "store/db_internal.h"

/*
 * Writing what is stale among a kind's items anew, in bounded transactions, while others go on
 * writing. Walks the kind from end to end until a whole walk has found nothing, so what was put
 * behind its back meanwhile is found by the next one. A worker's thread.
 */

enum { GROUP_MAX = 64, WALKS_MAX = 1000 };

typedef struct stale_items {
	const nc_item *items[GROUP_MAX]; /* references */
	uint32_t n;
	char after[NC_DB_ID_MAX]; /* where the walk stands */
	uint16_t after_len;
} stale_items;

static void find_stale(nc_db *db, const nc_rewrite *r, stale_items *s)
{
	nc_walk w;
	const nc_item *it;
	const nc_root *root = nc_db_read_begin(db);
	nc_root_walk_ids(&w, root, r->kind, (nc_bytes){ s->after, s->after_len });
	s->after_len = 0; /* the end, if nothing stops it */
	while ((it = nc_walk_next(&w, NULL)) != NULL) {
		if (!r->is_stale(r->stale_ctx, it))
			continue;
		nc_item_ref(it);
		s->items[s->n++] = it;
		if (s->n < GROUP_MAX)
			continue;
		s->after_len = it->id_len;
		memcpy(s->after, nc_item_id(it), it->id_len);
		break;
	}
	nc_db_read_end(db);
}

static nc_code rewrite_found(nc_db *db, const nc_rewrite *r, const stale_items *s, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(db);
	nc_code code = t ? NC_OK : nc_err_nomem(err);
	for (uint32_t i = 0; i < s->n && code == NC_OK; i++) {
		const nc_item *it = s->items[i];
		nc_txn_expect(t, r->kind, nc_item_id_bytes(it), it->rev);
		code = r->rewrite(r->ctx, t, it, err);
	}
	if (code == NC_OK)
		code = nc_txn_commit(nc_steal(&t), NULL, err);
	/* somebody changed or deleted one of them: the next walk looks again */
	return code == NC_E_CONFLICT ? NC_OK : code;
}

/* One walk; *ret_found says whether there was anything to do. */
static nc_code walk_kind(nc_db *db, const nc_rewrite *r, int *ret_found, nc_error *err)
{
	stale_items s = { .after_len = 0 };
	nc_code code = NC_OK;
	*ret_found = 0;
	do {
		s.n = 0;
		find_stale(db, r, &s);
		if (s.n > 0) {
			*ret_found = 1;
			code = rewrite_found(db, r, &s, err);
		}
		for (uint32_t i = 0; i < s.n; i++)
			nc_item_unref(s.items[i]);
	} while (s.after_len > 0 && code == NC_OK);
	return code;
}

nc_code nc_db_rewrite(nc_db *db, const nc_rewrite *r, nc_error *err)
{
	int found = 1;
	if (!nc_schema_kind(&db->schema, r->kind))
		return nc_err(err, NC_E_INVAL, "kind %u is not declared", r->kind);
	for (int i = 0; i < WALKS_MAX && found; i++) {
		nc_code code = walk_kind(db, r, &found, err);
		if (code != NC_OK)
			return code;
	}
	return found ? nc_err(err, NC_E_BUSY, "they change faster than they can be written anew")
		     : NC_OK;
}
