/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: capacity as arrays of slots in chunks that are never moved or freed while the daemon
 * runs, so that readers need no lock. A host that goes leaves its slot unusable; should it come
 * back, under the same id, it finds it again.
 */
#include "sched/ledger.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

#define load(p)	    atomic_load_explicit((p), memory_order_relaxed)
#define store(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)

nc_slot *nc_slot_at(const nc_sched *s, uint32_t number)
{
	nc_slot *chunk = atomic_load_explicit(
		&s->chunks[number / CHUNK_SLOTS], memory_order_acquire);

	return &chunk[number % CHUNK_SLOTS];
}

uint32_t nc_slot_count(const nc_sched *s)
{
	/* Pairs with the release in new_slot: what it counts is filled in. */
	return atomic_load_explicit(&s->n_slots, memory_order_acquire);
}

static uint32_t find_locked(const nc_sched *s, const char *host)
{
	uintptr_t v = (uintptr_t)nc_map_get(s->slot_of, nc_str(host));

	return v ? (uint32_t)(v - 1) : NO_SLOT;
}

uint32_t nc_slot_find(nc_sched *s, const char *host)
{
	pthread_mutex_lock(&s->book_lock);
	uint32_t n = find_locked(s, host);
	pthread_mutex_unlock(&s->book_lock);
	return n;
}

/* ---- names and traits ---- */

static uint32_t number_locked(nc_map *m, uint32_t *n, const char *word, nc_name_how how)
{
	uintptr_t v = (uintptr_t)nc_map_get(m, nc_str(word));

	if (v || how == NC_NAME_FIND)
		return (uint32_t)v;
	v = *n + 1;
	if (nc_map_put(m, nc_str(word), (void *)v, NULL) != NC_OK)
		return 0;
	return ++*n;
}

uint32_t nc_name_number(nc_sched *s, const char *word, nc_name_how how)
{
	if (!word)
		return 0;
	pthread_mutex_lock(&s->book_lock);
	uint32_t n = number_locked(s->names, &s->n_names, word, how);
	pthread_mutex_unlock(&s->book_lock);
	return n;
}

int nc_trait_bits(
	nc_sched *s, const char *const *traits, size_t n, nc_name_how how, uint64_t *bits)
{
	int rc = 0;

	pthread_mutex_lock(&s->book_lock);
	for (size_t i = 0; i < n; i++) {
		uint32_t bit = s->n_traits < TRAIT_WORDS * 64 || how == NC_NAME_FIND
			? number_locked(s->trait_of, &s->n_traits, traits[i], how)
			: (uint32_t)(uintptr_t)nc_map_get(s->trait_of, nc_str(traits[i]));
		if (!bit) {
			rc = -1;
			continue;
		}
		bits[(bit - 1) / 64] |= UINT64_C(1) << (bit - 1) % 64;
	}
	pthread_mutex_unlock(&s->book_lock);
	return rc;
}

/* ---- slots; the sequencer's ---- */

static nc_code new_slot(nc_sched *s, const char *id, uint32_t *ret, nc_error *err)
{
	uint32_t n = load(&s->n_slots);

	if (n == SLOTS_MAX)
		return nc_err(err, NC_E_UNAVAILABLE, "the ledger is full: %u hosts", SLOTS_MAX);
	if (n % CHUNK_SLOTS == 0 && !load(&s->chunks[n / CHUNK_SLOTS])) {
		nc_slot *chunk = nc_calloc(CHUNK_SLOTS, sizeof(*chunk));
		if (!chunk)
			return nc_err_nomem(err);
		atomic_store_explicit(
			&s->chunks[n / CHUNK_SLOTS], chunk, memory_order_release);
	}
	nc_slot *slot = nc_slot_at(s, n);
	snprintf(slot->id, sizeof(slot->id), "%s", id);
	pthread_mutex_lock(&s->book_lock);
	nc_code rc = nc_map_put(s->slot_of, nc_str(id), (void *)(uintptr_t)(n + 1), NULL);
	pthread_mutex_unlock(&s->book_lock);
	if (rc != NC_OK)
		return nc_err_nomem(err);
	*ret = n;
	return NC_OK;
}

static int64_t scaled(int64_t total, int64_t reserved, double own, double dflt)
{
	double ratio = own > 0 ? own : dflt;
	int64_t usable = total - reserved;

	return usable > 0 ? (int64_t)((double)usable * (ratio > 0 ? ratio : 1)) : 0;
}

