/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/governance.h"
#include "model/member.h"
#include "model/netobj.h"
#include "model/storage.h"
#include "model/tenancy.h"
#include "model/vm.h"
#include "model_util.h"

/* PATCH, PUT, pending changes and sub-resources. */

#define ARENA(a) _cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)8 << 20)

typedef struct tried {
	nc_code rc;
	nc_change change;
	nc_faults faults;
} tried;

static tried try(nc_object *obj, const char *text, int is_put)
{
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(text);
	tried t = { 0 };
	nc_faults_init(&t.faults, obj->arena);
	t.rc = is_put ? nc_object_replace(obj, j, &t.faults, &t.change)
		      : nc_object_patch(obj, j, &t.faults, &t.change);
	return t;
}

static tried patch(nc_object *obj, const char *text)
{
	return try(obj, text, 0);
}

static tried put(nc_object *obj, const char *text)
{
	return try(obj, text, 1);
}

/* One that has no guest yet. */
static nc_vm *stopped_vm(nc_arena *a)
{
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm, MU_VM, a));
	vm->lifecycle = NC_VM_STOPPED;
	vm->power = NC_POWER_OFF;
	vm->o.revision = 1;
	return vm;
}

static nc_vm *running_vm(nc_arena *a)
{
	nc_vm *vm = stopped_vm(a);
	vm->host = "hst_01ARZ3NDEKTSV4RRFFQ69G5FAV";
	vm->lifecycle = NC_VM_ACTIVE;
	vm->power = NC_POWER_ON;
	return vm;
}

/* What a GET shows, given back. Also through a decode, as the api has it. */
static void check_no_op(
	const nc_kind *k, nc_code (*change)(nc_object *, const json_t *, nc_faults *, nc_change *))
{
	ARENA(a);
	nc_object *full = mu_full(k, a), *obj;
	nc_error err = NC_ERROR_INIT;
	nc_change ch = { 1, 1, NULL, 0 };
	nc_faults f;
	const char *text = mu_text(full);
	if (!CHECK_OK(nc_object_decode(k, nc_str(text), a, &obj, &err), &err))
		return;
	uint64_t intent = nc_object_intent(obj);
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(text);
	nc_faults_init(&f, a);
	CHECK_CODE(change(obj, j, &f, &ch), NC_OK);
	if (nc_faults_any(&f))
		fprintf(stderr, "%s:\n%s", k->name, mu_faults(&f));
	CHECK_INT(ch.is_changed, 0);
	CHECK_INT(ch.is_deferred, 0);
	CHECK_STR(mu_text(obj), text);
	CHECK(nc_object_intent(obj) == intent);
}

static void get_then_put_unchanged_is_a_no_op_for_every_kind(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++)
		check_no_op(nc_kinds[i], nc_object_replace);
}

static void get_then_patch_with_all_of_it_is_a_no_op_for_every_kind(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++)
		check_no_op(nc_kinds[i], nc_object_patch);
}

