/* SPDX-License-Identifier: Apache-2.0 */
#include "store/vault.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/vault_internal.h"

/*
 * Sealing into transactions, and opening. A sealed value is
 *
 *   "NCS1" | id of the key, 8 bytes | nonce 12 | ciphertext | tag 16
 *
 * and what is authenticated beside the value is those first 12 bytes and the item's id. Keys are
 * derived from the file's by purpose, so none serves two. The lock is held to look up or change
 * the list of keys; the entries themselves live as long as the nc_vault, because guards of
 * transactions under way point at them.
 */

static const char magic[4] = { 'N', 'C', 'S', '1' };
static const char seal_purpose[] = "novacron secret seal 1";
static const char digest_purpose[] = "novacron secret digest 1";

static void derive(const nc_secret *raw, const char *purpose, uint8_t out[32])
{
	nc_hmac_sha256(nc_secret_get(raw), nc_str(purpose), out);
}

/* ---- names ---- */

static nc_code check_handle(const char *handle, nc_error *err)
{
	size_t len = handle ? strlen(handle) : 0;
	if (len > 0 && len <= NC_DB_ID_MAX)
		return NC_OK;
	return nc_err(err, NC_E_INVAL, "a secret has a handle of 1 to %d bytes", NC_DB_ID_MAX);
}

static void put_aad(nc_buf *b, const uint8_t head[NC_VAULT_HEAD], nc_bytes id)
{
	nc_buf_put(b, head, NC_VAULT_HEAD);
	nc_buf_put(b, id.ptr, id.len);
}

/* ---- keys ---- */

nc_vault_key *nc_vault_key_find(nc_vault *v, const uint8_t id[8])
{
	for (uint32_t i = 0; i < v->n_keys; i++) {
		if (memcmp(v->keys[i]->id, id, sizeof(v->keys[i]->id)) == 0)
			return v->keys[i];
	}
	return NULL;
}

/* The derived key into `out`, to be wiped by the caller; 0 when it is not, or no longer, there. */
static int take_seal_key(nc_vault *v, const uint8_t id[8], uint8_t out[32])
{
	pthread_mutex_lock(&v->keys_lock);
	const nc_vault_key *k = nc_vault_key_find(v, id);
	int is_there = k && k->raw;
	if (is_there)
		derive(k->raw, seal_purpose, out);
	pthread_mutex_unlock(&v->keys_lock);
	return is_there;
}

/* ---- sealing ---- */

nc_code nc_vault_seal(
	nc_vault *v, const nc_vault_key *k, nc_bytes id, nc_bytes value, nc_buf *ret, nc_error *err)
{
	uint8_t head[NC_VAULT_HEAD], key[32];
	char aad_mem[NC_VAULT_HEAD + NC_DB_ID_MAX + 1];
	nc_buf aad;
	size_t len = 0;
	memcpy(head, magic, sizeof(magic));
	memcpy(head + sizeof(magic), k->id, sizeof(k->id));
	nc_buf_init_fixed(&aad, aad_mem, sizeof(aad_mem));
	put_aad(&aad, head, id);
	nc_buf_put(ret, head, sizeof(head));
	char *out = nc_buf_reserve(ret, value.len + NC_SEAL_OVERHEAD);
	if (!out)
		return nc_err_nomem(err);
	if (!take_seal_key(v, k->id, key))
		return nc_err(err, NC_E_INTERNAL, "the secrets' key is gone");
	nc_code code = nc_seal(
		key, nc_buf_bytes(&aad), value, out, value.len + NC_SEAL_OVERHEAD, &len, err);
	nc_zero(key, sizeof(key));
	if (code == NC_OK)
		nc_buf_commit(ret, len);
	return code;
}

static nc_code check_key(void *arg, const nc_root *tip, nc_error *err)
{
	nc_vault_key *k = arg;
	(void)tip;
	/* what was sealed before and comes after the last round of a rotation could never be
	 * opened again; pairs with the release in rotate */
	if (!atomic_load_explicit(&k->is_closed, memory_order_acquire))
		return NC_OK;
	nc_err(err, NC_E_UNAVAILABLE, "the key of the secrets was changed meanwhile");
	if (err)
		err->flags = NC_ERR_RETRYABLE;
	return nc_err_hint(err, NC_E_UNAVAILABLE, "try again");
}

