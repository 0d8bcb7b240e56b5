/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/chars.h"
#include "http/conn.h"
#include "http/req.h"
#include "http/router.h"
#include "http/server.h"

/*
 * What handlers may ask of a request. Reactor thread; everything given out lives until the request
 * has ended. Before its head is parsed (a fault's request) all of it is empty, never NULL where a
 * string is promised.
 */

const char *nc_http_req_method(const nc_http_req *r)
{
	return r->method;
}

const char *nc_http_req_path(const nc_http_req *r)
{
	return r->target_path;
}

const char *nc_http_req_pattern(const nc_http_req *r)
{
	return r->route ? r->route->pattern : NULL;
}

const char *nc_http_req_param(const nc_http_req *r, const char *name)
{
	int i = r->route ? nc_http_route_param(r->route, name) : -1;
	if (i < 0)
		return NULL;
	/* "{name*}" stands last; there may be no segment for it at all. */
	return (size_t)i == r->rest_from ? r->rest : r->path.segment[i];
}

nc_bytes nc_http_req_header(const nc_http_req *r, const char *name)
{
	size_t len = strlen(name);
	for (uint32_t i = 0; i < r->field_count; i++) {
		const nc_h1_field *f = &r->fields[i];
		if (nc_http_equals(r->text + f->name.at, f->name.len, name, len))
			return (nc_bytes){ r->text + f->value.at, f->value.len };
	}
	return (nc_bytes){ NULL, 0 };
}

nc_bytes nc_http_req_body(const nc_http_req *r)
{
	return r->body;
}

int64_t nc_http_req_content_length(const nc_http_req *r)
{
	return r->content_length;
}

const nc_http_peer *nc_http_req_peer(const nc_http_req *r)
{
	return &r->conn->peer;
}

int nc_http_req_peer_in_group(nc_http_req *r, gid_t gid)
{
	return nc_http_peer_fd_in_group(r->conn->wire.fd, &r->conn->peer, gid);
}

nc_arena *nc_http_req_arena(nc_http_req *r)
{
	return r->arena;
}

const char *nc_http_req_id(const nc_http_req *r)
{
	return r->id;
}

/* ---- the query ---- */

static size_t count_pieces(const char *query)
{
	size_t n = 1;
	for (const char *p = query; (p = strchr(p, '&')); p++)
		n++;
	return n;
}

/* One "name=value" into `mem`, which has room for it and two NULs; the end of what it used. */
static char *decode_pair(nc_http_pair *ret, const char *p, size_t n, char *mem)
{
	const char *equals = memchr(p, '=', n);
	size_t name_len = equals ? (size_t)(equals - p) : n;
	ret->name = mem;
	mem += nc_http_percent_decode(mem, p, name_len, NC_HTTP_PLUS_IS_SPACE) + 1;
	ret->value = mem;
	size_t value_len = equals ? n - name_len - 1 : 0;
	return mem +
	       nc_http_percent_decode(
		       mem, equals ? equals + 1 : p, value_len, NC_HTTP_PLUS_IS_SPACE) +
	       1;
}

nc_code nc_http_req_parse_query(nc_http_req *r)
{
	if (r->raw_query[0] == '\0')
		return NC_OK;
	size_t max = count_pieces(r->raw_query);
	nc_http_pair *pairs = nc_arena_new_array(r->arena, nc_http_pair, max);
	char *mem = nc_arena_alloc(r->arena, strlen(r->raw_query) + 2 * max);
	if (!pairs || !mem)
		return NC_E_NOMEM; /* never go on with half of what was asked */
	size_t count = 0;
	for (const char *p = r->raw_query; *p;) {
		size_t n = strcspn(p, "&");
		if (n > 0)
			mem = decode_pair(&pairs[count++], p, n, mem);
		p += n + (p[n] == '&');
	}
	r->query = pairs;
	r->query_count = count;
	return NC_OK;
}

const nc_http_pair *nc_http_req_query_all(const nc_http_req *r, size_t *ret_count)
{
	*ret_count = r->query_count;
	return r->query_count ? r->query : NULL;
}

const char *nc_http_req_query(const nc_http_req *r, const char *name)
{
	for (size_t i = 0; i < r->query_count; i++) {
		if (!strcmp(r->query[i].name, name))
			return r->query[i].value;
	}
	return NULL;
}
