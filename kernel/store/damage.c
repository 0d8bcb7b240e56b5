/* SPDX-License-Identifier: Apache-2.0 */
#include "store/damage.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/care.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * The list of what could not be read. Filled at load, and by workers that come upon a damaged cold
 * value; an id leaves it when the object is deleted. Any thread; the lock is held for map work
 * only.
 */

typedef struct damaged {
	uint16_t kind;
	uint32_t space;
	nc_item *names; /* its id, and its unique keys as far as known */
	uint64_t
		lost_in; /* its last change was in this record of the log; 0 = its value is damaged */
} damaged;

nc_code nc_damage_init(nc_damage *d)
{
	pthread_mutex_init(&d->damage_lock, NULL);
	d->by_key = nc_map_new();
	return d->by_key ? NC_OK : NC_E_NOMEM;
}

static void free_one(damaged *one)
{
	if (!one)
		return;
	nc_item_unref(one->names);
	nc_free(one);
}

void nc_damage_done(nc_damage *d)
{
	size_t it = 0;
	nc_bytes key;
	void *val;
	while (d->by_key && nc_map_next(d->by_key, &it, &key, &val))
		free_one(val);
	if (d->by_key)
		nc_map_free(d->by_key);
	for (uint32_t i = 0; i < d->n_suspects; i++)
		nc_item_unref(d->suspects[i]);
	nc_free(d->suspects);
	nc_free(d->holes);
	nc_free(d->lost);
	nc_free(d->regained);
	pthread_mutex_destroy(&d->damage_lock);
}

/* An item that carries what the names space knows; without keys where it knows nothing. */
static nc_item *names_of(uint16_t kind, nc_bytes id, nc_bytes names)
{
	nc_item *it = NULL;
	if (names.len > 0 && nc_value_parse(kind, id, names, &it, NULL) == NC_OK)
		return it;
	return nc_item_new(kind, 0, id, NULL, 0, (nc_bytes){ NULL, 0 });
}

static const nc_ikey *unique_key(const nc_schema *s, const nc_item *it)
{
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		if (nc_schema_is_unique(s, it->kind, k->index))
			return k;
	}
	return NULL;
}

/* "vm web-1 (vm_01J8…)"; the first unique key stands for the name. */
static void describe(nc_db *db, const damaged *one, char *out, size_t cap)
{
	const nc_ikey *k = unique_key(&db->schema, one->names);
	const char *kind = nc_schema_kind_name(&db->schema, one->kind);
	if (k) {
		snprintf(out, cap, "%s %.*s (%s)", kind, k->len, k->ptr, nc_item_id(one->names));
	} else {
		snprintf(out, cap, "%s %s", kind, nc_item_id(one->names));
	}
}

/* Takes `names`. Twice is once. */
static nc_code add_one(nc_db *db, damaged one, nc_error *err)
{
	char mem[NC_OBJECT_KEY_MAX], what[320];
	nc_damage *d = &db->damage;
	damaged *own = one.names ? nc_malloc(sizeof(*own)) : NULL;
	if (!own) {
		nc_item_unref(one.names);
		return nc_err_nomem(err);
	}
	*own = one;
	nc_bytes key = nc_object_key(own->kind, nc_item_id_bytes(own->names), mem);
	describe(db, own, what, sizeof(what));
	pthread_mutex_lock(&d->damage_lock);
	int is_known = nc_map_get(d->by_key, key) != NULL;
	nc_code code = is_known ? NC_OK : nc_map_put(d->by_key, key, own, NULL);
	if (code == NC_OK && !is_known)
		atomic_fetch_add_explicit(&d->n, 1, memory_order_relaxed);
	pthread_mutex_unlock(&d->damage_lock);
	if (is_known || code != NC_OK)
		free_one(own);
	else if (one.lost_in > 0)
		nc_log(L_ERROR, "store.change.lost", F_STR("object", what),
			F_U64("record", one.lost_in));
	else
		nc_log(L_ERROR, "store.value.damaged", F_STR("object", what),
			F_U64("space", one.space));
	return code == NC_OK ? NC_OK : nc_err_nomem(err);
}

nc_code nc_damage_add(
	nc_db *db, uint32_t space, uint16_t kind, nc_bytes id, nc_bytes names, nc_error *err)
{
	return add_one(db, (damaged){ kind, space, names_of(kind, id, names), 0 }, err);
}

nc_code nc_damage_add_change(nc_db *db, nc_item *it, nc_error *err)
{
	const nc_damage *d = &db->damage;
	return add_one(db,
		(damaged){ it->kind, NC_SPACE_OBJECTS, it, d->holes[d->n_holes - 1].last }, err);
}

