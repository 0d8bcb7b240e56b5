/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to a handler: who asks, may they, and on which thread is it answered. Routes are
 * const tables (one per resource) joined at start. What may block leaves the reactor as a job that
 * has copied all it needs, because the request may end before it runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"

#define JOB_ARENA_MAX   (32u << 20)
#define ANSWER_MAX      (64u << 20)
#define QUERY_WORDS_MAX 8

static const nc_api_route *const tables[] = { nc_api_operations, nc_api_decisions,
	nc_api_events_routes, nc_api_admin, nc_api_plugins, nc_api_health, nc_api_hosts,
	nc_api_families, nc_api_objects };

typedef struct bound { /* a route with its api: the user of http's route */
	nc_api *api;
	const nc_api_route *route;
} bound;

/* ---- jobs ---- */

nc_api_job *nc_job_ref(nc_api_job *j)
{
	nc_refs_take(&j->refs);
	return j;
}

void nc_job_unref(nc_api_job *j)
{
	nc_api *api = j->api;

	if (!nc_refs_drop(&j->refs))
		return;
	json_decref(j->json);
	nc_buf_done(&j->out);
	nc_arena_free(j->arena); /* the job itself lies in it */
	pthread_mutex_lock(&api->live_lock);
	if (--api->n_live == 0)
		pthread_cond_broadcast(&api->none_live);
	pthread_mutex_unlock(&api->live_lock);
}

static void run_job(nc_job *job)
{
	nc_api_job *j = NC_CONTAINER(job, nc_api_job, job);

	nc_log_push(F_STR("request_id", j->request_id));
	if (j->route->is_once && j->idempotency_key)
		nc_job_run_once(j);
	else
		j->route->work(j);
	nc_log_pop();
	nc_job_unref(j);
}

void nc_job_submit(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_pool_submit(j->api->pool, &j->job) == NC_OK)
		return;
	nc_problem_err(&err, "unavailable", "the server is stopping");
	nc_job_problem(j, &err, NULL);
	nc_job_unref(j);
}

nc_code nc_job_reach(nc_api_job *j, nc_reach *ret, nc_error *err)
{
	const nc_root *r = nc_db_read_begin(j->api->o.db);
	nc_code rc = nc_reach_of(r, j->project, ret, err);

	if (rc == NC_OK && ret->project &&
		!(ret->project = nc_arena_strdup(j->arena, ret->project)))
		rc = nc_err_nomem(err);
	nc_db_read_end(j->api->o.db);
	return rc;
}

const char *nc_job_query(const nc_api_job *j, const char *name)
{
	for (size_t i = 0; i < j->n_query; i++)
		if (!strcmp(j->query[i].name, name))
			return j->query[i].value;
	return NULL;
}

nc_code nc_job_query_bool(const nc_api_job *j, const char *name, int *ret, nc_error *err)
{
	static const char *const words[] = { "0", "false", "1", "true", "" };
	const char *value = nc_job_query(j, name);

	for (size_t i = 0; value && i < NC_LEN(words); i++)
		if (!strcmp(value, words[i])) {
			*ret = i >= 2;
			return NC_OK;
		}
	if (value)
		return nc_problem_err(err, "invalid", "%s: must be 1 or 0", name);
	*ret = 0;
	return NC_OK;
}

static const char *copy_header(nc_arena *a, const nc_http_req *req, const char *name)
{
	nc_bytes v = nc_http_req_header(req, name);

	return v.ptr ? nc_arena_strndup(a, v.ptr, v.len) : NULL;
}

/* The values of {names} in the pattern, in order. */
static void copy_params(nc_api_job *j, const nc_http_req *req)
{
	const char *p = j->route->pattern;
	char name[32];

	for (size_t i = 0; i < NC_LEN(j->params) && (p = strchr(p, '{')); i++) {
		const char *end = strchr(p, '}');
		snprintf(name, sizeof(name), "%.*s", (int)(end - p - 1), p + 1);
		const char *value = nc_http_req_param(req, name);
		j->params[i] = value ? nc_arena_strdup(j->arena, value) : NULL;
		p = end;
	}
}

