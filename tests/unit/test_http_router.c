/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/router.h"
#include "testing.h"

static void no_handler(nc_http_req *req nc_unused, void *user nc_unused)
{
}

#define R(m, p)                                                                                    \
	{                                                                                          \
		.method = (m), .pattern = (p), .handler = no_handler                               \
	}
static const nc_http_route table[] = {
	R("GET", "/"),
	R("GET", "/vms"),
	R("POST", "/vms"),
	R("GET", "/vms/{id}"),
	R("DELETE", "/vms/{vm}"),
	R("POST", "/vms/{id}/start"),
	R("GET", "/vms/search"),
	R("GET", "/vms/{id}/disks/{disk}"),
	R("GET", "/ui/{path*}"),
	R("GET", "/ui/api/{x}"),
	R("HEAD", "/probe"),
	R("GET", "/probe"),
	R("OPTIONS", "/probe"),
};

typedef struct found {
	nc_http_match_result result;
	nc_http_match match;
	nc_http_path path;
	char mem[512];
	int split;
} found;

static void look(const nc_http_router *r, const char *method, const char *path, found *f)
{
	memset(f, 0, sizeof(*f));
	f->split = nc_http_path_split(path, strlen(path), f->mem, &f->path);
	f->result = NC_MATCH_NOT_FOUND;
	if (f->split == 0)
		f->result = nc_http_router_match(r, method, &f->path, &f->match);
}

/* want: the pattern, "404", or what Allow says with a '+' (405) or '*' (OPTIONS) before it */
static const struct {
	const char *method, *path, *want;
} cases[] = {
	{ "GET", "/", "/" },
	{ "GET", "/vms", "/vms" },
	{ "GET", "/vms/", "404" },
	{ "GET", "//vms", "404" },
	{ "GET", "/vms/a", "/vms/{id}" },
	{ "GET", "/%76ms/a", "/vms/{id}" },
	{ "DELETE", "/vms/a", "/vms/{vm}" },
	{ "GET", "/vms/search", "/vms/search" },
	{ "DELETE", "/vms/search", "+GET, HEAD, OPTIONS" }, /* the literal wins */
	{ "POST", "/vms/search/start", "/vms/{id}/start" }, /* and gives way again */
	{ "GET", "/vms/a/disks/b", "/vms/{id}/disks/{disk}" },
	{ "GET", "/vms/a/disks", "404" },
	{ "GET", "/vms//disks/b", "404" },
	{ "HEAD", "/vms", "/vms" },
	{ "PUT", "/vms", "+GET, HEAD, POST, OPTIONS" },
	{ "OPTIONS", "/vms", "*GET, HEAD, POST, OPTIONS" },
	{ "PUT", "/probe", "+HEAD, GET, OPTIONS" },
	{ "OPTIONS", "/probe", "/probe" },
	{ "GET", "/ui", "/ui/{path*}" },
	{ "GET", "/ui/", "/ui/{path*}" },
	{ "GET", "/ui/a/b/c", "/ui/{path*}" },
	{ "GET", "/ui/api/a", "/ui/api/{x}" },
	{ "GET", "/ui/api/a/b", "/ui/{path*}" },
	{ "GET", "/ui/a%2fb", "404" }, /* a hidden slash doesn't join into a path */
	{ "GET", "/vms/a%2Fb", "/vms/{id}" },
	{ "get", "/vms", "+GET, HEAD, POST, OPTIONS" },
	{ "GET", "/nowhere", "404" },
};

static void check_case(const nc_http_router *r, size_t i)
{
	found f;
	look(r, cases[i].method, cases[i].path, &f);
	const char *want = cases[i].want;
	switch (f.result) {
	case NC_MATCH_OK:
		CHECK_STR(f.match.route->pattern, want);
		break;
	case NC_MATCH_NOT_FOUND:
		CHECK_STR("404", want);
		break;
	default:
		CHECK_INT(f.result == NC_MATCH_OPTIONS ? '*' : '+', want[0]);
		CHECK_STR(f.match.allow, want + 1);
	}
}

static void paths_find_their_routes(void)
{
	_cleanup_(nc_http_router_freep) nc_http_router *r = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_http_router_new(table, NC_LEN(table), &r, &err), &err);
	REQUIRE(r != NULL);
	for (size_t i = 0; i < NC_LEN(cases); i++)
		check_case(r, i);
}

