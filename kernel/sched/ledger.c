/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: capacity as columns in chunks that are never moved or freed while the daemon runs,
 * so that readers need no lock. A host that is deleted leaves its slot to the next new one; what
 * tells them apart is the pointer in `ident`, see nc_chunk. Everything here but the look-ups is
 * the sequencer's.
 */
#include "sched/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

nc_row nc_row_at(const nc_sched *s, uint32_t slot)
{
	return (nc_row){ nc_beacon_ptr_get(&s->chunks[slot / CHUNK_SLOTS]), slot % CHUNK_SLOTS };
}

uint32_t nc_slot_count(const nc_sched *s)
{
	return nc_beacon32_get(&s->n_slots);
}

uint32_t nc_slot_find(nc_sched *s, const char *host)
{
	pthread_mutex_lock(&s->book_lock);
	uintptr_t v = (uintptr_t)nc_map_get(s->slot_of, nc_str(host));
	pthread_mutex_unlock(&s->book_lock);
	return v ? (uint32_t)(v - 1) : NO_SLOT;
}

/* ---- capacity ---- */

static int64_t scaled(int64_t usable, double ratio)
{
	return usable > 0 ? (int64_t)((double)usable * ratio) : 0;
}

/* From what is known of the host; free moves along. */
static void set_capacity(nc_row r, const nc_sched_options *o)
{
	const struct nc_slot_raw *raw = &r.c->raw[r.i];
	const double defaults[NC_RES_COUNT] = { o->vcpu_ratio, o->memory_ratio, o->disk_ratio };

	for (int i = 0; i < NC_RES_COUNT; i++) {
		double ratio = raw->ratio[i] > 0 ? raw->ratio[i] : defaults[i];
		int64_t reserved = raw->reserved[i];
		if (i == NC_RES_MEMORY_MIB && !reserved)
			reserved = NC_MAX(o->reserve_memory_mib,
				raw->total[i] * o->reserve_memory_percent / 100);
		int64_t now = scaled(raw->total[i] - reserved, ratio > 0 ? ratio : 1);
		int64_t grown = now - nc_loose64_get(&r.c->capacity[i][r.i]);
		nc_loose64_set(&r.c->capacity[i][r.i], now);
		nc_loose64_set(&r.c->free[i][r.i], nc_loose64_get(&r.c->free[i][r.i]) + grown);
	}
}

void nc_ledger_recompute(nc_sched *s)
{
	pthread_mutex_lock(&s->book_lock);
	nc_sched_options o = s->opt;
	int is_wanted = s->has_new_options;
	s->has_new_options = 0;
	pthread_mutex_unlock(&s->book_lock);
	if (!is_wanted)
		return;
	for (uint32_t i = 0; i < nc_slot_count(s); i++)
		if (nc_row_ident(nc_row_at(s, i)))
			set_capacity(nc_row_at(s, i), &o);
}

void nc_ledger_take(nc_row r, const int64_t want[NC_RES_COUNT], int sign)
{
	for (int i = 0; i < NC_RES_COUNT; i++)
		nc_loose64_set(
			&r.c->free[i][r.i], nc_loose64_get(&r.c->free[i][r.i]) - sign * want[i]);
}

/* ---- slots ---- */

/* A slot nobody stands in: one that was left, or a new one, which is not counted yet. */
static nc_code find_place(nc_sched *s, uint32_t *ret, nc_error *err)
{
	uint32_t n = nc_slot_count(s);

	if (s->n_unused) {
		*ret = s->unused[s->n_unused - 1];
		return NC_OK;
	}
	if (n == SLOTS_MAX)
		return nc_err(err, NC_E_UNAVAILABLE, "the ledger is full: %u hosts", SLOTS_MAX);
	if (!nc_beacon_ptr_get(&s->chunks[n / CHUNK_SLOTS])) {
		nc_chunk *chunk = nc_calloc(1, sizeof(*chunk));
		if (!chunk)
			return nc_err_nomem(err);
		nc_beacon_ptr_set(&s->chunks[n / CHUNK_SLOTS], chunk);
	}
	*ret = n;
	return NC_OK;
}

/* Who he is now; NULL = no memory. */
static nc_ident *make_ident(nc_sched *s, const nc_host_obj *h)
{
	nc_ident *id = nc_calloc(1, sizeof(*id));

	if (!id)
		return NULL;
	snprintf(id->id, sizeof(id->id), "%s", h->o.id);
	snprintf(id->provider, sizeof(id->provider), "%s", h->provider ? h->provider : "");
	snprintf(id->name, sizeof(id->name), "%s", h->o.name ? h->o.name : h->o.id);
	id->older = s->idents;
	s->idents = id;
	return id;
}

