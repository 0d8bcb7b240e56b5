/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of requests that only some drivers take. Acts ask beforehand where they can (offers.c);
 * this is the door that every request goes through, also those of recover. Pure functions.
 */
#include "flow/features.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/json.h"

static const struct {
	const char *verb, *field, *feature;
	int may_be_left_out;
} rows[] = {
	{ "compute.create", "user_data", "compute.user_data", 0 },
	{ "compute.create", "firmware", "compute.firmware", 0 },
	{ "compute.create", "metadata", "compute.metadata", 1 },
	{ "compute.update", "metadata", "compute.metadata", 1 },
};

#define REQUEST_MAX (1u << 20)

static nc_code parse_once(nc_bytes request, json_t **j, nc_error *err)
{
	return *j ? NC_OK : nc_json_parse(request, REQUEST_MAX, j, err);
}

static nc_code write_back(json_t *j, nc_bytes *request, nc_buf *buf, nc_error *err)
{
	char *text = json_dumps(j, JSON_COMPACT);

	if (!text)
		return nc_err_nomem(err);
	nc_buf_puts(buf, text);
	nc_free(text);
	if (nc_buf_failed(buf))
		return nc_err_nomem(err);
	*request = nc_buf_bytes(buf);
	return NC_OK;
}

nc_code nc_features_fit(const char *verb, nc_bytes *request, nc_require_fn require, void *ctx,
	nc_buf *buf, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	int is_less = 0;

	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_error why = NC_ERROR_INIT;
		if (strcmp(rows[i].verb, verb) || require(ctx, rows[i].feature, &why) == NC_OK)
			continue;
		nc_code rc = parse_once(*request, &j, err);
		if (rc != NC_OK)
			return rc;
		if (!json_object_get(j, rows[i].field))
			continue;
		if (!rows[i].may_be_left_out) {
			nc_err_copy(err, &why);
			return why.code;
		}
		json_object_del(j, rows[i].field);
		is_less = 1;
	}
	return is_less ? write_back(j, request, buf, err) : NC_OK;
}
