/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_API_API_H
#define NC_API_API_H

/*
 * The REST API: routes over http/, acts over flow/. Reading is answered on the reactor from the
 * read model; what may block runs on a pool and answers by token. One file per resource, each
 * ending in a const table of routes.
 */

#include "base/pool.h"
#include "config/reload.h"
#include "event/event.h"
#include "flow/flow.h"
#include "http/http.h"

typedef struct nc_api nc_api;

typedef struct nc_api_options {
	nc_db *db;
	nc_flow *flow;
	nc_ops *ops;
	nc_sched *sched;
	nc_events *events;
	nc_plugins *plugins;
	nc_vault *vault;
	nc_config_holder *config;
	unsigned workers; /* of the pool for what blocks */
	/* boot/'s: apply a new configuration; renders what was applied per key. */
	nc_code (*reload)(void *ctx, nc_buf *json, nc_error *err);
	void *ctx;
} nc_api_options;

nc_code nc_api_new(const nc_api_options *o, nc_api **ret, nc_error *err);
void nc_api_free(nc_api *api); /* after the server */
/* Fills routes, fallback and hooks; the caller fills sockets, limits and reactors. */
void nc_api_serve(nc_api *api, nc_http_options *http);
void nc_api_attach(nc_api *api, nc_http_server *server); /* before the server starts */
/* From the db's published hook: wakes those who wait for an operation. Sequencer thread. */
void nc_api_published(nc_api *api, const nc_db_batch *b);
/* Whoever waits is answered with what there is, and nobody waits from now on. */
void nc_api_drain(nc_api *api);
/* Until every request that was taken has been answered; then the server may go. NULL is fine. */
void nc_api_quiesce(nc_api *api);

#endif
