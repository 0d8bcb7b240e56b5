/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What requests may do to a VM. Creating takes sizing from template and instance type, pins their
 * revisions, chooses the native identity and checks the quota early (the claim checks it again);
 * verbs go through the one transition table and start their operation. Inside a read section.
 */
#include <string.h>

#include "base/err.h"
#include "base/id.h"
#include "flow/actions.h"
#include "flow/vm_devices.h"
#include "model/body.h"
#include "model/guest.h"
#include "model/infra.h"
#include "model/problem.h"
#include "model/tenancy.h"

void nc_vm_uuid(const char *id, uint64_t incarnation, char out[37])
{
	char name[NC_DB_ID_MAX + 24];

	snprintf(name, sizeof(name), "%s/%llu", id, (unsigned long long)incarnation);
	nc_uuid_from("novacron.vm", name, out);
}

/* ---- create ---- */

static nc_code load_ref(const nc_root *r, const nc_kind *kind, const char *id, nc_arena *a,
	nc_object **ret, nc_error *err)
{
	return id ? nc_model_get(r, kind, id, a, ret, err) : NC_OK;
}

/* The network that vm.default_network names, where there is one. */
static nc_code configured_network(nc_act *a, const nc_root *r, const char **ret, nc_error *err)
{
	nc_flow_settings s = nc_flow_get_settings(a->flow);
	const nc_item *it = NULL;

	if (!*s.default_network || nc_model_resolve(r, &nc_kind_network, &a->reach,
					   s.default_network, &it, NULL, NULL) != NC_OK)
		return NC_OK;
	*ret = nc_arena_strdup(a->arena, nc_item_id(it));
	return *ret ? NC_OK : nc_err_nomem(err);
}

/* Sizing, disks and NICs that the request left to template, type and project. */
static nc_code expand(nc_act *a, nc_vm *vm, const nc_root *r, nc_error *err)
{
	nc_arena *arena = vm->o.arena;
	nc_object *tmpl = NULL, *type = NULL, *project = NULL;
	nc_code rc = load_ref(r, &nc_kind_template, vm->template_id, arena, &tmpl, err);

	if (rc != NC_OK)
		return rc;
	const nc_template *t = tmpl ? NC_AS(nc_template, tmpl) : NULL;
	const char *type_id = vm->instance_type ? vm->instance_type : t ? t->instance_type : NULL;
	rc = load_ref(r, &nc_kind_instance_type, type_id, arena, &type, err);
	if (rc == NC_OK)
		rc = load_ref(r, &nc_kind_project, vm->o.project, arena, &project, err);
	if (rc != NC_OK)
		return rc;
	const char *network = project ? NC_AS(nc_project, project)->default_network : NULL;
	if (!network && (rc = configured_network(a, r, &network, err)) != NC_OK)
		return rc;
	const nc_instance_type *it = type ? NC_AS(nc_instance_type, type) : NULL;
	if (it && !vm->provider)
		vm->provider = it->provider;
	nc_vm_expand(vm, t, it, network, &a->faults);
	return nc_faults_any(&a->faults) ? nc_faults_error(&a->faults, err) : NC_OK;
}

/* Of a host that is asked for its provider is known. */
static nc_code check_features(nc_stage *s, const nc_root *r, nc_vm *vm, nc_error *err)
{
	nc_object *host = NULL;
	const char *of = NULL;

	if (!vm->user_data.is_set)
		return NC_OK;
	nc_code rc = load_ref(r, &nc_kind_host, vm->host_wanted, s->a->arena, &host, err);
	if (rc != NC_OK)
		return rc;
	if (host && !vm->provider)
		of = NC_AS(nc_host_obj, host)->provider;
	return nc_providers_need_feature(s->a->flow, r, "user_data", "compute.user_data",
		vm->o.arena, of ? &of : &vm->provider, err);
}

