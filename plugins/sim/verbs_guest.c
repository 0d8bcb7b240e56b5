/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Create, update and destroy guests. Each act stages what it changes and writes its result; it
 * runs under the instance's lock and must not call the host.
 */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "guest.h"

#define USER_DATA_MAX 65536

/* The value is only looked at and cleared: a simulated guest has nowhere to put it. */
static nc_code create_prepare(struct nc_inst *inst, const void *request, nc_error *err)
{
	const nc_compute_create_request *req = request;
	char value[USER_DATA_MAX];
	size_t n = 0;
	nc_code rc;

	if (!req->user_data)
		return NC_OK;
	if (!inst->secrets)
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0,
			"Offer nc.secrets/1 to the plugin, or leave user_data out.",
			"the host opens no secrets for this plugin");
	rc = inst->secrets->open(
		inst->host->ctx, nc_plug_str(req->user_data), value, sizeof(value), &n, err);
	explicit_bzero(value, sizeof(value));
	return rc;
}

static nc_code create_result(
	sim_call *call, const sim_guest_doc *doc, int64_t obs_seq, nc_error *err)
{
	nc_compute_create_result *res = call->res;
	const char *data = sim_format(call->mem, "{\"host\":\"%s\"}", doc->host);

	*res = (nc_compute_create_result){ .native_id = doc->native_id,
		.power = doc->power,
		.obs_seq = obs_seq,
		.provider_data = nc_plug_str(data) };
	if (!data || sim_guest_addresses(call->inst, doc, call->mem, &res->addresses,
			     &res->n_addresses) != NC_OK)
		return nc_plug_nomem(err);
	return NC_OK;
}

/* A guest of that uuid is there. The very call that made it, its key forgotten, gets it again. */
static nc_code exists(sim_call *call, const sim_guest *g, nc_error *err)
{
	const nc_compute_create_request *req = call->req;
	nc_code rc = sim_check_owner("guest", g->doc->native_id, &g->doc->tag, &req->tag, err);

	if (rc != NC_OK)
		return rc;
	if (strcmp(g->doc->made_by, call->key) == 0)
		return create_result(call, g->doc, g->doc->obs_seq, err);
	return nc_plug_fail(err, NC_E_EXISTS, 0,
		"Ask recover with the key that made it, or look with inventory.",
		"a guest with the uuid %s was made by operation key \"%s\"", req->uuid,
		g->doc->made_by);
}

/* One disk as asked for; *gib counts what the pool `own` must have room for. */
static nc_code make_disk(sim_call *call, const sim_host *host, const nc_disk *want,
	const char *native_id, sim_disk_doc *ret, nc_error *err)
{
	const sim_volume_doc *v = NULL;
	sim_pool *pool;
	nc_code rc;

	if (!want->volume) {
		rc = sim_pool_for(call->inst, host, want->pool, &pool, err);
		if (rc == NC_OK)
			rc = sim_check_pool(call->inst, pool, want->size_gib, err);
		if (rc == NC_OK)
			*ret = (sim_disk_doc){ .id = want->id,
				.size_gib = want->size_gib,
				.image = want->image,
				.pool = pool->name };
		return rc;
	}
	rc = sim_volume_for(call->inst, host, want->volume, &v, err);
	if (rc == NC_OK) {
		sim_volume_doc draft = *v;

		draft.attached_to = native_id;
		sim_txn_put_volume(&call->txn, &draft);
		*ret = (sim_disk_doc){ .id = want->id,
			.size_gib = v->size_gib,
			.volume = v->native_id,
			.pool = v->pool };
	}
	return rc;
}

static nc_code make_disks(sim_call *call, const sim_host *host,
	const nc_compute_create_request *req, sim_guest_doc *doc, nc_error *err)
{
	sim_disk_doc *disks = nc_msg_alloc(call->mem, (req->n_disks + 1) * sizeof(*disks));

	if (!disks)
		return nc_plug_nomem(err);
	for (size_t i = 0; i < req->n_disks; i++) {
		nc_code rc;

		for (size_t j = 0; j < i; j++)
			if (strcmp(req->disks[j].id, req->disks[i].id) == 0)
				return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
					"Give each disk an id of its own.",
					"disks[%zu].id: \"%s\" is there twice", i,
					req->disks[i].id);
		rc = make_disk(call, host, &req->disks[i], doc->native_id, &disks[i], err);
		if (rc != NC_OK)
			return rc;
	}
	if (req->n_disks && !disks[0].image && !disks[0].volume)
		disks[0].image = req->image;
	doc->disks = disks;
	doc->n_disks = req->n_disks;
	return NC_OK;
}

