/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots: a tree kept within the guest's document, parents before children. Under the
 * instance's lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdlib.h>
#include <string.h>

#include "guest.h"

#define MIB (1024 * 1024)

static const sim_snapshot_doc *find(const sim_guest_doc *doc, const char *snapshot)
{
	for (size_t i = 0; i < doc->n_snapshots; i++)
		if (strcmp(doc->snapshots[i].snapshot, snapshot) == 0)
			return &doc->snapshots[i];
	return NULL;
}

static nc_code no_snapshot(const sim_guest_doc *doc, const char *snapshot, nc_error *err)
{
	return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
		"Take the name of a snapshot from snapshot.list.",
		"guest \"%s\" has no snapshot \"%s\"", doc->native_id, snapshot);
}

/* Numbers are never used again while a later one is there. */
static unsigned long next_number(const sim_guest_doc *doc)
{
	unsigned long last = 0;

	for (size_t i = 0; i < doc->n_snapshots; i++) {
		const char *dash = strrchr(doc->snapshots[i].snapshot, '-');
		unsigned long n = dash ? strtoul(dash + 1, NULL, 10) : 0;

		last = n > last ? n : last;
	}
	return last + 1;
}

static nc_code check_new(
	const sim_guest_doc *doc, const nc_snapshot_create_request *req, nc_error *err)
{
	for (size_t i = 0; i < doc->n_snapshots; i++)
		if (strcmp(doc->snapshots[i].snapshot_id, req->snapshot_id) == 0)
			return nc_plug_fail(err, NC_E_EXISTS, 0,
				"Look with snapshot.list, or ask recover with the key that made "
				"it.",
				"snapshot %s of guest \"%s\" is there as \"%s\"", req->snapshot_id,
				doc->native_id, doc->snapshots[i].snapshot);
	if (req->memory && doc->power != SIM_POWER_RUNNING && doc->power != SIM_POWER_PAUSED)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"Take it without memory, or start the guest first.",
			"guest \"%s\" has no memory to keep: it is %s", doc->native_id,
			nc_msg_enum_name(nc_power_names, doc->power));
	return NC_OK;
}

static nc_code snapshot_create(sim_call *call, nc_error *err)
{
	const nc_snapshot_create_request *req = call->req;
	nc_snapshot_create_result *res = call->res;
	sim_snapshot_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc == NC_OK)
		rc = check_new(g->doc, req, err);
	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	list = sim_list_copy(call->mem, doc.snapshots, doc.n_snapshots, sizeof(*list), 1);
	res->snapshot = sim_format(call->mem, "%s.snap-%lu", doc.native_id, next_number(g->doc));
	if (!list || !res->snapshot)
		return nc_plug_nomem(err);
	res->parent = doc.current ? doc.current : "";
	res->created_at_ms = call->txn.now_ms;
	res->size_bytes = req->memory ? doc.memory_mib * MIB : 0;
	res->obs_seq = (int64_t)call->txn.seq;
	list[doc.n_snapshots++] = (sim_snapshot_doc){ .snapshot = res->snapshot,
		.snapshot_id = req->snapshot_id,
		.name = req->name,
		.parent = res->parent,
		.memory = req->memory,
		.power = doc.power,
		.made_at_ms = res->created_at_ms,
		.size_bytes = res->size_bytes };
	doc.snapshots = list;
	doc.current = res->snapshot;
	sim_txn_put_guest(&call->txn, &doc);
	return NC_OK;
}