static void add_guard(nc_txn *t, nc_vault_key *k)
{
	for (uint32_t i = 0; t && i < t->n_guards; i++) {
		if (t->guards[i].check == check_key && t->guards[i].arg == k)
			return;
	}
	nc_txn_guard(t, &(nc_guard){ .check = check_key, .arg = k });
}

nc_vault_key *nc_vault_key_active(nc_vault *v)
{
	pthread_mutex_lock(&v->keys_lock);
	nc_vault_key *k = v->active;
	pthread_mutex_unlock(&v->keys_lock);
	return k;
}

nc_code nc_vault_put(nc_vault *v, nc_txn *t, const char *handle, nc_bytes value, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf sealed;
	nc_buf_init(&sealed, NC_STORE_VAL_MAX);
	nc_code code = check_handle(handle, err);
	if (code == NC_OK && value.len > NC_VAULT_VALUE_MAX)
		code = nc_err(err, NC_E_INVAL, "a secret has at most %u bytes", NC_VAULT_VALUE_MAX);
	if (code != NC_OK)
		return code;
	nc_vault_key *k = nc_vault_key_active(v);
	code = nc_vault_seal(v, k, nc_str(handle), value, &sealed, err);
	if (code != NC_OK)
		return code;
	nc_txn_put(t, v->kind, nc_str(handle), NULL, 0, nc_buf_bytes(&sealed), NC_HOT);
	add_guard(t, k);
	return NC_OK;
}

void nc_vault_del(nc_vault *v, nc_txn *t, const char *handle)
{
	if (check_handle(handle, NULL) == NC_OK)
		nc_txn_del(t, v->kind, nc_str(handle));
}

void nc_vault_del_all(nc_vault *v, nc_txn *t, const nc_root *r, const char *prefix)
{
	nc_bytes from = nc_str(prefix), none = { NULL, 0 };
	const nc_item *it;
	nc_walk w;
	nc_walk_init(&w, r, v->kind, NC_BY_ID, from, none, NC_ASCENDING);
	while ((it = nc_walk_next(&w, NULL)) && strncmp(nc_item_id(it), prefix, from.len) == 0)
		nc_txn_del(t, v->kind, nc_item_id_bytes(it));
}

/* ---- opening ---- */

int nc_vault_key_id(nc_bytes body, uint8_t out[8])
{
	if (body.len < NC_VAULT_HEAD + NC_SEAL_OVERHEAD ||
		memcmp(body.ptr, magic, sizeof(magic)) != 0)
		return -1;
	memcpy(out, (const uint8_t *)body.ptr + sizeof(magic), 8);
	return 0;
}

nc_code nc_vault_unseal(nc_vault *v, const nc_item *it, nc_secret **ret, nc_error *err)
{
	uint8_t key_id[8], key[32];
	char aad_mem[NC_VAULT_HEAD + NC_DB_ID_MAX + 1];
	nc_buf aad;
	nc_bytes body = nc_item_body(it);
	if (nc_vault_key_id(body, key_id) != 0)
		return nc_err(err, NC_E_PROTO, "secret %s is not in its form", nc_item_id(it));
	if (!take_seal_key(v, key_id, key))
		return nc_err(err, NC_E_NOTFOUND, "the key of secret %s is not in the key file",
			nc_item_id(it));
	nc_buf_init_fixed(&aad, aad_mem, sizeof(aad_mem));
	put_aad(&aad, body.ptr, nc_item_id_bytes(it));
	nc_bytes sealed = { (const char *)body.ptr + NC_VAULT_HEAD, body.len - NC_VAULT_HEAD };
	size_t cap = sealed.len - NC_SEAL_OVERHEAD, len = 0;
	char *plain = nc_malloc(cap + 1);
	nc_code code = plain ? nc_unseal(key, nc_buf_bytes(&aad), sealed, plain, cap, &len, err)
			     : nc_err_nomem(err);
	nc_zero(key, sizeof(key));
	if (code == NC_OK) {
		*ret = nc_secret_new((nc_bytes){ plain, len });
		code = *ret ? NC_OK : nc_err_nomem(err);
	}
	if (plain)
		nc_zero(plain, cap);
	nc_free(plain);
	return code == NC_OK || code == NC_E_NOMEM
		       ? code
		       : nc_err_wrap(err, code, "could not open secret %s", nc_item_id(it));
}

