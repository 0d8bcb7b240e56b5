/* SPDX-License-Identifier: Apache-2.0 */
#include "model/observed.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "model/body.h"
#include "model/model.h"

/*
 * The side table of observed fields: shards by hash of the id, each a map under a lock of its own
 * that is held for a look-up and a copy. Process lifetime. Writers are the workers that take what
 * drivers report, readers anybody.
 */

enum { SHARDS = 64, TAIL_MAX = 128 << 10 };

typedef struct entry {
	int64_t at_ms;
	uint64_t rev; /* of the item whose body is cut at `cut`; 0 = not known yet */
	size_t cut;   /* its length where the stored tail is the newer one */
	size_t len;
	char tail[]; /* from the comma to the closing brace */
} entry;

typedef struct shard {
	pthread_mutex_t map_lock;
	nc_map *map; /* of entry */
} shard;

struct nc_observed {
	shard shards[SHARDS];
	struct {
		uint16_t kind;
		const char *member;
		nc_observed_count_fn count; /* NULL = none */
		void *ctx;
	} follows; /* constant once there are readers */
};

typedef struct key {
	uint16_t kind;
	char id[NC_DB_ID_MAX + 1];
	size_t len;
} key;

static key key_of(uint16_t kind, const char *id)
{
	key k = { .kind = kind, .len = offsetof(key, id) + strnlen(id, NC_DB_ID_MAX) };
	memcpy(k.id, id, k.len - offsetof(key, id));
	return k;
}

static nc_bytes key_bytes(const key *k)
{
	return (nc_bytes){ k, k->len };
}

static shard *shard_of(nc_observed *t, const key *k)
{
	return &t->shards[nc_hash(key_bytes(k)) % SHARDS];
}

nc_observed *nc_observed_new(void)
{
	nc_observed *t = nc_calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&t->shards[i].map_lock, NULL);
		t->shards[i].map = nc_map_new();
		if (!t->shards[i].map) {
			nc_observed_free(t);
			return NULL;
		}
	}
	return t;
}

static void free_shard(shard *s)
{
	size_t it = 0;
	nc_bytes k;
	void *e;
	if (!s->map)
		return;
	while (nc_map_next(s->map, &it, &k, &e))
		nc_free(e);
	nc_map_free(s->map);
	pthread_mutex_destroy(&s->map_lock);
}

void nc_observed_free(nc_observed *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		free_shard(&t->shards[i]);
	nc_free(t);
}

/* The tail of obj as rendered now. NULL = no memory, or nothing observed. */
static entry *make_entry(nc_object *obj, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf body;
	nc_buf_init(&body, NC_STORE_VAL_MAX);
	nc_object_render(obj, &body);
	if (nc_buf_failed(&body)) {
		nc_err(err, body.error, "can't keep what was seen of %s %s", obj->kind->name,
			obj->id);
		return NULL;
	}
	size_t cut = nc_body_observed_at(nc_buf_bytes(&body));
	nc_assert(cut < body.len); /* kinds without observed fields aren't given here */
	size_t len = body.len - cut;
	entry *e = len <= TAIL_MAX ? nc_malloc(sizeof(*e) + len) : NULL;
	if (!e) {
		nc_err_nomem(err);
		return NULL;
	}
	*e = (entry){ .at_ms = obj->observed_at_ms, .len = len };
	memcpy(e->tail, body.ptr + cut, len);
	return e;
}

/* Where to cut a body for this entry. A put may have stored a newer look than the one kept here. */
static size_t find_cut(const entry *e, nc_bytes body)
{
	size_t cut = nc_body_observed_at(body);
	nc_bytes at = nc_body_member(body, "observed_at");
	char text[40];
	int64_t stored_ms;
	if (at.len < 2 || at.len >= sizeof(text))
		return cut;
	memcpy(text, (const char *)at.ptr + 1, at.len - 2);
	text[at.len - 2] = '\0';
	int is_newer = nc_time_parse(text, &stored_ms) == 0 && stored_ms > e->at_ms;
	return is_newer ? body.len : cut;
}

/* Under the lock. */
static nc_code exchange(shard *s, const key *k, entry *e, entry **ret_old)
{
	entry *now = nc_map_get(s->map, key_bytes(k));
	void *old = NULL;
	if (now && now->at_ms > e->at_ms)
		return NC_E_CONFLICT;
	nc_code rc = nc_map_put(s->map, key_bytes(k), e, &old);
	*ret_old = old;
	return rc;
}

