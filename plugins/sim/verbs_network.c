/* SPDX-License-Identifier: Apache-2.0 */
/* Networks and ports. Under the instance's lock. */
#define NC_PLUG_DOMAIN "sim"
#include <stdio.h>
#include <string.h>

#include "guest.h"

/* NC_OK: it is the work of this very call, whose key was forgotten. */
static nc_code check_same(const sim_call *call, const char *what, const char *native_id,
	const sim_tag *has, const char *made_by, const nc_tag *wants, nc_error *err)
{
	nc_code rc = sim_check_owner(what, native_id, has, wants, err);

	if (rc != NC_OK || strcmp(made_by, call->key) == 0)
		return rc;
	return nc_plug_fail(err, NC_E_EXISTS, 0, "Ask recover with the key that made it.",
		"%s \"%s\" was made by operation key \"%s\"", what, native_id, made_by);
}

static nc_code network_create(sim_call *call, nc_error *err)
{
	const nc_network_create_request *req = call->req;
	nc_network_create_result *res = call->res;
	const char *native_id = sim_format(call->mem, "net-%s", req->uuid);
	const sim_network_doc *there;
	sim_network_doc net;

	if (!native_id)
		return nc_plug_nomem(err);
	there = sim_world_network(&call->inst->world, native_id);
	if (there) {
		*res = (nc_network_create_result){ native_id, there->obs_seq, nc_plug_str("{}") };
		return check_same(
			call, "network", native_id, &there->tag, there->made_by, &req->tag, err);
	}
	if (!req->cidr != (req->kind == NC_NETWORK_KIND_BRIDGED))
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Give a cidr to every kind but bridged, which has that of the outside.",
			"a %s network %s cidr", nc_msg_enum_name(nc_network_kind_names, req->kind),
			req->cidr ? "with a" : "without a");
	net = (sim_network_doc){ .native_id = native_id,
		.uuid = req->uuid,
		.id = req->id,
		.name = req->name,
		.cidr = req->cidr ? req->cidr : "",
		.kind = req->kind,
		.tag = sim_tag_of(&req->tag),
		.has_tag = true,
		.made_by = call->key };
	sim_txn_put_network(&call->txn, &net);
	*res = (nc_network_create_result){ native_id, (int64_t)call->txn.seq, nc_plug_str("{}") };
	return NC_OK;
}

/* Who is plugged into a network: a port, else a guest; NULL: nobody. */
static const char *user_of(const sim_world *w, const char *network)
{
	const sim_map *ports = &w->by_id[SIM_PORT], *guests = &w->by_id[SIM_GUEST];

	for (size_t i = 0; i < ports->cap; i++) {
		const sim_port_doc *p = ports->slots[i].value;

		if (ports->slots[i].key && strcmp(p->network, network) == 0)
			return p->native_id;
	}
	for (size_t i = 0; i < guests->cap; i++) {
		const sim_guest *g = guests->slots[i].value;

		for (size_t k = 0; guests->slots[i].key && k < g->doc->n_nics; k++)
			if (strcmp(g->doc->nics[k].network, network) == 0)
				return g->doc->native_id;
	}
	return NULL;
}

static nc_code network_remove(sim_call *call, nc_error *err)
{
	const nc_network_remove_request *req = call->req;
	nc_network_remove_result *res = call->res;
	char by_uuid[64];
	const sim_network_doc *net;
	const char *user;
	nc_code rc;

	(void)snprintf(by_uuid, sizeof(by_uuid), "net-%.40s", req->uuid);
	net = sim_world_network(&call->inst->world, req->native_id ? req->native_id : by_uuid);
	if (!net)
		return NC_OK; /* the goal holds */
	if (!net->has_tag)
		return nc_plug_fail(err, NC_E_DENIED, NC_ERR_USER_FAULT,
			"Take it out of networks in the configuration.",
			"network \"%s\" belongs to the provider", net->native_id);
	rc = sim_check_owner("network", net->native_id, &net->tag, &req->tag, err);
	if (rc != NC_OK)
		return rc;
	user = user_of(&call->inst->world, net->native_id);
	if (user)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"Remove its ports and detach guests first.",
			"network \"%s\" is used by \"%s\"", net->native_id, user);
	sim_txn_del(&call->txn, SIM_NETWORK, net->native_id);
	res->changed = true;
	return NC_OK;
}