static nc_code create(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	char uuid[37];
	nc_place_req req;
	nc_code rc = expand(s->a, vm, r, err);

	if (rc != NC_OK)
		return rc;
	vm->incarnation = 1;
	nc_vm_uuid(vm->o.id, vm->incarnation, uuid);
	vm->uuid = nc_arena_strdup(vm->o.arena, uuid);
	vm->lifecycle = NC_VM_BUILDING;
	vm->task = NC_VM_SCHEDULING;
	vm->generation = 1;
	if (!vm->shutdown_timeout_s)
		vm->shutdown_timeout_s = nc_flow_get_settings(s->a->flow).shutdown_timeout_s;
	rc = nc_vm_take_devices(s, r, vm, 0, 0, err);
	if (rc == NC_OK)
		rc = check_features(s, r, vm, err);
	if (rc != NC_OK)
		return rc;
	nc_vm_place_req(vm, &req);
	rc = nc_sched_check_quota(s->a->flow->sched, r, vm->o.project, req.want, err);
	if (rc == NC_OK)
		rc = nc_vm_try_place(s, r, vm, &req, err);
	if (rc == NC_OK)
		rc = nc_stage_operation(s, "vm.create", NULL, err);
	if (rc != NC_OK)
		return rc;
	vm->operation = s->op->o.id;
	s->event = "vm.create_requested";
	return NC_OK;
}

/* ---- verbs ---- */

static nc_code begin(nc_stage *s, nc_vm_verb verb, const json_t *body, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	const char *kind = nc_arena_printf(s->a->arena, "vm.%s", nc_vm_verb_words[verb]);
	nc_vm_move move;
	nc_code rc = kind ? nc_stage_operation(s, kind, body, err) : nc_err_nomem(err);

	if (rc != NC_OK)
		return rc;
	rc = nc_vm_begin(vm, verb, s->op->o.id, &move, err);
	if (rc != NC_OK)
		return rc;
	if (move.verdict == NC_VM_HOLDS) {
		s->is_unchanged = !move.is_changed;
		s->op = NULL;
	}
	return NC_OK;
}

/* How a delete of something busy with being created ends: cancel that first. */
static nc_code remove_vm(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	int is_purge = how == NC_DELETE_PURGE;

	(void)r;
	s->event = NULL;
	/* Said twice, by two or by one who got no answer, it is still a delete that can be taken back. */
	if (!is_purge && vm->lifecycle == NC_VM_DELETED) {
		s->is_unchanged = 1;
		return NC_OK;
	}
	nc_code rc = begin(s, is_purge ? NC_VM_PURGE : NC_VM_DELETE, NULL, err);
	if (rc == NC_E_BUSY && vm->operation)
		return nc_err_hint(err, rc,
			"wait for it, or: novacron operation cancel %s, then delete again",
			vm->operation);
	return rc;
}

nc_code nc_vm_act_power(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const with_mode[] = { "mode", "timeout_s", NULL };
	static const char *const plain[] = { NULL };
	int has_mode = !strcmp(self->name, "stop") || !strcmp(self->name, "restart");
	const char *mode = NULL;
	int64_t timeout = 0;
	nc_vm_verb verb;

	(void)r;
	nc_assert(nc_vm_verb_parse(self->name, &verb) == 0);
	if (!body)
		return begin(s, verb, NULL, err);
	nc_code rc = nc_json_only_keys(body, NULL, has_mode ? with_mode : plain, err);
	if (rc == NC_OK)
		rc = nc_json_get_str(body, NULL, "mode", NC_OPTIONAL, 16, &mode, err);
	if (rc == NC_OK)
		rc = nc_json_get_i64(body, NULL, "timeout_s", NC_OPTIONAL, 0, 86400, &timeout, err);
	if (rc == NC_OK && mode && strcmp(mode, "graceful") && strcmp(mode, "force"))
		rc = nc_err(err, NC_E_INVAL, "mode: \"%.16s\" is not graceful or force", mode);
	return rc == NC_OK ? begin(s, verb, body, err) : rc;
}

nc_code nc_vm_act_resize(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const keys[] = { "vcpus", "memory_mib", NULL };
	nc_vm *vm = NC_AS(nc_vm, s->object);
	int64_t vcpus = vm->vcpus, memory = vm->memory_mib;

	(void)self;
	if (!json_object_size(body))
		return nc_err(err, NC_E_INVAL, "resize needs vcpus, memory_mib or both");
	nc_code rc = nc_json_only_keys(body, NULL, keys, err);
	if (rc == NC_OK)
		rc = nc_vm_read_size(body, &vcpus, &memory, err);
	if (rc != NC_OK)
		return rc;
	if (vcpus == vm->vcpus && memory == vm->memory_mib) {
		s->is_unchanged = 1;
		return NC_OK;
	}
	rc = begin(s, NC_VM_RESIZE, body, err);
	return rc == NC_OK ? nc_vm_try_resize(s, r, vcpus, memory, err) : rc;
}

