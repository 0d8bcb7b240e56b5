/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host services that need the store: nc.kv (a little durable memory of each instance, as
 * records of their own) and nc.secrets (a sealed value, opened for one call). Both may block and
 * come from threads where that is allowed.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/secret.h"
#include "flow/internal.h"
#include "model/records.h"
#include "model/secrets.h"
#include "novacron/host_services.h"

/* ---- nc.kv ---- */

/* Keys are any bytes; the record is found by a hash of owner and key. */
static nc_code kv_id(const char *owner, nc_bytes key, char out[NC_DB_ID_MAX + 1], nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	char hex[65];

	nc_buf_init(&b, 4096);
	nc_buf_put_lstr(&b, owner, strlen(owner));
	nc_buf_put(&b, key.ptr, key.len);
	if (nc_buf_failed(&b))
		return nc_err_nomem(err);
	nc_sha256_hex(nc_buf_bytes(&b), hex);
	snprintf(out, NC_DB_ID_MAX + 1, "kv_%.40s", hex);
	return NC_OK;
}

static size_t decoded_len(const nc_kv_obj *kv)
{
	return kv->value ? strlen(kv->value) / 4 * 3 : 0;
}

/* What this instance holds, without the one that is to be replaced. */
static size_t held_by(const nc_root *r, const char *owner, const char *but, nc_arena *a)
{
	size_t sum = 0;
	nc_walk w;

	nc_walk_init(&w, r, NC_KIND_KV, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, NULL));) {
		nc_object *o = NULL;
		if (!strcmp(nc_item_id(it), but) || nc_model_load(it, a, &o, NULL) != NC_OK)
			continue;
		const nc_kv_obj *kv = NC_AS(nc_kv_obj, o);
		if (!strcmp(kv->owner, owner))
			sum += strlen(kv->key) / 2 + decoded_len(kv);
	}
	return sum;
}

static nc_kv_obj *kv_object(const nc_root *r, const char *id, nc_arena *a)
{
	const nc_item *it = nc_root_get(r, NC_KIND_KV, nc_str(id));
	nc_object *o = NULL;

	if (it)
		return nc_model_load(it, a, &o, NULL) == NC_OK ? NC_AS(nc_kv_obj, o) : NULL;
	o = nc_object_new(&nc_kind_kv, a);
	if (o)
		o->id = nc_arena_strdup(a, id);
	return o ? NC_AS(nc_kv_obj, o) : NULL;
}

static nc_code fill_kv(
	nc_kv_obj *kv, const char *owner, nc_bytes key, nc_bytes val, nc_arena *a, nc_error *err)
{
	char *hex = nc_arena_alloc(a, 2 * key.len + 1);
	char *text = nc_arena_alloc(a, NC_BASE64_LEN(val.len) + 1);

	if (!hex || !text)
		return nc_err_nomem(err);
	nc_hex(key.ptr, key.len, hex);
	nc_base64_encode(val, text);
	kv->owner = nc_arena_strdup(a, owner);
	kv->key = hex;
	kv->value = text;
	return kv->owner ? NC_OK : nc_err_nomem(err);
}

static nc_code try_put(
	nc_flow *f, const char *owner, const char *id, nc_bytes key, nc_bytes val, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(8u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);

	if (!a || !t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	nc_kv_obj *kv = kv_object(r, id, a);
	size_t held = kv ? held_by(r, owner, id, a) : 0;
	nc_code rc = kv ? fill_kv(kv, owner, key, val, a, err) : nc_err_nomem(err);
	if (rc == NC_OK && held + key.len + val.len > NC_KV_TOTAL_MAX)
		rc = nc_err(err, NC_E_QUOTA,
			"nc.kv: %zu bytes held, %zu more are over the %u allowed", held,
			key.len + val.len, NC_KV_TOTAL_MAX);
	if (rc == NC_OK)
		rc = nc_model_put(t, &kv->o, err);
	nc_db_read_end(f->db);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

static nc_code kv_put(void *user, nc_pinst *inst, nc_bytes key, nc_bytes val, nc_error *err)
{
	char id[NC_DB_ID_MAX + 1];
	nc_code rc = kv_id(nc_pinst_name(inst), key, id, err);

	for (int i = 0; i < 8 && rc == NC_OK; i++) {
		rc = try_put(user, nc_pinst_name(inst), id, key, val, err);
		if (rc != NC_E_CONFLICT)
			return rc;
		rc = NC_OK; /* somebody else wrote this key: the later one counts */
	}
	return rc == NC_OK ? nc_err(err, NC_E_BUSY, "nc.kv: this key is being written") : rc;
}

static nc_code kv_get(void *user, nc_pinst *inst, nc_bytes key, nc_buf *out, nc_error *err)
{
	nc_flow *f = user;
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	char id[NC_DB_ID_MAX + 1];
	nc_object *o = NULL;
	size_t n = 0;
	nc_code rc = kv_id(nc_pinst_name(inst), key, id, err);

	if (rc != NC_OK || !a)
		return rc != NC_OK ? rc : nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	const nc_item *it = nc_root_get(r, NC_KIND_KV, nc_str(id));
	rc = it ? nc_model_load(it, a, &o, err) : nc_err(err, NC_E_NOTFOUND, "nc.kv: no such key");
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		return rc;
	const char *text = NC_AS(nc_kv_obj, o)->value;
	char *raw = nc_arena_alloc(a, strlen(text) + 1);
	if (!raw)
		return nc_err_nomem(err);
	if (nc_base64_decode(text, strlen(text), raw, &n) < 0)
		return nc_err(err, NC_E_PROTO, "nc.kv: the stored value is damaged");
	nc_buf_put(out, raw, n);
	return nc_buf_failed(out) ? nc_err_nomem(err) : NC_OK;
}

static nc_code kv_del(void *user, nc_pinst *inst, nc_bytes key, nc_error *err)
{
	nc_flow *f = user;
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	char id[NC_DB_ID_MAX + 1];
	nc_code rc = kv_id(nc_pinst_name(inst), key, id, err);

	if (rc != NC_OK || !t)
		return rc != NC_OK ? rc : nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	int is_there = nc_root_get(r, NC_KIND_KV, nc_str(id)) != NULL;
	nc_db_read_end(f->db);
	if (!is_there)
		return nc_err(err, NC_E_NOTFOUND, "nc.kv: no such key");
	nc_txn_del(t, NC_KIND_KV, nc_str(id));
	return nc_txn_commit(nc_steal(&t), NULL, err);
}

/* ---- nc.secrets ---- */

/* "<object id>/<field>@<version>", as requests carry it. Of versions there is only the newest. */
static nc_code secret_open(
	void *user, nc_pinst *inst, nc_bytes handle, nc_secret **ret, nc_error *err)
{
	nc_flow *f = user;
	char text[2 * NC_DB_ID_MAX];

	(void)inst;
	if (handle.len < sizeof(text))
		snprintf(text, sizeof(text), "%.*s", (int)handle.len, (const char *)handle.ptr);
	char *slash = handle.len < sizeof(text) ? strchr(text, '/') : NULL;
	char *at = slash ? strchr(slash, '@') : NULL;
	if (!at)
		return nc_err(err, NC_E_INVAL, "this is no handle of a secret");
	*slash = *at = '\0';
	return nc_secrets_open(f->vault, text, slash + 1, ret, err);
}

void nc_flow_services(nc_plugin_hooks *hooks)
{
	hooks->kv_put = kv_put;
	hooks->kv_get = kv_get;
	hooks->kv_del = kv_del;
	hooks->secret_open = secret_open;
}