static void copy_query(nc_api_job *j, nc_http_req *req)
{
	size_t n = 0;
	const nc_http_pair *pairs = nc_http_req_query_all(req, &n);
	nc_http_pair *mine = nc_arena_new_array(j->arena, nc_http_pair, n + 1);

	for (size_t i = 0; mine && i < n; i++) {
		mine[i].name = nc_arena_strdup(j->arena, pairs[i].name);
		mine[i].value = nc_arena_strdup(j->arena, pairs[i].value);
	}
	j->query = mine;
	j->n_query = mine ? n : 0;
}

static nc_code parse_body(nc_api_job *j, nc_http_req *req, nc_error *err)
{
	nc_bytes body = nc_http_req_body(req);

	if (!body.len)
		return NC_OK;
	if (nc_json_parse(body, j->route->body_limit, &j->json, err) != NC_OK) {
		char why[320];
		snprintf(why, sizeof(why), "%s", err->message);
		return nc_problem_err(err, "malformed", "the body is not JSON: %s", why);
	}
	return NC_OK;
}

static nc_api_job *new_job(nc_call_ctx *c, const nc_api_route *route, nc_error *err)
{
	nc_arena *a = nc_arena_new(JOB_ARENA_MAX);
	nc_api_job *j = a ? nc_arena_alloc(a, sizeof(*j)) : NULL;

	if (!j) {
		nc_arena_free(a);
		nc_err_nomem(err);
		return NULL;
	}
	*j = (nc_api_job){ .job = { .run = run_job },
		.refs = NC_REFS_ONE,
		.api = c->api,
		.route = route,
		.arena = a };
	pthread_mutex_lock(&c->api->live_lock);
	c->api->n_live++;
	pthread_mutex_unlock(&c->api->live_lock);
	nc_buf_init(&j->out, ANSWER_MAX);
	j->who = c->who;
	j->request_id = nc_arena_strdup(a, nc_http_req_id(c->req));
	j->method = nc_arena_strdup(a, nc_http_req_method(c->req));
	j->path = nc_arena_strdup(a, nc_http_req_path(c->req));
	j->if_match = copy_header(a, c->req, "If-Match");
	j->idempotency_key = copy_header(a, c->req, "Idempotency-Key");
	j->prefer = copy_header(a, c->req, "Prefer");
	copy_params(j, c->req);
	copy_query(j, c->req);
	j->project = nc_job_query(j, "project");
	nc_bytes body = nc_http_req_body(c->req);
	j->body.ptr = nc_arena_memdup(a, body.ptr ? body.ptr : "", body.len + 1);
	j->body.len = body.len;
	nc_code rc = parse_body(j, c->req, err);
	if (rc == NC_OK && nc_arena_failed(a))
		rc = nc_err_nomem(err);
	if (rc != NC_OK) {
		nc_job_unref(j);
		return NULL;
	}
	return j;
}

/* ---- the gate of every request ---- */

/* "{kind}.read" → "vm.read"; an action's own permission is checked where the action is known. */
static const char *permission_of(const nc_api_route *route, const nc_http_req *req, nc_arena *a)
{
	const char *plural = nc_http_req_param(req, "kind");
	const nc_kind *kind = plural ? nc_kind_find(plural) : NULL;

	if (strncmp(route->permission, "{kind}", 6))
		return route->permission;
	return nc_arena_printf(a, "%s%s", kind ? kind->name : "unknown", route->permission + 6);
}

static nc_code identify(nc_call_ctx *c, const nc_api_route *route, nc_error *err)
{
	_cleanup_(nc_config_unrefp) const nc_config *cfg = nc_config_holder_get(c->api->o.config);
	const nc_http_peer *peer = nc_http_req_peer(c->req);
	nc_peer_claims claims = { .uid = peer->uid };

	if (peer->kind != NC_HTTP_PEER_UNIX)
		return nc_problem_err(err, "unauthenticated", "only the local socket is served");
	claims.is_in_admin_group = c->api->admin_gid != (gid_t)-1 &&
				   nc_http_req_peer_in_group(c->req, c->api->admin_gid);
	nc_code rc = nc_principal_of_peer(cfg, &claims, &c->who, err);
	if (rc != NC_OK || !route->permission)
		return rc;
	const char *permission = permission_of(route, c->req, c->arena);
	return permission ? nc_principal_may(&c->who, permission, err) : nc_err_nomem(err);
}

static int is_get(const nc_http_req *req)
{
	return !strcmp(nc_http_req_method(req), "GET");
}

/* A reader that knows of a record wants to see it. What was acknowledged is published before its answer
 * goes out, so only a record of another log, or one that isn't there yet, is not. */
