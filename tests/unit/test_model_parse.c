/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "model/guest.h"
#include "model/identity.h"
#include "model/netobj.h"
#include "model/vm.h"
#include "model_util.h"

/* Create requests: what they become, and everything that can be wrong with them. */

#define ARENA(a) _cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)8 << 20)

static void a_vm_is_read_into_its_struct(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm, MU_VM, a));
	REQUIRE(vm != NULL);
	CHECK_STR(vm->o.name, "web-1");
	CHECK(nc_kind_of_id(vm->o.id) == &nc_kind_vm);
	CHECK_INT(vm->vcpus, 2);
	CHECK_INT(vm->memory_mib, 2048);
	CHECK_STR(vm->image, "debian-12");
	CHECK_UINT(vm->n_disks, 1);
	CHECK_INT(vm->disks[0].size_gib, 20);
	CHECK_STR(vm->disks[0].image, "debian-12");
	CHECK_INT(vm->disks[0].is_deleted_with_vm, 1);
	CHECK(nc_id_is(vm->disks[0].id, NULL));
	CHECK_UINT(vm->n_nics, 1);
	CHECK_STR(vm->nics[0].network, "blue");
	CHECK_STR(nc_object_get_label(&vm->o, "env"), "prod");
	CHECK_INT(vm->desired_state, NC_VM_WANT_RUNNING);
	CHECK_INT(vm->run_policy, NC_RUN_MANUAL);
	CHECK_INT(vm->shutdown_timeout_s, 120);
	CHECK_INT(vm->lifecycle, NC_VM_BUILDING);
	CHECK_STR(vm->o.status, "creating");
	CHECK(vm->o.created_at_ms > 0);
	CHECK_UINT(vm->o.n_defaulted, 1);
	CHECK_STR(vm->o.defaulted[0], "shutdown_timeout_s");
}

static void every_fault_is_found_at_once_with_its_path(void)
{
	ARENA(a);
	nc_faults f;
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'Web_1','vcpus':'2','memory_mib':8,'nmae':'x','status':'running',"
		      "'run_policy':'allways','labels':{'a b':'x','ok':3},"
		      "'disks':[{'size_gib':20},{'size_gib':-1,'pol':'x'},{'id':'disk_1'},{}],"
		      "'nics':[{'mac':'zz','address':'10.0.0.300'}],'expires_at':'tomorrow',"
		      "'provider_data':[1],'user_data':{'set':true},'host':'net_"
		      "01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B'}",
		      a, &f) == NULL);
	CHECK_STR(mu_faults(&f),
		"name: format\nvcpus: type\nmemory_mib: range\nnmae: unknown_field\n"
		"status: read_only\nrun_policy: choice\nlabels.ok: type\nlabels.a b: "
		"format\ndisks[1].pol: "
		"unknown_field\n"
		"disks[2].id: read_only\ndisks[1].size_gib: range\nexpires_at: "
		"format\nprovider_data: type\nuser_data: type\n"
		"host: format\ndisks[2].size_gib: required\ndisks[3].size_gib: "
		"required\nnics[0].mac: format\nnics[0].address: format\n");
	CHECK_STR(mu_fault(&f, "nmae")->hint, "did you mean \"name\"?");
	CHECK_STR(mu_fault(&f, "disks[1].pol")->hint, "did you mean \"pool\"?");
	CHECK_HAS(mu_fault(&f, "run_policy")->hint, "did you mean \"always\"?");
	CHECK_STR(mu_fault(&f, "vcpus")->message, "must be a whole number, not a string");
	CHECK_STR(mu_fault(&f, "memory_mib")->message, "must be at least 16 MiB");
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_faults_error(&f, &err), NC_E_INVAL);
	CHECK_STR(err.message,
		"name: may have lower-case letters, digits, '.' and '-' only (and 18 more)");
	CHECK(err.flags & NC_ERR_USER_FAULT);
}

