/* SPDX-License-Identifier: Apache-2.0 */
#include "model/secrets.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/secret.h"
#include "model/member.h"

/*
 * Sealing what came with a request and opening it for a driver. The sealed bytes are bound to
 * owner, field and version, so that one can't be put in another's place. Digests are keyed: a
 * plain hash of a weak password gives it away. Plain values are wiped as soon as they are sealed.
 */

enum { AAD_MAX = NC_DB_ID_MAX + 96, DIGEST_BYTES = 16 };

void nc_secret_handle(const char *object_id, const char *field, char out[NC_DB_ID_MAX + 1])
{
	int n = snprintf(out, NC_DB_ID_MAX + 1, "%s.%s", object_id, field);
	nc_assert(n > 0 && n <= NC_DB_ID_MAX); /* ids and field names are ours */
}

static nc_bytes bind(const char *owner, const char *field, uint64_t version, char out[AAD_MAX])
{
	int n = snprintf(out, AAD_MAX, "%s.%s@%llu", owner, field, (unsigned long long)version);
	return (nc_bytes){ out, (size_t)n };
}

static const char *digest_of(const nc_seal_key *key, nc_bytes value, nc_arena *a)
{
	uint8_t mac[32];
	char hex[2 * DIGEST_BYTES + 1];
	nc_hmac_sha256((nc_bytes){ key->digest, sizeof(key->digest) }, value, mac);
	nc_hex(mac, DIGEST_BYTES, hex);
	return nc_arena_strdup(a, hex);
}

/* The sealed value as it is now, or a new one. */
static nc_code load_value(
	const nc_root *r, nc_object *obj, const char *field, nc_secret_value **ret, nc_error *err)
{
	char id[NC_DB_ID_MAX + 1];
	nc_secret_handle(obj->id, field, id);
	const nc_item *it = nc_root_get(r, NC_KIND_SECRET_VALUE, nc_str(id));
	nc_object *v;
	if (it) {
		nc_code rc = nc_model_load(it, obj->arena, &v, err);
		if (rc)
			return rc;
	} else {
		v = nc_object_new(&nc_kind_secret_value, obj->arena);
		if (!v || !(v->id = nc_arena_strdup(obj->arena, id)))
			return nc_err_nomem(err);
	}
	*ret = NC_AS(nc_secret_value, v);
	return NC_OK;
}

static nc_code seal(nc_secret_value *v, const nc_seal_key *key, nc_bytes plain, nc_error *err)
{
	char aad[AAD_MAX];
	size_t cap = plain.len + NC_SEAL_OVERHEAD, len = 0;
	uint8_t *sealed = nc_arena_alloc(v->o.arena, cap);
	char *text = nc_arena_alloc(v->o.arena, cap * 2 + 1);
	if (!sealed || !text)
		return nc_err_nomem(err);
	nc_code rc = nc_seal(key->seal, bind(v->owner, v->field, v->version, aad), plain, sealed,
		cap, &len, err);
	if (rc)
		return rc;
	nc_hex(sealed, len, text);
	v->sealed = text;
	return NC_OK;
}

typedef struct putting {
	nc_txn *txn;
	const nc_root *root;
	const nc_seal_key *key;
} putting;

static nc_code clear_field(
	const putting *p, nc_object *obj, const nc_field_def *d, nc_secret_field *s, nc_error *err)
{
	nc_secret_value *v = NULL;
	nc_code rc = load_value(p->root, obj, d->name, &v, err);
	if (rc || !v)
		return rc;
	if (v->o.rev)
		nc_model_delete(p->txn, &v->o);
	*s = (nc_secret_field){ 0 };
	return NC_OK;
}

/* What came in is ours alone: nobody may find it in the arena later. */
static void wipe(nc_secret_field *s)
{
	nc_zero((void *)(uintptr_t)s->fresh.ptr, s->fresh.len);
	s->fresh = (nc_bytes){ NULL, 0 };
}

static nc_code put_field(
	void *ctx, nc_object *obj, const nc_field_def *d, nc_secret_field *s, nc_error *err)
{
	const putting *p = ctx;
	nc_secret_value *v = NULL;
	if (!s->fresh.ptr)
		return clear_field(p, obj, d, s, err);
	const char *digest = digest_of(p->key, s->fresh, obj->arena);
	if (!digest)
		return nc_err_nomem(err);
	nc_code rc = load_value(p->root, obj, d->name, &v, err);
	if (rc || !v)
		return rc;
	s->version = v->version;
	s->digest = digest;
	if (v->o.rev && v->digest && strcmp(v->digest, digest) == 0) {
		wipe(s); /* the same value again */
		return NC_OK;
	}
	v->owner = obj->id;
	v->field = d->name;
	v->version++;
	v->key_id = p->key->id;
	v->digest = digest;
	rc = seal(v, p->key, s->fresh, err);
	if (rc)
		return rc;
	s->version = v->version;
	wipe(s);
	return nc_model_put(p->txn, &v->o, err);
}

nc_code nc_secrets_put(
	nc_txn *t, const nc_root *r, nc_object *obj, const nc_seal_key *key, nc_error *err)
{
	putting p = { t, r, key };
	return nc_object_secrets(obj, put_field, &p, err);
}

void nc_secrets_delete(nc_txn *t, const nc_root *r, const nc_object *obj)
{
	nc_bytes owner = nc_str(obj->id), key;
	const nc_item *it;
	nc_walk w;
	nc_walk_init(&w, r, NC_KIND_SECRET_VALUE, NC_SECRET_VALUE_IX_OWNER, owner,
		(nc_bytes){ NULL, 0 }, NC_ASCENDING);
	while ((it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, owner))
		nc_txn_del(t, NC_KIND_SECRET_VALUE, nc_str(nc_item_id(it)));
}

static const nc_seal_key *find_key(const nc_seal_key *keys, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (id && strcmp(keys[i].id, id) == 0)
			return &keys[i];
	return NULL;
}

nc_code nc_secrets_open(const nc_root *r, const char *object_id, const char *field,
	const nc_seal_key *keys, size_t n_keys, nc_arena *a, nc_secret **ret, nc_error *err)
{
	char id[NC_DB_ID_MAX + 1], aad[AAD_MAX];
	nc_object *obj;
	nc_secret_handle(object_id, field, id);
	nc_code rc = nc_model_get(r, &nc_kind_secret_value, id, a, &obj, err);
	if (rc)
		return rc;
	const nc_secret_value *v = NC_AS(nc_secret_value, obj);
	const nc_seal_key *key = find_key(keys, n_keys, v->key_id);
	if (!key) {
		rc = nc_err(err, NC_E_DENIED, "secret %s was sealed with key %s, which isn't here",
			id, v->key_id ? v->key_id : "?");
		return nc_err_hint(err, rc, "put the former key file back");
	}
	size_t n = v->sealed ? strlen(v->sealed) : 0, len = 0;
	uint8_t *sealed = nc_arena_alloc(a, n / 2 + 1), *plain = nc_arena_alloc(a, n / 2 + 1);
	if (!sealed || !plain)
		return nc_err_nomem(err);
	if (nc_unhex(v->sealed ? v->sealed : "", n, sealed))
		return nc_err(err, NC_E_PROTO, "secret %s is damaged", id);
	rc = nc_unseal(key->seal, bind(object_id, field, v->version, aad),
		(nc_bytes){ sealed, n / 2 }, plain, n / 2 + 1, &len, err);
	if (rc)
		return rc;
	*ret = nc_secret_new((nc_bytes){ plain, len });
	nc_zero(plain, len);
	return *ret ? NC_OK : nc_err_nomem(err);
}
