/* SPDX-License-Identifier: Apache-2.0 */
#include "http/req.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "http/chars.h"
#include "http/conn.h"
#include "http/router.h"
#include "http/server.h"

/*
 * Life of a request: from its reactor's pool, through head and routing, to the end that whoever
 * deferred it hears of, back to the pool. Reactor thread only. What accessors give out points into
 * `text` and the arena and so must not move once the head is parsed.
 */

enum { TEXT_CAP = 4096, BODY_KEEP = 64 << 10 };

static void on_patience(nc_http_timer *t)
{
	nc_http_req *r = NC_CONTAINER(t, nc_http_req, patience);
	r->defer.on_timeout(r->defer.user, r);
	nc_http_conn_schedule(r->conn);
}

/* ---- the pool ---- */

static nc_http_req *req_new(const nc_http_limits *limits)
{
	nc_http_req *r = nc_calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	nc_list_init(&r->pool_link);
	r->field_max = (uint32_t)limits->headers;
	r->fields = nc_calloc(r->field_max, sizeof(*r->fields));
	r->arena = nc_arena_new(limits->arena);
	r->text = nc_malloc(TEXT_CAP + 1);
	r->text_cap = TEXT_CAP;
	nc_buf_init(&r->body_buf, SIZE_MAX / 2);
	if (r->fields && r->arena && r->text)
		return r;
	nc_http_req_free(r);
	return NULL;
}

void nc_http_req_free(nc_http_req *r)
{
	nc_free(r->fields);
	nc_free(r->text);
	nc_arena_free(r->arena);
	nc_buf_done(&r->body_buf);
	nc_free(r);
}

/* Fit for another request; buffers stay, unless they have grown out of proportion. */
static void req_reset(nc_http_req *r)
{
	const size_t from = offsetof(nc_http_req, conn);
	memset((char *)r + from, 0, sizeof(*r) - from);
	if (nc_arena_used(r->arena) > 0 || nc_arena_failed(r->arena))
		nc_arena_reset(r->arena);
	if (r->body_buf.cap > BODY_KEEP)
		nc_buf_done(&r->body_buf);
	nc_buf_reset(&r->body_buf);
	r->rest_from = NC_NO_REST;
	r->method = r->target_path = r->raw_query = "";
	nc_http_timer_init(&r->patience, on_patience);
}

nc_http_req *nc_http_req_take(nc_http_conn *c)
{
	nc_http_reactor *reactor = c->reactor;
	nc_http_req *r;
	if (nc_list_is_empty(&reactor->pool)) {
		r = req_new(&reactor->server->opts.limits);
		if (!r)
			return NULL;
	} else {
		r = NC_LIST_ENTRY(reactor->pool.next, nc_http_req, pool_link);
		nc_list_del(&r->pool_link);
		reactor->pooled--;
	}
	req_reset(r);
	r->conn = c;
	r->start_us = reactor->now_us;
	return r;
}

void nc_http_req_renew(nc_http_req *r, size_t text_len)
{
	nc_http_conn *c = r->conn;
	nc_http_timer_stop(&r->patience);
	req_reset(r);
	r->conn = c;
	r->start_us = c->reactor->now_us;
	r->text_len = text_len;
}

void nc_http_req_put(nc_http_req *r)
{
	nc_http_reactor *reactor = r->conn->reactor;
	nc_http_timer_stop(&r->patience);
	if (reactor->pooled >= NC_POOL_MAX || r->text_cap > TEXT_CAP) {
		nc_http_req_free(r);
		return;
	}
	nc_list_add_tail(&reactor->pool, &r->pool_link);
	reactor->pooled++;
}

nc_code nc_http_req_grow(nc_http_req *r, size_t cap)
{
	if (cap <= r->text_cap)
		return NC_OK;
	char *grown = nc_realloc(r->text, cap + 1);
	if (!grown)
		return NC_E_NOMEM;
	r->text = grown;
	r->text_cap = cap;
	return NC_OK;
}

/* ---- head and routing ---- */

/* Make a span of the text a string by ending it; what stood there is a separator already read. */
static const char *end_span(nc_http_req *r, nc_h1_span s)
{
	r->text[s.at + s.len] = '\0';
	return r->text + s.at;
}

