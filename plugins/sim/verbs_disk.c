/* SPDX-License-Identifier: Apache-2.0 */
/* Disks of guests: attach, detach, resize. All take effect at once. Under the instance's lock. */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "guest.h"

static const sim_disk_doc *find(const sim_guest_doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->n_disks; i++)
		if (strcmp(doc->disks[i].id, id) == 0)
			return &doc->disks[i];
	return NULL;
}

static nc_code no_disk(const sim_guest_doc *doc, const char *id, nc_error *err)
{
	return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
		"Take the id of one of the guest's disks.", "guest \"%s\" has no disk \"%s\"",
		doc->native_id, id);
}

static bool is_on(const sim_guest_doc *doc)
{
	return doc->power == SIM_POWER_RUNNING || doc->power == SIM_POWER_PAUSED;
}

/* vda, vdb … vdz, vdaa … as a guest counts them. */
static const char *device_name(nc_msg_mem *mem, size_t n)
{
	if (n < 26)
		return sim_format(mem, "vd%c", (int)('a' + n));
	return sim_format(mem, "vd%c%c", (int)('a' + n / 26 - 1), (int)('a' + n % 26));
}

/* The disk that is asked for, its place found and its volume taken. */
static nc_code make(
	sim_call *call, const sim_guest *g, const nc_disk *want, sim_disk_doc *ret, nc_error *err)
{
	const sim_volume_doc *v;
	sim_volume_doc draft;
	sim_pool *pool;
	nc_code rc;

	*ret = (sim_disk_doc){ .id = want->id, .size_gib = want->size_gib, .image = want->image };
	if (!g->host)
		return nc_plug_fail(err, NC_E_CONFLICT, 0,
			"Configure the host again, or remove the guest.",
			"host %s of guest \"%s\" is not in the configuration", g->doc->host,
			g->doc->native_id);
	if (!want->volume) {
		rc = sim_pool_for(call->inst, g->host, want->pool, &pool, err);
		if (rc == NC_OK)
			rc = sim_check_pool(call->inst, pool, want->size_gib, err);
		if (rc == NC_OK)
			ret->pool = pool->name;
		return rc;
	}
	rc = sim_volume_for(call->inst, g->host, want->volume, &v, err);
	if (rc != NC_OK)
		return rc;
	draft = *v;
	draft.attached_to = g->doc->native_id;
	sim_txn_put_volume(&call->txn, &draft);
	ret->size_gib = v->size_gib;
	ret->volume = v->native_id;
	ret->pool = v->pool;
	return NC_OK;
}

static nc_code disk_attach(sim_call *call, nc_error *err)
{
	const nc_disk_attach_request *req = call->req;
	nc_disk_attach_result *res = call->res;
	sim_disk_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	if (find(&doc, req->disk.id))
		return nc_plug_fail(err, NC_E_EXISTS, NC_ERR_USER_FAULT,
			"Give the disk an id of its own, or ask recover with the key that made it.",
			"guest \"%s\" has a disk \"%s\"", doc.native_id, req->disk.id);
	if (doc.n_disks >= 64)
		return nc_plug_fail(err, NC_E_QUOTA, NC_ERR_USER_FAULT, "Detach a disk first.",
			"guest \"%s\" has %zu disks", doc.native_id, doc.n_disks);
	list = sim_list_copy(call->mem, doc.disks, doc.n_disks, sizeof(*list), 1);
	if (!list)
		return nc_plug_nomem(err);
	rc = make(call, g, &req->disk, &list[doc.n_disks], err);
	if (rc != NC_OK)
		return rc;
	*res = (nc_disk_attach_result){ .native_id = doc.native_id,
		.changed = true,
		.obs_seq = (int64_t)call->txn.seq,
		.disk = req->disk.id,
		.device = device_name(call->mem, doc.n_disks),
		.hot = is_on(&doc) };
	doc.disks = list;
	doc.n_disks++;
	sim_txn_put_guest(&call->txn, &doc);
	return NC_OK;
}

static nc_code disk_detach(sim_call *call, nc_error *err)
{
	const nc_disk_detach_request *req = call->req;
	nc_disk_detach_result *res = call->res;
	const sim_disk_doc *disk;
	sim_disk_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	size_t at;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	*res = (nc_disk_detach_result){
		.native_id = doc.native_id, .obs_seq = doc.obs_seq, .volume = "", .hot = is_on(&doc)
	};
	disk = find(&doc, req->disk);
	if (!disk)
		return NC_OK; /* the goal holds */
	list = sim_list_copy(call->mem, doc.disks, doc.n_disks, sizeof(*list), 0);
	if (!list)
		return nc_plug_nomem(err);
	if (disk->volume) {
		sim_release_volume(call, disk->volume);
		res->volume = disk->volume;
	} else if (!req->delete_) {
		res->volume = sim_keep_disk(call, g->doc, disk);
	}
	if (!res->volume)
		return nc_plug_nomem(err);
	at = (size_t)(disk - doc.disks);
	memmove(list + at, list + at + 1, (doc.n_disks - at - 1) * sizeof(*list));
	doc.disks = list;
	doc.n_disks--;
	sim_txn_put_guest(&call->txn, &doc);
	res->changed = true;
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

static nc_code check_growth(
	sim_call *call, const sim_disk_doc *disk, int64_t want_gib, nc_error *err)
{
	const sim_pool *pool = sim_world_pool(&call->inst->world, disk->pool);

	if (want_gib < disk->size_gib)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Ask for the size it has, or more: a disk does not shrink.",
			"disk \"%s\" has %lld GiB, more than %lld", disk->id,
			(long long)disk->size_gib, (long long)want_gib);
	return pool ? sim_check_pool(call->inst, pool, want_gib - disk->size_gib, err) : NC_OK;
}

static nc_code disk_resize(sim_call *call, nc_error *err)
{
	const nc_disk_resize_request *req = call->req;
	nc_disk_resize_result *res = call->res;
	const sim_disk_doc *disk;
	sim_disk_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	disk = find(&doc, req->disk);
	if (!disk)
		return no_disk(&doc, req->disk, err);
	rc = check_growth(call, disk, req->size_gib, err);
	if (rc != NC_OK)
		return rc;
	list = sim_list_copy(call->mem, doc.disks, doc.n_disks, sizeof(*list), 0);
	if (!list)
		return nc_plug_nomem(err);
	*res = (nc_disk_resize_result){ .native_id = doc.native_id,
		.changed = req->size_gib != disk->size_gib,
		.obs_seq = doc.obs_seq,
		.size_gib = req->size_gib,
		.hot = is_on(&doc) };
	if (!res->changed)
		return NC_OK;
	if (disk->volume) {
		sim_volume_doc v = *sim_world_volume(&call->inst->world, disk->volume);

		v.size_gib = req->size_gib;
		sim_txn_put_volume(&call->txn, &v);
	}
	list[disk - doc.disks].size_gib = req->size_gib;
	doc.disks = list;
	sim_txn_put_guest(&call->txn, &doc);
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

const sim_verb sim_verbs_disk[] = {
	{ .name = "disk.attach",
		.request = &nc_disk_attach_request_msg,
		.result = &nc_disk_attach_result_msg,
		.act = disk_attach,
		.phase = "attaching" },
	{ .name = "disk.detach",
		.request = &nc_disk_detach_request_msg,
		.result = &nc_disk_detach_result_msg,
		.act = disk_detach,
		.phase = "detaching" },
	{ .name = "disk.resize",
		.request = &nc_disk_resize_request_msg,
		.result = &nc_disk_resize_result_msg,
		.act = disk_resize,
		.phase = "resizing" },
	{ .name = NULL },
};
