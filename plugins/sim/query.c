/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries about guests and hosts. They run on the host's worker threads, gather some hundred
 * objects under the lock, let it go and write them, and so on: ten thousand hosts hold nobody up.
 */
#define NC_PLUG_DOMAIN "sim"
#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "disk_data.h"
#include "guest.h"

void sim_batch_add(sim_batch *b, const nc_msg *msg, const void *obj)
{
	nc_code rc;

	if (b->error != NC_OK)
		return;
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		size_t *ends = realloc(b->ends, cap * sizeof(*ends));

		if (!ends) {
			b->error = NC_E_NOMEM;
			return;
		}
		b->ends = ends;
		b->cap = cap;
	}
	rc = nc_msg_write(msg, obj, &b->text, NULL);
	if (rc == NC_OK)
		b->ends[b->n++] = b->text.len;
	else
		b->error = rc;
}

nc_code sim_batch_send(sim_batch *b, const struct nc_inst *inst, nc_sink *sink, nc_error *err)
{
	size_t at = 0;
	nc_code rc = b->error;

	if (rc != NC_OK)
		return rc == NC_E_NOMEM ? nc_plug_nomem(err)
					: nc_plug_fail(err, rc, 0, "Report it to the publisher.",
						  "an object that can't be written");
	for (size_t i = 0; rc == NC_OK && i < b->n; i++) {
		rc = inst->host->sink_write(sink, b->text.ptr + at, b->ends[i] - at);
		at = b->ends[i];
	}
	b->n = 0;
	nc_plug_buf_reset(&b->text);
	if (rc != NC_OK)
		return nc_plug_fail(err, rc, 0,
			"Ask for less at once, for instance for one target.",
			"the host takes no more objects");
	return NC_OK;
}

void sim_batch_done(sim_batch *b)
{
	nc_plug_buf_done(&b->text);
	free(b->ends);
}

nc_code sim_query_begin(nc_inst *inst, const char *verb, nc_op op, nc_bytes target, nc_bytes req,
	const nc_msg *msg, nc_msg_mem *mem, void *parsed, char host[SIM_TARGET_MAX], nc_error *err)
{
	nc_code rc = sim_target_copy(target, host, err);

	if (rc == NC_OK)
		rc = nc_msg_read(msg, req, mem, parsed, err);
	return rc == NC_OK ? sim_query_enter(inst, verb, op, host, err) : rc;
}

nc_code sim_query_guest(
	const struct nc_inst *inst, const char *native_id, const sim_guest **ret, nc_error *err)
{
	*ret = sim_world_guest(&inst->world, native_id);
	if (*ret)
		return NC_OK;
	return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
		"Take the native id of a guest from inventory.", "there is no guest \"%s\"",
		native_id);
}

/* Hosts from *at on, at least one object's worth, until the batch is full; *at = where to go on. */
typedef void (*host_fn)(
	const struct nc_inst *inst, const sim_host *h, sim_batch *b, nc_msg_mem *mem);

static nc_code each_host(
	nc_inst *inst, const char *target, host_fn visit, nc_sink *sink, nc_error *err)
{
	sim_batch b = SIM_BATCH_INIT;
	const sim_host *one = *target ? sim_world_host(&inst->world, target) : NULL;
	nc_code rc = NC_OK;

	if (*target && !one) /* hosts are there from create to destroy: no lock needed to look */
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the name of a host from fingerprint.", "there is no host \"%s\"",
			target);
	for (uint32_t i = 0; rc == NC_OK && i < (one ? 1 : inst->world.n_hosts);) {
		nc_msg_mem mem = { 0 };

		pthread_mutex_lock(&inst->lock);
		for (; i < (one ? 1 : inst->world.n_hosts) && b.n < SIM_BATCH_OBJECTS; i++)
			visit(inst, one ? one : &inst->world.hosts[i], &b, &mem);
		pthread_mutex_unlock(&inst->lock);
		nc_msg_done(&mem);
		rc = sim_batch_send(&b, inst, sink, err);
	}
	sim_batch_done(&b);
	return rc;
}

static void add_guest(
	const struct nc_inst *inst, const sim_guest_doc *doc, sim_batch *b, nc_msg_mem *mem)
{
	nc_compute_guest msg;

	if (sim_guest_message(inst, doc, mem, &msg) == NC_OK)
		sim_batch_add(b, &nc_compute_guest_msg, &msg);
	else
		b->error = NC_E_NOMEM;
}

static void add_guests(const struct nc_inst *inst, const sim_host *h, sim_batch *b, nc_msg_mem *mem)
{
	for (const sim_guest *g = h->guests; g; g = g->next)
		add_guest(inst, g->doc, b, mem);
}

static nc_code inventory_of(nc_inst *inst, const nc_compute_inventory_request *req,
	const char *target, nc_sink *sink, nc_error *err)
{
	sim_batch b = SIM_BATCH_INIT;
	nc_msg_mem mem = { 0 };
	nc_code rc;

	pthread_mutex_lock(&inst->lock);
	for (size_t i = 0; i < req->n_native_ids; i++) {
		const sim_guest *g = sim_world_guest(&inst->world, req->native_ids[i]);

		if (g && (!*target || strcmp(g->doc->host, target) == 0))
			add_guest(inst, g->doc, &b, &mem);
	}
	pthread_mutex_unlock(&inst->lock);
	nc_msg_done(&mem);
	rc = sim_batch_send(&b, inst, sink, err);
	sim_batch_done(&b);
	return rc;
}

