/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * From a stored value to an item of today's shape. The one door through which bytes from the store
 * become items, so what the trees rely on (declared kind and indexes) is checked here. Any thread.
 */

const char nc_newer_hint[] = "this state was written by a newer version; start that one, or "
			     "restore a backup made before it";

static nc_code check_indexes(const nc_kind_def *def, const nc_item *it, nc_error *err)
{
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		if (k->index >= def->n_indexes)
			return nc_err(err, NC_E_PROTO,
				"%s %s has a key of index %u, and there are %u", def->name,
				nc_item_id(it), k->index, def->n_indexes);
	}
	return NC_OK;
}

/* Takes *it and gives its successor, or nothing. */
static nc_code upgrade(nc_db *db, const nc_kind_def *def, nc_item **it, nc_error *err)
{
	nc_item *old = *it, *now = NULL;
	*it = NULL;
	nc_code code = NC_E_UNSUPPORTED;
	if (db->hooks.upgrade)
		code = db->hooks.upgrade(db->hooks.ctx, old, &now, err);
	else
		nc_err(err, code, "no way from shape %u of %s to %u", old->shape, def->name,
			def->shape);
	if (code == NC_OK) {
		now->rev = old->rev;
		now->flags = old->flags;
		*it = now;
	} else {
		nc_err_wrap(err, code, "could not upgrade %s %s", def->name, nc_item_id(old));
	}
	nc_item_unref(old);
	return code;
}

nc_code nc_item_load(nc_db *db, uint16_t kind, nc_bytes id, nc_bytes value, uint64_t rev,
	nc_item **ret, nc_error *err)
{
	const nc_kind_def *def = nc_schema_kind(&db->schema, kind);
	nc_item *it = NULL;
	if (!def) {
		nc_err(err, NC_E_UNSUPPORTED, "object %.*s is of kind %u", (int)id.len,
			(const char *)id.ptr, kind);
		return nc_err_hint(err, NC_E_UNSUPPORTED, "%s", nc_newer_hint);
	}
	nc_code code = nc_value_parse(kind, id, value, &it, err);
	if (code != NC_OK)
		return nc_err_wrap(
			err, code, "%s %.*s", def->name, (int)id.len, (const char *)id.ptr);
	if (rev)
		it->rev = rev;
	if (it->shape > def->shape) {
		nc_err(err, NC_E_UNSUPPORTED, "%s %s has shape %u, this build reads up to %u",
			def->name, nc_item_id(it), it->shape, def->shape);
		nc_item_unref(it);
		return nc_err_hint(err, NC_E_UNSUPPORTED, "%s", nc_newer_hint);
	}
	if (it->shape < def->shape)
		code = upgrade(db, def, &it, err);
	if (code == NC_OK)
		code = check_indexes(def, it, err);
	if (code != NC_OK) {
		nc_item_unref(it);
		return code;
	}
	*ret = it;
	return NC_OK;
}
