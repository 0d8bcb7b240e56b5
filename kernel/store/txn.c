/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * Building a transaction: the submitter's thread makes items and, at the end, the whole record, so
 * that the sequencer only checks, numbers and inserts. The first thing that goes wrong sticks. One
 * thread until submit; then it belongs to the sequencer.
 */

nc_txn *nc_txn_new(nc_db *db)
{
	nc_txn *t = nc_calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->msg.type = NC_MSG_TXN;
	t->db = db;
	nc_buf_init(&t->lanes, NC_STORE_BATCH_MAX);
	nc_buf_init(&t->record, NC_STORE_BATCH_MAX);
	nc_err_clear(&t->err);
	return t;
}

void nc_txn_destroy(nc_txn *t)
{
	for (uint32_t i = 0; i < t->n_guards; i++)
		if (t->guards[i].free)
			t->guards[i].free(t->guards[i].arg);
	for (uint32_t i = 0; i < t->n_ops; i++)
		nc_item_unref(t->ops[i].item);
	nc_free(t->ops);
	nc_free(t->by_id);
	nc_free(t->expects);
	nc_buf_done(&t->lanes);
	nc_buf_done(&t->record);
	nc_free(t);
}

void nc_txn_free(nc_txn *t)
{
	if (t)
		nc_txn_destroy(t);
}

static int is_dead(const nc_txn *t)
{
	return !t || t->err.code != NC_OK;
}

/* One more place in a growing array, or NULL with the error set. */
static void *grow(nc_txn *t, void *list, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	uint32_t want = *cap ? *cap * 2 : 4;
	void *p = nc_realloc(list, want * size);
	if (!p) {
		nc_err_nomem(&t->err);
		return NULL;
	}
	*cap = want;
	return p;
}

static int check_id(nc_txn *t, uint16_t kind, nc_bytes id)
{
	const nc_kind_def *def = nc_schema_kind(&t->db->schema, kind);
	if (!def)
		nc_err(&t->err, NC_E_INVAL, "kind %u is not declared", kind);
	else if (id.len == 0 || id.len > NC_DB_ID_MAX)
		nc_err(&t->err, NC_E_INVAL, "%s has an id of %zu bytes, not of 1 to %d", def->name,
			id.len, NC_DB_ID_MAX);
	return t->err.code == NC_OK;
}

static nc_expect *add_expect(nc_txn *t, nc_expect_type type, uint16_t kind, nc_bytes b)
{
	nc_expect *list = grow(t, t->expects, t->n_expects, &t->cap_expects, sizeof(*list));
	if (!list)
		return NULL;
	t->expects = list;
	nc_expect *e = &list[t->n_expects++];
	e->type = type;
	e->kind = kind;
	e->len = (uint16_t)b.len;
	if (b.len)
		memcpy(e->bytes, b.ptr, b.len);
	return e;
}

nc_bytes nc_expect_bytes(const nc_expect *e)
{
	return (nc_bytes){ e->bytes, e->len };
}

void nc_txn_expect(nc_txn *t, uint16_t kind, nc_bytes id, uint64_t rev)
{
	if (is_dead(t) || !check_id(t, kind, id))
		return;
	nc_expect *e = add_expect(t, NC_EXPECT_REV, kind, id);
	if (e)
		e->rev = rev;
}

void nc_txn_expect_exists(nc_txn *t, uint16_t kind, nc_bytes id)
{
	if (!is_dead(t) && check_id(t, kind, id))
		add_expect(t, NC_EXPECT_EXISTS, kind, id);
}

void nc_txn_expect_unused(nc_txn *t, uint16_t kind, uint16_t index, nc_bytes key)
{
	if (is_dead(t))
		return;
	const nc_kind_def *def = nc_schema_kind(&t->db->schema, kind);
	if (!def || index >= def->n_indexes || key.len > NC_DB_KEY_MAX) {
		nc_err(&t->err, NC_E_INVAL, "kind %u has no index %u with a key of %zu bytes", kind,
			index, key.len);
		return;
	}
	nc_expect *e = add_expect(t, NC_EXPECT_UNUSED, kind, key);
	if (e)
		e->index = index;
}

/* Only as long as they are few: index_ops keeps the last of several when they are many. */
static nc_txn_op *find_op(const nc_txn *t, uint16_t kind, nc_bytes id)
{
	if (t->n_ops > NC_TXN_FEW_OPS)
		return NULL;
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const nc_item *it = t->ops[i].item;
		if (it->kind == kind && nc_bytes_eq(nc_item_id_bytes(it), id))
			return &t->ops[i];
	}
	return NULL;
}