static nc_code make_nics(
	sim_call *call, const nc_compute_create_request *req, sim_guest_doc *doc, nc_error *err)
{
	sim_nic_doc *nics = nc_msg_alloc(call->mem, (req->n_nics + 1) * sizeof(*nics));

	if (!nics)
		return nc_plug_nomem(err);
	for (size_t i = 0; i < req->n_nics; i++) {
		nc_code rc = sim_nic_make(call->inst, &req->nics[i], call->mem, &nics[i], err);

		if (rc != NC_OK)
			return rc;
	}
	doc->nics = nics;
	doc->n_nics = req->n_nics;
	return NC_OK;
}

static nc_code create(sim_call *call, nc_error *err)
{
	const nc_compute_create_request *req = call->req;
	const sim_host *host = sim_world_host(&call->inst->world, call->target);
	const sim_size need = { req->vcpus, req->memory_mib, 0 };
	const sim_guest *there;
	sim_guest_doc doc = { .native_id = sim_format(call->mem, "sim-%s", req->uuid),
		.uuid = req->uuid,
		.id = req->id,
		.name = req->name,
		.project = req->project,
		.host = call->target,
		.tag = sim_tag_of(&req->tag),
		.incarnation = req->incarnation,
		.vcpus = req->vcpus,
		.memory_mib = req->memory_mib,
		.power = req->start && !call->is_partial ? SIM_POWER_RUNNING : SIM_POWER_STOPPED,
		.made_by = call->key,
		.made_at_ms = call->txn.now_ms,
		.image = req->image,
		.firmware =
			req->firmware ? nc_msg_enum_name(nc_firmware_names, req->firmware) : NULL,
		.metadata = (const sim_metadata_entry *)(const void *)req->metadata,
		.n_metadata = req->n_metadata };
	nc_code rc;

	if (!doc.native_id)
		return nc_plug_nomem(err);
	there = sim_world_guest(&call->inst->world, doc.native_id);
	if (there)
		return exists(call, there, err);
	if (!host)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Name the host to make it on as the target.", "create without a host");
	if (doc.power == SIM_POWER_RUNNING) {
		doc.boots = 1;
		doc.booted_at_ms = call->txn.now_ms;
		call->booted = doc.native_id;
	}
	rc = sim_check_room(call->inst, host, &need, err);
	if (rc == NC_OK)
		rc = make_disks(call, host, req, &doc, err);
	if (rc == NC_OK)
		rc = make_nics(call, req, &doc, err);
	if (rc == NC_OK)
		rc = create_result(call, &doc, (int64_t)call->txn.seq, err);
	if (rc == NC_OK)
		sim_txn_put_guest(&call->txn, &doc);
	return rc;
}

_Static_assert(sizeof(sim_metadata_entry) == sizeof(nc_metadata_entry) &&
		       offsetof(sim_metadata_entry, value) == offsetof(nc_metadata_entry, value),
	"metadata goes alike in the truth and in messages");

/* A running guest takes more at once and less at the next start. */
static int64_t resize(int64_t now, int64_t want, bool is_off, int64_t *next, bool *has_next,
	const char *name, const char **pending, size_t *n_pending)
{
	*has_next = false;
	if (is_off || want >= now)
		return want;
	*next = want;
	*has_next = true;
	pending[(*n_pending)++] = name;
	return now;
}

static nc_code update(sim_call *call, nc_error *err)
{
	const nc_compute_update_request *req = call->req;
	nc_compute_update_result *res = call->res;
	const char **pending = nc_msg_alloc(call->mem, 2 * sizeof(*pending));
	sim_guest *g;
	sim_guest_doc doc;
	sim_size more = { 0, 0, 0 };
	bool is_off;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	if (!pending)
		return nc_plug_nomem(err);
	doc = *g->doc;
	is_off = doc.power == SIM_POWER_STOPPED || doc.power == SIM_POWER_CRASHED;
	if (req->name)
		doc.name = req->name;
	if (req->metadata) {
		doc.metadata = (const sim_metadata_entry *)(const void *)req->metadata;
		doc.n_metadata = req->n_metadata;
	}
	if (req->has_vcpus)
		doc.vcpus = resize(doc.vcpus, req->vcpus, is_off, &doc.next_vcpus,
			&doc.has_next_vcpus, "vcpus", pending, &res->n_pending);
	if (req->has_memory_mib)
		doc.memory_mib =
			resize(doc.memory_mib, req->memory_mib, is_off, &doc.next_memory_mib,
				&doc.has_next_memory_mib, "memory_mib", pending, &res->n_pending);
	more.vcpus = doc.vcpus - g->doc->vcpus;
	more.memory_mib = doc.memory_mib - g->doc->memory_mib;
	if (g->host && (more.vcpus > 0 || more.memory_mib > 0))
		rc = sim_check_room(call->inst, g->host, &more, err);
	if (rc != NC_OK)
		return rc;
	sim_txn_put_guest(&call->txn, &doc);
	res->native_id = doc.native_id;
	res->changed = true;
	res->power = doc.power;
	res->obs_seq = (int64_t)call->txn.seq;
	res->pending = pending;
	return NC_OK;
}