typedef struct opening {
	nc_vault *v;
	nc_secret **ret;
	nc_error *err;
} opening;

static nc_code open_item(void *ctx, const nc_item *it)
{
	const opening *o = ctx;
	return nc_vault_unseal(o->v, it, o->ret, o->err);
}

nc_code nc_vault_get(nc_vault *v, const char *handle, nc_secret **ret, nc_error *err)
{
	nc_secret *value = NULL;
	opening o = { v, &value, err };
	nc_code code = check_handle(handle, err);
	/* a rotation may end between the look at the item and the look at the keys: look again */
	for (int i = 0; i < 2 && code == NC_OK && !value; i++) {
		code = nc_db_get(v->db, v->kind, nc_str(handle), open_item, &o, err);
		if (code == NC_E_NOTFOUND && i == 0)
			code = NC_OK;
	}
	if (code == NC_OK)
		*ret = value;
	return code;
}

void nc_vault_digest(nc_vault *v, nc_bytes value, char out[NC_VAULT_DIGEST_LEN + 1])
{
	uint8_t key[32], mac[32];
	derive(v->digest, digest_purpose, key);
	nc_hmac_sha256((nc_bytes){ key, sizeof(key) }, value, mac);
	nc_hex(mac, sizeof(mac), out);
	nc_zero(key, sizeof(key));
}

/* ---- from start to end ---- */

static nc_vault_key *key_of(const nc_keyfile_key *from)
{
	nc_vault_key *k = nc_calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	k->raw = nc_secret_new(nc_secret_get(from->raw));
	(void)nc_unhex(from->id, NC_KEYFILE_ID_LEN, k->id);
	if (k->raw)
		return k;
	nc_free(k);
	return NULL;
}

nc_vault_key *nc_vault_key_add(nc_vault *v, const nc_keyfile_key *from, nc_error *err)
{
	nc_vault_key *k = key_of(from);
	nc_vault_key **list =
		k ? nc_realloc(v->keys, (v->n_keys + 1) * sizeof(nc_vault_key *)) : NULL;
	if (!list) {
		if (k)
			nc_secret_free(k->raw);
		nc_free(k);
		nc_err_nomem(err);
		return NULL;
	}
	v->keys = list;
	v->keys[v->n_keys++] = k;
	return k;
}

void nc_vault_key_drop(nc_vault *v, nc_vault_key *k)
{
	pthread_mutex_lock(&v->keys_lock);
	nc_secret_free(k->raw);
	k->raw = NULL;
	pthread_mutex_unlock(&v->keys_lock);
}

static nc_code take_ring(nc_vault *v, const nc_keyfile *ring, nc_error *err)
{
	v->digest = nc_secret_new(nc_secret_get(ring->digest));
	if (!v->digest)
		return nc_err_nomem(err);
	for (uint32_t i = 0; i < ring->n; i++) {
		nc_vault_key *k = nc_vault_key_add(v, &ring->keys[i], err);
		if (!k)
			return NC_E_NOMEM;
		if (i == 0)
			v->active = k;
		else
			atomic_store_explicit(&k->is_closed, 1, memory_order_relaxed);
	}
	return NC_OK;
}

static int has_secrets(nc_vault *v)
{
	const nc_root *r = nc_db_read_begin(v->db);
	uint64_t n = nc_root_count(r, v->kind);
	nc_db_read_end(v->db);
	return n > 0;
}

