/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers as requests see them: creating one opens it (an operation), deleting one closes it and
 * forgets its hosts. A plugin that isn't there, or a configuration its schema refuses, is told at
 * once and leaves nothing.
 */
#include <string.h>

#include "base/err.h"
#include "flow/acts.h"
#include "flow/provider_secrets.h"
#include "model/body.h"
#include "model/problem.h"

/* What the plugin's own schema says of the configuration, as faults of the request. */
static nc_code check_config(nc_stage *s, const char *plugin, nc_bytes config, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf list;
	_cleanup_(nc_json_decrefp) json_t *faults = NULL;
	nc_faults *f = &s->a->faults;
	size_t i;
	json_t *fault;

	nc_buf_init(&list, 256u << 10);
	nc_code rc = nc_plugins_validate(s->a->flow->plugins, plugin, config, &list, err);
	if (rc == NC_OK)
		rc = nc_json_parse(nc_buf_bytes(&list), list.limit, &faults, err);
	if (rc != NC_OK)
		return rc;
	json_array_foreach(faults, i, fault)
	{
		const char *field = json_string_value(json_object_get(fault, "field"));
		const char *problem = json_string_value(json_object_get(fault, "problem"));
		const char *expected = json_string_value(json_object_get(fault, "expected"));
		nc_fault_add(f, nc_arena_printf(s->a->arena, "config.%s", field ? field : ""),
			"invalid", "%s", problem ? problem : "is not right");
		if (expected)
			nc_fault_hint(f, "%s", expected);
	}
	return nc_faults_any(f) ? nc_faults_error(f, err) : NC_OK;
}

/* Checked in the clear, then its secrets are put away: nothing after this has seen them. */
static nc_code take_config(nc_stage *s, const nc_root *r, int *ret_is_same, nc_error *err)
{
	_cleanup_(nc_provider_config_done) nc_provider_config c = { .schema = NULL };
	const nc_provider *p = NC_AS(nc_provider, s->object);
	nc_code rc = nc_provider_config_read(s, r, &c, err);

	if (rc == NC_OK)
		rc = check_config(s, p->plugin, nc_secret_get(c.plain), err);
	return rc == NC_OK ? nc_provider_config_seal(s, &c, ret_is_same, err) : rc;
}

static nc_code create(nc_stage *s, const nc_root *r, nc_error *err)
{
	int is_same = 0;
	nc_code rc = take_config(s, r, &is_same, err);

	if (rc != NC_OK)
		return rc;
	s->object->status = "pending";
	return nc_stage_operation(s, "provider.create", NULL, err);
}

static int is_changed(const nc_change *change, const char *field)
{
	for (size_t i = 0; i < change->n_fields; i++)
		if (!strcmp(change->fields[i], field))
			return 1;
	return 0;
}

/* What the instance was made of is brought to it by an operation, which tells how. */
static nc_code changed(nc_stage *s, const nc_root *r, const nc_change *change, nc_error *err)
{
	int has_config = is_changed(change, "config"), is_same = 0;
	int has_limits =
		is_changed(change, "max_concurrency") || is_changed(change, "max_per_target");

	if (!has_config && !has_limits)
		return NC_OK;
	nc_code rc = take_config(s, r, &is_same, err);
	if (rc != NC_OK)
		return rc;
	/* The secrets that were given are those that are there. */
	s->is_unchanged = has_config && is_same && change->n_fields == 1;
	if (is_same && !has_limits)
		return NC_OK;
	return nc_stage_operation(s, "provider.update", NULL, err);
}

static void note_users(nc_act *a, const nc_root *r, const nc_kind *kind, const nc_object *o)
{
	nc_bytes key;
	nc_walk w;

	nc_walk_init(&w, r, kind->number, NC_IX_REF, nc_str(o->id), (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, nc_str(o->id));) {
		if (a->n_used_by++ >= NC_LEN(a->used_by))
			continue;
		nc_used_by *u = &a->used_by[a->n_used_by - 1];
		u->kind = kind;
		snprintf(u->id, sizeof(u->id), "%s", nc_item_id(it));
		nc_bytes name = nc_body_member(nc_item_body(it), "name");
		if (name.len > 2)
			snprintf(u->name, sizeof(u->name), "%.*s", (int)(name.len - 2),
				(const char *)name.ptr + 1);
	}
}

/* Its hosts and pools go with it; what was made there keeps it. */
static nc_code check_unused(nc_act *a, const nc_root *r, const nc_object *o, nc_error *err)
{
	static const struct {
		const nc_kind *kind;
		const char *hint;
	} users[] = {
		{ &nc_kind_vm, "purge them first: novacron vm delete NAME --purge" },
		{ &nc_kind_volume, "delete them first: novacron volume delete NAME" },
		{ &nc_kind_network, "delete them first: novacron network delete NAME" },
	};

	a->n_used_by = 0;
	for (size_t i = 0; i < NC_LEN(users); i++) {
		note_users(a, r, users[i].kind, o);
		if (!a->n_used_by)
			continue;
		nc_problem_err(err, "in_use", "provider %s still has %llu %s", o->name,
			(unsigned long long)a->n_used_by, users[i].kind->plural);
		return nc_err_hint(err, NC_E_CONFLICT, "%s", users[i].hint);
	}
	return NC_OK;
}

static nc_code remove_provider(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err)
{
	nc_code rc = check_unused(s->a, r, s->object, err);

	(void)how;
	if (rc != NC_OK)
		return rc;
	s->event = NULL;
	return nc_stage_operation(s, "provider.delete", NULL, err);
}

const nc_special nc_provider_special = { .kind = &nc_kind_provider,
	.create = create,
	.changed = changed,
	.remove = remove_provider,
	.keeps_users = 1 };
