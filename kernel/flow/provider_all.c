/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider as the keeper brings it to what its object says, the disabled too for what they have,
 * and what became of it into its status. Blocking.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "flow/provider_secrets.h"

/* What the provider's object says of itself; a lost race is made good by the next round. */
static void tell_status(nc_flow *f, nc_provider *obj, const char *status, const char *event)
{
	nc_txn *t = NULL;
	int is_same = !strcmp(obj->o.status, status),
	    is_news = nc_providers_describe(f->providers, obj);

	if ((is_same && !is_news) || !(t = nc_txn_new(f->db)))
		return;
	obj->o.status = status;
	if (!is_same)
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

/* It is open: up, unless it says otherwise of itself. */
static void tell_health(nc_flow *f, nc_provider *obj)
{
	char why[320];
	int is_ill =
		nc_providers_health(f->providers, obj->o.id, why, sizeof(why)) > NC_HEALTH_HEALTHY;

	tell_status(
		f, obj, is_ill ? "degraded" : "up", is_ill ? "provider.degraded" : "provider.up");
}

void nc_provider_bring_up(nc_flow *f, const char *id)
{
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(1u << 20);
	nc_error err = NC_ERROR_INIT;
	nc_object *o = NULL;

	if (!arena)
		return;
	const nc_root *r = nc_db_read_begin(f->db);
	nc_code rc = nc_model_get(r, &nc_kind_provider, id, arena, &o, NULL);
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		return;
	seal_stored(f, NC_AS(nc_provider, o));
	if (nc_providers_open(f->providers, id, NULL, &err) == NC_OK) {
		tell_health(f, NC_AS(nc_provider, o));
		return;
	}
	nc_log(L_WARN, "provider.open.failed", F_STR("provider", o->name), F_ERR(&err),
		F_STR("consequence", "trying again at the next round"));
	if (nc_providers_is_open(f->providers, id)) /* as it was before its change */
		tell_status(f, NC_AS(nc_provider, o), "degraded", "provider.degraded");
	else
		tell_status(f, NC_AS(nc_provider, o), "down", "provider.down");
}