static void what_only_the_rules_across_fields_see_is_found_too(void)
{
	ARENA(a);
	nc_faults f;
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'a','disks':[{'volume':'v','image':'i','pool':'p'},{},"
		      "{'size_gib':2000000}],'nics':[{'mac':'52:54:00:00:00:01'},"
		      "{'mac':'52:54:00:00:00:01'}]}",
		      a, &f) == NULL);
	CHECK_STR(mu_faults(&f), "disks[2].size_gib: range\n"
				 "nics[1].mac: duplicate\n"
				 "vcpus: required\n"
				 "memory_mib: required\n"
				 "disks[0].image: conflict\n"
				 "disks[0].pool: conflict\n"
				 "disks[1].size_gib: required\n");
}

static void faults_are_bounded_and_counted(void)
{
	ARENA(a);
	char text[4096] = "{'name':'a','vcpus':1,'memory_mib':64";
	nc_faults f;
	for (int i = 0; i < 50; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ",'x%d':1", i);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
	CHECK(mu_parse(&nc_kind_vm, text, a, &f) == NULL);
	CHECK_UINT(f.n, NC_FAULTS_MAX);
	CHECK_UINT(f.dropped, 50 - NC_FAULTS_MAX);
	nc_error err = NC_ERROR_INIT;
	nc_faults_error(&f, &err);
	CHECK_HAS(err.message, "(and 49 more)");
}

static void faults_never_quote_a_value(void)
{
	ARENA(a);
	nc_faults f;
	CHECK(mu_parse(&nc_kind_user, "{'name':'hunter2secret!','email':'hunter2','password':7}", a,
		      &f) == NULL);
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 16);
	nc_jw w;
	nc_jw_init(&w, &b);
	nc_faults_render(&f, &w);
	nc_jw_done(&w);
	CHECK(strstr(b.ptr, "hunter2") == NULL);
	CHECK_HAS(b.ptr, "\"field\":\"password\",\"code\":\"type\"");
}

static void a_request_that_is_not_an_object_is_refused(void)
{
	static const char *const texts[] = { "[]", "7", "'x'", "null", "true" };
	for (size_t i = 0; i < NC_LEN(texts); i++) {
		ARENA(a);
		nc_faults f;
		CHECK(mu_parse(&nc_kind_vm, texts[i], a, &f) == NULL);
		CHECK_STR(mu_faults(&f), ": type\n");
	}
}

static void gigabytes_are_another_way_to_say_sizes(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm,
					 "{'name':'production-web-01','template':'ubuntu-22.04',"
					 "'resources':{'cpu':4,'memory_gb':16,'storage_gb':100}}",
					 a));
	REQUIRE(vm != NULL);
	CHECK_INT(vm->vcpus, 4);
	CHECK_INT(vm->memory_mib, 16384);
	CHECK_UINT(vm->n_disks, 1);
	CHECK_INT(vm->disks[0].size_gib, 100);
	CHECK(strstr(mu_text(&vm->o), "resources") == NULL);
	vm = NC_AS(
		nc_vm, mu_make(&nc_kind_vm,
			       "{'name':'a','resources':{'cpu':1,'memory_gb':0.5,'storage_gb':7.2},"
			       "'disks':[{'image':'x'},{'size_gib':3}]}",
			       a));
	REQUIRE(vm != NULL);
	CHECK_INT(vm->memory_mib, 512);
	CHECK_INT(vm->disks[0].size_gib, 8);
	CHECK_INT(vm->disks[1].size_gib, 3);
}

static void an_alias_that_contradicts_is_a_fault(void)
{
	ARENA(a);
	nc_faults f;
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'a','vcpus':2,'memory_mib':1024,'disks':[{'size_gib':4}],"
		      "'resources':{'cpu':3,'memory_gb':1,'storage_gb':5,'gpu':1}}",
		      a, &f) == NULL);
	CHECK_STR(mu_faults(&f), "resources.gpu: unknown_field\n"
				 "resources.cpu: conflict\n"
				 "resources.storage_gb: conflict\n");
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'a','vcpus':2,'memory_mib':1024,'disks':[{'size_gib':4}],"
		      "'resources':{'cpu':3,'memory_gb':1,'storage_gb':5}}",
		      a, &f) == NULL);
	CHECK_STR(mu_faults(&f), "resources.cpu: conflict\nresources.storage_gb: conflict\n");
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'a','resources':{'cpu':1.5,'memory_gb':-1,'storage_gb':1e300}}", a,
		      &f) == NULL);
	CHECK(mu_fault(&f, "resources.cpu") != NULL);
}

