/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota set PROJECT vcpus=40: limits of a project, the others as they are. Its quota is the object
 * "default" in it, made where it is not there; two who change it at once both get their way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/quota.h"
#include "cli/units.h"

enum { TRIES = 8, RESOURCE_MAX = 64 };

static nc_code malformed(const char *text, nc_error *err)
{
	nc_code rc = nc_err(err, NC_E_INVAL, "\"%.80s\" is not RESOURCE=LIMIT", text);

	return nc_err_hint(
		err, rc, "like vcpus=40, memory=64G, disk_gib=500, vms=10; none lifts a limit");
}

/* "memory=64G" → memory_mib, 65536; "vcpus=none" → -1. */
static nc_code read_limit(
	const char *text, char resource[RESOURCE_MAX], int64_t *ret, nc_error *err)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : 0;
	char *end = NULL;

	if (!n || n >= RESOURCE_MAX - 4 || !equals[1])
		return malformed(text, err);
	snprintf(resource, RESOURCE_MAX, "%.*s", (int)n, text);
	if (!strcmp(resource, "memory") || !strcmp(resource, "disk"))
		snprintf(
			resource, RESOURCE_MAX, "%s", *resource == 'm' ? "memory_mib" : "disk_gib");
	*ret = -1;
	if (!strcmp(equals + 1, "none"))
		return NC_OK;
	int is_memory = !strcmp(resource, "memory_mib"), is_disk = !strcmp(resource, "disk_gib");
	if (is_memory || is_disk)
		return nc_size_parse(equals + 1, is_memory ? NC_SIZE_MIB : NC_SIZE_GIB, ret) < 0
			       ? malformed(text, err)
			       : NC_OK;
	*ret = strtoll(equals + 1, &end, 10);
	return *end || *ret < -1 ? malformed(text, err) : NC_OK;
}

static nc_code put_limit(json_t *limits, const char *resource, int64_t limit, nc_error *err)
{
	json_t *one = NULL;

	for (size_t i = 0; !one && i < json_array_size(limits); i++)
		if (!strcmp(nc_json_text(json_array_get(limits, i), "resource"), resource))
			one = json_array_get(limits, i);
	if (!one) {
		one = json_object();
		if (!one || json_array_append_new(limits, one))
			return nc_err_nomem(err);
		nc_code rc = nc_body_put(one, "resource", json_string(resource), err);
		if (rc != NC_OK)
			return rc;
	}
	return nc_body_put(one, "limit", json_integer(limit), err);
}

/* The limits to be: what is there (an array or NULL) with what is given over it. */
static nc_code merge(nc_cli *c, const json_t *there, json_t **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *limits =
		json_is_array(there) ? json_deep_copy(there) : json_array();
	char resource[RESOURCE_MAX];
	int64_t limit;

	if (!limits)
		return nc_err_nomem(err);
	for (size_t i = 1; i < c->args.n_words; i++) {
		nc_code rc = read_limit(c->args.words[i], resource, &limit, err);
		if (rc == NC_OK)
			rc = put_limit(limits, resource, limit, err);
		if (rc != NC_OK)
			return rc;
	}
	*ret = nc_steal(&limits);
	return NC_OK;
}

/* One attempt. NC_E_CONFLICT, NC_E_EXISTS: somebody was faster. */
static nc_code set_once(nc_cli *c, const char *project, json_t **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *quota = NULL;
	_cleanup_(nc_json_decrefp) json_t *limits = NULL;
	_cleanup_(nc_call_done) nc_call call;
	char etag[32] = "";
	nc_code rc = nc_quota_get(c, project, &quota, etag, err);
	int is_new = rc == NC_E_NOTFOUND && nc_quota_is_missing(c);

	nc_call_init(&call, is_new ? "POST" : "PATCH", &nc_kind_quota,
		is_new ? NULL : NC_QUOTA_NAME, NULL);
	nc_call_query(&call, "project", project);
	if (rc != NC_OK && !is_new)
		return rc;
	rc = merge(c, json_object_get(quota, "limits"), &limits, err);
	if (rc == NC_OK && !(call.body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK && is_new)
		rc = nc_body_put(call.body, "name", json_string(NC_QUOTA_NAME), err);
	if (rc == NC_OK)
		rc = nc_body_put(call.body, "limits", nc_steal(&limits), err);
	call.if_match = *etag ? etag : NULL;
	if (rc == NC_OK)
		rc = nc_call_send(c, &call, err);
	if (rc == NC_OK)
		*ret = nc_steal(&call.json);
	return rc;
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *quota = NULL;
	const char *project = c->args.words[0];
	nc_code rc = NC_OK;

	for (int i = 0; i < TRIES; i++) {
		nc_err_clear(err);
		rc = set_once(c, project, &quota, err);
		if (rc != NC_E_CONFLICT && rc != NC_E_EXISTS)
			break;
	}
	if (rc != NC_OK)
		return rc;
	return nc_quota_print(c, quota, err);
}

const nc_cmd nc_cmd_quota_set = {
	.path = "quota set",
	.doc = "limit what a project may hold",
	.more = "novacron quota set team-a vcpus=40 memory=128G disk=2T vms=20\n"
		"LIMIT none lifts one; resources that are not named stay as they are.",
	.args = { { .name = "PROJECT", .kind = "project" },
		{ .name = "RESOURCE=LIMIT", .arity = NC_ARG_SOME } },
	.uses = NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};