static bool is_kept(const nc_compute_destroy_request *req, const char *disk)
{
	for (size_t i = 0; i < req->n_keep_disks; i++)
		if (strcmp(req->keep_disks[i], disk) == 0)
			return true;
	return false;
}

/* A disk made with the guest becomes a volume, owned as the guest was. */
const char *sim_keep_disk(sim_call *call, const sim_guest_doc *g, const sim_disk_doc *disk)
{
	const char *native_id = sim_format(call->mem, "%s-%s", g->native_id, disk->id);
	sim_volume_doc v = { .native_id = native_id,
		.uuid = "",
		.id = "",
		.name = native_id,
		.pool = disk->pool,
		.tag = g->tag,
		.has_tag = true,
		.size_gib = disk->size_gib,
		.made_by = g->made_by,
		.attached_to = "",
		.snapshot_of = "" };

	if (native_id)
		sim_txn_put_volume(&call->txn, &v);
	return native_id;
}

/* An attached volume is free again. */
void sim_release_volume(sim_call *call, const char *native_id)
{
	const sim_volume_doc *v = sim_world_volume(&call->inst->world, native_id);
	sim_volume_doc draft;

	if (!v)
		return;
	draft = *v;
	draft.attached_to = "";
	sim_txn_put_volume(&call->txn, &draft);
}

static nc_code release_disks(
	sim_call *call, const sim_guest_doc *g, nc_compute_destroy_result *res, nc_error *err)
{
	const nc_compute_destroy_request *req = call->req;
	const char **kept = nc_msg_alloc(call->mem, (g->n_disks + 1) * sizeof(*kept));

	if (!kept)
		return nc_plug_nomem(err);
	for (size_t i = 0; i < g->n_disks; i++) {
		const sim_disk_doc *d = &g->disks[i];

		if (d->volume) {
			sim_release_volume(call, d->volume);
			kept[res->n_kept_volumes++] = d->volume;
		} else if (is_kept(req, d->id)) {
			kept[res->n_kept_volumes] = sim_keep_disk(call, g, d);
			if (!kept[res->n_kept_volumes++])
				return nc_plug_nomem(err);
		}
	}
	res->kept_volumes = kept;
	return NC_OK;
}

static nc_code destroy(sim_call *call, nc_error *err)
{
	const nc_compute_destroy_request *req = call->req;
	nc_compute_destroy_result *res = call->res;
	sim_guest *g;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc == NC_E_NOTFOUND) {
		if (err)
			*err = (nc_error){ .struct_size = sizeof(*err) };
		return NC_OK; /* the goal holds: changed is false */
	}
	if (rc == NC_OK)
		rc = release_disks(call, g->doc, res, err);
	if (rc != NC_OK)
		return rc;
	sim_txn_del(&call->txn, SIM_GUEST, g->doc->native_id);
	res->changed = true;
	return NC_OK;
}

const sim_verb sim_verbs_guest[] = {
	{ .name = "compute.create",
		.request = &nc_compute_create_request_msg,
		.result = &nc_compute_create_result_msg,
		.act = create,
		.prepare = create_prepare,
		.phase = "creating" },
	{ .name = "compute.update",
		.request = &nc_compute_update_request_msg,
		.result = &nc_compute_update_result_msg,
		.act = update,
		.phase = "updating" },
	{ .name = "compute.destroy",
		.request = &nc_compute_destroy_request_msg,
		.result = &nc_compute_destroy_result_msg,
		.act = destroy,
		.phase = "destroying" },
	{ .name = NULL },
};
