/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_internal.h"

/*
 * What the tip says to a transaction: its expectations, other items' unique keys, damaged values,
 * and the guards. The sequencer's thread, before anything is changed; allocates nothing.
 */

typedef struct ask {
	const nc_txn *txn;
	const nc_root *tip;
	const nc_schema *schema;
} ask;

static nc_code expect_rev(const ask *a, const nc_expect *e, nc_error *err)
{
	const nc_item *it = nc_root_get(a->tip, e->kind, nc_expect_bytes(e));
	const char *kind = nc_schema_kind_name(a->schema, e->kind);
	if ((it ? it->rev : 0) == e->rev)
		return NC_OK;
	if (!it)
		nc_err(err, NC_E_CONFLICT, "%s %.*s no longer exists", kind, e->len, e->bytes);
	else if (e->rev == 0)
		nc_err(err, NC_E_CONFLICT, "%s %.*s exists already", kind, e->len, e->bytes);
	else
		nc_err(err, NC_E_CONFLICT, "%s %.*s was changed meanwhile: revision %llu, not %llu",
			kind, e->len, e->bytes, (unsigned long long)it->rev,
			(unsigned long long)e->rev);
	return nc_err_hint(err, NC_E_CONFLICT, "read it again and repeat the change");
}

static nc_code expect_exists(const ask *a, const nc_expect *e, nc_error *err)
{
	const nc_txn_op *op = nc_txn_own_op(a->txn, e->kind, nc_expect_bytes(e));
	if (op ? !nc_op_is_del(op) : nc_root_get(a->tip, e->kind, nc_expect_bytes(e)) != NULL)
		return NC_OK;
	return nc_err(err, NC_E_NOTFOUND, "%s %.*s does not exist",
		nc_schema_kind_name(a->schema, e->kind), e->len, e->bytes);
}

static nc_code expect_unused(const ask *a, const nc_expect *e, nc_error *err)
{
	nc_walk w;
	nc_bytes key = nc_expect_bytes(e), at, none = { NULL, 0 };
	const nc_item *it;
	nc_walk_init(&w, a->tip, e->kind, e->index, key, none, NC_ASCENDING);
	while ((it = nc_walk_next(&w, &at)) != NULL && nc_bytes_eq(at, key)) {
		if (nc_txn_own_op(a->txn, e->kind, nc_item_id_bytes(it)))
			continue;
		return nc_err(err, NC_E_CONFLICT, "%s %s has %s %.*s",
			nc_schema_kind_name(a->schema, e->kind), nc_item_id(it),
			a->schema->kind[e->kind]->indexes[e->index].name, e->len, e->bytes);
	}
	return NC_OK;
}

static nc_code (*const expectations[])(const ask *, const nc_expect *, nc_error *) = {
	[NC_EXPECT_REV] = expect_rev,
	[NC_EXPECT_EXISTS] = expect_exists,
	[NC_EXPECT_UNUSED] = expect_unused,
};

/* Another item has the key, and keeps it. */
static nc_code key_is_free(const ask *a, const nc_item *it, const nc_ikey *k, nc_error *err)
{
	const nc_item *holder = nc_root_find(a->tip, it->kind, k->index, nc_ikey_bytes(k));
	if (!holder || nc_bytes_eq(nc_item_id_bytes(holder), nc_item_id_bytes(it)))
		return NC_OK;
	const nc_txn_op *op = nc_txn_own_op(a->txn, it->kind, nc_item_id_bytes(holder));
	if (op && (nc_op_is_del(op) || !nc_item_same_key(op->item, k)))
		return NC_OK;
	return nc_err(err, NC_E_EXISTS, "%s %s %.*s is taken by %s",
		nc_schema_kind_name(a->schema, it->kind),
		a->schema->kind[it->kind]->indexes[k->index].name, k->len, k->ptr,
		nc_item_id(holder));
}

static nc_code check_keys(const ask *a, const nc_item *it, nc_error *err)
{
	const nc_ikey *k = nc_item_idkey(it);
	nc_code code = NC_OK;
	for (uint16_t i = 0; i < it->n_keys && code == NC_OK; i++) {
		k = nc_ikey_next(k);
		if (nc_schema_is_unique(a->schema, it->kind, k->index))
			code = key_is_free(a, it, k, err);
	}
	return code;
}

/* What can't be read may be worth more than what would take its place. */
static nc_code check_damage(const ask *a, const nc_item *it, nc_error *err)
{
	nc_db *db = a->txn->db;
	char holder[NC_DB_ID_MAX + 1];
	if (nc_damage_has(db, it->kind, nc_item_id_bytes(it)))
		return nc_damage_error(db, it->kind, nc_item_id_bytes(it), err);
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		if (!nc_damage_holds_key(db, it->kind, k, holder))
			continue;
		nc_err(err, NC_E_EXISTS, "%s %s %.*s is taken by %s, whose value is damaged",
			nc_schema_kind_name(a->schema, it->kind),
			a->schema->kind[it->kind]->indexes[k->index].name, k->len, k->ptr, holder);
		return nc_err_hint(err, NC_E_EXISTS,
			"restore the state from a backup, or delete the damaged object first");
	}
	return NC_OK;
}

nc_code nc_txn_check(const nc_txn *t, const nc_root *tip, nc_error *err)
{
	const ask a = { t, tip, &t->db->schema };
	int is_damaged = atomic_load_explicit(&t->db->damage.n, memory_order_relaxed) > 0;
	nc_code code = NC_OK;
	for (uint32_t i = 0; i < t->n_expects && code == NC_OK; i++)
		code = expectations[t->expects[i].type](&a, &t->expects[i], err);
	for (uint32_t i = 0; i < t->n_ops && code == NC_OK; i++) {
		const nc_txn_op *op = &t->ops[i];
		if (nc_op_is_del(op))
			continue;
		if (is_damaged)
			code = check_damage(&a, op->item, err);
		if (code == NC_OK)
			code = check_keys(&a, op->item, err);
	}
	return code;
}

nc_code nc_txn_hold_guards(nc_txn *t, const nc_root *tip, nc_error *err)
{
	for (t->n_held = 0; t->n_held < t->n_guards; t->n_held++) {
		const nc_guard *g = &t->guards[t->n_held];
		nc_code code = g->check(g->arg, tip, err);
		if (code != NC_OK) {
			nc_txn_undo_guards(t);
			return code;
		}
	}
	return NC_OK;
}

void nc_txn_undo_guards(nc_txn *t)
{
	while (t->n_held > 0) {
		const nc_guard *g = &t->guards[--t->n_held];
		if (g->undo)
			g->undo(g->arg);
	}
}

void nc_txn_finish_guards(nc_txn *t)
{
	for (uint32_t i = 0; i < t->n_held; i++) {
		if (t->guards[i].done)
			t->guards[i].done(t->guards[i].arg, t->seq);
	}
	t->n_held = 0;
}
