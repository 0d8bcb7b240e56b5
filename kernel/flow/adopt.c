/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orphan adopt: a guest that carries our tag and has no object gets one, under the very id that the
 * tag names, so that nothing has to be written to the guest. One record takes it off the list, makes
 * the VM and claims what it holds. It runs there already: where host or quota have no room for it,
 * that is said in its conditions, not refused. Inside a read section; no driver is asked, the next
 * look tells what has moved since it was listed.
 */
#include <string.h>

#include "base/err.h"
#include "base/id.h"
#include "flow/actions.h"
#include "flow/acts.h"
#include "flow/orphan.h"
#include "model/problem.h"
#include "model/records.h"

/* What the driver reported when it was listed. */
static nc_code load_found(const nc_orphan *o, json_t **ret, nc_error *err)
{
	if (!o->found.len) {
		nc_problem_err(
			err, "unavailable", "orphan %s was listed without its size", o->o.id);
		return nc_err_hint(
			err, NC_E_UNAVAILABLE, "it is looked at again within a minute; try again");
	}
	return nc_json_parse(o->found, 64u << 10, ret, err);
}

static nc_code check_orphan(const nc_root *r, const nc_orphan *o, nc_error *err)
{
	size_t prefix = 0;

	if (strcmp(o->o.status, "listed"))
		return nc_problem_err(err, "busy", "orphan %s is being deleted", o->o.id);
	if (!nc_id_is(o->tag_object, &prefix) || nc_kind_of_id(o->tag_object) != &nc_kind_vm)
		return nc_problem_err(err, "conflict", "orphan %s is of %s, which is no vm",
			o->o.id, o->tag_object);
	if (nc_root_get(r, NC_KIND_VM, nc_str(o->tag_object)))
		return nc_problem_err(err, "exists", "vm %s is there again", o->tag_object);
	if (o->host && nc_root_get(r, NC_KIND_HOST, nc_str(o->host)))
		return NC_OK;
	nc_problem_err(err, "conflict", "the host of orphan %s is not known", o->o.id);
	return nc_err_hint(err, NC_E_CONFLICT, "novacron host list: has its provider found it?");
}

/* The name that was asked for, else the one it has outside. */
static const char *name_of(const nc_orphan *o, const char *asked)
{
	const char *native = o->native_name ? o->native_name : "";

	if (asked)
		return asked;
	return nc_name_why_not(native, strlen(native)) ? NULL : native;
}

static nc_object *parse_vm(
	nc_act *a, const nc_orphan *o, const json_t *found, const char *name, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *in = json_object();
	int is_bad = !in || json_object_set_new(in, "name", json_string(name)) ||
		     json_object_set(in, "vcpus", json_object_get(found, "vcpus")) ||
		     json_object_set(in, "memory_mib", json_object_get(found, "memory_mib")) ||
		     json_object_set_new(in, "host", json_string(o->host));

	if (is_bad) {
		nc_err_nomem(err);
		return NULL;
	}
	nc_object *vm = nc_object_parse(&nc_kind_vm, in, a->arena, &a->faults);
	if (!vm && nc_faults_error(&a->faults, err) == NC_OK)
		nc_err_nomem(err);
	return vm;
}

/* As if we had made it. */
static nc_code fill_vm(nc_act *a, nc_vm *vm, const nc_orphan *o, const json_t *found, nc_error *err)
{
	const char *uuid = json_string_value(json_object_get(found, "uuid"));
	char own[37];

	vm->o.id = o->tag_object;
	vm->o.project = a->reach.project;
	vm->incarnation = 1;
	nc_vm_uuid(vm->o.id, vm->incarnation, own);
	vm->uuid = nc_arena_strdup(a->arena, uuid && *uuid ? uuid : own);
	vm->native_id = o->native_id;
	vm->provider = o->provider;
	vm->host = o->host;
	if (!vm->shutdown_timeout_s)
		vm->shutdown_timeout_s = nc_flow_get_settings(a->flow).shutdown_timeout_s;
	nc_vm_built(vm, nc_vmres_power(found));
	vm->desired_state = vm->power == NC_POWER_OFF ? NC_VM_WANT_STOPPED : NC_VM_WANT_RUNNING;
	return vm->uuid ? NC_OK : nc_err_nomem(err);
}

