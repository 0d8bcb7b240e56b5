/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated world in memory, with what is used counted as documents come and go, so that a
 * fingerprint of ten thousand hosts adds nothing up. Owned and locked by the instance. It must
 * never touch a file or the host: what happened is written by txn.c before it is put here.
 */
#define NC_PLUG_DOMAIN "sim"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sim_host_size usual_sizes[] = {
	{ .weight = 5, .vcpus = 32, .memory_mib = 131072, .storage_gib = 2048 },
	{ .weight = 4, .vcpus = 64, .memory_mib = 262144, .storage_gib = 4096 },
	{ .weight = 1, .vcpus = 128, .memory_mib = 1048576, .storage_gib = 16384 },
};
static const char *const usual_zones[] = { "zone-a", "zone-b", "zone-c" };
static const char *const usual_traits[] = { "hw.cpu.avx2", "storage.ssd" };
static const char *const usual_networks[] = { "default" };

const nc_msg *sim_kind_msg(sim_kind kind)
{
	static const nc_msg *const msgs[SIM_KINDS] = {
		[SIM_GUEST] = &sim_guest_doc_msg,
		[SIM_VOLUME] = &sim_volume_doc_msg,
		[SIM_NETWORK] = &sim_network_doc_msg,
		[SIM_PORT] = &sim_port_doc_msg,
	};
	return msgs[kind];
}

const char *sim_doc_native_id(sim_kind kind, const void *doc)
{
	switch (kind) {
	case SIM_GUEST:
		return ((const sim_guest_doc *)doc)->native_id;
	case SIM_VOLUME:
		return ((const sim_volume_doc *)doc)->native_id;
	case SIM_NETWORK:
		return ((const sim_network_doc *)doc)->native_id;
	default:
		return ((const sim_port_doc *)doc)->native_id;
	}
}

const void *sim_doc_of(sim_kind kind, const void *value)
{
	return kind == SIM_GUEST ? ((const sim_guest *)value)->doc : value;
}

static nc_code add_pool(sim_world *w, uint32_t at, const char *prefix, const char *name)
{
	size_t n = strlen(prefix) + strlen(name) + 1;
	char *text = malloc(n);

	if (!text)
		return NC_E_NOMEM;
	(void)snprintf(text, n, "%s%s", prefix, name);
	w->pools[at] = (sim_pool){ .name = text, .host = UINT32_MAX };
	w->n_pools++;
	return NC_OK;
}

static const sim_host_size *draw_size(const sim_config *cfg, const char *name)
{
	const sim_host_size *sizes = cfg->n_sizes ? cfg->sizes : usual_sizes;
	size_t n = cfg->n_sizes ? cfg->n_sizes : sizeof(usual_sizes) / sizeof(usual_sizes[0]);
	uint64_t sum = 0, at;

	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)sizes[i].weight;
	at = sim_hash((uint64_t)cfg->seed, name) % sum;
	for (size_t i = 0; i < n; i++) {
		if (at < (uint64_t)sizes[i].weight)
			return &sizes[i];
		at -= (uint64_t)sizes[i].weight;
	}
	return sizes;
}

static void set_host(sim_world *w, uint32_t at, const char *zone, uint32_t zone_pool,
	const sim_size *size, const char *const *traits, size_t n_traits)
{
	sim_host *h = &w->hosts[at];
	sim_pool *own = &w->pools[at], *shared = &w->pools[zone_pool];

	h->name = own->name + strlen("local@");
	h->zone = own->zone = zone;
	h->size = *size;
	h->traits = n_traits ? traits : usual_traits;
	h->n_traits = n_traits ? n_traits : sizeof(usual_traits) / sizeof(usual_traits[0]);
	h->pool = at;
	h->zone_pool = zone_pool;
	own->total_gib = size->storage_gib;
	own->host = at;
	own->n_users = 1;
	shared->n_users++;
}

/* Which of the zone pools belongs to `zone`; adds one for a zone not seen before. */
static nc_code zone_pool(sim_world *w, const sim_config *cfg, const char *zone, uint32_t *ret)
{
	nc_code rc;

	for (*ret = w->n_hosts; *ret < w->n_pools; ++*ret)
		if (strcmp(w->pools[*ret].zone, zone) == 0)
			return NC_OK;
	rc = add_pool(w, *ret, "shared@", zone);
	if (rc != NC_OK)
		return rc;
	w->pools[*ret].zone = zone;
	w->pools[*ret].total_gib = cfg->shared_pool_gib;
	return NC_OK;
}

static nc_code make_host(sim_world *w, const sim_config *cfg, uint32_t at)
{
	const sim_listed_host *l = cfg->n_host_list ? &cfg->host_list[at] : NULL;
	const char *const *zones = cfg->n_zones ? cfg->zones : usual_zones;
	size_t n_zones = cfg->n_zones ? cfg->n_zones : sizeof(usual_zones) / sizeof(usual_zones[0]);
	const char *zone = l ? (l->zone ? l->zone : "") : zones[at % n_zones];
	const sim_host_size *s = l ? NULL : draw_size(cfg, w->pools[at].name);
	sim_size size = l ? (sim_size){ l->vcpus, l->memory_mib, l->storage_gib }
			  : (sim_size){ s->vcpus, s->memory_mib, s->storage_gib };
	uint32_t shared;
	nc_code rc = zone_pool(w, cfg, zone, &shared);

	if (rc == NC_OK)
		set_host(w, at, zone, shared, &size, l ? l->traits : s->traits,
			l ? l->n_traits : s->n_traits);
	return rc;
}