static void booting_from_a_volume_attaches_it_first_and_keeps_it(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(
		nc_vm, mu_make(&nc_kind_vm,
			       "{'name':'a','vcpus':1,'memory_mib':64,'volume':'root-disk'}", a));
	REQUIRE(vm != NULL);
	CHECK_UINT(vm->n_disks, 1);
	CHECK_STR(vm->disks[0].volume, "root-disk");
	CHECK_INT(vm->disks[0].is_deleted_with_vm, 0);
	nc_faults f;
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'a','vcpus':1,'memory_mib':64,'volume':'v','image':'i'}", a,
		      &f) == NULL);
	CHECK(mu_fault(&f, "volume") != NULL);
}

static void the_host_of_a_create_is_a_wish(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm,
					 "{'name':'a','vcpus':1,'memory_mib':64,'host':'h1','"
					 "desired_state':'stopped'}",
					 a));
	REQUIRE(vm != NULL);
	CHECK_STR(vm->host_wanted, "h1");
	CHECK(vm->host == NULL);
	CHECK_INT(vm->desired_state, NC_VM_WANT_STOPPED);
	nc_faults f;
	CHECK(mu_parse(&nc_kind_vm,
		      "{'name':'a','vcpus':1,'memory_mib':64,'desired_state':'deleted'}", a,
		      &f) == NULL);
	CHECK_STR(mu_faults(&f), "desired_state: choice\n");
}

static void names_follow_the_rules(void)
{
	static const char *const good[] = { "a", "0", "web-1", "a.b-c", "x--", "1.2.3.4",
		"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0" };
	static const char *const bad[] = { "", "-a", ".a", "A", "a_b", "a b", "a/b", "\xc3\xa4",
		"vm_01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B", "a\n",
		"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01" };
	for (size_t i = 0; i < NC_LEN(good); i++)
		CHECK_STR(nc_name_why_not(good[i], strlen(good[i])), NULL);
	for (size_t i = 0; i < NC_LEN(bad); i++)
		CHECK(nc_name_why_not(bad[i], strlen(bad[i])) != NULL);
	CHECK_HAS(nc_name_why_not("vm_01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B", 29), "id");
}

static void a_reference_of_the_wrong_kind_is_named(void)
{
	ARENA(a);
	char net[NC_ID_MAX], text[256];
	nc_faults f;
	nc_id_make("net", net);
	snprintf(text, sizeof(text), "{'name':'a','vcpus':1,'memory_mib':64,'zone':'%s'}", net);
	CHECK(mu_parse(&nc_kind_vm, text, a, &f) == NULL);
	CHECK_STR(mu_fault(&f, "zone")->message, "is the id of a network, not of a zone");
}

