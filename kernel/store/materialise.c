/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "store/db_internal.h"
#include "store/kvs.h"
#include "store/meta.h"
#include "store/value.h"

/*
 * A run of batches written into the store's spaces: of each object its last state, every lane
 * entry, and who the state is. The objects go in order of their keys, which is how a store has
 * them. The materialiser's thread; the batches are borrowed, and the trees are not looked at.
 */

typedef struct change {
	const nc_txn_op *op;
	uint32_t nth; /* in the run: later ones replace earlier ones */
} change;

static int change_cmp(const void *a, const void *b)
{
	const change *x = a, *y = b;
	const nc_item *i = x->op->item, *j = y->op->item;
	if (i->kind != j->kind)
		return i->kind < j->kind ? -1 : 1;
	int c = nc_bytes_cmp(nc_item_id_bytes(i), nc_item_id_bytes(j));
	return c ? c : (x->nth > y->nth) - (x->nth < y->nth);
}

/* The n-th one's own next is the sequencer's to write. */
static const nc_db_batch *next_of(const nc_db_batch *b, uint32_t left)
{
	return left > 1 ? b->next : NULL;
}

static uint32_t list_changes(const nc_db_batch *b, uint32_t n, change *list)
{
	uint32_t nth = 0;
	for (; n > 0; b = next_of(b, n--)) {
		for (const nc_txn *t = b->head; t; t = t->next) {
			for (uint32_t i = 0; i < t->n_ops; i++, nth++) {
				if (list)
					list[nth] = (change){ &t->ops[i], nth };
			}
		}
	}
	return nth;
}

static int has_same_id(const change *a, const change *b)
{
	const nc_item *i = a->op->item, *j = b->op->item;
	return i->kind == j->kind && nc_bytes_eq(nc_item_id_bytes(i), nc_item_id_bytes(j));
}

static int is_unique(const void *ctx, uint16_t kind, uint16_t index)
{
	return nc_schema_is_unique(ctx, kind, index);
}

static void write_names(nc_kvs *k, nc_bytes key, const nc_item *it)
{
	size_t from = nc_kvs_mark(k);
	if (nc_names_put(&k->data, it, is_unique, &k->db->schema) > 0)
		nc_kvs_put(k, NC_SPACE_NAMES, key, nc_kvs_since(k, from), it->rev);
	else
		nc_kvs_del(k, NC_SPACE_NAMES, key, it->rev);
}

/* The last change of an item, with what the ones before it in this run had to say. */
static nc_code write_change(
	nc_kvs *k, const nc_txn_op *op, int clears_other, int names_differ, nc_error *err)
{
	char mem[NC_OBJECT_KEY_MAX];
	const nc_item *it = op->item;
	nc_bytes key = nc_object_key(it->kind, nc_item_id_bytes(it), mem);
	int is_del = nc_op_is_del(op), is_cold = it->flags & NC_ITEM_COLD;
	uint32_t space = is_cold ? NC_SPACE_COLD : NC_SPACE_OBJECTS;
	size_t value = is_del ? 0 : nc_item_value_len(it);
	/* names are a part of the value; both spaces and the names in one call */
	nc_code code = nc_kvs_room(k, 3, 3 * key.len + 2 * value, err);
	if (code != NC_OK)
		return code;
	if (is_del) {
		nc_kvs_del(k, space, key, it->rev);
	} else {
		size_t from = nc_kvs_mark(k);
		nc_value_put(&k->data, it);
		nc_kvs_put(k, space, key, nc_kvs_since(k, from), it->rev);
	}
	if (clears_other)
		nc_kvs_del(k, is_cold ? NC_SPACE_OBJECTS : NC_SPACE_COLD, key, it->rev);
	if (names_differ)
		write_names(k, key, it);
	return NC_OK;
}

