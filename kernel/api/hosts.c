/* SPDX-License-Identifier: Apache-2.0 */
/* What a host has and what of it is taken, straight from the ledger. */
#include "api/internal.h"
#include "base/err.h"

static void put_amounts(nc_jw *w, const char *key, const int64_t amount[NC_RES_COUNT])
{
	nc_jw_kobj(w, key);
	nc_jw_ki64(w, "vcpus", amount[NC_RES_VCPU]);
	nc_jw_ki64(w, "memory_mib", amount[NC_RES_MEMORY_MIB]);
	nc_jw_ki64(w, "disk_gib", amount[NC_RES_DISK_GIB]);
	nc_jw_obj_end(w);
}

static nc_code find_host(nc_call_ctx *c, const char **ret_id, nc_error *err)
{
	nc_reach everywhere = { .is_everywhere = 1 };
	const nc_item *it = NULL;
	const nc_root *r = nc_db_read_begin(c->api->o.db);
	nc_code rc = nc_model_resolve(
		r, &nc_kind_host, &everywhere, nc_http_req_param(c->req, "ref"), &it, NULL, err);

	if (rc == NC_OK && !(*ret_id = nc_arena_strdup(c->arena, nc_item_id(it))))
		rc = nc_err_nomem(err);
	nc_db_read_end(c->api->o.db);
	return rc;
}

static void usage(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf b;
	int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];
	nc_error err = NC_ERROR_INIT;
	const char *id = NULL;
	nc_jw w;

	nc_code rc = find_host(c, &id, &err);
	if (rc == NC_OK)
		rc = nc_sched_host_usage(c->api->o.sched, id, total, used, &err);
	nc_buf_init(&b, 4096);
	if (rc != NC_OK) {
		nc_reply_problem(c->req, &err, NULL);
		return;
	}
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "host", id);
	put_amounts(&w, "total", total);
	put_amounts(&w, "used", used);
	nc_jw_obj_end(&w);
	nc_reply_json(c->req, 200, nc_buf_bytes(&b), NULL, 0);
}

const nc_api_route nc_api_hosts[] = {
	{ .method = "GET",
		.pattern = "/api/v1/hosts/{ref}/usage",
		.permission = "host.read",
		.read = usage,
		.doc = "capacity after ratios and reserves, and what is claimed" },
	{ .method = NULL },
};
