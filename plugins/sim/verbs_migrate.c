/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a guest between hosts. All or nothing: the guest is at the source until the act and at
 * the destination from then on. Under the instance's lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "guest.h"

#define MIB (1024 * 1024)
#define GIB (1024LL * MIB)

static int64_t migrate_lasts(struct nc_inst *inst, const void *request)
{
	const nc_migrate_start_request *req = request;
	const sim_guest *g = sim_world_guest(&inst->world, req->native_id);

	if (!g || !req->has_bandwidth_mib_s)
		return 0;
	return g->doc->memory_mib * 1000 / req->bandwidth_mib_s;
}

static nc_code check_mode(
	const nc_migrate_start_request *req, const sim_guest_doc *doc, nc_error *err)
{
	bool is_alive = doc->power == SIM_POWER_RUNNING || doc->power == SIM_POWER_PAUSED;

	if (is_alive == (req->mode == NC_MIGRATE_MODE_LIVE))
		return NC_OK;
	return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
		is_alive ? "Migrate it live, or stop it first." : "Migrate it cold.",
		"guest \"%s\" is %s, which does not go with mode %s", doc->native_id,
		nc_msg_enum_name(nc_power_names, doc->power),
		nc_msg_enum_name(nc_migrate_mode_names, req->mode));
}

/* Disks of the source's own pool go to the destination's, if they may be copied. */
static nc_code move_disks(sim_call *call, const sim_guest *g, const sim_host *to,
	sim_guest_doc *doc, int64_t *copied, nc_error *err)
{
	const nc_migrate_start_request *req = call->req;
	const sim_pool *pools = call->inst->world.pools;
	sim_disk_doc *disks = sim_list_copy(call->mem, doc->disks, doc->n_disks, sizeof(*disks), 0);
	int64_t moved_gib = 0;

	if (!disks)
		return nc_plug_nomem(err);
	for (size_t i = 0; i < doc->n_disks; i++) {
		sim_pool *pool;

		if (sim_pool_for(call->inst, to, disks[i].pool, &pool, NULL) == NC_OK)
			continue; /* the destination reaches it where it is */
		if (disks[i].volume || req->storage != NC_MIGRATE_STORAGE_COPY)
			return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
				disks[i].volume ? "Detach the volume first."
						: "Migrate with storage copy.",
				"host %s does not reach pool %s of disk \"%s\"", to->name,
				disks[i].pool, disks[i].id);
		disks[i].pool = pools[to->pool].name;
		moved_gib += disks[i].size_gib;
	}
	(void)g;
	doc->disks = disks;
	*copied += moved_gib * GIB;
	return moved_gib ? sim_check_pool(call->inst, &pools[to->pool], moved_gib, err) : NC_OK;
}

static nc_code find_destination(
	sim_call *call, const sim_guest *g, const sim_host **ret, nc_error *err)
{
	const nc_migrate_start_request *req = call->req;
	const sim_config *cfg = call->inst->cfg;
	const sim_size need = { g->doc->vcpus, g->doc->memory_mib, 0 };

	*ret = sim_world_host(&call->inst->world, req->destination);
	if (!*ret)
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the name of a host from fingerprint.", "there is no host \"%s\"",
			req->destination);
	if (sim_glob_any(cfg->down_hosts, cfg->n_down_hosts, req->destination))
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Take it out of down_hosts, or choose another host.", "host %s is down",
			req->destination);
	return *ret == g->host ? NC_OK : sim_check_room(call->inst, *ret, &need, err);
}

static nc_code migrate(sim_call *call, nc_error *err)
{
	const nc_migrate_start_request *req = call->req;
	nc_migrate_start_result *res = call->res;
	const sim_host *to = NULL;
	sim_guest *g;
	sim_guest_doc doc;
	int64_t copied = 0;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc == NC_OK)
		rc = find_destination(call, g, &to, err);
	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	res->native_id = doc.native_id;
	res->host = to->name;
	res->power = doc.power;
	res->obs_seq = doc.obs_seq;
	if (to == g->host)
		return NC_OK; /* it is there: changed is false */
	rc = check_mode(req, &doc, err);
	if (rc == NC_OK)
		rc = move_disks(call, g, to, &doc, &copied, err);
	if (rc != NC_OK)
		return rc;
	if (req->mode == NC_MIGRATE_MODE_LIVE)
		copied += doc.memory_mib * MIB;
	doc.host = to->name;
	sim_txn_put_guest(&call->txn, &doc);
	res->changed = true;
	res->obs_seq = (int64_t)call->txn.seq;
	res->copied_bytes = copied;
	res->has_copied_bytes = true;
	res->downtime_ms = req->mode != NC_MIGRATE_MODE_LIVE ? 0
			   : req->has_max_downtime_ms        ? req->max_downtime_ms
							     : 100;
	res->has_downtime_ms = true;
	return NC_OK;
}

const sim_verb sim_verbs_migrate[] = {
	{ .name = "migrate.start",
		.request = &nc_migrate_start_request_msg,
		.result = &nc_migrate_start_result_msg,
		.act = migrate,
		.lasts_ms = migrate_lasts,
		.phase = "copying",
		.checkpoints = true },
	{ .name = NULL },
};
