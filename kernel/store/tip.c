/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_internal.h"

/*
 * The tip: the root that the batch under way makes out of the published one. Applying can run out
 * of memory and is then thrown away as a whole; publishing can't fail. What a new root no longer
 * reaches (nodes, old items) dies with the root it replaces, when no reader has that any more.
 * The sequencer's thread; the opener's before it starts.
 */

nc_code nc_tip_begin(nc_db *db, nc_error *err)
{
	if (db->s.tip)
		return NC_OK;
	db->s.tip = nc_root_new(&db->schema);
	if (!db->s.tip)
		return nc_err_nomem(err);
	nc_root_assign(db->s.tip, nc_db_published(db));
	return NC_OK;
}

void nc_tip_reset(nc_db *db)
{
	nc_forest_rollback(&db->s.forest);
	if (db->s.tip)
		nc_root_assign(db->s.tip, nc_db_published(db));
}

/* Whether the unique keys of an item are not those the names space has for it. */
static uint8_t names_differ(const nc_schema *s, const nc_item *was, const nc_item *now)
{
	uint32_t n_now = 0, n_was = 0;
	const nc_ikey *k = nc_item_idkey(now);
	for (uint16_t i = 0; i < now->n_keys; i++) {
		k = nc_ikey_next(k);
		if (!nc_schema_is_unique(s, now->kind, k->index))
			continue;
		n_now++;
		if (!was || !nc_item_same_key(was, k))
			return 1;
	}
	k = was ? nc_item_idkey(was) : NULL;
	for (uint16_t i = 0; was && i < was->n_keys; i++) {
		k = nc_ikey_next(k);
		n_was += nc_schema_is_unique(s, was->kind, k->index) ? 1 : 0;
	}
	return n_now != n_was;
}

static uint8_t may_be_cold(nc_db *db, uint16_t kind)
{
	return atomic_load_explicit(&db->s.goes_cold[kind], memory_order_relaxed);
}

static nc_code apply_put(nc_db *db, nc_db_batch *b, nc_txn_op *op)
{
	nc_item *now = op->item;
	nc_code code = nc_root_put(&db->s.forest, db->s.tip, now, &op->was);
	if (code != NC_OK)
		return code;
	uint8_t was_hot = op->was && !(op->was->flags & NC_ITEM_COLD);
	if (now->flags & NC_ITEM_COLD) {
		b->goes_cold = 1;
		atomic_store_explicit(&db->s.goes_cold[now->kind], 1, memory_order_relaxed);
		op->clears_other = was_hot;
	} else {
		/* what isn't known to have been hot may lie among the cold */
		op->clears_other = !was_hot && may_be_cold(db, now->kind);
	}
	op->names_differ =
		db->schema.has_unique[now->kind] && names_differ(&db->schema, op->was, now);
	op->is_in_trees = 1;
	return NC_OK;
}

static nc_code apply_del(nc_db *db, nc_db_batch *b, nc_txn_op *op)
{
	uint16_t kind = op->item->kind;
	nc_bytes id = nc_item_id_bytes(op->item);
	nc_code code = nc_root_del(&db->s.forest, db->s.tip, kind, id, &op->was);
	if (code != NC_OK)
		return code;
	op->names_differ = db->schema.has_unique[kind];
	op->clears_other = may_be_cold(db, kind);
	if (!op->clears_other)
		return NC_OK; /* memory has all there is of this kind: nobody looks into the store */
	b->goes_cold = op->is_in_trees = 1;
	return nc_root_bury(&db->s.forest, db->s.tip, op->item, &op->old_tomb);
}

nc_code nc_tip_apply(nc_db *db, nc_db_batch *b, nc_txn *t)
{
	nc_code code = NC_OK;
	for (uint32_t i = 0; i < t->n_ops && code == NC_OK; i++) {
		nc_txn_op *op = &t->ops[i];
		op->item->rev = t->seq;
		op->was = op->old_tomb = NULL;
		op->is_in_trees = 0;
		code = nc_op_is_del(op) ? apply_del(db, b, op) : apply_put(db, b, op);
	}
	return code;
}

