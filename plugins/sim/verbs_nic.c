/* SPDX-License-Identifier: Apache-2.0 */
/* Nics of guests: attach, detach, update. All take effect at once. Under the instance's lock. */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "guest.h"

static bool is_on(const sim_guest_doc *doc)
{
	return doc->power == SIM_POWER_RUNNING || doc->power == SIM_POWER_PAUSED;
}

static const sim_nic_doc *find(const sim_guest_doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->n_nics; i++)
		if (strcmp(doc->nics[i].id, id) == 0)
			return &doc->nics[i];
	return NULL;
}

static nc_code nic_attach(sim_call *call, nc_error *err)
{
	const nc_nic_attach_request *req = call->req;
	nc_nic_attach_result *res = call->res;
	sim_nic_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	if (find(&doc, req->nic.id))
		return nc_plug_fail(err, NC_E_EXISTS, NC_ERR_USER_FAULT,
			"Give the nic an id of its own, or ask recover with the key that made it.",
			"guest \"%s\" has a nic \"%s\"", doc.native_id, req->nic.id);
	if (doc.n_nics >= 64)
		return nc_plug_fail(err, NC_E_QUOTA, NC_ERR_USER_FAULT, "Detach a nic first.",
			"guest \"%s\" has %zu nics", doc.native_id, doc.n_nics);
	list = sim_list_copy(call->mem, doc.nics, doc.n_nics, sizeof(*list), 1);
	if (!list)
		return nc_plug_nomem(err);
	rc = sim_nic_make(call->inst, &req->nic, call->mem, &list[doc.n_nics], err);
	if (rc != NC_OK)
		return rc;
	doc.nics = list;
	doc.n_nics++;
	*res = (nc_nic_attach_result){ .native_id = doc.native_id,
		.changed = true,
		.obs_seq = (int64_t)call->txn.seq,
		.nic = req->nic.id,
		.hot = is_on(&doc) };
	if (sim_guest_addresses(call->inst, &doc, call->mem, &res->addresses, &res->n_addresses) !=
		NC_OK)
		return nc_plug_nomem(err);
	sim_txn_put_guest(&call->txn, &doc);
	return NC_OK;
}

static nc_code nic_detach(sim_call *call, nc_error *err)
{
	const nc_nic_detach_request *req = call->req;
	nc_nic_detach_result *res = call->res;
	const sim_nic_doc *nic;
	sim_nic_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	size_t at;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	*res = (nc_nic_detach_result){
		.native_id = doc.native_id, .obs_seq = doc.obs_seq, .hot = is_on(&doc)
	};
	nic = find(&doc, req->nic);
	if (!nic)
		return NC_OK; /* the goal holds */
	list = sim_list_copy(call->mem, doc.nics, doc.n_nics, sizeof(*list), 0);
	if (!list)
		return nc_plug_nomem(err);
	at = (size_t)(nic - doc.nics);
	memmove(list + at, list + at + 1, (doc.n_nics - at - 1) * sizeof(*list));
	doc.nics = list;
	doc.n_nics--;
	sim_txn_put_guest(&call->txn, &doc);
	res->changed = true;
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

static nc_code change(
	sim_call *call, const nc_nic_update_request *req, sim_nic_doc *nic, nc_error *err)
{
	nc_nic want = { .id = nic->id,
		.mac = nic->mac,
		.network = req->network ? req->network : nic->network,
		.address = req->address ? req->address : NULL };
	bool was_down = nic->is_down;
	nc_code rc = NC_OK;

	if (req->network || req->address)
		rc = sim_nic_make(call->inst, &want, call->mem, nic, err);
	nic->is_down = req->link ? req->link == NC_LINK_STATE_DOWN : was_down;
	return rc;
}

static nc_code nic_update(sim_call *call, nc_error *err)
{
	const nc_nic_update_request *req = call->req;
	nc_nic_update_result *res = call->res;
	const sim_nic_doc *nic;
	sim_nic_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	nic = find(&doc, req->nic);
	if (!nic)
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the id of one of the guest's nics.", "guest \"%s\" has no nic \"%s\"",
			doc.native_id, req->nic);
	list = sim_list_copy(call->mem, doc.nics, doc.n_nics, sizeof(*list), 0);
	if (!list)
		return nc_plug_nomem(err);
	rc = change(call, req, &list[nic - doc.nics], err);
	if (rc != NC_OK)
		return rc;
	doc.nics = list;
	*res = (nc_nic_update_result){ .native_id = doc.native_id,
		.changed = true,
		.obs_seq = (int64_t)call->txn.seq,
		.hot = is_on(&doc) };
	if (sim_guest_addresses(call->inst, &doc, call->mem, &res->addresses, &res->n_addresses) !=
		NC_OK)
		return nc_plug_nomem(err);
	sim_txn_put_guest(&call->txn, &doc);
	return NC_OK;
}

const sim_verb sim_verbs_nic[] = {
	{ .name = "nic.attach",
		.request = &nc_nic_attach_request_msg,
		.result = &nc_nic_attach_result_msg,
		.act = nic_attach,
		.phase = "attaching" },
	{ .name = "nic.detach",
		.request = &nc_nic_detach_request_msg,
		.result = &nc_nic_detach_result_msg,
		.act = nic_detach,
		.phase = "detaching" },
	{ .name = "nic.update",
		.request = &nc_nic_update_request_msg,
		.result = &nc_nic_update_result_msg,
		.act = nic_update,
		.phase = "updating" },
	{ .name = NULL },
};