static nc_code check_min_seq(const nc_call_ctx *c, nc_error *err)
{
	const char *text = is_get(c->req) ? nc_http_req_query(c->req, "min_seq") : NULL;
	char *end = NULL;

	if (!text)
		return NC_OK;
	errno = 0;
	unsigned long long wanted = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9')
		return nc_problem_err(err, "invalid", "min_seq: \"%.20s\" is no number", text);
	unsigned long long at = nc_db_seq(c->api->o.db);
	if (wanted <= at)
		return NC_OK;
	nc_problem_err(
		err, "unavailable", "min_seq: this is at record %llu, not yet at %llu", at, wanted);
	err->flags |= NC_ERR_RETRYABLE;
	return nc_err_hint(err, NC_E_UNAVAILABLE, "the number of an answer counts in its own log");
}

/* A word that nobody reads is refused, lest `?dry-run=1` make what was only to be tried. */
static nc_code check_query(
	const nc_call_ctx *c, const nc_api_route *route, nc_act *a, nc_error *err)
{
	const char *known[QUERY_WORDS_MAX] = { "project", "min_seq" };
	size_t n_known = is_get(c->req) ? 2 : 1, n = 0;
	const nc_http_pair *pairs = nc_http_req_query_all(c->req, &n);

	for (size_t i = 0; route->query && route->query[i] && n_known < QUERY_WORDS_MAX; i++)
		known[n_known++] = route->query[i];
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < n_known && strcmp(pairs[i].name, known[k]))
			k++;
		if (k < n_known)
			continue;
		nc_fault_add(&a->faults, nc_arena_strdup(c->arena, pairs[i].name), "unknown_field",
			"means nothing here");
		const char *close = nc_did_you_mean(pairs[i].name, known, n_known);
		if (close)
			nc_fault_hint(&a->faults, "did you mean \"%s\"?", close);
	}
	return nc_faults_any(&a->faults) ? nc_faults_error(&a->faults, err) : NC_OK;
}

static void handle(nc_http_req *req, void *user)
{
	const bound *b = user;
	nc_call_ctx c = { .api = b->api, .req = req, .arena = nc_http_req_arena(req) };
	nc_error err = NC_ERROR_INIT;

	if (identify(&c, b->route, &err) != NC_OK) {
		nc_reply_problem(req, &err, NULL);
		return;
	}
	if (check_min_seq(&c, &err) != NC_OK) {
		nc_reply_problem(req, &err, NULL);
		return;
	}
	nc_act wrong = { .arena = c.arena };
	nc_faults_init(&wrong.faults, c.arena);
	int reads_words = b->route->read && !b->route->query; /* its own way */
	if (!reads_words && check_query(&c, b->route, &wrong, &err) != NC_OK) {
		nc_reply_problem(req, &err, &wrong);
		return;
	}
	if (b->route->read) {
		b->route->read(&c);
		return;
	}
	nc_api_job *j = new_job(&c, b->route, &err);
	if (!j) {
		nc_reply_problem(req, &err, NULL);
		return;
	}
	j->token = nc_http_defer(req, NULL);
	nc_job_submit(j);
}

/* ---- joining the tables ---- */

static void fill(nc_http_route *to, const nc_api_route *from, bound *b)
{
	*to = (nc_http_route){ .method = from->method,
		.pattern = from->pattern,
		.body = from->body_limit ? NC_HTTP_BODY_BUFFERED : NC_HTTP_BODY_NONE,
		.body_limit = from->body_limit,
		.handler = handle,
		.user = b };
}

nc_code nc_api_build_routes(nc_api *api, nc_error *err)
{
	size_t n = 0;

	for (size_t t = 0; t < NC_LEN(tables); t++)
		for (const nc_api_route *r = tables[t]; r->method; r++)
			n++;
	/* One block: http's routes, then what each is bound to. */
	api->routes = nc_calloc(n, sizeof(nc_http_route) + sizeof(bound));
	if (!api->routes)
		return nc_err_nomem(err);
	bound *b = (bound *)(void *)(api->routes + n);
	for (size_t t = 0; t < NC_LEN(tables); t++)
		for (const nc_api_route *r = tables[t]; r->method; r++, api->n_routes++) {
			b[api->n_routes] = (bound){ .api = api, .route = r };
			fill(&api->routes[api->n_routes], r, &b[api->n_routes]);
		}
	return NC_OK;
}
