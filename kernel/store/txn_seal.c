/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * The end of building a transaction: its changes put in order, what is wrong in itself found, the
 * record written whole. Still the submitter's thread, so that many submitters share this work and
 * the sequencer is left with the stamp. The other way round too: a transaction from a record.
 */

static int op_order(const nc_txn_op *a, const nc_txn_op *b)
{
	if (a->item->kind != b->item->kind)
		return a->item->kind < b->item->kind ? -1 : 1;
	return nc_bytes_cmp(nc_item_id_bytes(a->item), nc_item_id_bytes(b->item));
}

static int by_id_cmp(const void *a, const void *b, void *arg)
{
	const nc_txn_op *ops = arg;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int c = op_order(&ops[i], &ops[j]);
	return c ? c : (i > j) - (i < j);
}

static void order_ops(nc_txn *t)
{
	for (uint32_t i = 0; i < t->n_ops; i++)
		t->by_id[i] = i;
	qsort_r(t->by_id, t->n_ops, sizeof(*t->by_id), by_id_cmp, t->ops);
}

/* Many ops: order them, and of several changes of one item keep the last. */
static void index_ops(nc_txn *t)
{
	if (t->n_ops <= NC_TXN_FEW_OPS)
		return;
	t->by_id = nc_malloc(t->n_ops * sizeof(*t->by_id));
	if (!t->by_id) {
		nc_err_nomem(&t->err);
		return;
	}
	order_ops(t);
	uint32_t kept = 0, n = t->n_ops;
	for (uint32_t i = 0; i + 1 < n; i++) {
		nc_txn_op *op = &t->ops[t->by_id[i]];
		if (op_order(op, &t->ops[t->by_id[i + 1]]) != 0)
			continue;
		op->is_superseded = 1;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (t->ops[i].is_superseded)
			nc_item_unref(t->ops[i].item);
		else
			t->ops[kept++] = t->ops[i];
	}
	t->n_ops = kept;
	if (kept < n)
		order_ops(t);
}

static const nc_txn_op *look_at_each(const nc_txn *t, uint16_t kind, nc_bytes id)
{
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const nc_item *it = t->ops[i].item;
		if (it->kind == kind && nc_bytes_eq(nc_item_id_bytes(it), id))
			return &t->ops[i];
	}
	return NULL;
}

const nc_txn_op *nc_txn_own_op(const nc_txn *t, uint16_t kind, nc_bytes id)
{
	if (!t->by_id)
		return look_at_each(t, kind, id);
	uint32_t low = 0, high = t->n_ops;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		const nc_item *it = t->ops[t->by_id[mid]].item;
		int c = it->kind != kind ? (it->kind < kind ? -1 : 1)
					 : nc_bytes_cmp(nc_item_id_bytes(it), id);
		if (c == 0)
			return &t->ops[t->by_id[mid]];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

typedef struct unique_key {
	const nc_ikey *key;
	uint16_t kind;
} unique_key;

static int unique_cmp(const void *a, const void *b)
{
	const unique_key *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return nc_ikey_cmp(x->key, y->key);
}

static uint32_t list_uniques(const nc_txn *t, unique_key *list)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const nc_item *it = t->ops[i].item;
		const nc_ikey *k = nc_item_idkey(it);
		for (uint16_t j = 0; j < it->n_keys; j++) {
			k = nc_ikey_next(k);
			if (!nc_schema_is_unique(&t->db->schema, it->kind, k->index))
				continue;
			if (list)
				list[n] = (unique_key){ k, it->kind };
			n++;
		}
	}
	return n;
}

/* No two of its own items may end with the same unique key; those of others the sequencer sees. */
static void check_uniques(nc_txn *t)
{
	uint32_t n = list_uniques(t, NULL);
	if (n < 2)
		return;
	_cleanup_(nc_freep) unique_key *list = nc_malloc(n * sizeof(*list));
	if (!list) {
		nc_err_nomem(&t->err);
		return;
	}
	list_uniques(t, list);
	qsort(list, n, sizeof(*list), unique_cmp);
	for (uint32_t i = 1; i < n; i++) {
		if (unique_cmp(&list[i - 1], &list[i]) != 0)
			continue;
		const nc_kind_def *def = t->db->schema.kind[list[i].kind];
		nc_err(&t->err, NC_E_EXISTS, "%s %.*s would be given to two %ss",
			def->indexes[list[i].key->index].name, (int)list[i].key->len,
			list[i].key->ptr, def->name);
		return;
	}
}

