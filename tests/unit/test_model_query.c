/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/query.h"
#include "model/vm.h"
#include "model_world.h"

/* Lists of objects: filtered, sorted, in pages. */

/* Names of all pages in order; "a b " with '|' between pages. Parameters as "k=v&k=v". */
static const char *list(world *w, const nc_kind *k, const char *word, const char *params)
{
	static listed l;
	char copy[256];
	const char *cursor = NULL;
	nc_reach reach = reach_of(w, word);
	l.len = 0;
	l.text[0] = '\0';
	for (int page = 0; page < 50; page++) {
		nc_param p[12];
		size_t n = 0;
		char *rest = NULL;
		snprintf(copy, sizeof(copy), "%s", params);
		for (char *s = strtok_r(copy, "&", &rest); s; s = strtok_r(NULL, "&", &rest)) {
			char *eq = strrchr(s, '=');
			*eq = '\0';
			p[n++] = (nc_param){ s, eq + 1 };
		}
		if (cursor)
			p[n++] = (nc_param){ "cursor", cursor };
		nc_query q;
		nc_faults f;
		nc_error err = NC_ERROR_INIT;
		nc_faults_init(&f, w->a);
		nc_query_parse(&q, k, &reach, p, n, NULL, look(w), w->a, &f);
		if (nc_faults_any(&f))
			return mu_faults(&f);
		CHECK_OK(nc_query_run(&q, w->root, add_row, &l, &cursor, &err), &err);
		if (!cursor)
			return l.text;
		l.len += (size_t)snprintf(l.text + l.len, sizeof(l.text) - l.len, "| ");
	}
	CHECK(0);
	return "endless";
}

static void lists_are_filtered_sorted_and_paged(void)
{
	WORLD(w);
	static const char *const names[] = { "delta", "alpha", "echo", "bravo", "charlie" };
	for (size_t i = 0; i < NC_LEN(names); i++) {
		char text[200];
		snprintf(text, sizeof(text),
			"{'name':'%s','vcpus':1,'memory_mib':64,'labels':{'env':'%s','n':'%zu'}}",
			names[i], i % 2 ? "prod" : "test", i);
		nc_object *vm = make(&w, &nc_kind_vm, i == 2 ? "prj_b" : "prj_a", text);
		nc_error err = NC_ERROR_INIT;
		if (i == 3) {
			nc_vm_built(NC_AS(nc_vm, vm), NC_POWER_ON);
			CHECK_OK(put(&w, vm, &err), &err);
		}
	}
	const nc_kind *k = &nc_kind_vm;
	CHECK_STR(list(&w, k, "prj_a", ""), "delta alpha bravo charlie ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-created_at"), "charlie bravo alpha delta ");
	CHECK_STR(list(&w, k, "prj_a", "sort=name"), "alpha bravo charlie delta ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-name"), "delta charlie bravo alpha ");
	CHECK_STR(list(&w, k, "prj_b", ""), "echo ");
	CHECK_STR(list(&w, k, "prj_c", ""), "");
	CHECK_STR(list(&w, k, NULL, ""), "");
	CHECK_STR(list(&w, k, "*", ""), "delta alpha echo bravo charlie ");
	CHECK_STR(list(&w, k, "*", "sort=name"), "alpha bravo charlie delta echo ");
	CHECK_STR(list(&w, k, "prj_a", "status=running"), "bravo ");
	CHECK_STR(list(&w, k, "prj_a", "status=creating&sort=name"), "alpha charlie delta ");
	CHECK_STR(list(&w, k, "prj_a", "sort=status"), "delta alpha charlie bravo ");
	CHECK_STR(list(&w, k, "prj_a", "label.env=prod"), "alpha bravo ");
	CHECK_STR(list(&w, k, "prj_a", "label.env=prod&label.n=3"), "bravo ");
	CHECK_STR(list(&w, k, "*", "label.env=test&sort=-name"), "echo delta charlie ");
	CHECK_STR(list(&w, k, "prj_a", "name=alpha"), "alpha ");
	CHECK_STR(list(&w, k, "prj_a", "name=lpha"), "");
	CHECK_STR(list(&w, k, "*", "name=echo"), "echo ");
	CHECK_STR(list(&w, k, "prj_a", "limit=1"), "delta | alpha | bravo | charlie ");
	CHECK_STR(list(&w, k, "prj_a", "limit=3&sort=-name"), "delta charlie bravo | alpha ");
	CHECK_STR(list(&w, k, "prj_a", "limit=1&sort=status"), "delta | alpha | charlie | bravo ");
	CHECK_STR(list(&w, k, "prj_a", "limit=1&label.env=prod"), "alpha | bravo ");
	CHECK_STR(list(&w, k, "*", "limit=2&sort=-created_at"),
		"charlie bravo | echo alpha | delta ");
	CHECK_STR(list(&w, k, "*", "limit=2&sort=name"), "alpha bravo | charlie delta | echo ");
}