static int is_same_ident(const nc_ident *id, const nc_host_obj *h)
{
	return id && !strcmp(id->name, h->o.name ? h->o.name : h->o.id) &&
	       !strcmp(id->provider, h->provider ? h->provider : "");
}

/* ---- a host's columns ---- */

typedef struct columns { /* gathered first, since that may fail, then stored */
	nc_bits bits[NC_BITS_COUNT], exclusive;
	uint32_t zone, provider;
	int has_left_out; /* words beyond the 256th of their class */
} columns;

static nc_code add_bits(
	nc_sched *s, columns *col, nc_bits_class of, const char *const *words, size_t n)
{
	nc_code rc = nc_bits_of(s, of, words, n, NC_WORD_MAKE, &col->bits[of]);

	if (rc == NC_E_NOTFOUND)
		col->has_left_out = 1;
	return rc == NC_E_NOMEM ? rc : NC_OK;
}

/* Traits as the operator says and as the driver found; "!x" is x, for those alone who ask. */
static nc_code gather_traits(nc_sched *s, columns *col, const nc_host_obj *h)
{
	nc_code rc = add_bits(s, col, NC_BITS_TRAIT, h->found_traits, h->n_found_traits);

	for (size_t i = 0; rc == NC_OK && i < h->n_traits; i++) {
		int is_marked = h->traits[i][0] == '!';
		const char *word = h->traits[i] + is_marked;
		rc = add_bits(s, col, NC_BITS_TRAIT, &word, 1);
		if (is_marked)
			nc_bits_of(s, NC_BITS_TRAIT, &word, 1, NC_WORD_FIND, &col->exclusive);
	}
	return rc;
}

static nc_code gather(nc_sched *s, columns *col, const nc_host_obj *h)
{
	nc_code rc = gather_traits(s, col, h);

	if (rc == NC_OK)
		rc = add_bits(s, col, NC_BITS_POOL, h->pools, h->n_pools);
	if (rc == NC_OK)
		rc = add_bits(s, col, NC_BITS_POOL, h->found_pools, h->n_found_pools);
	for (size_t i = 0; rc == NC_OK && i < h->n_networks; i++)
		rc = add_bits(s, col, NC_BITS_NETWORK,
			(const char *const *)&h->networks[i].physical_network, 1);
	col->zone = nc_word_number(s, h->zone, NC_WORD_MAKE);
	col->provider = nc_word_number(s, h->provider, NC_WORD_MAKE);
	if ((h->zone && !col->zone) || (h->provider && !col->provider))
		return NC_E_NOMEM;
	if (rc == NC_OK && col->has_left_out)
		nc_log(L_WARN, "sched.words.many", F_STR("host", h->o.name),
			F_STR("consequence",
				"some of its traits, networks or pools can't be asked for"));
	return rc;
}

static void set_bits(nc_loose64 (*column)[CHUNK_SLOTS], uint32_t i, const nc_bits *bits)
{
	for (int k = 0; k < BIT_WORDS; k++)
		nc_loose64_set(&column[k][i], (int64_t)bits->w[k]);
}

static void set_row(nc_sched *s, nc_row r, const nc_host_obj *h, const columns *col)
{
	static const nc_bits none;

	pthread_mutex_lock(&s->book_lock);
	nc_sched_options o = s->opt;
	pthread_mutex_unlock(&s->book_lock);
	r.c->raw[r.i] = (struct nc_slot_raw){
		.rev = h->o.rev,
		.total = { h->vcpus, h->memory_mib, h->disk_gib },
		.reserved = { h->reserved_vcpus, h->reserved_memory_mib, h->reserved_disk_gib },
		.ratio = { h->vcpu_ratio, h->memory_ratio, h->disk_ratio },
	};
	set_capacity(r, &o);
	for (int i = 0; i < NC_BITS_COUNT; i++)
		set_bits(r.c->bits[i], r.i, &col->bits[i]);
	set_bits(r.c->exclusive, r.i, &col->exclusive);
	nc_loose32_set(&r.c->is_exclusive[r.i], memcmp(&col->exclusive, &none, sizeof(none)) != 0);
	nc_loose32_set(&r.c->zone[r.i], col->zone);
	nc_loose32_set(&r.c->provider[r.i], col->provider);
	nc_loose64_set(&r.c->overhead_mib[r.i], h->overhead_mib);
	nc_loose32_set(&r.c->is_usable[r.i],
		(uint32_t)(h->admin_state == NC_HOST_ENABLED && h->reach == NC_HOST_UP));
}

