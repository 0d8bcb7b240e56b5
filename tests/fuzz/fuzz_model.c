/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "model/model.h"
#include "model_full.h"

/*
 * The first byte chooses the kind, the second what is done with the rest: a create, a patch or a
 * put over an object that has everything, or a stored body. Each ends in faults and an object as
 * it was, or in an object that renders to what reads back to the same, and whose own rendering as
 * a put changes nothing.
 */

enum { ARENA_BYTES = 16 << 20 };

static const char *text_of(nc_object *obj)
{
	nc_buf b;
	nc_buf_init(&b, 4 << 20);
	nc_object_render(obj, &b);
	nc_assert(!nc_buf_failed(&b));
	const char *text = nc_arena_strdup(obj->arena, b.ptr);
	nc_assert(text);
	nc_buf_done(&b);
	return text;
}

static nc_object *check_reads_back(nc_object *obj)
{
	nc_error err = NC_ERROR_INIT;
	nc_object *again = NULL;
	const char *text = text_of(obj);
	nc_code rc = nc_object_decode(obj->kind, nc_str(text), obj->arena, &again, &err);
	nc_assert(rc == NC_OK);
	nc_assert(strcmp(text_of(again), text) == 0);
	return again;
}

static void check_put_is_no_op(nc_object *obj)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_change ch = { 0 };
	nc_faults f;
	nc_assert(nc_json_parse(nc_str(text_of(obj)), 4 << 20, &j, NULL) == NC_OK);
	nc_faults_init(&f, obj->arena);
	nc_assert(nc_object_replace(obj, j, &f, &ch) == NC_OK);
	nc_assert(!ch.is_changed);
}

static void check_faults(const nc_faults *f)
{
	nc_error err = NC_ERROR_INIT;
	nc_assert(!f->is_nomem);
	nc_assert(nc_faults_error(f, &err) == NC_E_INVAL && err.message[0]);
	for (uint32_t i = 0; i < f->n; i++)
		nc_assert(f->list[i].field && f->list[i].code && f->list[i].message[0]);
}

static void fuzz_create(const nc_kind *k, const json_t *j, nc_arena *a)
{
	nc_faults f;
	nc_faults_init(&f, a);
	nc_object *obj = nc_object_parse(k, j, a, &f);
	if (obj)
		check_put_is_no_op(check_reads_back(obj));
	else
		check_faults(&f);
}

static void fuzz_change(const nc_kind *k, const json_t *j, nc_arena *a, int is_put)
{
	nc_object *obj = mu_full(k, a);
	const char *before = text_of(obj);
	nc_faults f;
	nc_faults_init(&f, a);
	nc_code rc =
		is_put ? nc_object_replace(obj, j, &f, NULL) : nc_object_patch(obj, j, &f, NULL);
	if (rc) {
		check_faults(&f);
		nc_assert(strcmp(text_of(obj), before) == 0);
		return;
	}
	check_put_is_no_op(check_reads_back(obj));
}

static void fuzz_body(const nc_kind *k, nc_bytes body, nc_arena *a)
{
	nc_error err = NC_ERROR_INIT;
	nc_object *obj = NULL;
	nc_code rc = nc_object_decode(k, body, a, &obj, &err);
	nc_assert(rc == NC_OK || (rc == NC_E_PROTO && err.message[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(ARENA_BYTES);
	if (size < 2)
		return 0;
	const nc_kind *k = nc_kinds[data[0] % nc_n_kinds];
	nc_bytes rest = { data + 2, size - 2 };
	if (data[1] % 4 == 3)
		fuzz_body(k, rest, a);
	else if (nc_json_parse(rest, 1 << 20, &j, NULL) == NC_OK) {
		if (data[1] % 4 == 0)
			fuzz_create(k, j, a);
		else
			fuzz_change(k, j, a, data[1] % 4 == 2);
	}
	return 0;
}
