/* SPDX-License-Identifier: Apache-2.0 */
/* config reload: have the daemon read its files again; what came of each key that changed. */
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

static nc_code print_keys(nc_cli *c, const json_t *keys, nc_error *err)
{
	nc_table t;

	if (!json_array_size(keys))
		return nc_print_line(c, err, "nothing has changed");
	nc_table_init(&t);
	nc_table_column(&t, "KEY", NC_LEFT);
	nc_table_column(&t, "RESULT", NC_LEFT);
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *k = json_array_get(keys, i);
		nc_table_value(&t, nc_json_text(k, "key"), NC_PLAIN);
		nc_table_value(&t, nc_json_text(k, "result"), NC_PLAIN);
	}
	nc_code rc = nc_print_table(c, &t, err);
	nc_table_done(&t);
	return rc;
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init_path(&call, "POST", "/api/v1/admin/config/reload");
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		return nc_print_json(c, call.json, err);
	return print_keys(c, json_object_get(call.json, "keys"), err);
}

const nc_cmd nc_cmd_config_reload = {
	.path = "config reload",
	.doc = "read the files again; says per key whether it is applied",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