static nc_code add_host(nc_sched *s, const nc_host_obj *h, const columns *col, nc_error *err)
{
	uint32_t slot = NO_SLOT;
	nc_code rc = find_place(s, &slot, err);

	if (rc != NC_OK)
		return rc;
	nc_ident *id = make_ident(s, h);
	if (!id)
		return nc_err_nomem(err);
	pthread_mutex_lock(&s->book_lock);
	rc = nc_map_put(s->slot_of, nc_str(h->o.id), (void *)((uintptr_t)slot + 1), NULL);
	pthread_mutex_unlock(&s->book_lock);
	if (rc != NC_OK)
		return nc_err_nomem(err);
	nc_row r = nc_row_at(s, slot);
	set_row(s, r, h, col);
	nc_beacon_ptr_set(&r.c->ident[r.i], id);
	if (slot == nc_slot_count(s))
		nc_beacon32_set(&s->n_slots, slot + 1);
	else
		s->n_unused--;
	return NC_OK;
}

nc_code nc_ledger_put_host(nc_sched *s, const nc_host_obj *h, nc_error *err)
{
	uint32_t slot = nc_slot_find(s, h->o.id);
	columns col = { .zone = 0 };

	if (gather(s, &col, h) != NC_OK)
		return nc_err_nomem(err);
	if (slot == NO_SLOT)
		return add_host(s, h, &col, err);
	nc_row r = nc_row_at(s, slot);
	if (!is_same_ident(nc_row_ident(r), h)) {
		nc_ident *id = make_ident(s, h);
		if (!id)
			return nc_err_nomem(err);
		nc_beacon_ptr_set(&r.c->ident[r.i], id);
	}
	set_row(s, r, h, &col);
	return NC_OK;
}

/* Nothing is held there any more: a host that is in use can't be deleted. */
static void clear_row(nc_row r)
{
	for (int i = 0; i < NC_RES_COUNT; i++) {
		nc_loose64_set(&r.c->free[i][r.i], 0);
		nc_loose64_set(&r.c->foreign[i][r.i], 0);
		nc_loose64_set(&r.c->capacity[i][r.i], 0);
	}
	nc_loose32_set(&r.c->host_group[r.i], 0);
}

void nc_ledger_drop_host(nc_sched *s, const char *id)
{
	pthread_mutex_lock(&s->book_lock);
	uintptr_t v = (uintptr_t)nc_map_del(s->slot_of, nc_str(id));
	pthread_mutex_unlock(&s->book_lock);
	if (!v)
		return;
	uint32_t slot = (uint32_t)(v - 1);
	nc_row r = nc_row_at(s, slot);
	nc_loose32_set(&r.c->is_usable[r.i], 0);
	nc_beacon_ptr_set(&r.c->ident[r.i], NULL);
	nc_seqlock_close();
	clear_row(r);
	s->unused[s->n_unused++] = slot;
}

void nc_ledger_free(nc_sched *s)
{
	for (nc_ident *id = s->idents, *older; id; id = older) {
		older = id->older;
		nc_free(id);
	}
	for (uint32_t i = 0; i < CHUNKS_MAX; i++)
		nc_free(nc_beacon_ptr_get(&s->chunks[i]));
	nc_free(s->unused);
}

/* ---- for others ---- */

nc_code nc_sched_host_usage(nc_sched *s, const char *host, int64_t total[NC_RES_COUNT],
	int64_t used[NC_RES_COUNT], nc_error *err)
{
	uint32_t slot = nc_slot_find(s, host);

	if (slot == NO_SLOT)
		return nc_err(err, NC_E_NOTFOUND, "host %s is not in the ledger", host);
	nc_row r = nc_row_at(s, slot);
	for (int i = 0; i < NC_RES_COUNT; i++) {
		total[i] = nc_loose64_get(&r.c->capacity[i][r.i]);
		used[i] = total[i] - nc_row_free(r, i);
	}
	return NC_OK;
}

nc_code nc_sched_set_foreign(
	nc_sched *s, const char *host, const int64_t held[NC_RES_COUNT], nc_error *err)
{
	nc_code rc = NC_OK;

	/* Under the lock, so that the slot does not change hands meanwhile. */
	pthread_mutex_lock(&s->book_lock);
	uintptr_t v = (uintptr_t)nc_map_get(s->slot_of, nc_str(host));
	for (int i = 0; v && i < NC_RES_COUNT; i++) {
		nc_row r = nc_row_at(s, (uint32_t)(v - 1));
		nc_loose64_set(&r.c->foreign[i][r.i], NC_MAX(held[i], 0));
	}
	if (!v)
		rc = nc_err(err, NC_E_NOTFOUND, "host %s is not in the ledger", host);
	pthread_mutex_unlock(&s->book_lock);
	return rc;
}
