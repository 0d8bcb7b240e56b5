/* SPDX-License-Identifier: Apache-2.0 */
#include "model/secrets.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "model/member.h"

/*
 * What came with a request on its way into the vault, and opening it for a driver. The digest that
 * an object shows is keyed: a plain hash of a weak password gives it away. Plain values are wiped
 * as soon as they are sealed.
 */

enum { DIGEST_LEN = 32 }; /* hex, of the vault's */

void nc_secret_handle(const char *object_id, const char *field, char out[NC_DB_ID_MAX + 1])
{
	int n = snprintf(out, NC_DB_ID_MAX + 1, "%s.%s", object_id, field);
	nc_assert(n > 0 && n <= NC_DB_ID_MAX); /* ids and field names are ours */
}

static const char *digest_of(nc_vault *v, nc_bytes value, nc_arena *a)
{
	char hex[NC_VAULT_DIGEST_LEN + 1];
	nc_vault_digest(v, value, hex);
	return nc_arena_strndup(a, hex, DIGEST_LEN);
}

typedef struct putting {
	nc_vault *vault;
	nc_txn *txn;
} putting;

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
	char handle[NC_DB_ID_MAX + 1];
	nc_secret_handle(obj->id, d->name, handle);
	if (!s->fresh.ptr) { /* cleared */
		nc_vault_del(p->vault, p->txn, handle);
		*s = (nc_secret_field){ 0 };
		return NC_OK;
	}
	const char *digest = digest_of(p->vault, s->fresh, obj->arena);
	if (!digest)
		return nc_err_nomem(err);
	int is_same = s->version > 0 && s->digest && strcmp(s->digest, digest) == 0;
	nc_code rc = is_same ? NC_OK : nc_vault_put(p->vault, p->txn, handle, s->fresh, err);
	if (rc)
		return rc;
	s->version += !is_same;
	s->digest = digest;
	wipe(s);
	return NC_OK;
}

nc_code nc_secrets_put(nc_vault *v, nc_txn *t, nc_object *obj, nc_error *err)
{
	putting p = { v, t };
	return nc_object_secrets(obj, put_field, &p, err);
}

void nc_secrets_delete(nc_vault *v, nc_txn *t, const nc_root *r, const nc_object *obj)
{
	char prefix[NC_DB_ID_MAX + 1];
	nc_secret_handle(obj->id, "", prefix);
	nc_vault_del_all(v, t, r, prefix);
}

nc_code nc_secrets_open(
	nc_vault *v, const char *object_id, const char *field, nc_secret **ret, nc_error *err)
{
	char handle[NC_DB_ID_MAX + 1];
	/* what a plugin asks for may be anything */
	int n = snprintf(handle, sizeof(handle), "%s.%s", object_id, field);
	if (n >= (int)sizeof(handle))
		return nc_err(err, NC_E_NOTFOUND, "no object has a secret of that name");
	return nc_vault_get(v, handle, ret, err);
}
