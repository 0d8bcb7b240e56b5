/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins as the loader sees them; quarantine and release. Packages and reload answer unsupported,
 * with the loader's own hint. */
#include "api/internal.h"
#include "base/err.h"

static void show(nc_api_job *j, const char *id)
{
	nc_error err = NC_ERROR_INIT;

	if (!id)
		nc_buf_puts(&j->out, "{\"items\":");
	if (nc_plugins_render(j->api->o.plugins, id, &j->out, &err) != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	if (!id)
		nc_buf_putc(&j->out, '}');
	nc_job_reply(j, 200, NULL, 0);
}

static void list(nc_api_job *j)
{
	show(j, NULL);
}

static void get(nc_api_job *j)
{
	show(j, j->params[0]);
}

static void schema(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_plugins_schema(j->api->o.plugins, j->params[0], &j->out, &err) != NC_OK)
		nc_job_problem(j, &err, NULL);
	else
		nc_job_reply(j, 200, NULL, 0);
}

static void answer(nc_api_job *j, nc_code rc, const nc_error *err)
{
	if (rc != NC_OK)
		nc_job_problem(j, err, NULL);
	else
		show(j, j->params[0]);
}

static void quarantine(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const char *reason = json_string_value(json_object_get(j->json, "reason"));
	nc_code rc = nc_plugins_quarantine(
		j->api->o.plugins, j->params[0], reason ? reason : "by an operator", &err);

	answer(j, rc, &err);
}

static void release(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_plugins_release(j->api->o.plugins, j->params[0], &err);

	nc_flow_look(j->api->o.flow);
	answer(j, rc, &err);
}

static void load(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_plugins_scan(j->api->o.plugins, &err);

	if (rc == NC_OK)
		rc = nc_plugins_load(j->api->o.plugins, j->params[0], &err);
	nc_flow_look(j->api->o.flow);
	answer(j, rc, &err);
}

/* reload, install, upgrade …: known words, not in this version. */
static void manage(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_plugins_manage(j->api->o.plugins, j->params[1], j->params[0], &err);

	answer(j, rc, &err);
}

/* There are few: all of them are one page. */
static const char *const of_list[] = { "limit", NULL };

#define P "/api/v1/plugins"
const nc_api_route nc_api_plugins[] = {
	{ .method = "GET",
		.pattern = P,
		.permission = "plugin.status.read",
		.work = list,
		.query = of_list,
		.doc = "every plugin that was found, with its state and why" },
	{ .method = "GET",
		.pattern = P "/{id}",
		.permission = "plugin.status.read",
		.work = get,
		.doc = "one plugin" },
	{ .method = "GET",
		.pattern = P "/{id}/schema",
		.permission = "plugin.status.read",
		.work = schema,
		.doc = "its configuration schema" },
	{ .method = "POST",
		.pattern = P "/{id}/quarantine",
		.permission = "plugin.quarantine",
		.work = quarantine,
		.is_once = 1,
		.body_limit = 4096,
		.doc = "keep it from loading: {reason}" },
	{ .method = "POST",
		.pattern = P "/{id}/release",
		.permission = "plugin.release",
		.work = release,
		.is_once = 1,
		.body_limit = 4096,
		.doc = "lift a quarantine" },
	{ .method = "POST",
		.pattern = P "/{id}/load",
		.permission = "plugin.load",
		.work = load,
		.is_once = 1,
		.body_limit = 4096,
		.doc = "scan again and load it" },
	{ .method = "POST",
		.pattern = P "/{id}/{verb}",
		.permission = "plugin.manage",
		.work = manage,
		.body_limit = 4096,
		.doc = "reload, install …: not in this version" },
	{ .method = NULL },
};