static void each_kind_checks_its_own_rules(void)
{
	static const struct {
		const nc_kind *k;
		const char *text, *faults;
	} cases[] = {
		{ &nc_kind_user, "{'name':'a','email':'nobody'}", "email: format\n" },
		{ &nc_kind_role_binding, "{'role':'r'}", "user: conflict\n" },
		{ &nc_kind_role_binding, "{'role':'r','user':'a','group':'b'}",
			"user: conflict\n" },
		{ &nc_kind_ssh_key, "{'name':'a','public_key':'hello'}", "public_key: format\n" },
		{ &nc_kind_ssh_key, "{'name':'a'}", "public_key: required\n" },
		{ &nc_kind_host, "{'name':'a','provider':'p','vcpu_ratio':-1}",
			"vcpu_ratio: range\n" },
		{ &nc_kind_physical_network, "{'name':'a','vlan_min':5,'vlan_max':4}",
			"vlan_max: range\n" },
		{ &nc_kind_image, "{'name':'a','checksum':'md5:1','url':'ftp://x'}",
			"checksum: format\nurl: format\n" },
		{ &nc_kind_volume, "{'name':'a'}", "size_gib: required\n" },
		{ &nc_kind_snapshot, "{'name':'a','vm':'v','volume':'w','quiesce':'no'}",
			"vm: conflict\nquiesce: choice\n" },
		{ &nc_kind_subnet, "{'name':'a','network':'n','cidr':'10.0.0.0/33'}",
			"cidr: format\n" },
		{ &nc_kind_subnet,
			"{'name':'a','network':'n','cidr':'10.0.0.0/20','gateway':'10.0.16.1',"
			"'ranges':[{'first':'10.0.15.1','last':'10.0.16.0'}]}",
			"gateway: range\nranges[0].last: range\n" },
		{ &nc_kind_port, "{'network':'n','mac':'1','addresses':['x']}",
			"mac: format\naddresses: format\n" },
		{ &nc_kind_security_group,
			"{'name':'a','rules':[{'direction':'up','port_min':5,'port_max':2}]}",
			"rules[0].direction: choice\nrules[0].port_max: range\n" },
		{ &nc_kind_schedule, "{'name':'a','action':'vm.stop','cron':'* *','target':'x'}",
			"cron: format\n" },
		{ &nc_kind_schedule, "{'name':'a','action':'vm.stop'}",
			"cron: conflict\ntarget: conflict\n" },
		{ &nc_kind_reservation,
			"{'name':'a','starts_at':'2027-01-02T00:00:00Z','ends_at':'2027-01-01T00:"
			"00:00Z'}",
			"ends_at: range\n" },
		{ &nc_kind_secret, "{'name':'a'}", "value: required\n" },
		{ &nc_kind_plan, "{'goal':'win'}", "goal: choice\n" },
		{ &nc_kind_policy, "{'name':'a','source':'x','on_failure':'maybe'}",
			"on_failure: choice\n" },
		{ &nc_kind_quota, "{'limits':[{'resource':'vcpus'},{'resource':'vcpus'}]}",
			"limits[1].resource: duplicate\n" },
	};
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		ARENA(a);
		nc_faults f;
		CHECK(mu_parse(cases[i].k, cases[i].text, a, &f) == NULL);
		CHECK_STR(mu_faults(&f), cases[i].faults);
	}
}

static void a_quota_needs_no_name(void)
{
	ARENA(a);
	nc_object *obj = mu_make(&nc_kind_quota, "{'limits':[{'resource':'vcpus','limit':40}]}", a);
	REQUIRE(obj != NULL);
	CHECK_STR(obj->name, "default");
}

static void expansion_takes_request_then_type_then_template(void)
{
	ARENA(a);
	nc_faults f;
	nc_template *t = NC_AS(nc_template,
		mu_make(&nc_kind_template,
			"{'name':'t','image':'img','vcpus':1,'memory_mib':512,'networks':['red'],"
			"'ssh_keys':['k'],'disks':[{'size_gib':8},{'size_gib':9,'pool':'fast'}]}",
			a));
	nc_instance_type *m = NC_AS(nc_instance_type,
		mu_make(&nc_kind_instance_type,
			"{'name':'m','vcpus':4,'memory_mib':4096,'disk_gib':40}", a));
	nc_vm *vm = NC_AS(
		nc_vm, mu_make(&nc_kind_vm,
			       "{'name':'a','template':'t','instance_type':'m','vcpus':8}", a));
	REQUIRE(t && m && vm);
	t->o.revision = 3;
	m->o.revision = 5;
	nc_faults_init(&f, a);
	nc_vm_expand(vm, t, m, "net", &f);
	CHECK_STR(mu_faults(&f), "");
	CHECK_INT(vm->vcpus, 8);
	CHECK_INT(vm->memory_mib, 4096);
	CHECK_UINT(vm->n_disks, 2);
	CHECK_STR(vm->disks[0].image, "img");
	CHECK_INT(vm->disks[0].size_gib, 8);
	CHECK(vm->disks[1].image == NULL);
	CHECK_STR(vm->disks[1].pool, "fast");
	CHECK_UINT(vm->n_nics, 1);
	CHECK_STR(vm->nics[0].network, "red");
	CHECK_STR(vm->ssh_keys[0], "k");
	CHECK_UINT(vm->template_revision, 3);
	CHECK_UINT(vm->instance_type_revision, 5);
	CHECK_HAS(mu_text(&vm->o), "\"defaulted\":[\"shutdown_timeout_s\",\"memory_mib\",\"disks\","
				   "\"nics\",\"ssh_keys\"]");
}