SIM_QUERY(sim_inventory)
{
	nc_compute_inventory_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	nc_code rc = sim_query_begin(inst, "compute.inventory", op, target, req,
		&nc_compute_inventory_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK)
		rc = parsed.native_ids ? inventory_of(inst, &parsed, host, sink, err)
				       : each_host(inst, host, add_guests, sink, err);
	nc_msg_done(&mem);
	return rc;
}

static const char *const *network_names(const struct nc_inst *inst, nc_msg_mem *mem, size_t *ret_n)
{
	const sim_map *m = &inst->world.by_id[SIM_NETWORK];
	const char **names = nc_msg_alloc(mem, (m->n + 1) * sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; names && i < m->cap && n < 1024; i++)
		if (m->slots[i].key)
			names[n++] = m->slots[i].key;
	*ret_n = n;
	return names;
}

static void add_host(const struct nc_inst *inst, const sim_host *h, sim_batch *b, nc_msg_mem *mem)
{
	const sim_config *cfg = inst->cfg;
	bool is_down = sim_glob_any(cfg->down_hosts, cfg->n_down_hosts, h->name);
	const char *pools[] = { inst->world.pools[h->pool].name,
		inst->world.pools[h->zone_pool].name };
	nc_compute_host msg = { .name = h->name,
		.state = is_down ? NC_HOST_STATE_DOWN : NC_HOST_STATE_UP,
		.vcpus = h->size.vcpus,
		.memory_mib = h->size.memory_mib,
		.storage_gib = h->size.storage_gib,
		.used = { h->used.vcpus, h->used.memory_mib, h->used.storage_gib, h->n_guests },
		.cpu_model = "sim-v3",
		.traits = h->traits,
		.n_traits = h->n_traits,
		.zone = h->zone,
		.pools = pools,
		.n_pools = 2,
		.hypervisor = { "sim", "1.0.0" } };

	msg.networks = network_names(inst, mem, &msg.n_networks);
	if (msg.networks)
		sim_batch_add(b, &nc_compute_host_msg, &msg);
	else
		b->error = NC_E_NOMEM;
}

SIM_QUERY(sim_fingerprint)
{
	nc_compute_fingerprint_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	nc_code rc = sim_query_begin(inst, "compute.fingerprint", op, target, req,
		&nc_compute_fingerprint_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK)
		rc = each_host(inst, host, add_host, sink, err);
	nc_msg_done(&mem);
	return rc;
}

SIM_QUERY(sim_snapshot_list)
{
	nc_snapshot_list_request parsed;
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	sim_batch b = SIM_BATCH_INIT;
	const sim_guest *g;
	nc_code rc = sim_query_begin(inst, "snapshot.list", op, target, req,
		&nc_snapshot_list_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		rc = sim_query_guest(inst, parsed.native_id, &g, err);
		for (size_t i = 0; rc == NC_OK && i < g->doc->n_snapshots; i++) {
			const sim_snapshot_doc *s = &g->doc->snapshots[i];
			nc_snapshot_list_result msg = { s->snapshot, s->snapshot_id, s->name,
				s->parent, strcmp(s->snapshot, g->doc->current) == 0, s->memory,
				s->made_at_ms, s->size_bytes };

			sim_batch_add(&b, &nc_snapshot_list_result_msg, &msg);
		}
		pthread_mutex_unlock(&inst->lock);
	}
	if (rc == NC_OK)
		rc = sim_batch_send(&b, inst, sink, err);
	sim_batch_done(&b);
	nc_msg_done(&mem);
	return rc;
}

static nc_code find_backup_disk(const struct nc_inst *inst, const nc_backup_extents_request *req,
	sim_disk_id *ret, nc_error *err)
{
	const sim_guest *g;
	nc_code rc = sim_query_guest(inst, req->native_id, &g, err);

	if (rc != NC_OK)
		return rc;
	for (size_t i = 0; i < g->doc->n_backups; i++) {
		const sim_backup_doc *b = &g->doc->backups[i];

		for (size_t k = 0; strcmp(b->backup, req->backup) == 0 && k < b->n_disks; k++)
			for (size_t d = 0; d < g->doc->n_disks; d++)
				if (strcmp(b->disks[k], req->disk) == 0 &&
					strcmp(g->doc->disks[d].id, req->disk) == 0) {
					ret->seed = sim_disk_seed(req->native_id, req->disk);
					ret->size_bytes = (uint64_t)g->doc->disks[d].size_gib << 30;
					return NC_OK;
				}
	}
	return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
		"Name a backup that backup.begin answered, and one of its disks.",
		"there is no backup \"%s\" with a disk \"%s\"", req->backup, req->disk);
}

SIM_QUERY(sim_backup_extents)
{
	nc_backup_extents_request parsed;
	nc_extent extents[64];
	char host[SIM_TARGET_MAX];
	nc_msg_mem mem = { 0 };
	nc_backup_extents_result msg = { .extents = extents };
	sim_disk_id disk = { 0, 0 };
	uint64_t offset, len;
	nc_code rc = sim_query_begin(inst, "backup.extents", op, target, req,
		&nc_backup_extents_request_msg, &mem, &parsed, host, err);

	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		rc = find_backup_disk(inst, &parsed, &disk, err);
		pthread_mutex_unlock(&inst->lock);
	}
	for (unsigned i = 0; rc == NC_OK && sim_disk_run(&disk, i, &offset, &len); i++)
		if (!parsed.since || sim_disk_run_changed(&disk, i, parsed.since))
			extents[msg.n_extents++] =
				(nc_extent){ (int64_t)offset, (int64_t)len, false };
	msg.disk = parsed.disk;
	if (rc == NC_OK && msg.n_extents)
		rc = nc_plug_emit(inst->host, sink, &nc_backup_extents_result_msg, &msg, err);
	nc_msg_done(&mem);
	return rc;
}
