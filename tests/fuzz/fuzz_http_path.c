/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "http/chars.h"
#include "http/router.h"

/*
 * Paths as the parser lets them through, cut and routed. No segment is "." or "..", the rest of a
 * path never hides a slash, and whatever matches stands where the pattern says.
 */

static void no_handler(nc_http_req *req nc_unused, void *user nc_unused)
{
}

#define R(m, p)                                                                                    \
	{                                                                                          \
		.method = (m), .pattern = (p), .handler = no_handler                               \
	}
static const nc_http_route routes[] = {
	R("GET", "/"),
	R("GET", "/a"),
	R("POST", "/a/{b}"),
	R("GET", "/a/{b}/c"),
	R("GET", "/a/b/d"),
	R("GET", "/{x}/{y}/{z}"),
	R("GET", "/a/{rest*}"),
};

static nc_http_router *router(void)
{
	static nc_http_router *r;
	if (!r)
		(void)nc_http_router_new(routes, NC_LEN(routes), &r, NULL);
	return r;
}

static void assert_promises(const nc_http_path *p)
{
	nc_assert(p->count <= NC_PATH_DEPTH && (p->count == NC_PATH_DEPTH || !p->is_deeper));
	for (uint32_t i = 0; i < p->count; i++) {
		nc_assert(strcmp(p->segment[i], ".") != 0 && strcmp(p->segment[i], "..") != 0);
		nc_assert(p->has_slash || !strchr(p->segment[i], '/'));
	}
	nc_http_match m;
	if (nc_http_router_match(router(), "GET", p, &m) != NC_MATCH_OK)
		return;
	if (m.rest_from != NC_NO_REST) {
		nc_assert(!p->has_slash && m.rest_from <= p->count);
		return;
	}
	int z = nc_http_route_param(m.route, "z");
	nc_assert(z < 0 || (z == 2 && p->count == 3 && p->segment[2][0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	if (size == 0 || text[0] != '/' || nc_http_span(text, size, NC_CH_PATH) != size ||
		!nc_http_is_percent_clean(text, size))
		return 0;
	char *mem = nc_malloc(size + 1); /* exactly: overruns are seen */
	if (!mem)
		return 0;
	nc_http_path p;
	if (nc_http_path_split(text, size, mem, &p) == 0)
		assert_promises(&p);
	nc_free(mem);
	return 0;
}
