/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers as requests see them: creating one opens it (an operation), deleting one closes it and
 * forgets its hosts. A plugin that isn't there, or a configuration its schema refuses, is told at
 * once and leaves nothing.
 */
#include "base/err.h"
#include "flow/acts.h"
#include "model/problem.h"

static nc_code check_plugin(nc_stage *s, const nc_provider *p, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf schema;

	nc_buf_init(&schema, 256u << 10);
	nc_code rc = nc_plugins_schema(s->a->flow->plugins, p->plugin, &schema, err);
	if (rc == NC_E_NOTFOUND)
		return nc_err_hint(err, rc,
			"novacron plugin status lists those that are there; the configuration's "
			"plugins.allow names those that may load");
	return rc;
}

static nc_code create(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_provider *p = NC_AS(nc_provider, s->object);
	nc_code rc = check_plugin(s, p, err);

	(void)r;
	if (rc != NC_OK)
		return rc;
	s->object->status = "pending";
	return nc_stage_operation(s, "provider.create", NULL, err);
}

static nc_code remove_provider(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err)
{
	(void)r;
	(void)how;
	s->event = NULL;
	return nc_stage_operation(s, "provider.delete", NULL, err);
}

const nc_special nc_provider_special = {
	.kind = &nc_kind_provider, .create = create, .remove = remove_provider, .keeps_users = 1
};