static nc_code name_hosts(sim_world *w, const sim_config *cfg)
{
	nc_code rc = NC_OK;

	for (uint32_t i = 0; rc == NC_OK && i < w->n_hosts; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s%05u", cfg->host_prefix, i);
		rc = add_pool(w, i, "local@", cfg->n_host_list ? cfg->host_list[i].name : name);
	}
	return rc;
}

static nc_code index_names(sim_world *w, nc_error *err)
{
	if (!sim_map_reserve(&w->host_by_name, w->n_hosts) ||
		!sim_map_reserve(&w->pool_by_name, w->n_pools))
		return nc_plug_nomem(err);
	for (uint32_t i = 0; i < w->n_hosts; i++) {
		if (sim_map_get(&w->host_by_name, w->hosts[i].name))
			return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
				"Give each host of host_list a name of its own.",
				"host_list[%u].name: \"%s\" is there twice", i, w->hosts[i].name);
		sim_map_put(&w->host_by_name, w->hosts[i].name, &w->hosts[i]);
	}
	for (uint32_t i = 0; i < w->n_pools; i++)
		sim_map_put(&w->pool_by_name, w->pools[i].name, &w->pools[i]);
	return NC_OK;
}

/* Networks that are there from the beginning belong to nobody. */
static nc_code make_networks(sim_world *w, const sim_config *cfg)
{
	const char *const *names = cfg->n_networks ? cfg->networks : usual_networks;
	size_t n = cfg->n_networks ? cfg->n_networks : 1;

	if (!sim_world_reserve(w, SIM_NETWORK, n))
		return NC_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		sim_network_doc doc = { .native_id = names[i],
			.uuid = "",
			.id = "",
			.name = names[i],
			.cidr = "10.0.0.0/8",
			.kind = SIM_NETWORK_KIND_NAT,
			.made_by = "" };
		void *packed = nc_msg_pack(&sim_network_doc_msg, &doc);

		if (!packed)
			return NC_E_NOMEM;
		sim_world_put(w, SIM_NETWORK, packed);
	}
	return NC_OK;
}

nc_code sim_world_init(sim_world *w, const sim_config *cfg, nc_error *err)
{
	uint32_t n = (uint32_t)(cfg->n_host_list ? cfg->n_host_list : (size_t)cfg->hosts);
	nc_code rc;

	memset(w, 0, sizeof(*w));
	w->hosts = calloc(n, sizeof(*w->hosts));
	w->pools = calloc((size_t)n * 2, sizeof(*w->pools)); /* at most as many zones as hosts */
	if (!w->hosts || !w->pools) {
		sim_world_done(w);
		return nc_plug_nomem(err);
	}
	w->n_hosts = n;
	rc = name_hosts(w, cfg);
	for (uint32_t i = 0; rc == NC_OK && i < n; i++)
		rc = make_host(w, cfg, i);
	if (rc == NC_OK)
		rc = make_networks(w, cfg);
	if (rc == NC_OK)
		rc = index_names(w, err);
	if (rc == NC_E_NOMEM)
		nc_plug_nomem(err);
	if (rc != NC_OK)
		sim_world_done(w);
	return rc;
}

static sim_guest *take_spare(sim_world *w);

static void free_all(sim_world *w, sim_kind kind)
{
	sim_map *m = &w->by_id[kind];

	for (size_t i = 0; i < m->cap; i++) {
		if (!m->slots[i].key)
			continue;
		if (kind == SIM_GUEST)
			free((void *)(uintptr_t)((sim_guest *)m->slots[i].value)->doc);
		free(m->slots[i].value);
	}
	sim_map_done(m);
}

void sim_world_done(sim_world *w)
{
	for (int k = 0; k < SIM_KINDS; k++)
		free_all(w, (sim_kind)k);
	for (uint32_t i = 0; i < w->n_pools; i++)
		free(w->pools[i].name);
	sim_map_done(&w->host_by_name);
	sim_map_done(&w->pool_by_name);
	while (w->spare_guests)
		free(take_spare(w));
	free(w->pools);
	free(w->hosts);
	memset(w, 0, sizeof(*w));
}

sim_host *sim_world_host(const sim_world *w, const char *name)
{
	return sim_map_get(&w->host_by_name, name);
}

sim_pool *sim_world_pool(const sim_world *w, const char *name)
{
	return sim_map_get(&w->pool_by_name, name);
}

sim_guest *sim_world_guest(const sim_world *w, const char *native_id)
{
	return sim_map_get(&w->by_id[SIM_GUEST], native_id);
}

const sim_volume_doc *sim_world_volume(const sim_world *w, const char *native_id)
{
	return sim_map_get(&w->by_id[SIM_VOLUME], native_id);
}