static nc_code write_changes(nc_kvs *k, const nc_db_batch *first, uint32_t n, nc_error *err)
{
	uint32_t count = list_changes(first, n, NULL);
	if (count == 0)
		return NC_OK;
	_cleanup_(nc_freep) change *list = nc_malloc(count * sizeof(*list));
	if (!list)
		return nc_err_nomem(err);
	list_changes(first, n, list);
	qsort(list, count, sizeof(*list), change_cmp);
	int clears_other = 0, names_differ = 0;
	for (uint32_t i = 0; i < count; i++) {
		clears_other |= list[i].op->clears_other;
		names_differ |= list[i].op->names_differ;
		if (i + 1 < count && has_same_id(&list[i], &list[i + 1]))
			continue;
		nc_code code = write_change(k, list[i].op, clears_other, names_differ, err);
		if (code != NC_OK)
			return code;
		clears_other = names_differ = 0;
	}
	return NC_OK;
}

typedef struct lane_writer {
	nc_kvs *k;
	uint32_t lane;
	nc_error *err;
} lane_writer;

static nc_code write_entry(void *arg, uint64_t seq, uint32_t n, nc_bytes entry)
{
	lane_writer *w = arg;
	char mem[NC_LANE_KEY_LEN];
	nc_code code = nc_kvs_room(w->k, 1, NC_LANE_KEY_LEN + entry.len, w->err);
	if (code == NC_OK)
		nc_kvs_put(w->k, nc_lane_space(w->lane), nc_lane_key(seq, n, mem), entry, seq);
	return code;
}

static nc_code write_lanes(nc_kvs *k, const nc_db_batch *b, uint32_t n, nc_error *err)
{
	nc_code code = NC_OK;
	for (; n > 0 && code == NC_OK; b = next_of(b, n--)) {
		for (const nc_txn *t = b->head; t && code == NC_OK; t = t->next) {
			lane_writer w = { k, 1, err };
			for (; t->n_entries > 0 && w.lane <= NC_LANE_LAST && code == NC_OK;
				w.lane++)
				code = nc_txn_entries(t, w.lane, write_entry, &w);
		}
	}
	return code;
}

static nc_code write_identity(nc_kvs *k, const nc_db_batch *b, uint32_t n, nc_error *err)
{
	const nc_identity *id = &k->db->identity;
	uint64_t rev = 0;
	for (; n > 0; b = next_of(b, n--)) {
		if (b->says_who)
			rev = b->last;
	}
	if (rev == 0)
		return NC_OK;
	nc_code code = nc_kvs_room(k, 3, 256, err);
	if (code != NC_OK)
		return code;
	size_t from = nc_kvs_mark(k);
	nc_buf_put_u64(&k->data, id->format);
	nc_kvs_put(k, NC_SPACE_META, nc_str(NC_META_FORMAT), nc_kvs_since(k, from), rev);
	nc_kvs_put(k, NC_SPACE_META, nc_str(NC_META_LOG_ID), nc_str(id->log_id), rev);
	nc_kvs_put(k, NC_SPACE_META, nc_str(NC_META_INSTALLATION), nc_str(id->installation), rev);
	return NC_OK;
}

/* What was lost in a damaged page and is written again: the store need not remember the loss. */
static nc_code forget_losses(nc_kvs *k, nc_error *err)
{
	const nc_damage *d = &k->db->damage;
	nc_code code = NC_OK;
	for (uint32_t i = 0; i < d->n_regained && code == NC_OK; i++) {
		nc_bytes key = nc_damage_key_of(&d->regained[i]);
		code = nc_kvs_room(k, 1, key.len, err);
		if (code == NC_OK)
			nc_kvs_del(k, NC_SPACE_OBJECTS, key, 0);
	}
	return code;
}

nc_code nc_materialise(nc_db *db, nc_db_batch *first, uint32_t n, uint64_t applied, nc_error *err)
{
	_cleanup_(nc_kvs_done) nc_kvs k;
	const nc_db_batch *last = first;
	for (uint32_t i = 1; i < n; i++)
		last = last->next;
	nc_code code = nc_kvs_init(&k, db, applied, err);
	if (code == NC_OK)
		code = write_changes(&k, first, n, err);
	if (code == NC_OK)
		code = write_lanes(&k, first, n, err);
	if (code == NC_OK)
		code = write_identity(&k, first, n, err);
	if (code == NC_OK)
		code = forget_losses(&k, err);
	if (code == NC_OK)
		code = nc_kvs_flush(&k, last->last, err);
	if (code == NC_OK)
		nc_damage_forgotten(db);
	return code;
}
