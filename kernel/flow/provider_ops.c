/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.create opens the instance and finds its hosts; provider.update brings an open one to what
 * its object says and tells how; provider.delete closes it and forgets
 * them, refused while a VM is there. Both call the kernel's own verbs (care.c): like a driver's
 * they take seconds, so they are operations with a deadline.
 */
#include <string.h>

#include "base/err.h"
#include "flow/internal.h"
#include "model/problem.h"

static nc_code self_call(nc_opctx *c, const char *verb, nc_op_call *call)
{
	call->provider = c->op->target.id;
	call->target = "";
	call->is_own = 1;
	call->verb = verb;
	call->request = nc_str("{}");
	return NC_OK;
}

static nc_code open_it(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	(void)err;
	return self_call(c, "provider.open", call);
}

static nc_code close_it(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	(void)err;
	return self_call(c, "provider.close", call);
}

static nc_code created(nc_opctx *c, nc_error *err)
{
	nc_flow *f = c->user;

	(void)err;
	if (!c->target)
		return NC_OK;
	int is_up = c->op->state == NC_OPER_SUCCEEDED;
	c->target->status = is_up ? "up" : "down";
	(void)nc_providers_describe(f->providers, NC_AS(nc_provider, c->target));
	c->target_is_dirty = 1;
	nc_flow_event(c->txn, c->target, is_up ? "provider.up" : "provider.down", c->op->actor,
		c->op->o.id, NULL);
	return NC_OK;
}

static const nc_op_step_def create_steps[] = {
	{ .name = "open", .prepare = open_it, .deadline_us = 120000000 },
};
const nc_op_type nc_flow_provider_create = { .kind = "provider.create",
	.steps = create_steps,
	.n_steps = NC_LEN(create_steps),
	.ended = created };

/* ---- update ---- */

/* How it came into force, into the operation's own trail. */
static nc_code applied(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	const char **trail = nc_arena_new_array(c->arena, const char *, c->op->n_reason_trail + 1);
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);

	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "the answer about provider %s", c->op->target.name);
	const char *how = json_string_value(json_object_get(j, "how"));
	const char *why = json_string_value(json_object_get(j, "why"));
	for (size_t i = 0; trail && i < c->op->n_reason_trail; i++)
		trail[i] = c->op->reason_trail[i];
	const char *line = why && *why ? nc_arena_printf(c->arena, "%s: %s", how, why)
				       : nc_arena_strdup(c->arena, how ? how : "");
	if (!trail || !line)
		return nc_err_nomem(err);
	trail[c->op->n_reason_trail++] = line;
	c->op->reason_trail = trail;
	return NC_OK;
}

static nc_code updated(nc_opctx *c, nc_error *err)
{
	nc_flow *f = c->user;

	(void)err;
	if (!c->target)
		return NC_OK;
	int is_up = c->op->state == NC_OPER_SUCCEEDED;
	/* What could not be applied leaves the former configuration in force. */
	const char *status = is_up                                                  ? "up"
			     : nc_providers_is_open(f->providers, c->op->target.id) ? "degraded"
										    : "down";
	c->target->status = status;
	(void)nc_providers_describe(f->providers, NC_AS(nc_provider, c->target));
	c->target_is_dirty = 1;
	nc_flow_event(c->txn, c->target, is_up ? "provider.applied" : "provider.not_applied",
		c->op->actor, c->op->o.id, NULL);
	return NC_OK;
}

static const nc_op_step_def update_steps[] = {
	{ .name = "apply", .prepare = open_it, .finish = applied, .deadline_us = 120000000 },
};
const nc_op_type nc_flow_provider_update = { .kind = "provider.update",
	.steps = update_steps,
	.n_steps = NC_LEN(update_steps),
	.ended = updated };

/* ---- delete ---- */

/* Hosts and pools go with their provider; one that is in use keeps it. */
static nc_code forget_all_of(nc_opctx *c, const nc_kind *kind, nc_error *err)
{
	nc_walk w;
	const nc_item *it;

	nc_walk_init(&w, c->root, kind->number, NC_IX_REF, nc_str(c->op->target.id),
		(nc_bytes){ 0 }, NC_ASCENDING);
	for (nc_bytes key;
		(it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, nc_str(c->op->target.id));) {
		nc_object *o = NULL;
		nc_used_by user;
		nc_code rc = nc_model_load(it, c->arena, &o, err);
		if (rc != NC_OK)
			return rc;
		if (nc_model_used_by(c->root, o, &user, 1))
			return nc_problem_err(err, "in_use", "%s %s still has %s %s", kind->name,
				o->name, user.kind->name, user.name);
		nc_model_delete(c->txn, o);
	}
	return NC_OK;
}

static nc_code forget_hosts(nc_opctx *c, nc_error *err)
{
	nc_code rc = forget_all_of(c, &nc_kind_host, err);

	return rc == NC_OK ? forget_all_of(c, &nc_kind_pool, err) : rc;
}

static nc_code deleted(nc_opctx *c, nc_error *err)
{
	(void)err;
	if (!c->target)
		return NC_OK;
	if (c->op->state == NC_OPER_SUCCEEDED) {
		c->target_is_gone = 1;
		nc_flow_event(
			c->txn, c->target, "provider.deleted", c->op->actor, c->op->o.id, NULL);
		return nc_act_forget_secrets(c->user, c->txn, c->target, err);
	}
	c->target->status = "down";
	c->target_is_dirty = 1;
	return NC_OK;
}

static const nc_op_step_def delete_steps[] = {
	{ .name = "forget_hosts", .run = forget_hosts },
	{ .name = "close", .prepare = close_it },
};
const nc_op_type nc_flow_provider_delete = { .kind = "provider.delete",
	.steps = delete_steps,
	.n_steps = NC_LEN(delete_steps),
	.ended = deleted };