/* Deleted after its creation had failed: there is nothing that could be started. */
static nc_code restore_unmade(nc_stage *s, nc_vm *vm, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;

	nc_err(&why, NC_E_UNAVAILABLE, "it was never made: its creation had failed");
	nc_err_hint(&why, NC_E_UNAVAILABLE, "delete it with --purge and create it anew");
	nc_vm_reset_state(vm, NC_VM_ERROR);
	vm->error = nc_op_error_of(s->a->arena, &why);
	return vm->error ? NC_OK : nc_err_nomem(err);
}

/* Out of soft delete: stopped, under its old name or a new one. */
nc_code nc_vm_act_restore(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const keys[] = { "name", NULL };
	nc_vm *vm = NC_AS(nc_vm, s->object);
	const char *name = NULL;
	nc_code rc = body ? nc_json_only_keys(body, NULL, keys, err) : NC_OK;

	(void)self;
	(void)r;
	if (rc == NC_OK && body)
		rc = nc_json_get_str(body, NULL, "name", NC_OPTIONAL, 63, &name, err);
	if (rc != NC_OK)
		return rc;
	if (vm->lifecycle != NC_VM_DELETED) {
		s->is_unchanged = 1;
		return NC_OK;
	}
	if (vm->operation)
		return nc_problem_err(
			err, "busy", "vm %s is being purged: %s", vm->o.name, vm->operation);
	rc = nc_object_restore(s->object, name ? nc_arena_strdup(s->a->arena, name) : NULL, err);
	if (rc != NC_OK)
		return rc;
	vm->desired_state = NC_VM_WANT_STOPPED;
	s->event = "vm.restored";
	if (!vm->native_id)
		return restore_unmade(s, vm, err);
	nc_vm_reset_state(vm, NC_VM_STOPPED);
	return NC_OK;
}

/* An operator says what it is, after having looked. */
nc_code nc_vm_act_reset_state(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const keys[] = { "lifecycle", "host", NULL };
	nc_vm *vm = NC_AS(nc_vm, s->object);
	const char *word = NULL, *host = NULL;
	nc_code rc = nc_json_only_keys(body, NULL, keys, err);

	(void)self;
	if (rc == NC_OK)
		rc = nc_json_get_str(body, NULL, "lifecycle", NC_REQUIRED, 16, &word, err);
	if (rc == NC_OK)
		rc = nc_json_get_str(body, NULL, "host", NC_OPTIONAL, 63, &host, err);
	if (rc != NC_OK)
		return rc;
	if (vm->operation)
		return nc_problem_err(
			err, "busy", "vm %s has operation %s under way", vm->o.name, vm->operation);
	if ((rc = nc_vm_say_host(s, r, host, err)) != NC_OK)
		return rc;
	for (int i = 0; i < NC_VM_LIFECYCLE_COUNT; i++)
		if (!strcmp(word, nc_vm_lifecycle_words[i]) && i != NC_VM_DELETED &&
			i != NC_VM_BUILDING) {
			nc_vm_reset_state(vm, (nc_vm_lifecycle)i);
			vm->is_locked = 0;
			vm->locked_reason = NULL;
			s->event = "vm.state_reset";
			return NC_OK;
		}
	return nc_err(err, NC_E_INVAL, "lifecycle: \"%s\" can't be set", word);
}

/* What was asked before has been done, or waited and is taken back: then a change that waits for
 * nothing is done with its record, and derive() says so. */
static int is_in_step(const nc_vm *vm, const nc_root *r)
{
	const nc_item *it = nc_root_get(r, NC_KIND_VM, nc_str(vm->o.id));

	return vm->observed_generation == vm->generation ||
	       (it && nc_body_member(nc_item_body(it), "pending").len > 2);
}

/* What no driver would hear of is refused. */
static nc_code changed(nc_stage *s, const nc_root *r, const nc_change *change, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);

	vm->is_as_asked = is_in_step(vm, r);
	for (size_t i = 0; i < change->n_fields; i++) {
		if (strcmp(change->fields[i], "user_data") != 0)
			continue;
		nc_problem_err(
			err, "unsupported", "user_data of a guest that is there can't be patched");
		return nc_err_hint(err, NC_E_UNSUPPORTED,
			"it is read when the guest is made: make the VM anew");
	}
	return NC_OK;
}

const nc_special nc_vm_special = { .kind = &nc_kind_vm,
	.create = create,
	.changed = changed,
	.remove = remove_vm,
	.sub = nc_vm_sub,
	.keeps_users = 1 };
