/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/keys.h"
#include "model/problem.h"

/*
 * Objects to and from the store. An object that is read, changed by assigning and put gets a new
 * revision only if what the user asked for moved, which a hash over the intent fields tells. Any
 * thread, each with its own arena and transaction.
 */

nc_code nc_model_load_body(
	const nc_kind *k, nc_bytes body, uint64_t rev, nc_arena *a, nc_object **ret, nc_error *err)
{
	nc_object *obj;
	nc_code rc = nc_object_decode(k, body, a, &obj, err);
	if (rc)
		return rc;
	obj->rev = rev;
	obj->intent = nc_object_intent(obj);
	*ret = obj;
	return NC_OK;
}

nc_code nc_model_load(const nc_item *it, nc_arena *a, nc_object **ret, nc_error *err)
{
	const nc_kind *k = nc_kind_get(it->kind);
	if (!k || k->flags & NC_KF_BINARY)
		return nc_err(err, NC_E_INTERNAL, "item %s of kind %u is not an object",
			nc_item_id(it), it->kind);
	return nc_model_load_body(k, nc_item_body(it), it->rev, a, ret, err);
}

nc_code nc_model_get(const nc_root *r, const nc_kind *k, const char *id, nc_arena *a,
	nc_object **ret, nc_error *err)
{
	const nc_item *it = nc_root_get(r, k->number, nc_str(id));
	if (!it)
		return nc_err(err, NC_E_NOTFOUND, "%s %s not found", k->name, id);
	return nc_model_load(it, a, ret, err);
}

typedef struct finding {
	nc_arena *a;
	nc_object *o;
} finding;

static nc_code on_found(void *ctx, const nc_item *it)
{
	finding *f = ctx;
	return nc_model_load(it, f->a, &f->o, NULL);
}

nc_code nc_model_find(
	nc_db *db, const nc_kind *k, const char *id, nc_arena *a, nc_object **ret, nc_error *err)
{
	finding f = { .a = a };
	nc_code code = nc_db_get(db, k->number, nc_str(id), on_found, &f, err);
	if (code == NC_OK)
		*ret = f.o;
	return code;
}

/* ---- writing ---- */

static void move_revision(nc_object *obj)
{
	uint64_t intent = nc_object_intent(obj);
	obj->updated_at_ms = nc_clock_wall_ms();
	if (intent == obj->intent && obj->revision)
		return;
	obj->intent = intent;
	obj->revision++;
}

/* What put would write. `keys` and `body` are the caller's. */
static nc_code prepare(nc_object *obj, nc_keys *keys, nc_buf *body, nc_error *err)
{
	nc_assert(obj->id && !(obj->kind->flags & (NC_KF_BINARY | NC_KF_LANE | NC_KF_SUB)));
	nc_object_render(obj, body);
	if (body->error == NC_E_NOMEM)
		return nc_err_nomem(err);
	if (nc_buf_failed(body))
		return nc_err(err, NC_E_INVAL, "%s %s is larger than %u bytes", obj->kind->name,
			obj->name ? obj->name : obj->id, NC_STORE_VAL_MAX);
	return nc_keys_of(obj, keys, err);
}

static nc_code expect_ref(void *ctx, const nc_ref *ref)
{
	const nc_field_def *d = ref->d;
	const nc_kind *k = d->ref ? nc_kind_get(d->ref) : nc_kind_of_id(*ref->id);
	if (k && ref->is_settable && !(d->flags & NC_FF_WEAK))
		nc_txn_expect_exists(ctx, k->number, nc_str(*ref->id));
	return NC_OK;
}

static nc_code put(nc_txn *t, nc_object *obj, nc_warmth warmth, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf body;
	nc_buf_init(&body, NC_STORE_VAL_MAX);
	uint64_t was = obj->intent;
	nc_keys keys;
	move_revision(obj);
	nc_code rc = prepare(obj, &keys, &body, err);
	if (rc)
		return rc;
	const nc_kind *k = obj->kind;
	nc_bytes id = nc_str(obj->id);
	nc_txn_expect(t, k->number, id, obj->rev);
	if (!obj->rev && obj->project) /* non-empty projects stay: it must not go meanwhile */
		nc_txn_expect_exists(t, NC_KIND_PROJECT, nc_str(obj->project));
	nc_object *copy = was != obj->intent ? nc_object_copy(obj) : NULL;
	if (was != obj->intent && (!copy || nc_object_each_ref(copy, expect_ref, t)))
		return nc_err_nomem(err);
	nc_txn_put(t, k->number, id, keys.list, keys.n, nc_buf_bytes(&body), warmth);
	return NC_OK;
}

nc_code nc_model_put(nc_txn *t, nc_object *obj, nc_error *err)
{
	return put(t, obj, (nc_warmth)obj->kind->warmth, err);
}

nc_code nc_model_put_cold(nc_txn *t, nc_object *obj, nc_error *err)
{
	return put(t, obj, NC_COLD, err);
}

void nc_model_delete(nc_txn *t, const nc_object *obj)
{
	nc_bytes id = nc_str(obj->id);
	nc_txn_expect(t, obj->kind->number, id, obj->rev);
	nc_txn_del(t, obj->kind->number, id);
}

nc_item *nc_model_item(nc_object *obj, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf body;
	nc_buf_init(&body, NC_STORE_VAL_MAX);
	nc_keys keys;
	if (!obj->revision)
		obj->revision = 1;
	if (prepare(obj, &keys, &body, err))
		return NULL;
	nc_item *it = nc_item_new(obj->kind->number, obj->kind->shape, nc_str(obj->id), keys.list,
		keys.n, nc_buf_bytes(&body));
	if (!it)
		nc_err_nomem(err);
	return it;
}