static void lists_of_shared_kinds_are_the_union_of_what_one_sees(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	make(&w, &nc_kind_image, "prj_a", "{'name':'mine'}");
	make(&w, &nc_kind_image, "prj_x", "{'name':'open','visibility':'public'}");
	make(&w, &nc_kind_image, "prj_x", "{'name':'hidden'}");
	make(&w, &nc_kind_image, "prj_a", "{'name':'both','visibility':'public'}");
	nc_object *some = mu_make(&nc_kind_image, "{'name':'given','visibility':'shared'}", w.a);
	const char *with[] = { project(&w, "prj_a") };
	some->project = project(&w, "prj_x");
	some->shared_with = with;
	some->n_shared_with = 1;
	CHECK_OK(put(&w, some, &err), &err);
	const nc_kind *k = &nc_kind_image;
	CHECK_STR(list(&w, k, "prj_a", ""), "mine open both given ");
	CHECK_STR(list(&w, k, "prj_a", "sort=name"), "both given mine open ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-name&limit=1"), "open | mine | given | both ");
	CHECK_STR(list(&w, k, "prj_a", "limit=3"), "mine open both | given ");
	CHECK_STR(list(&w, k, "prj_b", ""), "open both ");
	CHECK_STR(list(&w, k, NULL, "sort=name"), "both open ");
	CHECK_STR(list(&w, k, "prj_a", "name=open"), "open ");
	CHECK_STR(list(&w, k, "prj_b", "name=hidden"), "");
	CHECK_STR(list(&w, k, "prj_a", "status=queued&sort=name"), "both given mine open ");
}

static void references_and_numbers_filter_too(void)
{
	WORLD(w);
	make(&w, &nc_kind_provider, NULL, "{'name':'p','plugin':'sim'}");
	make(&w, &nc_kind_zone, NULL, "{'name':'east'}");
	make(&w, &nc_kind_host, NULL, "{'name':'h1','provider':'p','zone':'east'}");
	make(&w, &nc_kind_host, NULL, "{'name':'h2','provider':'p'}");
	CHECK_STR(list(&w, &nc_kind_host, "prj_a", "zone=east"), "h1 ");
	CHECK_STR(list(&w, &nc_kind_host, "prj_a", "provider=p&sort=-name"), "h2 h1 ");
	CHECK_STR(list(&w, &nc_kind_host, "prj_a", "zone=west"), "zone: not_found\n");
	CHECK_STR(list(&w, &nc_kind_provider, "prj_a", "plugin=sim"), "p ");
	make(&w, &nc_kind_instance_type, NULL, "{'name':'l','vcpus':16,'memory_mib':512}");
	make(&w, &nc_kind_instance_type, NULL, "{'name':'s','vcpus':2,'memory_mib':1024}");
	make(&w, &nc_kind_instance_type, NULL, "{'name':'m','vcpus':4,'memory_mib':1024}");
	const nc_kind *k = &nc_kind_instance_type;
	CHECK_STR(list(&w, k, "prj_a", "sort=vcpus"), "s m l ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-vcpus&limit=1"), "l | m | s ");
	CHECK_STR(list(&w, k, "prj_a", "memory_mib=1024"), "s m ");
	CHECK_STR(list(&w, k, "prj_a", "memory_mib=1024&sort=-vcpus"), "m s ");
	CHECK_STR(list(&w, k, "prj_a", "vcpus=x"), "vcpus: type\n");
}

static void deleted_ones_are_shown_when_asked_for(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *gone = make(&w, &nc_kind_vm, "prj_a", "{'name':'a','vcpus':1,'memory_mib':64}");
	make(&w, &nc_kind_vm, "prj_a", "{'name':'b','vcpus':1,'memory_mib':64}");
	NC_AS(nc_vm, gone)->lifecycle = NC_VM_DELETED;
	nc_object_soft_delete(gone, 1000);
	CHECK_OK(put(&w, gone, &err), &err);
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", ""), "b ");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "deleted=true"), "a b ");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "status=deleted"), "a ");
}

