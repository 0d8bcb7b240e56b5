/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/body.h"
#include "model/member.h"
#include "model/operation.h"
#include "model/vm.h"
#include "model_util.h"

/* Rendering, decoding, intent, and looking into ready bytes. */

#define ARENA(a) _cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)8 << 20)

static void what_is_rendered_is_decoded_to_the_same_for_every_kind(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		const nc_kind *k = nc_kinds[i];
		ARENA(a);
		nc_object *full = mu_full(k, a), *again;
		nc_error err = NC_ERROR_INIT;
		const char *text = mu_text(full);
		if (!CHECK_OK(nc_object_decode(k, nc_str(text), a, &again, &err), &err))
			continue;
		CHECK_STR(mu_text(again), text);
		nc_span spans[NC_SPANS_MAX];
		size_t n = nc_kind_spans(k, spans);
		for (size_t s = 0; s < n; s++)
			for (size_t f = 0; f < spans[s].n; f++) {
				const nc_field_def *d = &spans[s].f[f];
				if (!(d->flags & NC_FF_INPUT) && !nc_member_eq(d, full, again))
					CHECK_STR(d->name, k->name);
			}
	}
}

static void an_empty_object_of_every_kind_comes_through_too(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		ARENA(a);
		nc_object *obj = nc_object_new(nc_kinds[i], a), *again;
		nc_error err = NC_ERROR_INIT;
		const char *text = mu_text(obj);
		if (CHECK_OK(nc_object_decode(nc_kinds[i], nc_str(text), a, &again, &err), &err))
			CHECK_STR(mu_text(again), text);
	}
}

static void a_vm_looks_as_the_api_says(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm, MU_VM, a));
	vm->o.id = "vm_01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B";
	vm->disks[0].id = "disk_1";
	vm->nics[0].id = "nic_1";
	vm->o.project = "prj_1";
	vm->o.revision = 3;
	vm->o.created_at_ms = vm->o.updated_at_ms = 1800000000000;
	vm->lifecycle = NC_VM_ACTIVE;
	vm->power = NC_POWER_ON;
	vm->task = NC_VM_MIGRATING;
	CHECK_STR(mu_text(&vm->o),
		"{\"id\":\"vm_01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B\",\"name\":\"web-1\",\"project\":\"prj_"
		"1\","
		"\"labels\":{\"env\":\"prod\"},\"protected\":false,\"revision\":3,"
		"\"created_at\":\"2027-01-15T08:00:00.000Z\","
		"\"updated_at\":\"2027-01-15T08:00:00.000Z\",\"desired_state\":\"running\","
		"\"run_policy\":\"manual\",\"start_priority\":0,\"shutdown_timeout_s\":120,"
		"\"vcpus\":2,\"memory_mib\":2048,\"image\":\"debian-12\",\"disks\":[{\"id\":\"disk_"
		"1\","
		"\"size_gib\":20,\"image\":\"debian-12\",\"delete_with_vm\":true}],"
		"\"nics\":[{\"id\":\"nic_1\",\"network\":\"blue\",\"security_groups\":[]}],"
		"\"ssh_keys\":[],\"lifecycle\":\"active\",\"task\":\"migrating\",\"power\":\"on\","
		"\"generation\":3,\"observed_generation\":0,\"host\":null,\"incarnation\":0,"
		"\"locked\":false,\"defaulted\":[\"shutdown_timeout_s\"],\"status\":\"migrating\","
		"\"observed_at\":null,\"ports\":[],\"primary_ip\":null}");
}

