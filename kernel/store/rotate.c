/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "store/care.h"
#include "store/item.h"
#include "store/secrets_internal.h"

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

enum { RESEAL_MAX = 64, ROUNDS_MAX = 100000 };

/* ---- the keys ---- */

static int count_old(nc_secrets *s)
{
	int n = 0;
	pthread_mutex_lock(&s->keys_lock);
	for (uint32_t i = 0; i < s->n_keys; i++)
		n += s->keys[i] != s->active && s->keys[i]->raw;
	pthread_mutex_unlock(&s->keys_lock);
	return n;
}

int nc_secrets_is_rotating(nc_secrets *s)
{
	return count_old(s) > 0;
}

static void set_active(nc_secrets *s, nc_secret_key *k)
{
	pthread_mutex_lock(&s->keys_lock);
	s->active = k;
	pthread_mutex_unlock(&s->keys_lock);
}

/* Known before it is in the file, so that nothing can fail once it is there. */
static nc_code add_new_key(nc_secrets *s, nc_error *err)
{
	_cleanup_(nc_keyring_done) nc_keyring ring = { .n = 0 };
	nc_code code = nc_keyring_load(&ring, s->key_file, err);
	if (code != NC_OK)
		return code;
	if (ring.n == NC_KEYS_MAX)
		return nc_err(err, NC_E_CONFLICT, "key file %s is full", s->key_file);
	memmove(&ring.keys[1], &ring.keys[0], ring.n * sizeof(ring.keys[0]));
	ring.keys[0] = (nc_sealkey){ .raw = NULL };
	ring.n++;
	code = nc_sealkey_make(&ring.keys[0], err);
	if (code != NC_OK)
		return code;
	pthread_mutex_lock(&s->keys_lock);
	nc_secret_key *k = nc_secret_key_add(s, &ring.keys[0], err);
	pthread_mutex_unlock(&s->keys_lock);
	if (!k)
		return NC_E_NOMEM;
	code = nc_keyring_save(&ring, s->key_file, err);
	if (code == NC_OK)
		set_active(s, k);
	else
		nc_secret_key_drop(s, k);
	return code;
}

static void close_old_keys(nc_secrets *s)
{
	pthread_mutex_lock(&s->keys_lock);
	for (uint32_t i = 0; i < s->n_keys; i++) {
		if (s->keys[i] != s->active)
			atomic_store_explicit(&s->keys[i]->is_closed, 1, memory_order_release);
	}
	pthread_mutex_unlock(&s->keys_lock);
}

static nc_code drop_old_keys(nc_secrets *s, nc_error *err)
{
	_cleanup_(nc_keyring_done) nc_keyring ring = { .n = 0 };
	nc_code code = nc_keyring_load(&ring, s->key_file, err);
	if (code != NC_OK)
		return code;
	while (ring.n > 1)
		nc_secret_free(ring.keys[--ring.n].raw);
	code = nc_keyring_save(&ring, s->key_file, err);
	if (code != NC_OK)
		return code;
	for (uint32_t i = 0; i < s->n_keys; i++) { /* only we add */
		if (s->keys[i] != s->active)
			nc_secret_key_drop(s, s->keys[i]);
	}
	return NC_OK;
}

/* ---- the values ---- */

typedef struct resealing { /* one bounded transaction */
	nc_secrets *s;
	const nc_secret_key *to;
	const nc_item *items[RESEAL_MAX]; /* references: sealed with another key */
	uint32_t n;
} resealing;

static void find_old(resealing *r)
{
	nc_walk w;
	nc_bytes none = { NULL, 0 };
	const nc_item *it;
	uint8_t id[8];
	const nc_root *root = nc_db_read_begin(r->s->db);
	nc_walk_init(&w, root, r->s->kind, NC_BY_ID, none, none, NC_ASCENDING);
	while (r->n < RESEAL_MAX && (it = nc_walk_next(&w, NULL)) != NULL) {
		if (nc_sealed_key_id(nc_item_body(it), id) != 0 ||
			memcmp(id, r->to->id, sizeof(id)) == 0)
			continue;
		nc_item_ref(it);
		r->items[r->n++] = it;
	}
	nc_db_read_end(r->s->db);
}

static nc_code reseal(
	nc_secrets *s, const nc_secret_key *to, nc_txn *t, const nc_item *it, nc_error *err)
{
	_cleanup_(nc_secret_freep) nc_secret *value = NULL;
	_cleanup_(nc_buf_done) nc_buf sealed;
	nc_buf_init(&sealed, NC_STORE_VAL_MAX);
	nc_bytes id = nc_item_id_bytes(it);
	nc_code code = nc_secret_open(s, it, &value, err);
	if (code == NC_OK)
		code = nc_secret_seal(s, to, id, nc_secret_get(value), &sealed, err);
	if (code != NC_OK)
		return code;
	nc_txn_expect(t, s->kind, id, it->rev);
	nc_txn_put(t, s->kind, id, NULL, 0, nc_buf_bytes(&sealed), NC_HOT);
	return NC_OK;
}

static nc_code reseal_round(resealing *r, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(r->s->db);
	nc_code code = t ? NC_OK : nc_err_nomem(err);
	for (uint32_t i = 0; i < r->n && code == NC_OK; i++)
		code = reseal(r->s, r->to, t, r->items[i], err);
	if (code == NC_OK)
		code = nc_txn_commit(nc_steal(&t), NULL, err);
	/* somebody changed or deleted one of them: the next round looks again */
	return code == NC_E_CONFLICT ? NC_OK : code;
}

static nc_code reseal_all(nc_secrets *s, nc_error *err)
{
	for (uint32_t i = 0; i < ROUNDS_MAX; i++) {
		resealing r = { .s = s, .to = nc_secret_key_active(s) };
		find_old(&r);
		nc_code code = r.n > 0 ? reseal_round(&r, err) : NC_OK;
		for (uint32_t k = 0; k < r.n; k++)
			nc_item_unref(r.items[k]);
		if (r.n == 0 || code != NC_OK)
			return code;
	}
	return nc_err(err, NC_E_BUSY, "secrets change faster than they can be sealed anew");
}

/* Whatever passed its check with an old key before they were closed is published after this. */
static nc_code pass_barrier(nc_secrets *s, nc_error *err)
{
	return nc_txn_commit(nc_txn_new(s->db), NULL, err);
}

static nc_code rotate(nc_secrets *s, nc_error *err)
{
	nc_code code = nc_secrets_is_rotating(s) ? NC_OK : add_new_key(s, err);
	if (code != NC_OK)
		return code;
	close_old_keys(s);
	code = pass_barrier(s, err);
	if (code == NC_OK)
		code = reseal_all(s, err);
	if (code == NC_OK)
		code = nc_db_trim_log(s->db, nc_db_seq(s->db), err);
	if (code == NC_OK)
		code = drop_old_keys(s, err);
	return code;
}

nc_code nc_secrets_rotate(nc_secrets *s, nc_error *err)
{
	pthread_mutex_lock(&s->keys_lock);
	int is_busy = s->is_busy;
	s->is_busy = 1;
	pthread_mutex_unlock(&s->keys_lock);
	if (is_busy)
		return nc_err(err, NC_E_BUSY, "the key of the secrets is being changed already");
	nc_code code = rotate(s, err);
	pthread_mutex_lock(&s->keys_lock);
	s->is_busy = 0;
	pthread_mutex_unlock(&s->keys_lock);
	if (code != NC_OK)
		return nc_err_wrap(err, code, "could not change the key of the secrets");
	nc_log(L_INFO, "secrets.rotated");
	return NC_OK;
}
