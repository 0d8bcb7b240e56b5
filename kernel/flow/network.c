/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.create has the provider make the network, network.delete has it removed. Between the
 * two it is `active`, or in `error` with the reason in its condition Ready. A network whose create
 * was cancelled never was; one whose create failed stays, to be looked at and deleted.
 */
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "flow/acts.h"
#include "flow/request.h"
#include "flow/thing.h"
#include "model/body.h"
#include "model/infra.h"
#include "model/netobj.h"
#include "model/problem.h"

/* ---- acts ---- */

static const struct {
	const char *type, *kind; /* ours, the drivers' */
	int has_cidr;
} types[] = {
	{ "nat", "nat", 1 },
	{ "routed", "routed", 1 },
	{ "isolated", "isolated", 1 },
	{ "bridge", "bridged", 0 },
	{ "vlan", "bridged", 0 },
};

static int type_index(const char *type)
{
	for (size_t i = 0; i < NC_LEN(types); i++)
		if (!strcmp(type, types[i].type))
			return (int)i;
	return -1;
}

/* 10.b.c.0/24 that no network here has: a project's are to be told apart, and may be joined one
 * day. Bits of a set, by b and c. */
static void mark_taken(const nc_root *r, uint8_t taken[8192])
{
	nc_walk w;

	nc_walk_init(
		&w, r, NC_KIND_NETWORK, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, NULL));) {
		nc_bytes cidr = nc_body_member(nc_item_body(it), "cidr");
		char text[64];
		unsigned b, c;
		snprintf(text, sizeof(text), "%.*s", (int)cidr.len, (const char *)cidr.ptr);
		if (cidr.ptr && sscanf(text, "\"10.%3u.%3u.", &b, &c) == 2 && b < 256 && c < 256)
			taken[(b << 8 | c) / 8] |= (uint8_t)(1u << (c & 7));
	}
}

static nc_code choose_cidr(nc_network_obj *n, const nc_root *r, nc_error *err)
{
	uint8_t taken[8192] = { 0 };
	unsigned start = nc_crc32c(0, n->o.id, strlen(n->o.id)) & 0xffff;

	mark_taken(r, taken);
	for (unsigned i = 0; i < 65536; i++) {
		unsigned at = (start + i) & 0xffff;
		if (taken[at / 8] >> (at & 7) & 1)
			continue;
		n->cidr = nc_arena_printf(n->o.arena, "10.%u.%u.0/24", at >> 8, at & 255);
		if (!n->cidr || nc_object_defaulted(&n->o, "cidr"))
			return nc_err_nomem(err);
		return NC_OK;
	}
	return nc_problem_err(err, "invalid", "cidr: every 10.x.y.0/24 is in use: name one");
}

/* What a driver can't be told is refused, not dropped. */
static nc_code check_served(const nc_network_obj *n, nc_error *err)
{
	const char *what = n->is_external ? "external" : n->dns_domain ? "dns_domain" : NULL;

	if (type_index(n->type) < 0) {
		nc_problem_err(err, "unsupported", "no driver here makes %s networks", n->type);
		return nc_err_hint(
			err, NC_E_UNSUPPORTED, "nat, routed, isolated, bridge and vlan are made");
	}
	what = what ? what : n->vni ? "vni" : NULL;
	if (!what)
		return NC_OK;
	nc_problem_err(err, "unsupported", "%s: no driver here serves it", what);
	return nc_err_hint(err, NC_E_UNSUPPORTED, "leave it out");
}

/* The wire says which VLANs there may be; none said: any. */
static nc_code check_wire(nc_stage *s, const nc_root *r, const nc_network_obj *n, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = n->physical_network ? nc_model_get(r, &nc_kind_physical_network,
						   n->physical_network, s->a->arena, &o, err)
					 : NC_OK;

	if (rc != NC_OK || !o || !n->vlan)
		return rc;
	const nc_physical_network *wire = NC_AS(const nc_physical_network, o);
	if (!wire->vlan_max || (n->vlan >= wire->vlan_min && n->vlan <= wire->vlan_max))
		return NC_OK;
	nc_fault_add(&s->a->faults, "vlan", "range", "must be from %lld to %lld on %s",
		(long long)wire->vlan_min, (long long)wire->vlan_max, o->name);
	return nc_faults_error(&s->a->faults, err);
}

static nc_code create(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_network_obj *n = NC_AS(nc_network_obj, s->object);
	int type = type_index(n->type);
	nc_code rc = check_served(n, err);

	if (rc != NC_OK)
		return rc;
	if (n->cidr && !types[type].has_cidr) {
		nc_fault_add(&s->a->faults, "cidr", "conflict",
			"a %s network has the addresses of the outside", n->type);
		return nc_faults_error(&s->a->faults, err);
	}
	if ((rc = check_wire(s, r, n, err)) != NC_OK)
		return rc;
	rc = nc_providers_choose(s->a->flow, r, "nc.network/1", s->a->arena, &n->provider, err);
	if (rc == NC_OK && !n->cidr && types[type].has_cidr)
		rc = choose_cidr(n, r, err);
	if (rc != NC_OK)
		return rc;
	s->object->status = "creating";
	s->event = "network.create_requested";
	return nc_stage_operation(s, "network.create", NULL, err);
}