void nc_http_req_set_head(nc_http_req *r, const nc_h1_head *h)
{
	r->is_parsed = 1;
	r->method = end_span(r, h->method);
	if (h->flags & NC_H1_HAS_QUERY)
		r->raw_query = end_span(r, h->query);
	r->target_path = h->path.len ? end_span(r, h->path) : "/";
	r->path_len = h->path.len ? h->path.len : 1;
	r->is_head = !strcmp(r->method, "HEAD");
	r->field_count = h->field_count;
	for (uint32_t i = 0; i < h->field_count; i++)
		end_span(r, h->fields[i].value);
	r->content_length = (h->flags & NC_H1_CHUNKED) ? -1 : (int64_t)h->content_length;
	nc_ulid_make(r->id);
}

static int split_path(nc_http_req *r, nc_http_fault_id *ret_fault)
{
	char *mem = r->path_mem;
	if (r->path_len >= sizeof(r->path_mem))
		mem = nc_arena_alloc(r->arena, r->path_len + 1);
	*ret_fault = mem ? NC_FAULT_PATH : NC_FAULT_MEMORY;
	return mem ? nc_http_path_split(r->target_path, r->path_len, mem, &r->path) : -1;
}

/* The value of "{name*}": what remains of the path, decoded. */
static int set_rest(nc_http_req *r, size_t from)
{
	size_t at = from < r->path.count ? r->path.raw_at[from] : r->path_len;
	size_t n = r->path_len - at;
	char *rest = nc_arena_alloc(r->arena, n + 1);
	if (!rest)
		return -1;
	nc_http_percent_decode(rest, r->target_path + at, n, NC_HTTP_PLUS_IS_PLUS);
	r->rest = rest;
	r->rest_from = from;
	return 0;
}

nc_http_routing nc_http_req_route(
	nc_http_req *r, nc_http_fault_id *ret_fault, const char **ret_allow)
{
	const nc_http_server *s = r->conn->reactor->server;
	*ret_allow = NULL;
	if (!strcmp(r->target_path, "*"))
		return NC_ROUTED_OPTIONS;
	if (split_path(r, ret_fault) < 0)
		return NC_ROUTED_FAULT;
	*ret_fault = NC_FAULT_MEMORY;
	if (nc_http_req_parse_query(r) != NC_OK)
		return NC_ROUTED_FAULT;
	nc_http_match match;
	switch (nc_http_router_match(s->router, r->method, &r->path, &match)) {
	case NC_MATCH_OK:
		r->route = match.route;
		if (match.rest_from == NC_NO_REST || set_rest(r, match.rest_from) == 0)
			return NC_ROUTED;
		return NC_ROUTED_FAULT;
	case NC_MATCH_OPTIONS:
		*ret_allow = match.allow;
		return NC_ROUTED_OPTIONS;
	case NC_MATCH_NOT_ALLOWED:
		*ret_allow = match.allow;
		*ret_fault = NC_FAULT_NOT_ALLOWED;
		return NC_ROUTED_FAULT;
	case NC_MATCH_NOT_FOUND:
		break;
	}
	*ret_fault = NC_FAULT_NOT_FOUND;
	return s->opts.fallback ? NC_ROUTED_FALLBACK : NC_ROUTED_FAULT;
}

/* ---- deferring and the end ---- */

nc_http_token nc_http_req_token(const nc_http_req *r)
{
	const nc_http_conn *c = r->conn;
	return (nc_http_token){ c->reactor->index, c->slot, c->generation, r->stream };
}

nc_http_token nc_http_defer(nc_http_req *r, const nc_http_defer_opts *opts)
{
	nc_assert(r->may_defer && !r->is_deferred && r->phase == NC_REQ_OPEN);
	r->is_deferred = 1;
	if (opts)
		r->defer = *opts;
	if (opts && opts->timeout_us > 0 && opts->on_timeout)
		nc_http_timer_set(&r->conn->reactor->wheel, &r->patience,
			r->conn->reactor->now_us + opts->timeout_us);
	nc_http_slot_set_live(r->conn, r->stream);
	return nc_http_req_token(r);
}

void nc_http_req_end(nc_http_req *r, nc_http_end why)
{
	nc_http_timer_stop(&r->patience);
	if (!r->is_deferred)
		return;
	r->is_deferred = 0;
	nc_http_slot_set_live(r->conn, 0);
	if (r->defer.on_end)
		r->defer.on_end(r->defer.user, nc_http_req_token(r), why);
}
