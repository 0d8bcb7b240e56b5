/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and printing a project's limits; changing them is quota_set.c's. */
#include "cli/quota.h"

#include <stdio.h>
#include <string.h>

#include "cli/call.h"
#include "cli/output.h"
#include "cli/units.h"

nc_code nc_quota_get(nc_cli *c, const char *project, json_t **ret, char ret_etag[32], nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "GET", &nc_kind_quota, NC_QUOTA_NAME, NULL);
	nc_call_query(&call, "project", project);
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	snprintf(ret_etag, 32, "%s", call.etag);
	*ret = nc_steal(&call.json);
	return NC_OK;
}

/* Either of two names may be the one that is not there: the server says which kind it looked for. */
int nc_quota_is_missing(const nc_cli *c)
{
	return strstr(nc_json_text(c->problem, "detail"), "quota") != NULL;
}

static void put_limit(nc_table *t, const json_t *one)
{
	const char *resource = nc_json_text(one, "resource");
	json_int_t limit = json_integer_value(json_object_get(one, "limit"));
	char text[48];

	if (limit < 0)
		snprintf(text, sizeof(text), "none");
	else if (!strcmp(resource, "memory_mib"))
		nc_bytes_format((int64_t)((uint64_t)limit << 20), text, sizeof(text));
	else if (!strcmp(resource, "disk_gib"))
		nc_bytes_format((int64_t)((uint64_t)limit << 30), text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, limit);
	nc_table_value(t, resource, NC_PLAIN);
	nc_table_value(t, text, NC_PLAIN);
}

nc_code nc_quota_print(nc_cli *c, const json_t *quota, nc_error *err)
{
	const json_t *limits = json_object_get(quota, "limits");
	nc_table t;

	if (nc_out_is_for_programs(c))
		return nc_print_object(c, &nc_kind_quota, quota, err);
	nc_table_init(&t);
	nc_table_column(&t, "RESOURCE", NC_LEFT);
	nc_table_column(&t, "LIMIT", NC_RIGHT);
	for (size_t i = 0; i < json_array_size(limits); i++)
		put_limit(&t, json_array_get(limits, i));
	nc_code rc = nc_print_table(c, &t, err);
	nc_table_done(&t);
	return rc;
}