static void a_patch_sets_removes_and_keeps(void)
{
	ARENA(a);
	nc_vm *vm = stopped_vm(a);
	tried t = patch(&vm->o,
		"{'description':'front','start_priority':7,'expires_at':'2030-01-01T00:00:00Z'}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_UINT(t.change.n_fields, 3);
	CHECK_STR(vm->o.description, "front");
	CHECK_INT(vm->start_priority, 7);
	CHECK_INT(vm->expires_at_ms, 1893456000000);
	t = patch(&vm->o, "{'description':null,'expires_at':null}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK(vm->o.description == NULL);
	CHECK_INT(vm->expires_at_ms, 0);
	CHECK_INT(vm->start_priority, 7);
	CHECK_INT(vm->vcpus, 2);
	t = patch(&vm->o, "{}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_INT(t.change.is_changed, 0);
}

static void null_goes_back_to_the_default(void)
{
	ARENA(a);
	nc_vm *vm = stopped_vm(a);
	CHECK_CODE(patch(&vm->o, "{'shutdown_timeout_s':5}").rc, NC_OK);
	CHECK_INT(vm->shutdown_timeout_s, 5);
	CHECK_UINT(vm->o.n_defaulted, 0); /* it is the user's choice now */
	CHECK_CODE(patch(&vm->o, "{'shutdown_timeout_s':null}").rc, NC_OK);
	CHECK_INT(vm->shutdown_timeout_s, 120);
}

static void labels_are_merged_key_by_key(void)
{
	ARENA(a);
	nc_vm *vm = stopped_vm(a);
	CHECK_CODE(patch(&vm->o, "{'labels':{'tier':'web','aa':'1','env':null,'nope':null}}").rc,
		NC_OK);
	CHECK_HAS(mu_text(&vm->o), "\"labels\":{\"aa\":\"1\",\"tier\":\"web\"}");
	tried t = patch(&vm->o, "{'labels':{'tier':7,'bad key':'x'}}");
	CHECK_CODE(t.rc, NC_E_INVAL);
	CHECK_HAS(mu_text(&vm->o), "\"labels\":{\"aa\":\"1\",\"tier\":\"web\"}");
	CHECK_CODE(patch(&vm->o, "{'labels':null}").rc, NC_OK);
	CHECK_UINT(vm->o.labels.n, 0);
}

static void sub_objects_are_merged_member_by_member(void)
{
	ARENA(a);
	nc_image *i = NC_AS(
		nc_image, mu_make(&nc_kind_image,
				  "{'name':'a','os':{'family':'linux','distro':'debian'}}", a));
	CHECK_CODE(patch(&i->o, "{'os':{'version':'12','family':null}}").rc, NC_OK);
	CHECK_STR(i->os.distro, "debian");
	CHECK_STR(i->os.version, "12");
	CHECK(i->os.family == NULL);
	tried t = patch(&i->o, "{'os':{'vresion':'12'}}");
	CHECK_STR(mu_faults(&t.faults), "os.vresion: unknown_field\n");
	CHECK_CODE(put(&i->o, "{'name':'a','os':{'family':'bsd'}}").rc, NC_OK);
	CHECK(i->os.distro == NULL);
}

static void a_patch_with_any_fault_changes_nothing(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	const char *before = mu_text(&vm->o);
	tried t = patch(&vm->o,
		"{'description':'x','vcpus':4,'labels':{'a':'b'},'start_priority':5000,'nmae':1,"
		"'status':'stopped','id':'vm_1','image':'other','user_data':7,'name':'B'}");
	CHECK_CODE(t.rc, NC_E_INVAL);
	CHECK_STR(mu_faults(&t.faults),
		"nmae: unknown_field\nstatus: read_only\nid: read_only\nimage: immutable\n"
		"user_data: type\nstart_priority: range\nname: format\n");
	CHECK_HAS(mu_fault(&t.faults, "image")->hint, "rebuild");
	CHECK_STR(mu_text(&vm->o), before);
	CHECK_INT(t.change.is_changed, 0);
}

static void a_read_only_member_with_its_value_is_accepted(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	char text[128];
	mu_text(&vm->o);
	snprintf(text, sizeof(text), "{'id':'%s','status':'running','lifecycle':'active'}",
		vm->o.id);
	CHECK_CODE(patch(&vm->o, text).rc, NC_OK);
	tried t = patch(&vm->o, "{'lifecycle':'stopped'}");
	CHECK_STR(mu_faults(&t.faults), "lifecycle: read_only\n");
	t = patch(&vm->o, "{'power':'off'}");
	CHECK_HAS(t.faults.list[0].hint, "/start or stop");
}

static void another_revision_is_a_change_that_came_too_late(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	tried t = put(&vm->o, "{'name':'web-1','revision':9,'vcpus':2,'memory_mib':2048}");
	CHECK_STR(mu_faults(&t.faults), "revision: changed\n");
	CHECK_STR(t.faults.list[0].message, "it is 1 now");
}

static void a_put_ignores_state_that_moved_meanwhile(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(mu_text(&vm->o));
	vm->lifecycle = NC_VM_STOPPED;
	vm->power = NC_POWER_OFF;
	vm->host = "hst_01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B";
	vm->o.observed_at_ms = 5;
	nc_faults f;
	nc_change ch;
	nc_faults_init(&f, a);
	CHECK_CODE(nc_object_replace(&vm->o, j, &f, &ch), NC_OK);
	CHECK_INT(ch.is_changed, 0);
	CHECK_INT(vm->lifecycle, NC_VM_STOPPED);
}

static void a_put_resets_what_it_leaves_out(void)
{
	ARENA(a);
	nc_vm *vm = stopped_vm(a);
	patch(&vm->o,
		"{'description':'x','start_priority':3,'shutdown_timeout_s':9,'protected':true}");
	vm->user_data = (nc_secret_field){ .is_set = 1, .version = 2, .digest = "d" };
	tried t = put(&vm->o, "{'name':'web-2','vcpus':2,'memory_mib':2048}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_STR(vm->o.name, "web-2");
	CHECK(vm->o.description == NULL);
	CHECK_INT(vm->start_priority, 0);
	CHECK_INT(vm->shutdown_timeout_s, 120);
	CHECK_INT(vm->o.is_protected, 0);
	CHECK_UINT(vm->o.labels.n, 0);
	CHECK_STR(vm->image, "debian-12"); /* immutable: not touched */
	CHECK_UINT(vm->n_disks, 1);
	CHECK_INT(vm->user_data.is_set, 1); /* can't be read back */
	t = put(&vm->o, "{'vcpus':2}");
	CHECK_STR(mu_faults(&t.faults), "name: required\nmemory_mib: required\n");
}

static void arrays_of_sub_resources_name_their_route(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	tried t = patch(&vm->o, "{'disks':[{'size_gib':30}],'nics':[]}");
	CHECK_STR(mu_faults(&t.faults), "disks: subresource\nnics: subresource\n");
	CHECK_STR(mu_fault(&t.faults, "disks")->hint, "use POST /api/v1/vms/{id}/disks and PATCH "
						      "or DELETE /api/v1/vms/{id}/disks/{disk}");
	t = put(&vm->o, "{'name':'web-1','vcpus':2,'memory_mib':2048,'disks':[]}");
	CHECK_STR(mu_faults(&t.faults), "disks: subresource\n");
}

static void a_size_change_of_a_running_vm_waits(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	tried t = patch(&vm->o, "{'vcpus':4}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_INT(t.change.is_changed, 1);
	CHECK_INT(t.change.is_deferred, 1);
	CHECK_INT(vm->vcpus, 2);
	CHECK_HAS(mu_text(&vm->o), "\"pending\":{\"vcpus\":4}");
	t = patch(&vm->o, "{'memory_mib':4096,'vcpus':4}");
	CHECK_UINT(t.change.n_fields, 1);
	CHECK_HAS(mu_text(&vm->o), "\"pending\":{\"vcpus\":4,\"memory_mib\":4096}");
	/* saying what it has takes the change back */
	t = patch(&vm->o, "{'vcpus':2}");
	CHECK_INT(t.change.is_changed, 1);
	CHECK_HAS(mu_text(&vm->o), "\"pending\":{\"memory_mib\":4096}");
	t = patch(&vm->o, "{'vcpus':5000}");
	CHECK_STR(mu_faults(&t.faults), "vcpus: range\n");
	t = patch(&vm->o, "{'vcpus':null}");
	CHECK_CODE(t.rc, NC_E_INVAL);
	t = patch(&vm->o, "{'pending':{}}");
	CHECK_STR(mu_faults(&t.faults), "pending: read_only\n");
}

static void what_waits_takes_effect_when_applied(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	patch(&vm->o, "{'vcpus':4,'memory_mib':8192}");
	nc_faults f;
	nc_change ch = { 0 };
	nc_faults_init(&f, a);
	CHECK_CODE(nc_object_apply_pending(&vm->o, &f, &ch), NC_OK);
	CHECK_INT(vm->vcpus, 4);
	CHECK_INT(vm->memory_mib, 8192);
	CHECK(vm->pending.ptr == NULL);
	CHECK_UINT(ch.n_fields, 2);
	CHECK_CODE(nc_object_apply_pending(&vm->o, &f, &ch), NC_OK);
	CHECK_INT(ch.is_changed, 0);
	nc_object *zone = mu_make(&nc_kind_zone, "{'name':'a'}", a);
	CHECK_CODE(nc_object_apply_pending(zone, &f, &ch), NC_OK);
}

static void a_size_change_of_a_stopped_guest_waits(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	vm->lifecycle = NC_VM_STOPPED;
	vm->power = NC_POWER_OFF;
	tried t = patch(&vm->o, "{'vcpus':4}");
	CHECK_INT(t.change.is_deferred, 1);
	CHECK_INT(vm->vcpus, 2);
}

static void a_vm_without_a_guest_takes_its_size_at_once(void)
{
	ARENA(a);
	nc_vm *vm = stopped_vm(a);
	tried t = patch(&vm->o, "{'vcpus':4}");
	CHECK_INT(t.change.is_deferred, 0);
	CHECK_INT(vm->vcpus, 4);
	CHECK(vm->pending.ptr == NULL);
	/* also what had waited from when it had one */
	vm->pending = nc_str("{\"vcpus\":8}");
	t = patch(&vm->o, "{'vcpus':6}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_INT(vm->vcpus, 6);
	CHECK(vm->pending.ptr == NULL);
}

static void a_put_keeps_what_waits(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	patch(&vm->o, "{'vcpus':4}");
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(mu_text(&vm->o));
	nc_faults f;
	nc_change ch;
	nc_faults_init(&f, a);
	CHECK_CODE(nc_object_replace(&vm->o, j, &f, &ch), NC_OK);
	CHECK_INT(ch.is_changed, 0);
	CHECK_HAS(mu_text(&vm->o), "\"pending\":{\"vcpus\":4}");
}

static void secrets_are_set_kept_and_cleared(void)
{
	ARENA(a);
	nc_vm *vm = stopped_vm(a);
	CHECK_CODE(patch(&vm->o, "{'user_data':'#cloud-config'}").rc, NC_OK);
	CHECK_INT(vm->user_data.is_set, 1);
	CHECK_UINT(vm->user_data.fresh.len, 13);
	CHECK(strstr(mu_text(&vm->o), "cloud-config") == NULL);
	vm->user_data.fresh = (nc_bytes){ NULL, 0 };
	vm->user_data.version = 3;
	vm->user_data.digest = "abc";
	tried t = patch(&vm->o, "{'user_data':{'set':true,'version':3,'digest':'abc'}}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_INT(t.change.is_changed, 0);
	t = patch(&vm->o, "{'user_data':{'set':true,'version':2,'digest':'abc'}}");
	CHECK_STR(mu_faults(&t.faults), "user_data: type\n");
	t = patch(&vm->o, "{'user_data':null}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_INT(vm->user_data.is_set, 0);
	CHECK_INT(vm->user_data.is_cleared, 1);
}

static void disks_are_added_changed_and_taken_away_by_id(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	_cleanup_(nc_json_decrefp) json_t *j = mu_json("{'size_gib':50,'pool':'fast'}");
	_cleanup_(nc_json_decrefp) json_t *bigger = mu_json("{'size_gib':60}");
	_cleanup_(nc_json_decrefp) json_t *other = mu_json("{'pool':'slow','id':'x','foo':1}");
	nc_faults f;
	nc_faults_init(&f, a);
	nc_vm_disk *d = nc_object_sub_add(&vm->o, "disks", j, &f);
	REQUIRE(d != NULL);
	CHECK_UINT(vm->n_disks, 2);
	CHECK_STR(vm->disks[1].pool, "fast");
	CHECK_INT(vm->disks[1].is_deleted_with_vm, 1);
	CHECK(nc_object_sub_find(&vm->o, "disks", d->id) == &vm->disks[1]);
	nc_change ch = { 0 };
	CHECK_CODE(nc_object_sub_patch(&vm->o, "disks", d->id, bigger, &f, &ch), NC_OK);
	CHECK_INT(ch.is_changed, 1);
	CHECK_INT(vm->disks[1].size_gib, 60);
	CHECK_CODE(nc_object_sub_patch(&vm->o, "disks", d->id, bigger, &f, &ch), NC_OK);
	CHECK_INT(ch.is_changed, 0);
	CHECK_CODE(nc_object_sub_patch(&vm->o, "disks", d->id, other, &f, &ch), NC_E_INVAL);
	CHECK_STR(mu_faults(&f), "pool: immutable\nid: read_only\nfoo: unknown_field\n");
	nc_error err = NC_ERROR_INIT;
	const char *first = vm->disks[0].id;
	CHECK_OK(nc_object_sub_remove(&vm->o, "disks", first, &err), &err);
	CHECK_UINT(vm->n_disks, 1);
	CHECK_INT(vm->disks[0].size_gib, 60);
	CHECK_CODE(nc_object_sub_remove(&vm->o, "disks", first, &err), NC_E_NOTFOUND);
	CHECK_CODE(nc_object_sub_remove(&vm->o, "labels", first, &err), NC_E_NOTFOUND);
}

static void a_faulty_element_is_not_added(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	_cleanup_(nc_json_decrefp) json_t *j = mu_json("{'size_gib':0,'sise':1,'id':'disk_x'}");
	_cleanup_(nc_json_decrefp) json_t *empty = mu_json("{}");
	_cleanup_(nc_json_decrefp) json_t *text = mu_json("'x'");
	_cleanup_(nc_json_decrefp) json_t *nic = mu_json("{'mac':'nope'}");
	nc_faults f;
	nc_faults_init(&f, a);
	CHECK(nc_object_sub_add(&vm->o, "disks", j, &f) == NULL);
	CHECK_STR(mu_faults(&f), "sise: unknown_field\nid: read_only\n");
	nc_faults_init(&f, a);
	CHECK(nc_object_sub_add(&vm->o, "disks", empty, &f) == NULL);
	CHECK_STR(mu_faults(&f), "disks[1].size_gib: required\n");
	nc_faults_init(&f, a);
	CHECK(nc_object_sub_add(&vm->o, "disks", text, &f) == NULL);
	nc_faults_init(&f, a);
	CHECK(nc_object_sub_add(&vm->o, "nics", nic, &f) == NULL);
	nc_faults_init(&f, a);
	CHECK(nc_object_sub_add(&vm->o, "labels", nic, &f) == NULL);
	CHECK(nc_object_sub_add(&vm->o, "nothing", nic, &f) == NULL);
	CHECK_UINT(vm->n_disks, 1);
	CHECK_UINT(vm->n_nics, 1);
}

static void lists_have_their_limit_also_element_by_element(void)
{
	ARENA(a);
	nc_vm *vm = running_vm(a);
	_cleanup_(nc_json_decrefp) json_t *j = mu_json("{'network':'n'}");
	nc_faults f;
	nc_faults_init(&f, a);
	while (vm->n_nics < 32 && CHECK(nc_object_sub_add(&vm->o, "nics", j, &f) != NULL))
		;
	CHECK(nc_object_sub_add(&vm->o, "nics", j, &f) == NULL);
	CHECK_STR(mu_faults(&f), "nics: length\n");
	CHECK_UINT(vm->n_nics, 32);
}

static void a_live_list_is_replaced_as_a_whole(void)
{
	ARENA(a);
	nc_quota_obj *q = NC_AS(nc_quota_obj, mu_make(&nc_kind_quota,
						      "{'limits':[{'resource':'vcpus','limit':40},{"
						      "'resource':'vms','limit':10}]}",
						      a));
	tried t = patch(&q->o, "{'limits':[{'resource':'vcpus','limit':50}]}");
	CHECK_CODE(t.rc, NC_OK);
	CHECK_UINT(q->n_limits, 1);
	CHECK_INT(q->limits[0].limit, 50);
	t = patch(&q->o,
		"{'limits':[{'resource':'vcpus','limit':50},{'resource':'vms','limit':-2}]}");
	CHECK_STR(mu_faults(&t.faults), "limits[1].limit: range\n");
	CHECK_UINT(q->n_limits, 1);
}

static void a_patch_survives_every_failed_allocation(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(
		"{'vcpus':4,'description':'x','labels':{'a':'b','env':null},'user_data':'s',"
		"'shutdown_timeout_s':4,'expires_at':'2030-01-01T00:00:00Z'}");
	ARENA(keep);
	const char *text = mu_text(&running_vm(keep)->o);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_object *obj = NULL;
		nc_faults f = { 0 };
		rc = a ? nc_object_decode(&nc_kind_vm, nc_str(text), a, &obj, NULL) : NC_E_NOMEM;
		if (!rc) {
			nc_object before = *obj;
			nc_faults_init(&f, a);
			rc = nc_object_patch(obj, j, &f, NULL);
			CHECK(rc == NC_OK || memcmp(&before, obj, sizeof(before)) == 0);
		}
		nc_arena_free(a);
	}
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_object *obj = NULL;
		nc_faults f = { 0 };
		rc = a ? nc_object_decode(&nc_kind_vm, nc_str(text), a, &obj, NULL) : NC_E_NOMEM;
		if (!rc) {
			_cleanup_(nc_json_decrefp) json_t *disk = json_object();
			nc_faults_init(&f, a);
			rc = disk && !json_object_set_new(disk, "size_gib", json_integer(4))
				     ? NC_OK
				     : NC_E_NOMEM;
			if (!rc && !nc_object_sub_add(obj, "disks", disk, &f))
				rc = f.is_nomem ? NC_E_NOMEM : NC_E_INVAL;
			CHECK_UINT(NC_AS(nc_vm, obj)->n_disks, rc ? 1 : 2);
		}
		nc_arena_free(a);
	}
}

NC_TESTS(model_patch){
	T(get_then_put_unchanged_is_a_no_op_for_every_kind),
	T(get_then_patch_with_all_of_it_is_a_no_op_for_every_kind),
	T(a_patch_sets_removes_and_keeps),
	T(null_goes_back_to_the_default),
	T(labels_are_merged_key_by_key),
	T(sub_objects_are_merged_member_by_member),
	T(a_patch_with_any_fault_changes_nothing),
	T(a_read_only_member_with_its_value_is_accepted),
	T(another_revision_is_a_change_that_came_too_late),
	T(a_put_ignores_state_that_moved_meanwhile),
	T(a_put_resets_what_it_leaves_out),
	T(arrays_of_sub_resources_name_their_route),
	T(a_size_change_of_a_running_vm_waits),
	T(what_waits_takes_effect_when_applied),
	T(a_size_change_of_a_stopped_guest_waits),
	T(a_vm_without_a_guest_takes_its_size_at_once),
	T(a_put_keeps_what_waits),
	T(secrets_are_set_kept_and_cleared),
	T(disks_are_added_changed_and_taken_away_by_id),
	T(a_faulty_element_is_not_added),
	T(lists_have_their_limit_also_element_by_element),
	T(a_live_list_is_replaced_as_a_whole),
	T(a_patch_survives_every_failed_allocation),
};
