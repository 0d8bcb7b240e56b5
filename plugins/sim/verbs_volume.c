/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes and their snapshots, in pools. Under the instance's lock. */
#define NC_PLUG_DOMAIN "sim"
#include <stdio.h>
#include <string.h>

#include "guest.h"

/* NC_OK: it is the work of this very call, whose key was forgotten. */
static nc_code check_same(
	const sim_call *call, const sim_volume_doc *v, const nc_tag *tag, nc_error *err)
{
	nc_code rc =
		v->has_tag ? sim_check_owner("volume", v->native_id, &v->tag, tag, err) : NC_OK;

	if (rc != NC_OK || strcmp(v->made_by, call->key) == 0)
		return rc;
	return nc_plug_fail(err, NC_E_EXISTS, 0,
		"Ask recover with the key that made it, or look with volume.inventory.",
		"volume \"%s\" was made by operation key \"%s\"", v->native_id, v->made_by);
}

/* By native id, else by uuid; a volume or a snapshot. */
static nc_code find(const sim_call *call, const char *native_id, const char *uuid,
	const nc_tag *tag, const sim_volume_doc **ret, nc_error *err)
{
	const sim_world *w = &call->inst->world;
	const sim_volume_doc *v = native_id ? sim_world_volume(w, native_id) : NULL;
	char name[64];

	if (!native_id) {
		(void)snprintf(name, sizeof(name), "vol-%.40s", uuid);
		v = sim_world_volume(w, name);
		(void)snprintf(name, sizeof(name), "vsnap-%.40s", uuid);
		v = v ? v : sim_world_volume(w, name);
	}
	if (!v)
		return nc_plug_fail(err, NC_E_NOTFOUND, 0,
			"Look with volume.inventory: it was removed, or never made.",
			"there is no volume \"%s\"", native_id ? native_id : uuid);
	*ret = v;
	return v->has_tag ? sim_check_owner("volume", v->native_id, &v->tag, tag, err) : NC_OK;
}

static nc_code volume_create(sim_call *call, nc_error *err)
{
	const nc_volume_create_request *req = call->req;
	nc_volume_create_result *res = call->res;
	const sim_world *w = &call->inst->world;
	const sim_pool *pool = sim_world_pool(w, call->target);
	const sim_volume_doc *from = req->snapshot ? sim_world_volume(w, req->snapshot) : NULL;
	const char *native_id = sim_format(call->mem, "vol-%s", req->uuid);
	const sim_volume_doc *there = native_id ? sim_world_volume(w, native_id) : NULL;
	sim_volume_doc v;
	nc_code rc;

	if (!native_id)
		return nc_plug_nomem(err);
	if (there) {
		*res = (nc_volume_create_result){ there->native_id, there->size_gib, there->obs_seq,
			nc_plug_str("{}") };
		return check_same(call, there, &req->tag, err);
	}
	if (!pool)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Name the pool to make it in as the target.", "create without a pool");
	if (req->snapshot && (!from || !*from->snapshot_of))
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the native id of a snapshot from volume.inventory.",
			"there is no snapshot \"%s\"", req->snapshot);
	if (from && from->size_gib > req->size_gib)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Ask for at least the size of the snapshot.",
			"%lld GiB are too few for snapshot \"%s\" of %lld",
			(long long)req->size_gib, req->snapshot, (long long)from->size_gib);
	rc = sim_check_pool(call->inst, pool, req->size_gib, err);
	if (rc != NC_OK)
		return rc;
	v = (sim_volume_doc){ .native_id = native_id,
		.uuid = req->uuid,
		.id = req->id,
		.name = req->name,
		.pool = pool->name,
		.tag = sim_tag_of(&req->tag),
		.has_tag = true,
		.size_gib = req->size_gib,
		.made_by = call->key,
		.attached_to = "",
		.snapshot_of = "" };
	sim_txn_put_volume(&call->txn, &v);
	*res = (nc_volume_create_result){ native_id, req->size_gib, (int64_t)call->txn.seq,
		nc_plug_str("{}") };
	return NC_OK;
}