static void what_is_stored_wrong_is_refused_with_its_place(void)
{
	static const char *const bad[] = { "", "[]", "{", "{\"id\":7}", "{\"lifecycle\":\"odd\"}",
		"{\"disks\":[{\"size_gib\":\"x\"}]}", "{\"labels\":[]}", "{\"created_at\":\"x\"}" };
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		ARENA(a);
		nc_object *obj = NULL;
		nc_error err = NC_ERROR_INIT;
		CHECK_CODE(
			nc_object_decode(&nc_kind_vm, nc_str(bad[i]), a, &obj, &err), NC_E_PROTO);
		CHECK(obj == NULL);
		CHECK(err.message[0]);
	}
	ARENA(a);
	nc_object *obj;
	nc_error err = NC_ERROR_INIT;
	/* what a newer kernel wrote beside is passed over */
	CHECK_OK(nc_object_decode(
			 &nc_kind_vm, nc_str("{\"name\":\"a\",\"new\":[1]}"), a, &obj, &err),
		&err);
	CHECK_STR(obj->name, "a");
}

/* Each intent field moves the hash, and no other does. */
static void intent_is_what_the_user_asked_and_nothing_else(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		const nc_kind *k = nc_kinds[i];
		ARENA(a);
		nc_object *full = mu_full(k, a);
		uint64_t before = nc_object_intent(full);
		nc_span spans[NC_SPANS_MAX];
		size_t n = nc_kind_spans(k, spans);
		CHECK(before != 0);
		for (size_t s = 0; s < n; s++)
			for (size_t f = 0; f < spans[s].n; f++) {
				const nc_field_def *d = &spans[s].f[f];
				nc_object *copy = nc_object_copy(full);
				memset((char *)copy + d->offset, 0, nc_field_size(d));
				int counts = d->cls == NC_INTENT && !(d->flags & NC_FF_INPUT) &&
					     !nc_member_eq(d, full, copy);
				if ((nc_object_intent(copy) != before) != counts)
					CHECK_STR(d->name, k->name);
			}
	}
}

static void state_inside_an_intent_list_is_no_intent(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(nc_vm, mu_full(&nc_kind_vm, a));
	uint64_t before = nc_object_intent(&vm->o);
	vm->disks[0].device = "vdb";
	CHECK(nc_object_intent(&vm->o) == before);
	vm->disks[0].size_gib++;
	CHECK(nc_object_intent(&vm->o) != before);
}

static void a_fresh_secret_is_intent_until_it_is_sealed(void)
{
	ARENA(a);
	nc_vm *vm = NC_AS(nc_vm, mu_full(&nc_kind_vm, a));
	uint64_t before = nc_object_intent(&vm->o);
	vm->user_data.fresh = nc_str("x");
	CHECK(nc_object_intent(&vm->o) != before);
	vm->user_data.fresh = (nc_bytes){ NULL, 0 };
	vm->user_data.version++;
	CHECK(nc_object_intent(&vm->o) != before);
}

static void members_are_found_in_ready_bytes(void)
{
	static const char text[] = "{\"id\":\"a\\\\\",\"s\":\"x\\\"},{\\\\\\\"\",\"n\":-1.5,\"o\":{"
				   "\"id\":[{}],\"s\":\"}\"},"
				   "\"l\":[[],[\"]\"]],\"t\":true,\"z\":null}";
	nc_bytes body = nc_str(text);
	static const char *const want[][2] = { { "id", "\"a\\\\\"" },
		{ "s", "\"x\\\"},{\\\\\\\"\"" }, { "n", "-1.5" },
		{ "o", "{\"id\":[{}],\"s\":\"}\"}" }, { "l", "[[],[\"]\"]]" }, { "t", "true" },
		{ "z", "null" } };
	for (size_t i = 0; i < NC_LEN(want); i++)
		CHECK(nc_bytes_eq(nc_body_member(body, want[i][0]), nc_str(want[i][1])));
	CHECK(nc_body_member(body, "x").ptr == NULL);
	CHECK(nc_body_member(nc_str("{}"), "id").ptr == NULL);
	CHECK(nc_body_member(nc_str(""), "id").ptr == NULL);
}