static void operations_are_found_by_target_and_state(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	for (int i = 0; i < 3; i++) {
		nc_object *obj = nc_object_new(&nc_kind_operation, w.a);
		nc_operation *op = NC_AS(nc_operation, obj);
		obj->project = project(&w, "prj_a");
		op->verb = i ? "vm.start" : "vm.create";
		op->target = (nc_op_target){ "vm", i == 2 ? "vm_2" : "vm_1", NULL };
		op->state = i ? NC_OPER_RUNNING : NC_OPER_SUCCEEDED;
		CHECK_OK(put(&w, obj, &err), &err);
	}
	nc_reach reach = reach_of(&w, "prj_a");
	static const struct {
		const char *name, *value;
		uint64_t n;
	} cases[] = { { "target", "vm_1", 2 }, { "target", "vm_9", 0 }, { "state", "running", 2 },
		{ "status", "succeeded", 1 }, { "kind", "vm.start", 2 } };
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		nc_param p = { cases[i].name, cases[i].value };
		nc_query q;
		nc_faults f;
		listed l = { .len = 0 };
		const char *cursor;
		nc_faults_init(&f, w.a);
		nc_query_parse(&q, &nc_kind_operation, &reach, &p, 1, NULL, look(&w), w.a, &f);
		CHECK_STR(mu_faults(&f), "");
		CHECK_OK(nc_query_run(&q, w.root, add_row, &l, &cursor, &err), &err);
		CHECK_UINT(l.len / 2, cases[i].n); /* nameless: "- " each */
	}
}

static void wrong_parameters_are_all_named(void)
{
	WORLD(w);
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a",
			  "limit=0&sort=vcpus&staus=running&fields=name,nmae&deleted=x&cursor=zz&"
			  "status=odd&vcpus=2"),
		"limit: range\nsort: choice\nstaus: unknown_field\nnmae: unknown_field\n"
		"deleted: format\nvcpus: unknown_field\ncursor: format\n");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "limit=5000"), "limit: range\n");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "sort=host"), "sort: choice\n");
}

/* Whatever comes as a cursor, a list answers with a fault or a page. */
static void any_cursor_is_either_refused_or_harmless(void)
{
	WORLD(w);
	nc_reach reach = reach_of(&w, "prj_a");
	make(&w, &nc_kind_zone, NULL, "{'name':'z'}");
	for (int i = 0; i < 3000; i++) {
		char text[80];
		size_t n = nc_test_random() % 30 * 2;
		for (size_t k = 0; k < n; k++)
			text[k] = "0123456789abcdef"[nc_test_random() % 16];
		text[n] = '\0';
		if (n >= 14 && i % 2)
			memcpy(text, "010a00ffff00", 12);
		nc_param p = { "cursor", text };
		nc_query q;
		nc_faults f;
		nc_error err = NC_ERROR_INIT;
		listed l = { .len = 0 };
		const char *cursor;
		nc_faults_init(&f, w.a);
		nc_query_parse(&q, &nc_kind_zone, &reach, &p, 1, NULL, look(&w), w.a, &f);
		if (!nc_faults_any(&f))
			CHECK_OK(nc_query_run(&q, w.root, add_row, &l, &cursor, &err), &err);
	}
}

/* A page does not skip or repeat what was there all the time, whatever comes and goes meanwhile. */
static void paging_goes_on_while_objects_come_and_go(void)
{
	WORLD(w);
	nc_object *vms[20];
	nc_error err = NC_ERROR_INIT;
	for (int i = 0; i < 20; i++) {
		char text[100];
		snprintf(text, sizeof(text), "{'name':'n%02d'}", i);
		vms[i] = make(&w, &nc_kind_zone, NULL, text);
	}
	nc_reach reach = { NULL, 0 };
	listed l = { .len = 0 };
	const char *cursor = NULL;
	for (int page = 0; page == 0 || cursor; page++) {
		nc_param p[] = { { "limit", "5" }, { "sort", "name" },
			{ "cursor", cursor ? cursor : "" } };
		nc_query q;
		nc_faults f;
		nc_faults_init(&f, w.a);
		nc_query_parse(&q, &nc_kind_zone, &reach, p, 3, NULL, look(&w), w.a, &f);
		CHECK_STR(mu_faults(&f), "");
		CHECK_OK(nc_query_run(&q, w.root, add_row, &l, &cursor, &err), &err);
		if (page == 0) { /* the last one shown goes, one comes before and one after */
			nc_txn *t = nc_txn_new(w.db);
			nc_model_delete(t, vms[4]);
			CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
			make(&w, &nc_kind_zone, NULL, "{'name':'a00'}");
			make(&w, &nc_kind_zone, NULL, "{'name':'n05-b'}");
		}
	}
	CHECK_STR(l.text,
		"n00 n01 n02 n03 n04 n05 n05-b n06 n07 n08 n09 n10 n11 n12 n13 n14 n15 n16 "
		"n17 n18 n19 ");
}

NC_TESTS(model_query){
	T(lists_are_filtered_sorted_and_paged),
	T(lists_of_shared_kinds_are_the_union_of_what_one_sees),
	T(references_and_numbers_filter_too),
	T(deleted_ones_are_shown_when_asked_for),
	T(operations_are_found_by_target_and_state),
	T(wrong_parameters_are_all_named),
	T(any_cursor_is_either_refused_or_harmless),
	T(paging_goes_on_while_objects_come_and_go),
};
