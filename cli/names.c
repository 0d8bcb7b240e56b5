/* SPDX-License-Identifier: Apache-2.0 */
/* Ids to names, remembered for the length of the call. */
#include "cli/names.h"

#include <string.h>

#include "base/err.h"
#include "cli/call.h"

typedef struct known {
	const char *id, *name; /* name NULL = has none, or could not be read */
} known;

struct nc_names {
	nc_cli *c;
	known list[NC_NAMES_MAX];
	size_t n;
};

nc_names *nc_names_new(nc_cli *c)
{
	nc_names *n = nc_arena_alloc(c->arena, sizeof(*n));

	if (n)
		n->c = c;
	return n;
}

static const char *ask(nc_names *n, const nc_kind *kind, const char *id)
{
	_cleanup_(nc_call_done) nc_call call;
	nc_error err = NC_ERROR_INIT;
	json_t *problem = n->c->problem;

	nc_call_init(&call, "GET", kind, id, NULL);
	n->c->problem = NULL;
	nc_code rc = nc_call_send(n->c, &call, &err);
	json_decref(n->c->problem);
	n->c->problem = problem;
	const char *name = rc == NC_OK ? nc_json_text(call.json, "name") : "";
	return *name ? nc_arena_strdup(n->c->arena, name) : NULL;
}

const char *nc_names_get(nc_names *n, const char *id)
{
	const nc_kind *kind = nc_kind_of_id(id);

	if (!kind || kind->flags & (NC_KF_LANE | NC_KF_SUB | NC_KF_BINARY | NC_KF_INTERNAL) ||
		kind == &nc_kind_operation)
		return NULL;
	for (size_t i = 0; i < n->n; i++)
		if (!strcmp(n->list[i].id, id))
			return n->list[i].name;
	if (n->n == NC_NAMES_MAX)
		return NULL;
	const char *copy = nc_arena_strdup(n->c->arena, id);
	if (!copy)
		return NULL;
	n->list[n->n] = (known){ copy, ask(n, kind, id) };
	return n->list[n->n++].name;
}