static void write_ops(nc_txn *t, int is_del)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < t->n_ops; i++)
		n += nc_op_is_del(&t->ops[i]) == is_del;
	if (n == 0)
		return;
	nc_record_section(&t->record, is_del ? NC_TAG_DELETES : NC_TAG_CHANGES, n);
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const nc_item *it = t->ops[i].item;
		if (nc_op_is_del(&t->ops[i]) != is_del)
			continue;
		nc_buf_put_u16(&t->record, it->kind);
		nc_buf_put_lstr(&t->record, nc_item_id(it), it->id_len);
		if (is_del)
			continue;
		nc_buf_put_varint(&t->record, nc_item_value_len(it));
		nc_value_put(&t->record, it);
	}
}

static void write_record(nc_txn *t, uint8_t type, const nc_identity *identity)
{
	nc_record_begin(&t->record, type);
	write_ops(t, 0);
	write_ops(t, 1);
	if (t->n_entries > 0) {
		nc_record_section(&t->record, NC_TAG_ENTRIES, t->n_entries);
		nc_buf_put(&t->record, t->lanes.ptr, t->lanes.len);
		if (nc_buf_failed(&t->lanes))
			t->record.error = t->lanes.error;
	}
	if (identity)
		nc_record_identity(&t->record, identity, t->db->node);
	nc_code code = nc_record_end(&t->record);
	if (code == NC_E_NOMEM)
		nc_err_nomem(&t->err);
	else if (code != NC_OK)
		nc_err(&t->err, code, "a transaction takes at most %u bytes", NC_STORE_BATCH_MAX);
}

void nc_txn_seal(nc_txn *t, uint8_t type, const nc_identity *identity)
{
	if (t->err.code == NC_OK)
		index_ops(t);
	if (t->err.code == NC_OK)
		check_uniques(t);
	if (t->err.code == NC_OK)
		write_record(t, type, identity);
}

/* What a record holds, one entry at a time, into a transaction. */
static void replay_entry(nc_txn *t, const nc_record_entry *e, uint64_t seq, nc_error *err)
{
	const nc_kind_def *def = nc_schema_kind(&t->db->schema, e->kind);
	if (e->tag == NC_TAG_ENTRIES) {
		nc_txn_append(t, e->lane, e->value);
	} else if (e->tag == NC_TAG_IDENTITY) {
		return;
	} else if (!def) {
		nc_err(err, NC_E_UNSUPPORTED, "record %llu holds objects of kind %u",
			(unsigned long long)seq, e->kind);
		nc_err_hint(err, NC_E_UNSUPPORTED, "%s", nc_newer_hint);
	} else if (e->tag == NC_TAG_DELETES) {
		nc_txn_del(t, e->kind, e->id);
	} else {
		nc_item *it;
		if (nc_item_load(t->db, e->kind, e->id, e->value, seq, &it, err) == NC_OK)
			nc_txn_put_item(t, it);
	}
}

nc_code nc_txn_from_record(nc_db *db, const nc_record *r, nc_txn **ret, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(db);
	if (!t)
		return nc_err_nomem(err);
	nc_error why = NC_ERROR_INIT;
	nc_record_iter it = nc_record_entries(r);
	nc_record_entry e;
	while (why.code == NC_OK && nc_record_next(&it, &e))
		replay_entry(t, &e, r->seq, &why);
	if (why.code == NC_OK)
		index_ops(t);
	if (why.code == NC_OK && nc_buf_failed(&t->lanes))
		nc_err_nomem(&why);
	nc_err_copy(err, why.code != NC_OK ? &why : &t->err);
	if (why.code != NC_OK || t->err.code != NC_OK)
		return why.code != NC_OK ? why.code : t->err.code;
	t->seq = r->seq;
	*ret = nc_steal(&t);
	return NC_OK;
}
