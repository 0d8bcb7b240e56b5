/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_MODEL_WORLD_H
#define NC_TESTS_MODEL_WORLD_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memstore.h"
#include "model/body.h"
#include "model/identity.h"
#include "model/secrets.h"
#include "model_util.h"

/* A database of objects for one test. */
typedef struct world {
	memstore *store;
	nc_db *db;
	nc_arena *a;
	const nc_root *root; /* as of the last look */
	nc_vault *vault;
} world;

static inline void world_open(world *w)
{
	uint32_t n;
	const nc_kind_def *kinds = nc_model_kind_defs(&n);
	nc_db_options o = { .table = &memstore_table,
		.inst = w->store,
		.node = "test",
		.kinds = kinds,
		.n_kinds = n,
		.materialise_delay_ms = 1,
		.hooks = { .upgrade = nc_model_upgrade } };
	nc_error err = NC_ERROR_INIT;
	w->db = NULL;
	CHECK_OK(nc_db_open(&o, &w->db, &err), &err);
}

/* Sealing is only some tests' concern. */
static inline nc_vault *vault_of(world *w)
{
	nc_error err = NC_ERROR_INIT;
	if (!w->vault) {
		_cleanup_(nc_freep) char *path = nc_test_path("keys");
		unlink(path);
		nc_vault_options o = { w->db, NC_KIND_SECRET_VALUE, path };
		CHECK_OK(nc_vault_open(&o, &w->vault, &err), &err);
	}
	return w->vault;
}

static inline void world_init(world *w)
{
	w->store = memstore_new();
	w->a = nc_arena_new((size_t)64 << 20);
	w->vault = NULL;
	world_open(w);
}

static inline void world_done(world *w)
{
	nc_vault_close(w->vault);
	nc_db_close(w->db);
	memstore_free(w->store);
	nc_arena_free(w->a);
}
#define WORLD(w)                                                                                   \
	_cleanup_(world_done) world w = { 0 };                                                     \
	world_init(&w)

/* The test's one reading thread never waits for the writer inside a section that matters. */
static inline const nc_root *look(world *w)
{
	w->root = nc_db_read_begin(w->db);
	nc_db_read_end(w->db);
	return w->root;
}

static inline nc_code put(world *w, nc_object *obj, nc_error *err)
{
	nc_txn *t = nc_txn_new(w->db);
	uint64_t seq = 0;
	nc_code rc = nc_model_put(t, obj, err);
	if (rc) {
		nc_txn_free(t);
		return rc;
	}
	rc = nc_txn_commit(t, &seq, err);
	if (!rc)
		nc_model_committed(obj, seq);
	return rc;
}

/* The id of a project by its word in these tests ("prj_a"), made when first asked for. */
static inline const char *project(world *w, const char *word)
{
	if (!word || *word == '*' || strncmp(word, "prj_", 4) != 0 || strlen(word) > 6)
		return word;
	nc_reach reach = { NULL, 0 };
	const nc_item *it;
	const char *name = word + 4;
	if (nc_model_resolve(look(w), &nc_kind_project, &reach, name, &it, NULL, NULL) == NC_OK)
		return nc_item_id(it);
	nc_object *obj = nc_object_new(&nc_kind_project, w->a);
	nc_error err = NC_ERROR_INIT;
	obj->name = nc_arena_strdup(w->a, name);
	CHECK_OK(put(w, obj, &err), &err);
	return obj->id;
}

static inline nc_reach reach_of(world *w, const char *word)
{
	int is_all = word && *word == '*';
	return (nc_reach){ is_all ? NULL : project(w, word), is_all };
}

/* Made from a request in a project, its references resolved, and stored. */
static inline nc_object *make(world *w, const nc_kind *k, const char *word, const char *text)
{
	nc_object *obj = mu_make(k, text, w->a);
	nc_error err = NC_ERROR_INIT;
	const char *in = project(w, word);
	nc_reach reach = { in, 0 };
	nc_faults f;
	if (!obj)
		return NULL;
	obj->project = in;
	nc_faults_init(&f, w->a);
	nc_model_resolve_refs(look(w), obj, &reach, &f);
	CHECK_STR(mu_faults(&f), "");
	CHECK_OK(put(w, obj, &err), &err);
	return obj;
}

static inline const nc_item *item(world *w, const nc_object *obj)
{
	return nc_root_get(look(w), obj->kind->number, nc_str(obj->id));
}

static inline nc_object *load(world *w, const nc_object *obj)
{
	nc_object *again = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_model_get(look(w), obj->kind, obj->id, w->a, &again, &err), &err);
	return again;
}

static inline nc_code put_sealed(world *w, nc_object *obj, nc_error *err)
{
	nc_txn *t = nc_txn_new(w->db);
	uint64_t seq;
	nc_code rc = nc_secrets_put(vault_of(w), t, obj, err);
	if (!rc)
		rc = nc_model_put(t, obj, err);
	if (rc) {
		nc_txn_free(t);
		return rc;
	}
	rc = nc_txn_commit(t, &seq, err);
	if (!rc)
		nc_model_committed(obj, seq);
	return rc;
}

/* Rows of a list, by name. */
typedef struct listed {
	char text[4096];
	size_t len;
} listed;

static inline nc_code add_row(void *ctx, const nc_item *it)
{
	listed *l = ctx;
	nc_bytes name = nc_body_member(nc_item_body(it), "name");
	nc_bytes shown =
		name.ptr ? (nc_bytes){ (const char *)name.ptr + 1, name.len - 2 } : nc_str("-");
	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%.*s ",
		(int)shown.len, (const char *)shown.ptr);
	return NC_OK;
}

#endif