/* It is among the foreign guests of its host as long as it is listed, so use has it already. */
static nc_code name_overcommit(nc_act *a, nc_vm *vm, nc_error *err)
{
	static const char *const words[] = { "vcpus", "memory_mib", "disk_gib" };
	int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];
	nc_code rc = nc_sched_host_usage(a->flow->sched, vm->host, total, used, err);

	for (int i = 0; rc == NC_OK && i < NC_RES_COUNT; i++)
		if (used[i] > total[i])
			rc = nc_object_condition(&vm->o, "HostOvercommitted", "true", "Adopted",
				nc_arena_printf(a->arena, "host: %lld of %lld %s are taken",
					(long long)used[i], (long long)total[i], words[i]));
	return rc;
}

static nc_code name_quota(
	nc_act *a, const nc_root *r, nc_vm *vm, const int64_t *want, nc_error *err)
{
	nc_error short_by = NC_ERROR_INIT;

	if (nc_sched_check_quota(a->flow->sched, r, vm->o.project, want, &short_by) == NC_OK)
		return NC_OK;
	return nc_object_condition(&vm->o, "QuotaExceeded", "true", "Adopted",
		       nc_arena_strdup(a->arena, short_by.message)) == NC_OK
		       ? NC_OK
		       : nc_err_nomem(err);
}

static nc_code claim(nc_stage *s, const nc_root *r, nc_vm *vm, nc_error *err)
{
	nc_act *a = s->a;
	nc_placement p = { .n_alternates = 0 };
	nc_place_req req;

	nc_vm_place_req(vm, &req);
	req.is_there = 1;
	snprintf(p.host, sizeof(p.host), "%s", vm->host);
	nc_code rc = name_overcommit(a, vm, err);
	if (rc == NC_OK)
		rc = name_quota(a, r, vm, req.want, err);
	return rc == NC_OK ? nc_sched_claim(a->flow->sched, s->txn, r, &req, &p, err) : rc;
}

static nc_code read_name(const json_t *body, const char **ret, nc_error *err)
{
	static const char *const keys[] = { "name", NULL };

	if (!body)
		return NC_OK;
	nc_code rc = nc_json_only_keys(body, NULL, keys, err);
	return rc == NC_OK ? nc_json_get_str(body, NULL, "name", NC_OPTIONAL, 63, ret, err) : rc;
}

static nc_code no_project(nc_error *err)
{
	nc_problem_err(err, "invalid", "a vm belongs to a project and none is named");
	return nc_err_hint(err, NC_E_INVAL, "add ?project=NAME");
}

nc_code nc_orphan_act_adopt(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *found = NULL;
	const nc_orphan *o = NC_AS(nc_orphan, s->object);
	const char *asked = NULL;
	nc_code rc = read_name(body, &asked, err);

	(void)self;
	if (rc == NC_OK)
		rc = check_orphan(r, o, err);
	if (rc == NC_OK)
		rc = load_found(o, &found, err);
	if (rc != NC_OK)
		return rc;
	if (!s->a->reach.project)
		return no_project(err);
	if ((rc = nc_project_check_enabled(r, s->a->reach.project, err)) != NC_OK)
		return rc;
	const char *name = name_of(o, asked);
	if (!name)
		return nc_err(err, NC_E_INVAL,
			"orphan %s is called \"%.64s\" outside, which is no name here: give one",
			o->o.id, o->native_name ? o->native_name : "");
	nc_object *vm = parse_vm(s->a, o, found, name, err);
	if (!vm)
		return err->code;
	rc = fill_vm(s->a, NC_AS(nc_vm, vm), o, found, err);
	if (rc == NC_OK)
		rc = claim(s, r, NC_AS(nc_vm, vm), err);
	if (rc != NC_OK)
		return rc;
	nc_model_delete(s->txn, s->object);
	s->object = vm;
	s->event = "vm.adopted";
	return NC_OK;
}

nc_code nc_provider_act_adopt(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	(void)r;
	(void)self;
	(void)body;
	nc_problem_err(err, "unsupported",
		"provider %s: a guest without this installation's tag can't be adopted yet",
		s->object->name);
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		"no driver can put a tag onto a guest that is there; novacron orphan list shows "
		"those that have one");
}
