/* SPDX-License-Identifier: Apache-2.0 */
/* Is it alive, may it be sent work, what is it: on the reactor, without the store. */
#include "obs/health.h"
#include "api/internal.h"

static void health(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, 64u << 10);
	int is_healthy = nc_obs_render(&b) != NC_OBS_UNHEALTHY;
	nc_reply_json(c->req, is_healthy ? 200 : 503, nc_buf_bytes(&b), NULL, 0);
}

static void ready(nc_call_ctx *c)
{
	int is_ready = nc_obs_is_ready();

	nc_reply_json(c->req, is_ready ? 200 : 503,
		nc_str(is_ready ? "{\"ready\":true}" : "{\"ready\":false}"), NULL, 0);
}

static void version(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, 4096);
	nc_buf_printf(&b, "{\"version\":\"%s\",\"api\":\"v1\",\"abi\":\"%u.%u\"}", NC_VERSION,
		NC_ABI_MAJOR, NC_ABI_MINOR);
	nc_reply_json(c->req, 200, nc_buf_bytes(&b), NULL, 0);
}

static void metrics(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, 4u << 20);
	nc_obs_metrics(&b);
	nc_http_res res = { .status = nc_buf_failed(&b) ? 503 : 200,
		.content_type = "text/plain; version=0.0.4; charset=utf-8",
		.body = nc_buf_bytes(&b) };
	nc_http_reply(c->req, &res);
}

const nc_api_route nc_api_health[] = {
	{ .method = "GET", .pattern = "/health", .read = health, .doc = "components" },
	{ .method = "GET", .pattern = "/api/v1/health", .read = health, .doc = "components" },
	{ .method = "GET", .pattern = "/ready", .read = ready, .doc = "may it be sent work" },
	{ .method = "GET", .pattern = "/version", .read = version, .doc = "what it is" },
	{ .method = "GET", .pattern = "/metrics", .read = metrics, .doc = "Prometheus text" },
	{ .method = NULL },
};