static nc_code volume_resize(sim_call *call, nc_error *err)
{
	const nc_volume_resize_request *req = call->req;
	nc_volume_resize_result *res = call->res;
	const sim_volume_doc *v;
	const sim_pool *pool;
	sim_volume_doc draft;
	nc_code rc = find(call, req->native_id, req->uuid, &req->tag, &v, err);

	if (rc != NC_OK)
		return rc;
	if (*v->snapshot_of || *v->attached_to)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"Resize it through the guest (disk.resize), or detach it first.",
			"volume \"%s\" is %s", v->native_id,
			*v->snapshot_of ? "a snapshot" : "attached");
	if (req->size_gib < v->size_gib)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Ask for the size it has, or more: a volume does not shrink.",
			"volume \"%s\" has %lld GiB, more than %lld", v->native_id,
			(long long)v->size_gib, (long long)req->size_gib);
	pool = sim_world_pool(&call->inst->world, v->pool);
	rc = pool ? sim_check_pool(call->inst, pool, req->size_gib - v->size_gib, err) : NC_OK;
	if (rc != NC_OK)
		return rc;
	draft = *v;
	draft.size_gib = req->size_gib;
	*res = (nc_volume_resize_result){ v->native_id, req->size_gib != v->size_gib, req->size_gib,
		v->obs_seq };
	if (!res->changed)
		return NC_OK;
	sim_txn_put_volume(&call->txn, &draft);
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

static nc_code volume_snapshot(sim_call *call, nc_error *err)
{
	const nc_volume_snapshot_request *req = call->req;
	nc_volume_snapshot_result *res = call->res;
	const sim_world *w = &call->inst->world;
	const sim_volume_doc *v = sim_world_volume(w, req->volume);
	const char *native_id = sim_format(call->mem, "vsnap-%s", req->uuid);
	const sim_volume_doc *there = native_id ? sim_world_volume(w, native_id) : NULL;
	sim_volume_doc snap;
	const sim_pool *pool;
	nc_code rc;

	if (!native_id)
		return nc_plug_nomem(err);
	if (there) {
		*res = (nc_volume_snapshot_result){ there->native_id, there->size_gib,
			there->obs_seq };
		return check_same(call, there, &req->tag, err);
	}
	if (!v || *v->snapshot_of)
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the native id of a volume from volume.inventory.",
			"there is no volume \"%s\"", req->volume);
	pool = sim_world_pool(w, v->pool);
	rc = pool ? sim_check_pool(call->inst, pool, v->size_gib, err) : NC_OK;
	if (rc != NC_OK)
		return rc;
	snap = *v;
	snap.native_id = native_id;
	snap.uuid = req->uuid;
	snap.id = req->id;
	snap.name = req->name;
	snap.tag = sim_tag_of(&req->tag);
	snap.has_tag = true;
	snap.made_by = call->key;
	snap.attached_to = "";
	snap.snapshot_of = v->native_id;
	sim_txn_put_volume(&call->txn, &snap);
	*res = (nc_volume_snapshot_result){ native_id, v->size_gib, (int64_t)call->txn.seq };
	return NC_OK;
}

static nc_code volume_remove(sim_call *call, nc_error *err)
{
	const nc_volume_remove_request *req = call->req;
	nc_volume_remove_result *res = call->res;
	const sim_volume_doc *v;
	nc_code rc = find(call, req->native_id, req->uuid, &req->tag, &v, err);

	if (rc == NC_E_NOTFOUND) {
		if (err)
			*err = (nc_error){ .struct_size = sizeof(*err) };
		return NC_OK; /* the goal holds */
	}
	if (rc != NC_OK)
		return rc;
	if (*v->attached_to)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"Detach it from that guest first.", "volume \"%s\" is attached to \"%s\"",
			v->native_id, v->attached_to);
	sim_txn_del(&call->txn, SIM_VOLUME, v->native_id);
	res->changed = true;
	return NC_OK;
}

const sim_verb sim_verbs_volume[] = {
	{ .name = "volume.create",
		.request = &nc_volume_create_request_msg,
		.result = &nc_volume_create_result_msg,
		.target = SIM_ON_POOL,
		.act = volume_create,
		.phase = "creating" },
	{ .name = "volume.resize",
		.request = &nc_volume_resize_request_msg,
		.result = &nc_volume_resize_result_msg,
		.target = SIM_ON_POOL,
		.act = volume_resize,
		.phase = "resizing" },
	{ .name = "volume.snapshot",
		.request = &nc_volume_snapshot_request_msg,
		.result = &nc_volume_snapshot_result_msg,
		.target = SIM_ON_POOL,
		.act = volume_snapshot,
		.phase = "saving" },
	{ .name = "volume.remove",
		.request = &nc_volume_remove_request_msg,
		.result = &nc_volume_remove_result_msg,
		.target = SIM_ON_POOL,
		.act = volume_remove,
		.phase = "removing" },
	{ .name = NULL },
};