/* One after another is one hole. */
static nc_hole *hole_for(nc_damage *d, uint64_t seq, const char *why)
{
	nc_hole *last = d->n_holes > 0 ? &d->holes[d->n_holes - 1] : NULL;
	if (last && last->last + 1 == seq)
		return last;
	nc_hole *list = nc_realloc(d->holes, (d->n_holes + 1) * sizeof(*list));
	if (!list)
		return NULL;
	d->holes = list;
	last = &list[d->n_holes++];
	last->first = seq;
	snprintf(last->why, sizeof(last->why), "%s", why);
	return last;
}

nc_code nc_damage_add_hole(nc_db *db, uint64_t seq, const char *why, nc_error *err)
{
	nc_damage *d = &db->damage;
	nc_hole *h = hole_for(d, seq, why);
	if (!h)
		return nc_err_nomem(err);
	h->last = seq;
	atomic_fetch_add_explicit(&d->n, 1, memory_order_relaxed);
	nc_log(L_ERROR, "store.record.lost", F_U64("seq", seq), F_STR("why", why));
	return NC_OK;
}

static void describe_hole(const nc_hole *h, char *out, size_t cap)
{
	if (h->first == h->last)
		snprintf(out, cap, "record %llu of the log is lost with all it changed: %s",
			(unsigned long long)h->first, h->why);
	else
		snprintf(out, cap,
			"records %llu to %llu of the log are lost with all they changed: %s",
			(unsigned long long)h->first, (unsigned long long)h->last, h->why);
}

static nc_bytes from_of(const nc_lost_range *r)
{
	return (nc_bytes){ r->from, r->from_len };
}

static nc_bytes to_of(const nc_lost_range *r)
{
	return (nc_bytes){ r->to, r->to_len };
}

/* "objects from vm vm_01J8… on": in the order of the store, up to the next that could be read. */
static void describe_lost(nc_db *db, const nc_lost_range *r, char *out, size_t cap)
{
	uint16_t kind;
	nc_bytes id;
	if (nc_object_key_parse(from_of(r), &kind, &id) == 0)
		snprintf(out, cap, "objects from %s %.*s on: nothing can be read",
			nc_schema_kind_name(&db->schema, kind), (int)id.len, (const char *)id.ptr);
	else
		snprintf(out, cap, "objects: a range can't be read");
}

nc_code nc_damage_add_lost(nc_db *db, nc_bytes from, nc_bytes to, nc_error *err)
{
	char what[320];
	nc_damage *d = &db->damage;
	nc_lost_range *list = nc_realloc(d->lost, (d->n_lost + 1) * sizeof(*list));
	if (!list)
		return nc_err_nomem(err);
	d->lost = list;
	nc_lost_range *r = &list[d->n_lost++];
	*r = (nc_lost_range){ .from_len = (uint16_t)NC_MIN(from.len, sizeof(r->from)),
		.to_len = (uint16_t)NC_MIN(to.len, sizeof(r->to)) };
	if (from.len)
		memcpy(r->from, from.ptr, r->from_len);
	if (to.len)
		memcpy(r->to, to.ptr, r->to_len);
	atomic_fetch_add_explicit(&d->n, 1, memory_order_relaxed);
	describe_lost(db, r, what, sizeof(what));
	nc_log(L_ERROR, "store.range.lost", F_STR("what", what));
	return NC_OK;
}

/* The range may begin with the key of an item, which is written over what stands there. */
static int begins_with_item(nc_db *db, const nc_lost_range *r)
{
	uint16_t kind;
	nc_bytes id;
	return nc_object_key_parse(from_of(r), &kind, &id) == 0 &&
	       nc_root_get(nc_db_published(db), kind, id) != NULL;
}

void nc_damage_regain(nc_db *db)
{
	nc_damage *d = &db->damage;
	nc_assert(d->n_regained == 0);
	atomic_fetch_sub_explicit(&d->n, d->n_lost, memory_order_relaxed);
	d->regained = d->lost;
	for (uint32_t i = 0; i < d->n_lost; i++) {
		if (!begins_with_item(db, &d->lost[i]))
			d->regained[d->n_regained++] = d->lost[i];
	}
	if (d->n_lost > 0)
		nc_log(L_WARN, "store.range.regained", F_U64("ranges", d->n_lost));
	d->lost = NULL;
	d->n_lost = 0;
}

nc_bytes nc_damage_key_of(const nc_lost_range *r)
{
	return r->from_len > 0 ? from_of(r) : (nc_bytes){ "", 1 };
}

void nc_damage_forgotten(nc_db *db)
{
	nc_free(db->damage.regained);
	db->damage.regained = NULL;
	db->damage.n_regained = 0;
}

int nc_damage_is_lost(const nc_damage *d, nc_bytes key)
{
	for (uint32_t i = 0; i < d->n_lost; i++) {
		const nc_lost_range *r = &d->lost[i];
		if (nc_bytes_cmp(key, from_of(r)) >= 0 &&
			(r->to_len == 0 || nc_bytes_cmp(key, to_of(r)) < 0))
			return 1;
	}
	return 0;
}

