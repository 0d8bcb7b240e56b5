/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common part of operations on volumes, networks and snapshots: what they are told by, and how
 * they end. Worker threads, inside a turn or an act.
 */
#include "flow/thing.h"

#include <string.h>

#include "base/err.h"
#include "model/problem.h"

#define RESULT_MAX NC_RESULT_MAX

nc_code nc_thing_check_idle(nc_stage *s, const nc_root *r, nc_error *err)
{
	static const char *const busy[] = { "creating", "deleting", "resizing", "reverting",
		"attaching", "detaching" };
	const nc_object *o = s->object;
	nc_walk w;
	nc_bytes key;

	for (size_t i = 0; o->status && i < NC_LEN(busy); i++) {
		if (strcmp(o->status, busy[i]))
			continue;
		nc_walk_init(&w, r, NC_KIND_OPERATION, NC_OPER_IX_TARGET, nc_str(o->id),
			(nc_bytes){ 0 }, NC_DESCENDING);
		const nc_item *it = nc_walk_next(&w, &key);
		/* Stored before anything drove such things: nobody is at work on it. */
		if (!it || !nc_bytes_eq(key, nc_str(o->id)))
			return NC_OK;
		nc_problem_err(err, "busy", "%s %s is %s (operation %s)", o->kind->name, o->name,
			o->status, nc_item_id(it));
		snprintf(
			s->a->other_operation, sizeof(s->a->other_operation), "%s", nc_item_id(it));
		return nc_err_hint(
			err, NC_E_BUSY, "wait for it: novacron operation wait %s", nc_item_id(it));
	}
	return NC_OK;
}

nc_code nc_thing_check_status(const nc_object *o, const char *status, nc_error *err)
{
	if (o->status && !strcmp(o->status, status))
		return NC_OK;
	nc_problem_err(err, "conflict", "%s %s is %s, not %s", o->kind->name,
		o->name ? o->name : o->id, o->status ? o->status : "unknown", status);
	return nc_err_hint(err, NC_E_CONFLICT, "novacron %s show %s says more", o->kind->name,
		o->name ? o->name : o->id);
}

nc_code nc_thing_target(nc_opctx *c, nc_error *err)
{
	if (c->target)
		return NC_OK;
	return nc_err(err, NC_E_NOTFOUND, "%s %s is gone", c->op->target.kind, c->op->target.name);
}

void nc_thing_call(
	nc_opctx *c, const char *provider, const char *target, const char *verb, nc_op_call *call)
{
	call->provider = provider;
	call->target = target;
	call->verb = verb;
	c->op->provider = provider;
}

nc_code nc_thing_native(nc_opctx *c, nc_bytes result, const char **native_id, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	const char *native = NULL;
	nc_code rc = nc_json_parse(result, RESULT_MAX, &j, err);

	if (rc == NC_OK)
		rc = nc_json_get_str(j, NULL, "native_id", NC_REQUIRED, 255, &native, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, NC_E_PROTO, "the driver's answer about %s %s",
			c->op->target.kind, c->op->target.name);
	*native_id = nc_arena_strdup(c->arena, native);
	return *native_id ? NC_OK : nc_err_nomem(err);
}

void nc_thing_event(nc_opctx *c, const char *word, const char *what)
{
	const char *type = nc_arena_printf(c->arena, "%s.%s", word, what);

	if (type)
		nc_flow_event(c->txn, c->target, type, c->op->actor, c->op->o.id, NULL);
}

nc_code nc_thing_say(nc_opctx *c, nc_object *o, const char *status, nc_error *err)
{
	const nc_op_error *why = c->op->error;
	int is_bad = !strcmp(status, "error");

	o->status = status;
	if (!is_bad && !o->n_conditions)
		return NC_OK; /* ready as a matter of course */
	nc_code rc = nc_object_condition(o, "Ready", is_bad ? "false" : "true",
		is_bad && why && why->code ? why->code
		: is_bad                   ? "failed"
					   : "ready",
		is_bad && why && why->message ? why->message : "");
	return rc == NC_OK ? NC_OK : nc_err_nomem(err);
}

nc_code nc_thing_created(nc_opctx *c, const char *ready, const char *word, nc_error *err)
{
	if (!c->target)
		return NC_OK;
	c->target_is_dirty = 1;
	switch (c->op->state) {
	case NC_OPER_SUCCEEDED:
		nc_thing_event(c, word, "created");
		return nc_thing_say(c, c->target, ready, err);
	case NC_OPER_CANCELED: /* everything is undone: there never was such a thing */
		nc_thing_event(c, word, "create_canceled");
		c->target_is_gone = 1;
		return NC_OK;
	default:
		nc_thing_event(c, word, "create_failed");
		return nc_thing_say(c, c->target, "error", err);
	}
}

nc_code nc_thing_deleted(nc_opctx *c, const char *before, const char *word, nc_error *err)
{
	if (!c->target)
		return NC_OK;
	if (c->op->state == NC_OPER_SUCCEEDED) {
		nc_thing_event(c, word, "deleted");
		c->target_is_gone = 1;
		return NC_OK;
	}
	c->target_is_dirty = 1;
	nc_thing_event(c, word, "delete_failed");
	int is_unknown = c->op->error && c->op->error->is_outcome_unknown;
	return nc_thing_say(c, c->target,
		is_unknown || c->op->state == NC_OPER_ABANDONED ? "error" : before, err);
}
