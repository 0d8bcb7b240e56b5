/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_ROUTER_H
#define NC_HTTP_ROUTER_H

#include "http/http.h"
#include "http/path.h"

/*
 * The route table compiled into a trie of path segments. Immutable after new: any number of
 * threads may match.
 */
typedef struct nc_http_router nc_http_router;

/* Routes are borrowed. NC_E_INVAL names the route that is malformed or there twice. */
nc_code nc_http_router_new(
	const nc_http_route *routes, size_t n, nc_http_router **ret, nc_error *err);
void nc_http_router_free(nc_http_router *r);
NC_DEFINE_CLEANUP(nc_http_router *, nc_http_router_free);

typedef enum {
	NC_MATCH_OK,
	NC_MATCH_NOT_FOUND,
	NC_MATCH_NOT_ALLOWED, /* the path is known with other methods */
	NC_MATCH_OPTIONS      /* OPTIONS, and the path has no route of its own for it */
} nc_http_match_result;

typedef struct nc_http_match {
	const nc_http_route *route; /* OK */
	const char *allow;          /* NOT_ALLOWED, OPTIONS: "GET, HEAD, OPTIONS" */
	size_t rest_from;           /* first segment of "{name*}"; NC_NO_REST when it has none */
} nc_http_match;
#define NC_NO_REST SIZE_MAX

nc_http_match_result nc_http_router_match(
	const nc_http_router *r, const char *method, const nc_http_path *path, nc_http_match *ret);
/* Which segment a route's "{name}" or "{name*}" stands for; -1 when it has no such parameter. */
int nc_http_route_param(const nc_http_route *route, const char *name);

#endif