const sim_network_doc *sim_world_network(const sim_world *w, const char *native_id)
{
	return sim_map_get(&w->by_id[SIM_NETWORK], native_id);
}

const sim_port_doc *sim_world_port(const sim_world *w, const char *native_id)
{
	return sim_map_get(&w->by_id[SIM_PORT], native_id);
}

static void use_pool(sim_world *w, const char *name, int64_t gib)
{
	sim_pool *p = sim_world_pool(w, name);

	if (!p)
		return; /* a truth file of other hosts: counted nowhere */
	p->used_gib += gib;
	if (p->host != UINT32_MAX)
		w->hosts[p->host].used.storage_gib = p->used_gib;
}

/* Count what a guest takes; sign -1 to take it back. Volumes count for themselves. */
static void count_guest(sim_world *w, const sim_guest *g, int64_t sign)
{
	if (g->host) {
		g->host->used.vcpus += sign * g->doc->vcpus;
		g->host->used.memory_mib += sign * g->doc->memory_mib;
	}
	for (size_t i = 0; i < g->doc->n_disks; i++)
		if (!g->doc->disks[i].volume)
			use_pool(w, g->doc->disks[i].pool, sign * g->doc->disks[i].size_gib);
}

static void unlink_guest(sim_guest *g)
{
	if (!g->host)
		return;
	*g->prev = g->next;
	if (g->next)
		g->next->prev = g->prev;
	g->host->n_guests--;
	g->host = NULL;
}

static void link_guest(sim_world *w, sim_guest *g)
{
	g->host = sim_world_host(w, g->doc->host);
	if (!g->host)
		return;
	g->next = g->host->guests;
	if (g->next)
		g->next->prev = &g->next;
	g->prev = &g->host->guests;
	g->host->guests = g;
	g->host->n_guests++;
}

/* Addresses are handed out in order; the number of one of ours, 0 of another's. */
static uint32_t ip_number(const char *ip)
{
	unsigned a, b, c, d;
	char end;

	if (sscanf(ip, "%u.%u.%u.%u%c", &a, &b, &c, &d, &end) != 4 || a != 10)
		return 0;
	return (b & 255) << 16 | (c & 255) << 8 | (d & 255);
}

static void note_addresses(sim_world *w, const sim_guest_doc *doc)
{
	for (size_t i = 0; i < doc->n_nics; i++) {
		uint32_t n = doc->nics[i].is_static ? 0 : ip_number(doc->nics[i].ip);

		if (n > w->last_ip)
			w->last_ip = n;
	}
}

bool sim_world_reserve(sim_world *w, sim_kind kind, size_t more)
{
	while (kind == SIM_GUEST && w->n_spare_guests < more) {
		sim_guest *g = malloc(sizeof(*g));

		if (!g)
			return false;
		g->next = w->spare_guests;
		w->spare_guests = g;
		w->n_spare_guests++;
	}
	return sim_map_reserve(&w->by_id[kind], more);
}

static sim_guest *take_spare(sim_world *w)
{
	sim_guest *g = w->spare_guests;

	w->spare_guests = g->next;
	w->n_spare_guests--;
	*g = (sim_guest){ NULL, NULL, NULL, NULL };
	return g;
}

static void put_guest(sim_world *w, const sim_guest_doc *doc)
{
	sim_guest *g = sim_world_guest(w, doc->native_id);
	const sim_guest_doc *old = NULL;

	if (g) {
		old = g->doc;
		count_guest(w, g, -1);
		unlink_guest(g);
	} else {
		g = take_spare(w);
	}
	g->doc = doc;
	link_guest(w, g);
	count_guest(w, g, 1);
	note_addresses(w, doc);
	sim_map_put(&w->by_id[SIM_GUEST], doc->native_id, g);
	free((void *)(uintptr_t)old);
}

static void count_volume(sim_world *w, const sim_volume_doc *v, int64_t sign)
{
	use_pool(w, v->pool, sign * v->size_gib);
}

void sim_world_put(sim_world *w, sim_kind kind, void *doc)
{
	const char *native_id = sim_doc_native_id(kind, doc);
	void *old;

	if (kind == SIM_GUEST) {
		put_guest(w, doc);
		return;
	}
	old = sim_map_get(&w->by_id[kind], native_id);
	if (kind == SIM_VOLUME && old)
		count_volume(w, old, -1);
	if (kind == SIM_VOLUME)
		count_volume(w, doc, 1);
	sim_map_put(&w->by_id[kind], native_id, doc);
	free(old);
}

void sim_world_del(sim_world *w, sim_kind kind, const char *native_id)
{
	void *value = sim_map_get(&w->by_id[kind], native_id);

	if (!value)
		return;
	sim_map_del(&w->by_id[kind], native_id);
	if (kind == SIM_GUEST) {
		sim_guest *g = value;

		count_guest(w, g, -1);
		unlink_guest(g);
		free((void *)(uintptr_t)g->doc);
	} else if (kind == SIM_VOLUME) {
		count_volume(w, value, -1);
	}
	free(value);
}