/* A bare key that was made beforehand: from now on this installation's. */
static nc_code adopt_ring(nc_vault *v, nc_keyfile *ring, nc_error *err)
{
	if (has_secrets(v)) {
		nc_err(err, NC_E_CONFLICT,
			"key file %s is new, and this state has secrets under another key",
			v->key_file);
		return nc_err_hint(
			err, NC_E_CONFLICT, "put the key file back that belongs to this state");
	}
	snprintf(ring->installation, sizeof(ring->installation), "%s", nc_db_installation(v->db));
	nc_code code = nc_keyfile_save(ring, v->key_file, err);
	if (code == NC_OK)
		nc_log(L_INFO, "secrets.key_file.adopted", F_STR("path", v->key_file));
	return code;
}

static nc_code load_ring(nc_vault *v, nc_keyfile *ring, nc_error *err)
{
	const char *own = nc_db_installation(v->db);
	nc_code code = nc_keyfile_load(ring, v->key_file, err);
	if (code == NC_E_NOTFOUND && !has_secrets(v)) {
		code = nc_keyfile_make(ring, own, err);
		if (code == NC_OK)
			code = nc_keyfile_save(ring, v->key_file, err);
		if (code == NC_OK)
			nc_log(L_INFO, "secrets.key_file.created", F_STR("path", v->key_file));
		return code;
	}
	if (code == NC_E_NOTFOUND)
		return nc_err_hint(err, code, "put the key file back from where you keep its copy");
	if (code == NC_OK && ring->installation[0] == '\0')
		return adopt_ring(v, ring, err);
	if (code != NC_OK || strcmp(ring->installation, own) == 0)
		return code;
	nc_err(err, NC_E_CONFLICT, "key file %s is of installation %s, and this is %s", v->key_file,
		ring->installation, own);
	return nc_err_hint(err, NC_E_CONFLICT, "put this installation's own key file there");
}

/* Everything that is sealed can be opened, as far as keys go. */
static nc_code check_keys(nc_vault *v, nc_error *err)
{
	nc_walk w;
	nc_bytes none = { NULL, 0 };
	const nc_item *it;
	uint8_t id[8];
	nc_code code = NC_OK;
	const nc_root *r = nc_db_read_begin(v->db);
	nc_walk_init(&w, r, v->kind, NC_BY_ID, none, none, NC_ASCENDING);
	while (code == NC_OK && (it = nc_walk_next(&w, NULL)) != NULL) {
		if (nc_vault_key_id(nc_item_body(it), id) != 0 || nc_vault_key_find(v, id))
			continue;
		char hex[NC_KEYFILE_ID_LEN + 1];
		nc_hex(id, sizeof(id), hex);
		code = nc_err(err, NC_E_NOTFOUND, "secret %s is sealed with key %s, which %s lacks",
			nc_item_id(it), hex, v->key_file);
		nc_err_hint(err, code, "put the key file back that belongs to this state");
	}
	nc_db_read_end(v->db);
	return code;
}

nc_code nc_vault_open(const nc_vault_options *o, nc_vault **ret, nc_error *err)
{
	_cleanup_(nc_vault_closep) nc_vault *v = nc_calloc(1, sizeof(*v));
	_cleanup_(nc_keyfile_done) nc_keyfile ring = { .n = 0 };
	if (!v)
		return nc_err_nomem(err);
	pthread_mutex_init(&v->keys_lock, NULL);
	v->db = o->db;
	v->kind = o->kind;
	v->key_file = nc_strdup(o->key_file);
	nc_code code = v->key_file ? load_ring(v, &ring, err) : nc_err_nomem(err);
	if (code == NC_OK)
		code = take_ring(v, &ring, err);
	if (code == NC_OK)
		code = check_keys(v, err);
	if (code == NC_OK)
		*ret = nc_steal(&v);
	return code;
}

void nc_vault_close(nc_vault *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i < v->n_keys; i++) {
		nc_secret_free(v->keys[i]->raw);
		nc_free(v->keys[i]);
	}
	nc_free(v->keys);
	nc_secret_free(v->digest);
	nc_free(v->key_file);
	pthread_mutex_destroy(&v->keys_lock);
	nc_free(v);
}
