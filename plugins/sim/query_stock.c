/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries about volumes, pools and networks. Small kinds beside guests: each is gathered in one go
 * under the lock and written after it.
 */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "query.h"

#define GIB (1024LL * 1024 * 1024)

static nc_tag tag_message(const sim_tag *t)
{
	return (nc_tag){ t->installation, t->object, t->operation, t->epoch };
}

static void add_volume(const sim_volume_doc *v, sim_batch *b)
{
	nc_volume_inventory_result msg = { .native_id = v->native_id,
		.uuid = v->uuid,
		.name = v->name,
		.pool = v->pool,
		.has_tag = v->has_tag,
		.size_gib = v->size_gib,
		.obs_seq = v->obs_seq,
		.owned = v->has_tag,
		.attached_to = v->attached_to,
		.snapshot_of = v->snapshot_of };

	if (v->has_tag)
		msg.tag = tag_message(&v->tag);
	sim_batch_add(b, &nc_volume_inventory_result_msg, &msg);
}

SIM_QUERY(sim_volume_inventory)
{
	nc_volume_inventory_request parsed;
	char pool[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	nc_code rc = sim_query_begin(inst, "volume.inventory", op, target, req,
		&nc_volume_inventory_request_msg, &mem, &parsed, pool, err);

	if (rc == NC_OK) {
		const sim_map *m = &inst->world.by_id[SIM_VOLUME];

		pthread_mutex_lock(&inst->lock);
		for (size_t i = 0; i < m->cap; i++) {
			const sim_volume_doc *v = m->slots[i].value;

			if (m->slots[i].key && (!*pool || strcmp(v->pool, pool) == 0))
				add_volume(v, &b);
		}
		pthread_mutex_unlock(&inst->lock);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}

static void add_pool(const struct nc_inst *inst, const sim_pool *p, sim_batch *b)
{
	static const char *const own[] = { "storage.ssd" };
	static const char *const shared[] = { "storage.ssd", "storage.shared" };
	bool is_own = p->host != UINT32_MAX;
	const char *host = is_own ? inst->world.hosts[p->host].name : NULL;
	nc_volume_pools_result msg = { .name = p->name,
		.total_bytes = p->total_gib * GIB,
		.free_bytes = (p->total_gib > p->used_gib ? p->total_gib - p->used_gib : 0) * GIB,
		.traits = is_own ? own : shared,
		.n_traits = is_own ? 1 : 2,
		.zone = p->zone,
		.hosts = &host,
		.n_hosts = is_own };

	sim_batch_add(b, &nc_volume_pools_result_msg, &msg);
}

SIM_QUERY(sim_volume_pools)
{
	nc_volume_pools_request parsed;
	char pool[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	nc_code rc = sim_query_begin(inst, "volume.pools", op, target, req,
		&nc_volume_pools_request_msg, &mem, &parsed, pool, err);

	for (uint32_t i = 0; rc == NC_OK && i < inst->world.n_pools;) {
		pthread_mutex_lock(&inst->lock);
		for (; i < inst->world.n_pools && b.n < SIM_BATCH_OBJECTS; i++) {
			const sim_pool *p = &inst->world.pools[i];

			if (!*pool || strcmp(p->name, pool) == 0)
				add_pool(inst, p, &b);
		}
		pthread_mutex_unlock(&inst->lock);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}

static int64_t count_ports(const sim_world *w, const char *network)
{
	const sim_map *m = &w->by_id[SIM_PORT];
	int64_t n = 0;

	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key &&
			strcmp(((const sim_port_doc *)m->slots[i].value)->network, network) == 0)
			n++;
	return n;
}

static void add_network(const sim_world *w, const sim_network_doc *n, sim_batch *b)
{
	nc_network_inventory_result msg = { .native_id = n->native_id,
		.uuid = n->uuid,
		.name = n->name,
		.kind = n->kind,
		.cidr = n->cidr,
		.has_tag = n->has_tag,
		.owned = n->has_tag,
		.ports = count_ports(w, n->native_id),
		.obs_seq = n->obs_seq };

	if (n->has_tag)
		msg.tag = tag_message(&n->tag);
	sim_batch_add(b, &nc_network_inventory_result_msg, &msg);
}

SIM_QUERY(sim_network_inventory)
{
	nc_network_inventory_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	nc_code rc = sim_query_begin(inst, "network.inventory", op, target, req,
		&nc_network_inventory_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		const sim_map *m = &inst->world.by_id[SIM_NETWORK];

		pthread_mutex_lock(&inst->lock);
		for (size_t i = 0; i < m->cap; i++)
			if (m->slots[i].key)
				add_network(&inst->world, m->slots[i].value, &b);
		pthread_mutex_unlock(&inst->lock);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}
