/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/care.h"
#include "store/item.h"
#include "store/vault_internal.h"

/*
 * Changing the key of the secrets. In this order, each step durable before the next, so that at
 * any cut everything sealed can be opened with the file as it is, and calling again goes on:
 *
 *   1 the file has the new key first and the old ones behind it
 *   2 the old ones seal no more: transactions that still carry such a value are refused
 *   3 every value is sealed anew, a bounded number in each transaction
 *   4 the objects are written and the log is trimmed, so no value under an old key is left
 *   5 the file has the new key alone
 *
 * A worker's thread; one rotation at a time.
 */

/* ---- the keys ---- */

static int count_old(nc_vault *v)
{
	int n = 0;
	pthread_mutex_lock(&v->keys_lock);
	for (uint32_t i = 0; i < v->n_keys; i++)
		n += v->keys[i] != v->active && v->keys[i]->raw;
	pthread_mutex_unlock(&v->keys_lock);
	return n;
}

int nc_vault_is_rotating(nc_vault *v)
{
	return count_old(v) > 0;
}

static void set_active(nc_vault *v, nc_vault_key *k)
{
	pthread_mutex_lock(&v->keys_lock);
	v->active = k;
	pthread_mutex_unlock(&v->keys_lock);
}

/* Known before it is in the file, so that nothing can fail once it is there. */
static nc_code add_new_key(nc_vault *v, nc_error *err)
{
	_cleanup_(nc_keyfile_done) nc_keyfile ring = { .n = 0 };
	nc_code code = nc_keyfile_load(&ring, v->key_file, err);
	if (code != NC_OK)
		return code;
	if (ring.n == NC_KEYFILE_KEYS_MAX)
		return nc_err(err, NC_E_CONFLICT, "key file %s is full", v->key_file);
	memmove(&ring.keys[1], &ring.keys[0], ring.n * sizeof(ring.keys[0]));
	ring.keys[0] = (nc_keyfile_key){ .raw = NULL };
	ring.n++;
	code = nc_keyfile_key_make(&ring.keys[0], err);
	if (code != NC_OK)
		return code;
	pthread_mutex_lock(&v->keys_lock);
	nc_vault_key *k = nc_vault_key_add(v, &ring.keys[0], err);
	pthread_mutex_unlock(&v->keys_lock);
	if (!k)
		return NC_E_NOMEM;
	code = nc_keyfile_save(&ring, v->key_file, err);
	if (code == NC_OK)
		set_active(v, k);
	else
		nc_vault_key_drop(v, k);
	return code;
}

static void close_old_keys(nc_vault *v)
{
	pthread_mutex_lock(&v->keys_lock);
	for (uint32_t i = 0; i < v->n_keys; i++) {
		if (v->keys[i] != v->active)
			atomic_store_explicit(&v->keys[i]->is_closed, 1, memory_order_release);
	}
	pthread_mutex_unlock(&v->keys_lock);
}

static nc_code drop_old_keys(nc_vault *v, nc_error *err)
{
	_cleanup_(nc_keyfile_done) nc_keyfile ring = { .n = 0 };
	nc_code code = nc_keyfile_load(&ring, v->key_file, err);
	if (code != NC_OK)
		return code;
	/* Somebody has put another file there since: what it lacks would be gone for good. */
	char active[NC_KEYFILE_ID_LEN + 1];
	nc_hex(v->active->id, sizeof(v->active->id), active);
	if (strcmp(ring.keys[0].id, active) != 0) {
		nc_err(err, NC_E_CONFLICT, "key file %s was changed during the rotation",
			v->key_file);
		return nc_err_hint(err, NC_E_CONFLICT,
			"put the file back whose first key is %s, and rotate again", active);
	}
	while (ring.n > 1)
		nc_secret_free(ring.keys[--ring.n].raw);
	code = nc_keyfile_save(&ring, v->key_file, err);
	if (code != NC_OK)
		return code;
	for (uint32_t i = 0; i < v->n_keys; i++) { /* only we add */
		if (v->keys[i] != v->active)
			nc_vault_key_drop(v, v->keys[i]);
	}
	return NC_OK;
}

/* ---- the values ---- */

static int is_old(void *ctx, const nc_item *it)
{
	const nc_vault_key *active = ctx;
	uint8_t id[8];
	return nc_vault_key_id(nc_item_body(it), id) == 0 &&
	       memcmp(id, active->id, sizeof(id)) != 0;
}

typedef struct resealing {
	nc_vault *v;
	uint64_t n;
} resealing;

static nc_code reseal(void *ctx, nc_txn *t, const nc_item *it, nc_error *err)
{
	resealing *r = ctx;
	nc_vault *v = r->v;
	_cleanup_(nc_secret_freep) nc_secret *value = NULL;
	_cleanup_(nc_buf_done) nc_buf sealed;
	nc_buf_init(&sealed, NC_STORE_VAL_MAX);
	nc_bytes id = nc_item_id_bytes(it);
	nc_code code = nc_vault_unseal(v, it, &value, err);
	if (code == NC_OK)
		code = nc_vault_seal(
			v, nc_vault_key_active(v), id, nc_secret_get(value), &sealed, err);
	if (code == NC_OK)
		nc_txn_put(t, v->kind, id, NULL, 0, nc_buf_bytes(&sealed), NC_HOT);
	r->n += code == NC_OK;
	return code;
}

/* Whatever passed its check with an old key before they were closed is published after this. */
static nc_code pass_barrier(nc_vault *v, nc_error *err)
{
	return nc_txn_commit(nc_txn_new(v->db), NULL, err);
}

static nc_code rotate(nc_vault *v, uint64_t *ret_n, nc_error *err)
{
	nc_code code = nc_vault_is_rotating(v) ? NC_OK : add_new_key(v, err);
	if (code != NC_OK)
		return code;
	close_old_keys(v);
	resealing r = { .v = v };
	const nc_rewrite all = { v->kind, is_old, nc_vault_key_active(v), reseal, &r };
	code = pass_barrier(v, err);
	if (code == NC_OK)
		code = nc_db_rewrite(v->db, &all, err);
	if (code == NC_OK)
		code = nc_db_trim_log(v->db, nc_db_seq(v->db), err);
	if (code == NC_OK)
		code = drop_old_keys(v, err);
	*ret_n = r.n;
	return code;
}

nc_code nc_vault_rotate(nc_vault *v, uint64_t *ret_n, nc_error *err)
{
	uint64_t n = 0;
	pthread_mutex_lock(&v->keys_lock);
	int is_busy = v->is_busy;
	v->is_busy = 1;
	pthread_mutex_unlock(&v->keys_lock);
	if (is_busy)
		return nc_err(err, NC_E_BUSY, "the key of the secrets is being changed already");
	nc_code code = rotate(v, &n, err);
	pthread_mutex_lock(&v->keys_lock);
	v->is_busy = 0;
	pthread_mutex_unlock(&v->keys_lock);
	if (code != NC_OK)
		return nc_err_wrap(err, code, "could not change the key of the secrets");
	nc_log(L_INFO, "secrets.rotated", F_U64("resealed", n));
	if (ret_n)
		*ret_n = n;
	return NC_OK;
}