/* What no driver is told of a network that is there. */
static nc_code changed(nc_stage *s, const nc_root *r, const nc_change *change, nc_error *err)
{
	(void)s;
	(void)r;
	for (size_t i = 0; i < change->n_fields; i++) {
		const char *f = change->fields[i];
		if (strcmp(f, "mtu") && strcmp(f, "dns_domain"))
			continue;
		nc_problem_err(err, "unsupported", "%s of a network that is there can't change", f);
		return nc_err_hint(
			err, NC_E_UNSUPPORTED, "make a new network, and move NICs there");
	}
	return NC_OK;
}

static nc_code remove_network(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err)
{
	nc_code rc = nc_thing_check_idle(s, r, err);

	(void)how;
	if (rc == NC_OK)
		rc = nc_stage_operation(s, "network.delete", NULL, err);
	if (rc != NC_OK)
		return rc;
	nc_model_expect_unused(s->txn, s->object); /* whoever plugs in meanwhile wins */
	s->object->status = "deleting";
	s->event = NULL;
	return NC_OK;
}

const nc_special nc_network_special = {
	.kind = &nc_kind_network, .create = create, .changed = changed, .remove = remove_network
};

/* ---- operations ---- */

static nc_code put_network(nc_opctx *c, const nc_network_obj *n, nc_bytes *ret, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	int type = type_index(n->type);
	nc_object *wire = NULL;
	nc_code rc = n->physical_network ? nc_model_get(c->root, &nc_kind_physical_network,
						   n->physical_network, c->arena, &wire, err)
					 : NC_OK;

	nc_req_begin(&q);
	if (rc != NC_OK)
		return rc;
	nc_req_thing(&q, c, &n->o);
	nc_req_opt(&q, "physical", wire ? wire->name : NULL);
	nc_jw_kstr(&q.w, "name", n->o.name);
	nc_jw_kstr(&q.w, "project", n->o.project ? n->o.project : "none");
	nc_jw_kstr(&q.w, "kind", types[type < 0 ? 0 : type].kind);
	nc_req_opt(&q, "cidr", n->cidr);
	if (n->vlan)
		nc_jw_ki64(&q.w, "vlan", n->vlan);
	nc_jw_ki64(&q.w, "mtu", n->mtu);
	nc_req_labels(&q, &n->o);
	return nc_req_end(&q, c, ret, err);
}

static nc_code make(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_code rc = nc_thing_target(c, err);

	if (rc != NC_OK)
		return rc;
	const nc_network_obj *n = NC_AS(nc_network_obj, c->target);
	nc_thing_call(c, n->provider, "", "network.create", call);
	return put_network(c, n, &call->request, err);
}

static nc_code made(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->target_is_dirty = 1;
	return nc_thing_native(c, result, &NC_AS(nc_network_obj, c->target)->native_id, err);
}

static nc_code put_remove(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q = { 0 };
	nc_code rc = nc_thing_target(c, err);

	if (rc != NC_OK)
		return rc;
	const nc_network_obj *n = NC_AS(nc_network_obj, c->target);
	if (!n->provider) { /* of before drivers were asked: there is nothing */
		call->is_needless = 1;
		return NC_OK;
	}
	nc_thing_call(c, n->provider, "", "network.remove", call);
	nc_req_begin(&q);
	nc_req_thing(&q, c, &n->o);
	nc_req_opt(&q, "native_id", n->native_id);
	return nc_req_end(&q, c, &call->request, err);
}

static nc_code create_ended(nc_opctx *c, nc_error *err)
{
	return nc_thing_created(c, "active", "network", err);
}

static nc_code delete_ended(nc_opctx *c, nc_error *err)
{
	const nc_network_obj *n = c->target ? NC_AS(nc_network_obj, c->target) : NULL;

	return nc_thing_deleted(c, n && n->native_id ? "active" : "error", "network", err);
}

static const nc_op_step_def create_steps[] = {
	{ .name = "create",
		.prepare = make,
		.finish = made,
		.undo_prepare = put_remove,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};
const nc_op_type nc_flow_network_create = { .kind = "network.create",
	.steps = create_steps,
	.n_steps = NC_LEN(create_steps),
	.ended = create_ended };

static const nc_op_step_def delete_steps[] = {
	{ .name = "remove", .prepare = put_remove, .flags = NC_STEP_GONE_IS_DONE },
};
const nc_op_type nc_flow_network_delete = { .kind = "network.delete",
	.steps = delete_steps,
	.n_steps = NC_LEN(delete_steps),
	.ended = delete_ended };
