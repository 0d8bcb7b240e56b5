/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include "plugin/rt_internal.h"

/*
 * Calls of an instance's life, and what it serves: create finds out which slots there are. They go the
 * way of the verbs, on a worker; reconfigure and drain on the control loop.
 */

enum { LIFE_CREATE = NC_VERB_MAX, LIFE_RECONFIGURE, LIFE_HEALTH, LIFE_DRAIN };

const nc_verb nc_life_create = { .name = "plugin.create", .ext = "", .number = LIFE_CREATE };
const nc_verb nc_life_reconfigure = {
	.name = "plugin.reconfigure", .ext = "", .number = LIFE_RECONFIGURE
};
const nc_verb nc_life_health = { .name = "plugin.health", .ext = "", .number = LIFE_HEALTH };
const nc_verb nc_life_drain = { .name = "plugin.drain", .ext = "", .number = LIFE_DRAIN };

const nc_verb *nc_life_find(const char *name)
{
	static const nc_verb *const all[] = { &nc_life_create, &nc_life_reconfigure,
		&nc_life_health, &nc_life_drain };
	for (size_t i = 0; i < NC_LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

/* ---- what the plugin serves ---- */

static void note_slot(nc_rt *rt, const nc_verb *v, const void *table, nc_buf *names)
{
	uint32_t size;
	memcpy(&size, table, sizeof(size));
	if (size < (size_t)v->offset + sizeof(void *))
		return;
	memcpy(&rt->slot[v->number], (const char *)table + v->offset, sizeof(void *));
	if (rt->slot[v->number])
		nc_buf_printf(names, "%s\n", v->name);
}

/* Rows of one extension stand together, so each is asked for once. */
static nc_code bind(nc_rt *rt, nc_buf *names)
{
	const void *table = NULL;
	const char *ext = "";
	const nc_verb *v;
	for (unsigned i = 0; (v = nc_verb_at(i)); i++) {
		if (strcmp(v->ext, ext) != 0) {
			ext = v->ext;
			table = nc_rt_extension(rt, ext);
		}
		if (table)
			note_slot(rt, v, table, names);
	}
	return names->error;
}

const void *nc_rt_extension(nc_rt *rt, const char *ext)
{
	nc_inst *self = nc_rt_self(rt);
	if (!self || !nc_manifest_provides(rt->manifest, ext))
		return NULL;
	nc_mark former = nc_mark_enter(rt->plugin, "get_extension");
	const void *table = rt->image->plugin.get_extension(self, ext);
	nc_mark_leave(former);
	return table;
}

/* ---- lifecycle ---- */

static void run_create(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	nc_inst *self = NULL;
	r->code = rt->image->plugin.create(&rt->ctx->table, o->request, &self, &r->err);
	if (r->code != NC_OK)
		return;
	if (!self) {
		nc_rt_strike(rt, NC_P0_CONTRACT, "create succeeded without an instance");
		r->code = nc_err(&r->err, NC_E_PROTO, "create succeeded without an instance");
		return;
	}
	pthread_mutex_lock(&rt->rt_lock);
	rt->self = self;
	int is_forfeited = o->is_forfeited;
	pthread_mutex_unlock(&rt->rt_lock);
	if (!is_forfeited && bind(rt, &r->out) != NC_OK)
		r->code = nc_err_nomem(&r->err);
}

static void run_health(nc_rt *rt, rt_outcome *r)
{
	const nc_plugin *p = &rt->image->plugin;
	if (!NC_HAS(p, health)) {
		r->code = nc_err(&r->err, NC_E_UNSUPPORTED, "plugin %s has no health of its own",
			rt->plugin);
		return;
	}
	nc_code broken = NC_OK;
	nc_sink *sink = nc_sink_open_buf(rt, &r->out, 0);
	r->code = sink ? p->health(rt->self, sink, &r->err) : nc_err_nomem(&r->err);
	if (sink)
		nc_sink_close(sink, &broken);
	if (r->code == NC_OK && broken != NC_OK)
		r->code = nc_err(&r->err, NC_E_PROTO, "its health document is too long");
}

void nc_rt_run_life(nc_rt *rt, rt_op *o, rt_outcome *r)
{
	const nc_plugin *p = &rt->image->plugin;
	switch (o->verb->number) {
	case LIFE_CREATE:
		run_create(rt, o, r);
		return;
	case LIFE_HEALTH:
		run_health(rt, r);
		return;
	case LIFE_RECONFIGURE:
		r->code = NC_HAS(p, reconfigure)
				  ? p->reconfigure(rt->self, o->request, &r->err)
				  : nc_err(&r->err, NC_E_UNSUPPORTED,
					    "plugin %s can't be reconfigured in place", rt->plugin);
		return;
	default:
		r->code = NC_HAS(p, drain) ? p->drain(rt->self, (nc_op){ o->handle }, &r->err)
					   : nc_err(&r->err, NC_E_UNSUPPORTED,
						     "plugin %s has no drain", rt->plugin);
	}
}