static void expansion_without_template_uses_the_default_network(void)
{
	ARENA(a);
	nc_faults f;
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm,
					 "{'name':'a','instance_type':'m',"
					 "'nics':[{'address':'10.0.0.1'},{'network':'blue'}]}",
					 a));
	nc_instance_type *m = NC_AS(nc_instance_type,
		mu_make(&nc_kind_instance_type, "{'name':'m','vcpus':4,'memory_mib':4096}", a));
	REQUIRE(vm && m);
	nc_faults_init(&f, a);
	nc_vm_expand(vm, NULL, m, "net", &f);
	CHECK(!nc_faults_any(&f));
	CHECK_STR(vm->nics[0].network, "net");
	CHECK_STR(vm->nics[1].network, "blue");
	vm->vcpus = 0;
	vm->nics[0].network = NULL;
	nc_vm_expand(vm, NULL, NULL, NULL, &f);
	CHECK_STR(mu_faults(&f), "vcpus: required\nnics: required\n");
}

static void a_parse_survives_every_failed_allocation(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(MU_VM);
	_cleanup_(nc_json_decrefp) json_t *bad = mu_json("{'name':'A','x':1,'vcpus':'2'}");
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_faults f = { 0 };
		rc = a ? NC_OK : NC_E_NOMEM;
		if (a) {
			nc_faults_init(&f, a);
			nc_object *obj = nc_object_parse(&nc_kind_vm, j, a, &f);
			CHECK((obj == NULL) == nc_faults_any(&f));
			rc = nc_faults_error(&f, NULL);
		}
		nc_arena_free(a);
	}
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_faults f = { 0 };
		rc = a ? NC_OK : NC_E_NOMEM;
		if (a) {
			nc_faults_init(&f, a);
			CHECK(nc_object_parse(&nc_kind_vm, bad, a, &f) == NULL);
			rc = nc_faults_error(&f, NULL);
			rc = rc == NC_E_INVAL ? NC_OK : rc;
		}
		nc_arena_free(a);
	}
}

static void a_full_arena_is_no_memory_not_a_fault(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(MU_VM);
	for (size_t limit = 64; limit < 4096; limit += 64) {
		_cleanup_(nc_arena_freep) nc_arena *small = nc_arena_new(limit);
		nc_faults f;
		nc_faults_init(&f, small);
		nc_object *obj = nc_object_parse(&nc_kind_vm, j, small, &f);
		CHECK(obj || f.is_nomem);
	}
}

NC_TESTS(model_parse){
	T(a_vm_is_read_into_its_struct),
	T(every_fault_is_found_at_once_with_its_path),
	T(what_only_the_rules_across_fields_see_is_found_too),
	T(faults_are_bounded_and_counted),
	T(faults_never_quote_a_value),
	T(a_request_that_is_not_an_object_is_refused),
	T(gigabytes_are_another_way_to_say_sizes),
	T(an_alias_that_contradicts_is_a_fault),
	T(booting_from_a_volume_attaches_it_first_and_keeps_it),
	T(the_host_of_a_create_is_a_wish),
	T(names_follow_the_rules),
	T(a_reference_of_the_wrong_kind_is_named),
	T(each_kind_checks_its_own_rules),
	T(a_quota_needs_no_name),
	T(expansion_takes_request_then_type_then_template),
	T(expansion_without_template_uses_the_default_network),
	T(a_parse_survives_every_failed_allocation),
	T(a_full_arena_is_no_memory_not_a_fault),
};
