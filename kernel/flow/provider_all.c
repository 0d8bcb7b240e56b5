/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All providers, the disabled too for what they have, brought to what their objects say at each round of the keeper, and what
 * became of it into their status. Blocking.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "flow/provider_secrets.h"

typedef struct opening {
	nc_flow *f;
	nc_arena *arena;
	nc_provider **list;
	size_t n, cap;
} opening;

static void collect(opening *o, const nc_item *it)
{
	nc_object *obj = NULL;

	if (o->n == o->cap || nc_model_load(it, o->arena, &obj, NULL) != NC_OK)
		return;
	o->list[o->n++] = NC_AS(nc_provider, obj);
}

static void load_list(opening *o)
{
	nc_db *db = o->f->db;
	const nc_root *root = nc_db_read_begin(db);
	nc_walk w;

	o->cap = nc_root_count(root, NC_KIND_PROVIDER);
	o->list = nc_arena_new_array(o->arena, nc_provider *, o->cap + 1);
	nc_walk_init(&w, root, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 },
		NC_ASCENDING);
	for (const nc_item *it; o->list && (it = nc_walk_next(&w, NULL));)
		collect(o, it);
	nc_db_read_end(db);
}

/* What the provider's object says of itself; a lost race is made good by the next round. */
static void tell_status(nc_flow *f, nc_provider *obj, const char *status, const char *event)
{
	nc_txn *t = NULL;

	if (!strcmp(obj->o.status, status) || !(t = nc_txn_new(f->db)))
		return;
	obj->o.status = status;
	nc_flow_event(t, &obj->o, event, "system", NULL, NULL);
	if (nc_model_put(t, &obj->o, NULL) != NC_OK) {
		nc_txn_free(t);
		return;
	}
	nc_txn_commit(t, NULL, NULL);
}

/* A plugin that is not there is told of by the opening; a lost race is made good by the next round. */
static void seal_stored(nc_flow *f, nc_provider *obj)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_provider_config_seal_stored(f, obj, &err);

	if (rc != NC_OK && rc != NC_E_NOTFOUND && rc != NC_E_CONFLICT)
		nc_log(L_WARN, "provider.secrets.unsealed", F_STR("provider", obj->o.name),
			F_ERR(&err), F_STR("consequence", "trying again at the next round"));
}

void nc_providers_open_all(nc_flow *f)
{
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(16u << 20);
	opening o = { .f = f, .arena = arena };

	if (!arena)
		return;
	load_list(&o);
	for (size_t i = 0; i < o.n; i++) {
		nc_error err = NC_ERROR_INIT;
		seal_stored(f, o.list[i]);
		if (!o.list[i]->is_enabled)
			continue;
		if (nc_providers_open(f->providers, o.list[i]->o.id, NULL, &err) == NC_OK) {
			tell_status(f, o.list[i], "up", "provider.up");
			continue;
		}
		nc_log(L_WARN, "provider.open.failed", F_STR("provider", o.list[i]->o.name),
			F_ERR(&err), F_STR("consequence", "trying again at the next round"));
		if (nc_providers_is_open(
			    f->providers, o.list[i]->o.id)) /* as it was before its change */
			tell_status(f, o.list[i], "degraded", "provider.degraded");
		else
			tell_status(f, o.list[i], "down", "provider.down");
	}
}