static void a_projection_has_the_fields_asked_for_and_the_id(void)
{
	ARENA(a);
	nc_object *obj = mu_make(&nc_kind_vm, MU_VM, a);
	const char *text = mu_text(obj);
	static const char *const fields[] = { "status", "vcpus", "nothing", "labels" };
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 16);
	nc_body_project(nc_str(text), fields, NC_LEN(fields), &b);
	const char *want = nc_arena_printf(a,
		"{\"id\":\"%s\",\"labels\":{\"env\":\"prod\"},\"vcpus\":2,\"status\":\"creating\"}",
		obj->id);
	CHECK_STR(b.ptr, want);
	nc_buf_reset(&b);
	nc_body_project(nc_str("{}"), fields, NC_LEN(fields), &b);
	CHECK_STR(b.ptr, "{}");
}

/* Any cut of a body ends the walk and is never read past its end (ASan sees to that). */
static void a_cut_body_is_walked_safely(void)
{
	ARENA(a);
	const char *text = mu_text(mu_full(&nc_kind_vm, a));
	size_t len = strlen(text);
	for (size_t n = 0; n < len; n++) {
		char *cut = nc_memdup(text, n ? n : 1);
		nc_body_walk w;
		nc_bytes key, value;
		nc_body_walk_init(&w, (nc_bytes){ cut, n });
		while (nc_body_walk_next(&w, &key, &value, NULL))
			CHECK((const char *)value.ptr + value.len <= cut + n);
		nc_free(cut);
	}
}

static void observed_members_are_the_tail_of_a_body(void)
{
	ARENA(a);
	const char *text = mu_text(mu_full(&nc_kind_vm, a));
	size_t at = nc_body_observed_at(nc_str(text));
	CHECK(strncmp(text + at, ",\"observed_at\":", 15) == 0);
	CHECK_HAS(text + at, "\"ports\":[");
	CHECK(strstr(text + at, "\"status\"") == NULL);
	text = mu_text(mu_full(&nc_kind_zone, a));
	CHECK_UINT(nc_body_observed_at(nc_str(text)), strlen(text));
}

static void etags_match_as_http_says(void)
{
	CHECK(nc_etag_match("\"12\"", 12));
	CHECK(nc_etag_match("*", 12));
	CHECK(nc_etag_match("W/\"12\"", 12));
	CHECK(nc_etag_match("\"1\", \"12\"", 12));
	CHECK(nc_etag_match("\"12\",\"13\"", 12));
	CHECK(!nc_etag_match("\"1\"", 12));
	CHECK(!nc_etag_match("\"121\"", 12));
	CHECK(!nc_etag_match("12", 12));
	CHECK(!nc_etag_match("", 12));
	CHECK(!nc_etag_match(",, ,", 12));
	CHECK(!nc_etag_match("\"12\"x", 12));
	CHECK(!nc_etag_match("\"12", 12));
}

static void labels_are_kept_sorted_and_never_written_through(void)
{
	ARENA(a);
	nc_object *obj = mu_make(&nc_kind_zone, "{'name':'a'}", a);
	CHECK_CODE(nc_object_label(obj, "m", "1"), NC_OK);
	nc_object *copy = nc_object_copy(obj);
	CHECK_CODE(nc_object_label(obj, "a", "2"), NC_OK);
	CHECK_CODE(nc_object_label(obj, "z", "3"), NC_OK);
	CHECK_CODE(nc_object_label(obj, "m", "4"), NC_OK);
	CHECK_STR(nc_object_get_label(obj, "m"), "4");
	CHECK_STR(nc_object_get_label(copy, "m"), "1");
	CHECK_STR(nc_object_get_label(copy, "a"), NULL);
	CHECK_HAS(mu_text(obj), "\"labels\":{\"a\":\"2\",\"m\":\"4\",\"z\":\"3\"}");
	CHECK_CODE(nc_object_label(obj, "m", NULL), NC_OK);
	CHECK_CODE(nc_object_label(obj, "q", NULL), NC_OK);
	CHECK_HAS(mu_text(obj), "\"labels\":{\"a\":\"2\",\"z\":\"3\"}");
}

