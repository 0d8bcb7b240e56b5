/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API's life and its place between http/ and the rest. Reactors read as any thread does: inside
 * a read section, which a handler ends before it returns.
 */
#include "api/api.h"

#include <string.h>

#include "api/internal.h"
#include "base/account.h"
#include "base/alloc.h"
#include "base/err.h"

nc_code nc_api_new(const nc_api_options *o, nc_api **ret, nc_error *err)
{
	nc_api *api = nc_calloc(1, sizeof(*api));

	if (!api)
		return nc_err_nomem(err);
	api->o = *o;
	pthread_mutex_init(&api->live_lock, NULL);
	pthread_cond_init(&api->none_live, NULL);
	_cleanup_(nc_config_unrefp) const nc_config *cfg = nc_config_holder_get(o->config);
	api->admin_gid = (gid_t)-1;
	/* boot says when it is not there */
	nc_code rc = nc_group_find(cfg->server.socket_group, &api->admin_gid, NULL);
	rc = rc == NC_E_NOMEM ? nc_err_nomem(err)
			      : nc_pool_new("nc-api", NC_MAX(o->workers, 2u), &api->pool, err);
	if (rc == NC_OK)
		rc = nc_waiters_new(api, &api->waiters, err);
	if (rc == NC_OK)
		rc = nc_api_build_routes(api, err);
	if (rc != NC_OK) {
		nc_api_free(api);
		return rc;
	}
	*ret = api;
	return NC_OK;
}

void nc_api_free(nc_api *api)
{
	if (!api)
		return;
	nc_api_quiesce(api);
	nc_waiters_free(api->waiters);
	nc_pool_free(api->pool);
	pthread_cond_destroy(&api->none_live);
	pthread_mutex_destroy(&api->live_lock);
	nc_free(api->routes);
	nc_free(api);
}

void nc_api_attach(nc_api *api, nc_http_server *server)
{
	api->server = server;
}

void nc_api_published(nc_api *api, const nc_db_batch *b)
{
	nc_waiters_published(api->waiters, b);
}

void nc_api_drain(nc_api *api)
{
	nc_waiters_drain(api->waiters);
}

/* What the sequencer has not answered yet may come back to the waiters and the pool once more. */
void nc_api_quiesce(nc_api *api)
{
	if (!api)
		return;
	if (api->waiters)
		nc_waiters_drain(api->waiters);
	pthread_mutex_lock(&api->live_lock);
	while (api->n_live)
		pthread_cond_wait(&api->none_live, &api->live_lock);
	pthread_mutex_unlock(&api->live_lock);
}

/* ---- hooks of the server ---- */

static void unknown_path(nc_http_req *req, void *user)
{
	nc_error err = NC_ERROR_INIT;

	(void)user;
	nc_problem_err(&err, "not_found", "nothing is at %.100s", nc_http_req_path(req));
	nc_err_hint(&err, NC_E_NOTFOUND, "GET /api/v1 lists what there is");
	nc_reply_problem(req, &err, NULL);
}

void nc_api_serve(nc_api *api, nc_http_options *http)
{
	http->routes = api->routes;
	http->route_count = api->n_routes;
	http->fallback = unknown_path;
	http->fallback_user = api;
	http->hooks.user = api;
	http->hooks.render_fault = nc_api_render_fault;
	http->server_name = "novacron";
}