int nc_damage_has(nc_db *db, uint16_t kind, nc_bytes id)
{
	char mem[NC_OBJECT_KEY_MAX];
	nc_damage *d = &db->damage;
	if (atomic_load_explicit(&d->n, memory_order_relaxed) == 0 || id.len > NC_DB_ID_MAX)
		return 0;
	pthread_mutex_lock(&d->damage_lock);
	int has = nc_map_get(d->by_key, nc_object_key(kind, id, mem)) != NULL;
	pthread_mutex_unlock(&d->damage_lock);
	return has;
}

int nc_damage_holds_key(nc_db *db, uint16_t kind, const nc_ikey *k, char ret_id[NC_DB_ID_MAX + 1])
{
	nc_damage *d = &db->damage;
	size_t it = 0;
	nc_bytes key;
	void *val;
	int holds = 0;
	pthread_mutex_lock(&d->damage_lock);
	while (!holds && nc_map_next(d->by_key, &it, &key, &val)) {
		const damaged *one = val;
		holds = one->kind == kind && nc_item_same_key(one->names, k) != NULL;
		if (holds)
			memcpy(ret_id, nc_item_id(one->names), one->names->id_len + 1u);
	}
	pthread_mutex_unlock(&d->damage_lock);
	return holds;
}

void nc_damage_clear(nc_db *db, uint16_t kind, nc_bytes id)
{
	char mem[NC_OBJECT_KEY_MAX];
	nc_damage *d = &db->damage;
	if (atomic_load_explicit(&d->n, memory_order_relaxed) == 0)
		return;
	pthread_mutex_lock(&d->damage_lock);
	damaged *one = nc_map_del(d->by_key, nc_object_key(kind, id, mem));
	if (one)
		atomic_fetch_sub_explicit(&d->n, 1, memory_order_relaxed);
	pthread_mutex_unlock(&d->damage_lock);
	free_one(one);
}

static uint64_t lost_in(nc_db *db, uint16_t kind, nc_bytes id)
{
	char mem[NC_OBJECT_KEY_MAX];
	nc_damage *d = &db->damage;
	pthread_mutex_lock(&d->damage_lock);
	const damaged *one = nc_map_get(d->by_key, nc_object_key(kind, id, mem));
	uint64_t seq = one ? one->lost_in : 0;
	pthread_mutex_unlock(&d->damage_lock);
	return seq;
}

nc_code nc_damage_error(nc_db *db, uint16_t kind, nc_bytes id, nc_error *err)
{
	const char *name = nc_schema_kind_name(&db->schema, kind);
	uint64_t seq = lost_in(db, kind, id);
	if (seq == 0) {
		nc_err(err, NC_E_PROTO, "the stored value of %s %.*s is damaged", name, (int)id.len,
			(const char *)id.ptr);
		return nc_err_hint(
			err, NC_E_PROTO, "restore the state from a backup, or delete the object");
	}
	nc_err(err, NC_E_PROTO, "the last change of %s %.*s is lost with record %llu of the log",
		name, (int)id.len, (const char *)id.ptr, (unsigned long long)seq);
	return nc_err_hint(err, NC_E_PROTO,
		"restore the state from a backup, or go on without: stop the daemon, novacron "
		"state repair");
}

static void describe_damaged(nc_db *db, const damaged *one, char *out, size_t cap)
{
	describe(db, one, out, cap);
	size_t len = strlen(out);
	if (one->lost_in > 0)
		snprintf(out + len, cap - len, ": its change in record %llu is lost",
			(unsigned long long)one->lost_in);
	else
		snprintf(out + len, cap - len, ": its value%s can't be read",
			one->space == NC_SPACE_COLD ? " (cold)" : "");
}

/* The nth line, or 0 past the last. Under the lock. */
static int describe_nth(nc_db *db, size_t nth, char *out, size_t cap)
{
	nc_damage *d = &db->damage;
	size_t it = 0;
	nc_bytes key;
	void *val = NULL;
	if (nth < d->n_holes) {
		describe_hole(&d->holes[nth], out, cap);
		return 1;
	}
	nth -= d->n_holes;
	if (nth < d->n_lost) {
		describe_lost(db, &d->lost[nth], out, cap);
		return 1;
	}
	for (size_t i = d->n_lost; i <= nth; i++) {
		if (!nc_map_next(d->by_key, &it, &key, &val))
			return 0;
	}
	describe_damaged(db, val, out, cap);
	return 1;
}

void nc_db_damage(nc_db *db, nc_fault_fn fn, void *ctx)
{
	/* One line at a time, so that the lock isn't held across fn; one may be passed over when
	 * the list changes meanwhile, which it hardly ever does. */
	char line[400];
	int more = 1;
	for (size_t nth = 0; more; nth++) {
		pthread_mutex_lock(&db->damage.damage_lock);
		more = describe_nth(db, nth, line, sizeof(line));
		pthread_mutex_unlock(&db->damage.damage_lock);
		if (more)
			fn(ctx, line);
	}
}