static void capacity_of(nc_sched *s, const nc_host_obj *h, int64_t capacity[NC_RES_COUNT])
{
	pthread_mutex_lock(&s->book_lock);
	nc_sched_options o = s->opt;
	pthread_mutex_unlock(&s->book_lock);
	int64_t reserve = h->reserved_memory_mib
		? h->reserved_memory_mib
		: NC_MAX(o.reserve_memory_mib, h->memory_mib / 20);
	capacity[NC_RES_VCPU] = scaled(h->vcpus, h->reserved_vcpus, h->vcpu_ratio, o.vcpu_ratio);
	capacity[NC_RES_MEMORY_MIB] =
		scaled(h->memory_mib, reserve, h->memory_ratio, o.memory_ratio) -
		h->foreign_memory_mib;
	capacity[NC_RES_DISK_GIB] =
		scaled(h->disk_gib, h->reserved_disk_gib, h->disk_ratio, o.disk_ratio);
}

static void set_capacity(nc_slot *slot, const int64_t capacity[NC_RES_COUNT])
{
	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t grown = capacity[i] - load(&slot->capacity[i]);
		store(&slot->capacity[i], capacity[i]);
		store(&slot->free[i], load(&slot->free[i]) + grown);
	}
}

static void set_traits(nc_sched *s, nc_slot *slot, const nc_host_obj *h)
{
	uint64_t bits[TRAIT_WORDS] = { 0 };

	if (nc_trait_bits(s, h->traits, h->n_traits, NC_NAME_MAKE, bits) < 0 ||
		nc_trait_bits(s, h->found_traits, h->n_found_traits, NC_NAME_MAKE, bits) < 0)
		nc_log(L_WARN, "sched.traits.many", F_STR("host", h->o.name),
			F_STR("consequence", "some of its traits can't be asked for"));
	for (int i = 0; i < TRAIT_WORDS; i++)
		store(&slot->traits[i], bits[i]);
}

nc_code nc_ledger_put_host(nc_sched *s, const nc_host_obj *h, nc_error *err)
{
	int64_t capacity[NC_RES_COUNT];
	uint32_t number = nc_slot_find(s, h->o.id);
	int is_new = number == NO_SLOT;
	nc_code rc = is_new ? new_slot(s, h->o.id, &number, err) : NC_OK;

	if (rc != NC_OK)
		return rc;
	nc_slot *slot = nc_slot_at(s, number);
	if (is_new)
		snprintf(slot->target, sizeof(slot->target), "%s",
			h->target ? h->target : h->o.name);
	capacity_of(s, h, capacity);
	set_capacity(slot, capacity);
	set_traits(s, slot, h);
	store(&slot->zone, nc_name_number(s, h->zone, NC_NAME_MAKE));
	store(&slot->provider, nc_name_number(s, h->provider, NC_NAME_MAKE));
	store(&slot->overhead_mib, h->overhead_mib);
	store(&slot->is_usable,
		(uint32_t)(h->admin_state == NC_HOST_ENABLED && h->reach == NC_HOST_UP));
	if (is_new) /* publishes the slot */
		atomic_store_explicit(&s->n_slots, number + 1, memory_order_release);
	return NC_OK;
}

void nc_ledger_drop_host(nc_sched *s, const char *id)
{
	uint32_t n = nc_slot_find(s, id);

	if (n != NO_SLOT)
		store(&nc_slot_at(s, n)->is_usable, 0);
}

void nc_ledger_take(nc_slot *slot, const int64_t want[NC_RES_COUNT], int sign)
{
	for (int i = 0; i < NC_RES_COUNT; i++)
		store(&slot->free[i], load(&slot->free[i]) - sign * want[i]);
}

nc_code nc_sched_host_usage(nc_sched *s, const char *host, int64_t total[NC_RES_COUNT],
	int64_t used[NC_RES_COUNT], nc_error *err)
{
	uint32_t n = nc_slot_find(s, host);

	if (n == NO_SLOT)
		return nc_err(err, NC_E_NOTFOUND, "host %s is not in the ledger", host);
	const nc_slot *slot = nc_slot_at(s, n);
	for (int i = 0; i < NC_RES_COUNT; i++) {
		total[i] = load(&slot->capacity[i]);
		used[i] = total[i] - load(&slot->free[i]);
	}
	return NC_OK;
}