void nc_txn_put_item(nc_txn *t, nc_item *it)
{
	if (!it) {
		nc_err_nomem(&t->err);
		return;
	}
	nc_txn_op *same = find_op(t, it->kind, nc_item_id_bytes(it));
	if (same) {
		nc_item_unref(same->item);
		same->item = it;
		return;
	}
	nc_txn_op *list = grow(t, t->ops, t->n_ops, &t->cap_ops, sizeof(*list));
	if (!list) {
		nc_item_unref(it);
		return;
	}
	t->ops = list;
	list[t->n_ops++] = (nc_txn_op){ .item = it };
}

static int check_keys(
	nc_txn *t, const nc_kind_def *def, nc_bytes id, const nc_key *keys, uint32_t n)
{
	if (n > NC_DB_ITEM_KEYS_MAX)
		nc_err(&t->err, NC_E_INVAL, "%s %.*s has %u index keys, more than %d", def->name,
			(int)id.len, (const char *)id.ptr, n, NC_DB_ITEM_KEYS_MAX);
	for (uint32_t i = 0; i < n && t->err.code == NC_OK; i++) {
		if (keys[i].index >= def->n_indexes)
			nc_err(&t->err, NC_E_INVAL, "%s has no index %u", def->name, keys[i].index);
		else if (keys[i].len > NC_DB_KEY_MAX)
			nc_err(&t->err, NC_E_INVAL, "%s of %s %.*s has %u bytes, more than %d",
				def->indexes[keys[i].index].name, def->name, (int)id.len,
				(const char *)id.ptr, keys[i].len, NC_DB_KEY_MAX);
	}
	return t->err.code == NC_OK;
}

void nc_txn_put(nc_txn *t, uint16_t kind, nc_bytes id, const nc_key *keys, uint32_t n_keys,
	nc_bytes body, nc_warmth warmth)
{
	if (is_dead(t) || !check_id(t, kind, id))
		return;
	const nc_kind_def *def = nc_schema_kind(&t->db->schema, kind);
	if (!check_keys(t, def, id, keys, n_keys))
		return;
	size_t size = nc_value_len(keys, n_keys, body.len);
	if (size > NC_STORE_VAL_MAX) {
		nc_err(&t->err, NC_E_INVAL, "%s %.*s takes %zu bytes, and %u is the limit",
			def->name, (int)id.len, (const char *)id.ptr, size, NC_STORE_VAL_MAX);
		return;
	}
	nc_item *it = nc_item_new(kind, def->shape, id, keys, n_keys, body);
	if (it && warmth == NC_COLD)
		it->flags |= NC_ITEM_COLD;
	nc_txn_put_item(t, it);
}

void nc_txn_del(nc_txn *t, uint16_t kind, nc_bytes id)
{
	if (!is_dead(t) && check_id(t, kind, id))
		nc_txn_put_item(t, nc_item_tomb(kind, id));
}

void nc_txn_append(nc_txn *t, uint32_t lane, nc_bytes entry)
{
	if (is_dead(t))
		return;
	if (lane == 0 || lane > NC_LANE_LAST || entry.len > NC_STORE_VAL_MAX) {
		nc_err(&t->err, NC_E_INVAL, "lane %u takes no entry of %zu bytes", lane, entry.len);
		return;
	}
	nc_buf_putc(&t->lanes, (char)lane);
	nc_buf_put_lstr(&t->lanes, entry.ptr, entry.len);
	t->n_entries++;
}

void nc_txn_guard(nc_txn *t, const nc_guard *g)
{
	if (!is_dead(t) && t->n_guards < NC_DB_GUARDS_MAX) {
		t->guards[t->n_guards++] = *g;
		return;
	}
	if (!is_dead(t))
		nc_err(&t->err, NC_E_INVAL, "a transaction has at most %d guards",
			NC_DB_GUARDS_MAX);
	if (g->free)
		g->free(g->arg);
}

nc_code nc_txn_entries(const nc_txn *t, uint32_t lane, nc_entry_fn fn, void *ctx)
{
	nc_cur c = nc_cur_of(nc_buf_bytes(&t->lanes));
	nc_code code = NC_OK;
	for (uint32_t n = 0; code == NC_OK && c.p < c.end;) {
		uint8_t of = nc_cur_u8(&c);
		nc_bytes entry = nc_cur_lstr(&c);
		if (of == lane)
			code = fn(ctx, t->seq, n++, entry);
	}
	return code;
}