nc_code nc_observed_set(nc_observed *t, nc_object *obj, nc_error *err)
{
	entry *e = make_entry(obj, err), *old = NULL;
	if (!e)
		return NC_E_NOMEM;
	key k = key_of(obj->kind->number, obj->id);
	shard *s = shard_of(t, &k);
	pthread_mutex_lock(&s->map_lock);
	nc_code rc = exchange(s, &k, e, &old);
	pthread_mutex_unlock(&s->map_lock);
	nc_free(rc ? e : old);
	if (rc == NC_E_CONFLICT)
		return nc_err(err, rc, "what was seen of %s %s is older than what is known",
			obj->kind->name, obj->id);
	return rc ? nc_err_nomem(err) : NC_OK;
}

void nc_observed_drop(nc_observed *t, uint16_t kind, const char *id)
{
	key k = key_of(kind, id);
	shard *s = shard_of(t, &k);
	pthread_mutex_lock(&s->map_lock);
	void *old = nc_map_del(s->map, key_bytes(&k));
	pthread_mutex_unlock(&s->map_lock);
	nc_free(old);
}

size_t nc_observed_count(nc_observed *t)
{
	size_t n = 0;
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&t->shards[i].map_lock);
		n += nc_map_count(t->shards[i].map);
		pthread_mutex_unlock(&t->shards[i].map_lock);
	}
	return n;
}

void nc_observed_follow(nc_observed *t, const nc_kind *kind, const char *member,
	nc_observed_count_fn count, void *ctx)
{
	t->follows.kind = kind->number;
	t->follows.member = member;
	t->follows.count = count;
	t->follows.ctx = ctx;
}

/* `n` in place of the len bytes at `at`. */
static void put_number(nc_buf *out, size_t at, size_t len, int64_t n)
{
	char text[24];
	size_t new_len = (size_t)snprintf(text, sizeof(text), "%lld", (long long)n);
	size_t rest = out->len - at - len;

	if (new_len > len)
		nc_buf_put(out, text, new_len - len); /* room */
	if (nc_buf_failed(out))
		return;
	memmove(out->ptr + at + new_len, out->ptr + at + len, rest);
	memcpy(out->ptr + at, text, new_len);
	out->len = at + new_len + rest;
	out->ptr[out->len] = '\0';
}

static void follow(const nc_observed *t, const nc_item *it, nc_buf *out, size_t mark)
{
	if (nc_buf_failed(out))
		return;
	nc_bytes served = { out->ptr + mark, out->len - mark };
	nc_bytes is = nc_body_member(served, t->follows.member);

	if (is.ptr)
		put_number(out, (size_t)((const char *)is.ptr - out->ptr), is.len,
			t->follows.count(t->follows.ctx, it, served));
}

void nc_observed_serve(nc_observed *t, const nc_item *it, nc_buf *out)
{
	size_t mark = out->len;
	nc_bytes body = nc_item_body(it);
	key k = key_of(it->kind, nc_item_id(it));
	shard *s = shard_of(t, &k);
	pthread_mutex_lock(&s->map_lock);
	entry *e = nc_map_get(s->map, key_bytes(&k));
	if (e) {
		if (e->rev != it->rev || !e->rev) {
			e->cut = find_cut(e, body);
			e->rev = it->rev;
		}
		nc_buf_put(out, body.ptr, e->cut);
		if (e->cut < body.len)
			nc_buf_put(out, e->tail, e->len);
	}
	pthread_mutex_unlock(&s->map_lock);
	if (!e)
		nc_buf_put(out, body.ptr, body.len);
	if (t->follows.count && t->follows.kind == it->kind)
		follow(t, it, out, mark);
}

nc_code nc_observed_load(
	nc_observed *t, const nc_item *it, nc_arena *a, nc_object **ret, nc_error *err)
{
	const nc_kind *k = nc_kind_get(it->kind);
	if (!t || !k || !nc_kind_has_observed(k))
		return nc_model_load(it, a, ret, err);
	_cleanup_(nc_buf_done) nc_buf body;
	nc_buf_init(&body, NC_STORE_VAL_MAX);
	nc_observed_serve(t, it, &body);
	if (nc_buf_failed(&body))
		return nc_err_nomem(err);
	return nc_model_load_body(k, nc_buf_bytes(&body), it->rev, a, ret, err);
}