static void fill_address(nc_network_port_create_result_address *ret, const char *ip, bool is_static)
{
	ret->ip = ip;
	ret->source = is_static ? NC_ADDRESS_SOURCE_STATIC : NC_ADDRESS_SOURCE_DHCP;
}

static nc_code port_create(sim_call *call, nc_error *err)
{
	const nc_network_port_create_request *req = call->req;
	nc_network_port_create_result *res = call->res;
	const char *native_id = sim_format(call->mem, "port-%s", req->uuid);
	const nc_nic want = { req->id, req->mac, req->network, req->address };
	const sim_port_doc *there;
	nc_network_port_create_result_address *address = nc_msg_alloc(call->mem, sizeof(*address));
	sim_nic_doc nic;
	sim_port_doc port;
	nc_code rc;

	if (!native_id || !address)
		return nc_plug_nomem(err);
	there = sim_world_port(&call->inst->world, native_id);
	res->native_id = native_id;
	res->addresses = address;
	res->n_addresses = 1;
	if (there) {
		fill_address(address, there->ip, there->is_static);
		res->obs_seq = there->obs_seq;
		return check_same(
			call, "port", native_id, &there->tag, there->made_by, &req->tag, err);
	}
	rc = sim_nic_make(call->inst, &want, call->mem, &nic, err);
	if (rc != NC_OK)
		return rc;
	port = (sim_port_doc){ .native_id = native_id,
		.uuid = req->uuid,
		.id = req->id,
		.network = nic.network,
		.mac = req->mac,
		.ip = nic.ip,
		.is_static = nic.is_static,
		.tag = sim_tag_of(&req->tag),
		.has_tag = true,
		.made_by = call->key };
	sim_txn_put_port(&call->txn, &port);
	fill_address(address, nic.ip, nic.is_static);
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

static nc_code port_remove(sim_call *call, nc_error *err)
{
	const nc_network_port_remove_request *req = call->req;
	nc_network_port_remove_result *res = call->res;
	char by_uuid[64];
	const sim_port_doc *port;
	nc_code rc;

	(void)snprintf(by_uuid, sizeof(by_uuid), "port-%.40s", req->uuid);
	port = sim_world_port(&call->inst->world, req->native_id ? req->native_id : by_uuid);
	if (!port)
		return NC_OK; /* the goal holds */
	rc = sim_check_owner("port", port->native_id, &port->tag, &req->tag, err);
	if (rc != NC_OK)
		return rc;
	sim_txn_del(&call->txn, SIM_PORT, port->native_id);
	res->changed = true;
	return NC_OK;
}

const sim_verb sim_verbs_network[] = {
	{ .name = "network.create",
		.request = &nc_network_create_request_msg,
		.result = &nc_network_create_result_msg,
		.target = SIM_ON_ANY,
		.act = network_create,
		.phase = "creating" },
	{ .name = "network.remove",
		.request = &nc_network_remove_request_msg,
		.result = &nc_network_remove_result_msg,
		.target = SIM_ON_ANY,
		.act = network_remove,
		.phase = "removing" },
	{ .name = "network.port_create",
		.request = &nc_network_port_create_request_msg,
		.result = &nc_network_port_create_result_msg,
		.target = SIM_ON_ANY,
		.act = port_create,
		.phase = "creating" },
	{ .name = "network.port_remove",
		.request = &nc_network_port_remove_request_msg,
		.result = &nc_network_port_remove_result_msg,
		.target = SIM_ON_ANY,
		.act = port_remove,
		.phase = "removing" },
	{ .name = NULL },
};
