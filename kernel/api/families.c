/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that the product's documents name and that wait for a part of it: each answers "unsupported"
 * with what to do until then, whatever the method, never a bare 404. What is there already of a
 * family is a route of its own, which goes before these.
 */
#include <string.h>

#include "api/internal.h"
#include "base/err.h"

static const struct {
	const char *path; /* and everything under it */
	const char *what, *until;
} families[] = {
	{ "/api/v1/auth", "logging in",
		"the Unix socket tells who you are: see server.socket_group and server.uid_map" },
	{ "/api/v1/admin", "this part of the administration",
		"there are /api/v1/admin/config and /api/v1/admin/state; /metrics tells "
		"performance, "
		"/api/v1/events who did what" },
	{ "/api/v1/audit", "the audit log", "/api/v1/events tells who did what" },
	{ "/api/v1/authz", "asking what somebody may do",
		"server.uid_map gives local users their roles; what one may not do is refused" },
	{ "/api/v1/backup", "backups of guests",
		"POST /api/v1/admin/state/backup backs up what is stored here" },
	{ "/api/v1/federation", "federation", "each installation is used by itself" },
	{ "/api/v1/ml", "prediction", "placement follows sched.algorithm" },
	{ "/api/v1/monitoring", "monitoring of guests",
		"/metrics and /health tell of the daemon, /api/v1/hosts/{id}/usage of a host" },
	{ "/api/v1/orchestration", "orchestration", "/api/v1/operations tells what is being done" },
	{ "/api/v1/security", "this part of security",
		"server.uid_map gives local users their roles" },
	{ "/api/v1/webhooks", "calling others when something happens",
		"GET /api/v1/events?after=CURSOR&wait=30s tells what happens" },
	{ "/api/v1/graphql", "GraphQL", "the same is at the REST paths of GET /api/v1" },
	{ "/graphql", "GraphQL", "the same is at the REST paths of GET /api/v1" },
	{ "/ws", "the status stream",
		"GET /api/v1/events?after=CURSOR&wait=30s tells what happens" },
	{ "/api/ws", "the status stream",
		"GET /api/v1/events?after=CURSOR&wait=30s tells what happens" },
	{ "/debug/pprof", "profiles", "/metrics tells where time goes" },
};

static void later(nc_call_ctx *c)
{
	const char *path = nc_http_req_path(c->req);
	nc_error err = NC_ERROR_INIT;

	for (size_t i = 0; i < NC_LEN(families); i++) {
		size_t n = strlen(families[i].path);
		if (strncmp(path, families[i].path, n) || (path[n] && path[n] != '/'))
			continue;
		nc_problem_err(&err, "unsupported", "%s is not in this version: %.100s",
			families[i].what, path);
		nc_err_hint(&err, NC_E_UNSUPPORTED, "until then: %s", families[i].until);
		nc_reply_problem(c->req, &err, NULL);
		return;
	}
	nc_problem_err(&err, "not_found", "nothing is at %.100s", path);
	nc_reply_problem(c->req, &err, NULL);
}

#define BODY_MAX (1u << 20)
#define LATER(verb, path)                                                                          \
	{                                                                                          \
		.method = (verb), .pattern = path, .read = later, .body_limit = BODY_MAX,          \
		.doc = "not in this version"                                                       \
	}
#define ALL(path)                                                                                  \
	LATER("GET", path), LATER("POST", path), LATER("PUT", path), LATER("PATCH", path),         \
		LATER("DELETE", path)
#define FAMILY(path) ALL(path), ALL(path "/{rest*}")

const nc_api_route nc_api_families[] = {
	FAMILY("/api/v1/auth"),
	FAMILY("/api/v1/admin"),
	FAMILY("/api/v1/audit"),
	FAMILY("/api/v1/authz"),
	FAMILY("/api/v1/backup"),
	FAMILY("/api/v1/federation"),
	FAMILY("/api/v1/ml"),
	FAMILY("/api/v1/monitoring"),
	FAMILY("/api/v1/orchestration"),
	FAMILY("/api/v1/security"),
	FAMILY("/api/v1/webhooks"),
	FAMILY("/api/v1/graphql"),
	FAMILY("/graphql"),
	FAMILY("/ws"),
	FAMILY("/api/ws"),
	FAMILY("/debug/pprof"),
	{ .method = NULL },
};