static nc_code snapshot_revert(sim_call *call, nc_error *err)
{
	const nc_snapshot_revert_request *req = call->req;
	nc_snapshot_revert_result *res = call->res;
	const sim_snapshot_doc *snap;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	snap = find(g->doc, req->snapshot);
	if (!snap)
		return no_snapshot(g->doc, req->snapshot, err);
	doc = *g->doc;
	doc.current = snap->snapshot;
	doc.power = snap->memory                     ? snap->power
		    : (req->has_start && req->start) ? SIM_POWER_RUNNING
						     : SIM_POWER_STOPPED;
	if (doc.power == SIM_POWER_RUNNING) {
		doc.boots++;
		doc.booted_at_ms = call->txn.now_ms;
		call->booted = doc.native_id;
	}
	sim_txn_put_guest(&call->txn, &doc);
	res->native_id = doc.native_id;
	res->changed = true;
	res->obs_seq = (int64_t)call->txn.seq;
	res->power = doc.power;
	return NC_OK;
}

/* Mark a snapshot and, since parents come before children, all that hang from it in one pass. */
static size_t mark(const sim_guest_doc *doc, const char *root, bool with_children, bool *goes)
{
	size_t n = 0;

	for (size_t i = 0; i < doc->n_snapshots; i++) {
		const sim_snapshot_doc *s = &doc->snapshots[i];

		goes[i] = strcmp(s->snapshot, root) == 0;
		for (size_t j = 0; with_children && !goes[i] && j < i; j++)
			goes[i] = goes[j] && strcmp(doc->snapshots[j].snapshot, s->parent) == 0;
		n += goes[i];
	}
	return n;
}

/* The list without the marked; children of `gone` hang from its parent. */
static void rebuild(const sim_guest_doc *old, const sim_snapshot_doc *gone, const bool *goes,
	sim_snapshot_doc *list, const char **removed, sim_guest_doc *doc)
{
	size_t n = 0, n_removed = 0;

	for (size_t i = 0; i < old->n_snapshots; i++) {
		if (goes[i]) {
			removed[n_removed++] = old->snapshots[i].snapshot;
			if (old->current && strcmp(old->current, old->snapshots[i].snapshot) == 0)
				doc->current = gone->parent;
			continue;
		}
		list[n] = old->snapshots[i];
		if (strcmp(list[n].parent, gone->snapshot) == 0)
			list[n].parent = gone->parent;
		n++;
	}
	doc->snapshots = list;
	doc->n_snapshots = n;
}

static nc_code snapshot_remove(sim_call *call, nc_error *err)
{
	const nc_snapshot_remove_request *req = call->req;
	nc_snapshot_remove_result *res = call->res;
	const sim_snapshot_doc *gone;
	sim_snapshot_doc *list;
	const char **removed;
	bool *goes;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	res->obs_seq = doc.obs_seq;
	gone = find(g->doc, req->snapshot);
	if (!gone)
		return NC_OK; /* the goal holds */
	goes = nc_msg_alloc(call->mem, doc.n_snapshots * sizeof(*goes));
	list = nc_msg_alloc(call->mem, doc.n_snapshots * sizeof(*list));
	removed = nc_msg_alloc(call->mem, doc.n_snapshots * sizeof(*removed));
	if (!goes || !list || !removed)
		return nc_plug_nomem(err);
	res->n_removed =
		mark(g->doc, gone->snapshot, req->children == NC_SNAPSHOT_CHILDREN_REMOVE, goes);
	rebuild(g->doc, gone, goes, list, removed, &doc);
	sim_txn_put_guest(&call->txn, &doc);
	res->removed = removed;
	res->changed = true;
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

const sim_verb sim_verbs_snapshot[] = {
	{ .name = "snapshot.create",
		.request = &nc_snapshot_create_request_msg,
		.result = &nc_snapshot_create_result_msg,
		.act = snapshot_create,
		.phase = "saving" },
	{ .name = "snapshot.revert",
		.request = &nc_snapshot_revert_request_msg,
		.result = &nc_snapshot_revert_result_msg,
		.act = snapshot_revert,
		.phase = "reverting" },
	{ .name = "snapshot.remove",
		.request = &nc_snapshot_remove_request_msg,
		.result = &nc_snapshot_remove_result_msg,
		.act = snapshot_remove,
		.phase = "removing" },
	{ .name = NULL },
};