static void parameters_are_decoded_segments(void)
{
	_cleanup_(nc_http_router_freep) nc_http_router *r = NULL;
	CHECK_OK(nc_http_router_new(table, NC_LEN(table), &r, NULL), NULL);
	REQUIRE(r != NULL);
	found f;
	look(r, "GET", "/vms/a%2Fb+c/disks/%C3%A9", &f);
	REQUIRE(f.result == NC_MATCH_OK);
	int id = nc_http_route_param(f.match.route, "id");
	int disk = nc_http_route_param(f.match.route, "disk");
	CHECK_INT(id, 1);
	CHECK_INT(disk, 3);
	CHECK_STR(f.path.segment[id], "a/b+c");
	CHECK_STR(f.path.segment[disk], "\xc3\xa9");
	CHECK_INT(nc_http_route_param(f.match.route, "vms"), -1);
	CHECK_INT(nc_http_route_param(f.match.route, "i"), -1);
	look(r, "GET", "/ui/a/b", &f);
	CHECK_UINT(f.match.rest_from, 1);
	CHECK_INT(nc_http_route_param(f.match.route, "path"), 1);
}

static void dot_segments_are_refused_however_they_are_written(void)
{
	static const char *const paths[] = { "/.", "/..", "/a/./b", "/a/../b", "/%2e",
		"/a/%2E%2e/b", "/a/.%2e" };
	nc_http_path p;
	char mem[64];
	for (size_t i = 0; i < NC_LEN(paths); i++)
		CHECK_INT(nc_http_path_split(paths[i], strlen(paths[i]), mem, &p), -1);
	CHECK_INT(nc_http_path_split("/...", 4, mem, &p), 0);
	CHECK_INT(nc_http_path_split("/.a", 3, mem, &p), 0);
}

static void a_very_deep_path_matches_only_a_rest(void)
{
	char path[256] = "/ui";
	for (int i = 0; i < 60; i++)
		strcat(path, "/a");
	_cleanup_(nc_http_router_freep) nc_http_router *r = NULL;
	CHECK_OK(nc_http_router_new(table, NC_LEN(table), &r, NULL), NULL);
	REQUIRE(r != NULL);
	found f;
	look(r, "GET", path, &f);
	CHECK_INT(f.result, NC_MATCH_OK);
	CHECK_INT(f.path.is_deeper, 1);
	strcat(path, "/..");
	look(r, "GET", path, &f);
	CHECK_INT(f.split, -1);
	memcpy(path, "/vm", 3);
	look(r, "GET", path, &f);
	CHECK_INT(f.result, NC_MATCH_NOT_FOUND);
}

static void malformed_routes_are_named(void)
{
	static const nc_http_route bad[] = {
		R("GET", "vms"),
		R("", "/vms"),
		R("GE T", "/vms"),
		R("GET", "/{}"),
		R("GET", "/{*}"),
		R("GET", "/{a"),
		R("GET", "/{a*}/b"),
		R("GET", "/a b"),
		R("GET", "/a%20b"),
		{ .method = "GET", .pattern = "/nohandler" },
	};
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		nc_http_router *r = NULL;
		nc_error err = NC_ERROR_INIT;
		CHECK_CODE(nc_http_router_new(&bad[i], 1, &r, &err), NC_E_INVAL);
		CHECK(r == NULL);
		CHECK_HAS(err.message, bad[i].pattern);
	}
	static const nc_http_route twice[] = { R("GET", "/a/{b}"), R("GET", "/a/{c}") };
	nc_http_router *r = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_http_router_new(twice, 2, &r, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "/a/{c}");
	CHECK_HAS(err.message, "/a/{b}");
}

static void building_survives_each_failing_allocation(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_http_router *r = NULL;
		rc = nc_http_router_new(table, NC_LEN(table), &r, NULL);
		CHECK((rc == NC_OK) == (r != NULL));
		nc_http_router_free(r);
	}
}

NC_TESTS(http_router){
	T(paths_find_their_routes),
	T(parameters_are_decoded_segments),
	T(dot_segments_are_refused_however_they_are_written),
	T(a_very_deep_path_matches_only_a_rest),
	T(malformed_routes_are_named),
	T(building_survives_each_failing_allocation),
};