static void a_condition_moves_since_with_its_status_alone(void)
{
	ARENA(a);
	nc_object *obj = mu_make(&nc_kind_host, "{'name':'a','provider':'p'}", a);
	CHECK_CODE(nc_object_condition(obj, "Reachable", "true", "Probe", NULL), NC_OK);
	obj->conditions[0].since_ms = 5;
	CHECK_CODE(nc_object_condition(obj, "Reachable", "true", "Again", "hello"), NC_OK);
	CHECK_INT(obj->conditions[0].since_ms, 5);
	CHECK_STR(obj->conditions[0].reason, "Again");
	CHECK_CODE(nc_object_condition(obj, "Reachable", "false", "Silent", NULL), NC_OK);
	CHECK(obj->conditions[0].since_ms > 5);
	CHECK_CODE(nc_object_condition(obj, "Disk", "true", "x", NULL), NC_OK);
	CHECK_UINT(obj->n_conditions, 2);
}

static void an_operation_shows_its_steps(void)
{
	ARENA(a);
	nc_operation *op = NC_AS(nc_operation, nc_object_new(&nc_kind_operation, a));
	nc_op_step steps[] = { { .name = "place", .state = NC_STEP_DONE, .key = "op.1.0" },
		{ .name = "spawn", .state = NC_STEP_RUNNING, .undo = NC_UNDO_PENDING } };
	op->verb = "vm.create";
	op->target = (nc_op_target){ "vm", "vm_1", "web-1" };
	op->state = NC_OPER_RUNNING;
	op->steps = steps;
	op->n_steps = 2;
	op->progress = (nc_op_progress){ .phase = "copy", .permille = 250 };
	const char *text = mu_text(&op->o);
	CHECK_HAS(text, "\"kind\":\"vm.create\",\"target\":{\"kind\":\"vm\",\"id\":\"vm_1\"");
	CHECK_HAS(text,
		"{\"name\":\"spawn\",\"state\":\"running\",\"undo\":\"pending\",\"attempts\":0}");
	CHECK_HAS(text, "\"status\":\"running\"");
	CHECK_HAS(text, "\"progress\":{\"phase\":\"copy\",\"permille\":250}}");
	CHECK(nc_operation_state_is_final(NC_OPER_ABANDONED));
	CHECK(!nc_operation_state_is_final(NC_OPER_CANCELING));
}

static void render_and_decode_survive_every_failed_allocation(void)
{
	ARENA(keep);
	nc_object *full = mu_full(&nc_kind_vm, keep);
	const char *text = mu_text(full);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_buf b;
		nc_buf_init(&b, 1 << 20);
		nc_object_render(full, &b);
		rc = b.error;
		nc_buf_done(&b);
	}
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_object *obj = NULL;
		nc_error err = NC_ERROR_INIT;
		rc = a ? nc_object_decode(&nc_kind_vm, nc_str(text), a, &obj, &err) : NC_E_NOMEM;
		CHECK((rc == NC_OK) == (obj != NULL));
		nc_arena_free(a);
	}
	_cleanup_(nc_buf_done) nc_buf small;
	nc_buf_init(&small, 100);
	nc_object_render(full, &small);
	CHECK_CODE(small.error, NC_E_INVAL);
}

NC_TESTS(model_render){
	T(what_is_rendered_is_decoded_to_the_same_for_every_kind),
	T(an_empty_object_of_every_kind_comes_through_too),
	T(a_vm_looks_as_the_api_says),
	T(what_is_stored_wrong_is_refused_with_its_place),
	T(intent_is_what_the_user_asked_and_nothing_else),
	T(state_inside_an_intent_list_is_no_intent),
	T(a_fresh_secret_is_intent_until_it_is_sealed),
	T(members_are_found_in_ready_bytes),
	T(a_projection_has_the_fields_asked_for_and_the_id),
	T(a_cut_body_is_walked_safely),
	T(observed_members_are_the_tail_of_a_body),
	T(etags_match_as_http_says),
	T(labels_are_kept_sorted_and_never_written_through),
	T(a_condition_moves_since_with_its_status_alone),
	T(an_operation_shows_its_steps),
	T(render_and_decode_survive_every_failed_allocation),
};
