/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include "base/buf.h"
#include "base/log.h"

/* See state.h. */

static void on_published(void *ctx, const nc_db_batch *b)
{
	state *st = ctx;

	if (st->published)
		st->published(st->arg, b);
}

int state_open(state *st)
{
	nc_error err = NC_ERROR_INIT;

	nc_log_set_level(L_ERROR);
	if (!st->store)
		st->store = memstore_new();
	nc_db_options o = { .table = &memstore_table,
		.inst = st->store,
		.node = "node-1",
		.materialise_delay_ms = 5,
		.group_max = st->group_max,
		.hooks = { .ctx = st, .published = on_published, .upgrade = nc_model_upgrade } };
	o.kinds = nc_model_kind_defs(&o.n_kinds);
	return CHECK_OK(nc_db_open(&o, &st->db, &err), &err);
}

void state_close(state *st)
{
	if (st->db)
		nc_db_close(st->db);
	st->db = NULL;
}

void state_free(state *st)
{
	state_close(st);
	memstore_free(st->store);
	st->store = NULL;
}

nc_code state_try(state *st, nc_object *o, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(st->db);
	uint64_t seq = 0;
	nc_code rc = nc_model_put(t, o, err);

	if (rc == NC_OK)
		rc = nc_txn_commit(nc_steal(&t), &seq, err);
	if (rc == NC_OK)
		nc_model_committed(o, seq);
	return rc;
}

int state_put(state *st, nc_object *o)
{
	nc_error err = NC_ERROR_INIT;

	return CHECK_OK(state_try(st, o, &err), &err);
}

int state_delete(state *st, const nc_object *o)
{
	nc_error err = NC_ERROR_INIT;
	nc_txn *t = nc_txn_new(st->db);

	nc_model_delete(t, o);
	return CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
}

nc_object *state_get(state *st, const nc_kind *k, const char *id, nc_arena *a)
{
	nc_object *o = NULL;
	const nc_root *r = nc_db_read_begin(st->db);
	nc_code rc = nc_model_get(r, k, id, a, &o, NULL);

	nc_db_read_end(st->db);
	return rc == NC_OK ? o : NULL;
}

nc_object *state_find(state *st, const nc_kind *k, const char *id, nc_arena *a)
{
	nc_object *o = NULL;

	return nc_model_find(st->db, k, id, a, &o, NULL) == NC_OK ? o : NULL;
}

nc_object *state_new(const nc_kind *k, const char *name, nc_arena *a)
{
	nc_object *o = nc_object_new(k, a);

	if (o)
		o->name = nc_arena_strdup(a, name);
	return o;
}