static nc_code evict_op(nc_db *db, nc_txn_op *op)
{
	nc_root *tip = db->s.tip;
	const nc_item *it = op->item, *was;
	nc_bytes id = nc_item_id_bytes(it);
	int is_del = nc_op_is_del(op);
	/* Something newer may have taken its place meanwhile. */
	if ((is_del ? nc_root_tomb(tip, it->kind, id) : nc_root_get(tip, it->kind, id)) != it)
		return NC_OK;
	nc_code code = is_del ? nc_root_exhume(&db->s.forest, tip, it, &was)
			      : nc_root_del(&db->s.forest, tip, it->kind, id, &was);
	if (code == NC_OK)
		op->is_evicted = 1;
	return code;
}

nc_code nc_tip_evict(nc_db *db, nc_db_batch *applied)
{
	nc_code code = NC_OK;
	for (nc_db_batch *b = applied; b && code == NC_OK; b = b->next) {
		for (nc_txn *t = b->head; t && code == NC_OK; t = t->next) {
			for (uint32_t i = 0; i < t->n_ops && code == NC_OK; i++) {
				nc_txn_op *op = &t->ops[i];
				op->is_evicted = 0;
				if (op->is_in_trees &&
					(op->item->flags & (NC_ITEM_COLD | NC_ITEM_TOMB)))
					code = evict_op(db, op);
			}
		}
	}
	return code;
}

/* The trees have a reference to each item in them; what they had of the old ones goes to `was`. */
static void count_items(nc_db_batch *b)
{
	for (nc_txn *t = b->head; t; t = t->next) {
		for (uint32_t i = 0; i < t->n_ops; i++) {
			if (t->ops[i].is_in_trees)
				nc_item_ref(t->ops[i].item);
		}
	}
}

nc_root *nc_tip_publish(nc_db *db, nc_db_batch *b, nc_db_batch *evicted)
{
	nc_root *now = db->s.tip;
	nc_root *old = atomic_load_explicit(&db->root, memory_order_relaxed); /* our own store */
	db->s.tip = NULL;
	old->db = db;
	old->dead = nc_forest_commit(&db->s.forest);
	old->evicted = evicted;
	if (b) {
		now->seq = b->last;
		count_items(b);
		nc_batch_ref(b);
		old->replaced = b;
		nc_pending_add(db, b);
	}
	atomic_store_explicit(&db->root, now, memory_order_release);
	atomic_store_explicit(&db->seq, now->seq, memory_order_relaxed);
	return old;
}

static void drop_replaced(nc_db_batch *b)
{
	for (nc_txn *t = b->head; t; t = t->next) {
		for (uint32_t i = 0; i < t->n_ops; i++) {
			nc_item_unref(t->ops[i].was);
			nc_item_unref(t->ops[i].old_tomb);
			t->ops[i].was = t->ops[i].old_tomb = NULL;
		}
	}
	nc_batch_unref(b);
}

static void drop_evicted(nc_db_batch *b)
{
	for (nc_txn *t = b->head; t; t = t->next) {
		for (uint32_t i = 0; i < t->n_ops; i++) {
			if (t->ops[i].is_evicted)
				nc_item_unref(t->ops[i].item);
		}
	}
	nc_batch_unref(b);
}

static void root_is_gone(void *p)
{
	nc_root *r = p;
	nc_forest_bury(&r->db->s.forest, r->dead);
	if (r->replaced)
		drop_replaced(r->replaced);
	for (nc_db_batch *b = r->evicted, *next; b; b = next) {
		next = b->next;
		drop_evicted(b);
	}
	nc_root_free(r);
}

void nc_tip_retire(nc_root *old)
{
	nc_read_wait_unregistered();
	nc_qsbr_retire(old, root_is_gone);
}
