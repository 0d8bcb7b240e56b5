/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: bytes that changed on the disk are found, named, and everything else is served.
 */
#include "suites.h"

#include <string.h>

static const nc_bytes none = { NULL, 0 };

/* 100 records; keys k00..k49 in spaces 3 and 9. */
static bool make_store(void)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	char keys[50][16];
	nc_kv kv[100];
	if (!st_open(&s, st_dir()) ||
		!CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err) ||
		!CHECK_OK(st_append_model(&s, 1, epoch, 0, 100, &err), &err))
		return false;
	for (int i = 0; i < 50; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%02d", i);
		for (int k = 0; k < 2; k++)
			kv[2 * i + k] = (nc_kv){ .space = k ? 9 : 3,
				.key = { keys[i], 3 },
				.val = { "some value", 10 },
				.rev = (uint64_t)i + 1 };
	}
	bool ok = CHECK_OK(s.t->materialise(s.inst, epoch, 100, kv, 100, &err), &err);
	st_destroy(&s);
	return ok;
}

typedef struct fault {
	unsigned n;
	uint32_t space;
	char key[64];
	uint64_t seq;
	char what[200];
	nc_code answer;
} fault;

static nc_code note_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	fault *f = arg;
	f->n++;
	f->space = space;
	f->seq = seq;
	snprintf(f->key, sizeof(f->key), "%.*s", (int)key.len, (const char *)key.ptr);
	snprintf(f->what, sizeof(f->what), "%s", what);
	return f->answer;
}

static nc_code last_seq(void *arg, uint64_t seq, nc_bytes rec)
{
	*(uint64_t *)arg = seq;
	return CHECK(st_record_is(1, seq, rec)) ? NC_OK : NC_E_INTERNAL;
}

static void a_damaged_record_is_named_and_the_rest_is_read(void)
{
	st_store s;
	uint64_t last = 0, epoch = 0, head = 0;
	nc_error err = ST_ERROR;
	fault f = { 0 };
	NEED(make_store() && st_corrupt(st_dir(), "log:37") && st_open(&s, st_dir()));
	CHECK_FAILS(s.t->read(s.inst, 0, 0, last_seq, &last, &err), NC_E_PROTO, &err);
	CHECK(strstr(err.message, "37") != NULL);
	CHECK_U64(last, 36);
	CHECK_OK(s.t->read(s.inst, 37, 0, last_seq, &last, &err), &err);
	CHECK_U64(last, 100);
	CHECK_FAILS(s.t->check(s.inst, note_fault, &f, &err), NC_E_PROTO, &err);
	CHECK_U64(f.n, 1);
	CHECK_U64(f.seq, 37);
	CHECK(f.what[0]);
	/* It is not the tail, so the store goes on. */
	CHECK_OK(s.t->lead(s.inst, "n1", 1000, &epoch, &head, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 100, 1, &err), &err);
	st_destroy(&s);
}

static void a_damaged_last_record_is_as_any_other(void)
{
	st_store s;
	uint64_t epoch = 0, head = 0, last = 0;
	nc_error err = ST_ERROR;
	NEED(make_store() && st_corrupt(st_dir(), "log:100") && st_open(&s, st_dir()));
	CHECK_OK(s.t->lead(s.inst, "n1", 1000, &epoch, &head, &err), &err);
	CHECK_U64(head, 100);
	CHECK_FAILS(s.t->read(s.inst, 0, 0, last_seq, &last, &err), NC_E_PROTO, &err);
	CHECK(strstr(err.message, "100") != NULL);
	CHECK_U64(last, 99);
	CHECK_OK(st_append_model(&s, 1, epoch, 100, 1, &err), &err);
	CHECK_OK(s.t->read(s.inst, 100, 0, last_seq, &last, &err), &err);
	CHECK_U64(last, 101);
	st_destroy(&s);
}

typedef struct salvaged {
	unsigned n;
	nc_bytes rec;
	char bytes[4096];
} salvaged;

static nc_code keep_bytes(void *arg, uint64_t seq, nc_bytes rec)
{
	salvaged *v = arg;
	v->n++;
	CHECK_U64(seq, 37);
	if (!CHECK(rec.len <= sizeof(v->bytes)))
		return NC_E_INTERNAL;
	memcpy(v->bytes, rec.ptr, rec.len);
	v->rec = (nc_bytes){ v->bytes, rec.len };
	return NC_OK;
}

static void what_is_left_of_a_damaged_record_can_be_had(void)
{
	st_store s;
	nc_error err = ST_ERROR;
	salvaged v = { .n = 0 };
	NEED(make_store() && st_corrupt(st_dir(), "log:37") && st_open(&s, st_dir()));
	if (NC_HAS(s.t, salvage)) {
		CHECK_OK(s.t->salvage(s.inst, 37, keep_bytes, &v, &err), &err);
		CHECK_U64(v.n, 1);
		CHECK(v.rec.len > 0 && !st_record_is(1, 37, v.rec));
		CHECK_FAILS(s.t->salvage(s.inst, 101, keep_bytes, &v, &err), NC_E_NOTFOUND, &err);
		CHECK_U64(v.n, 1);
	}
	st_destroy(&s);
}

typedef struct kvs {
	unsigned n, corrupt, other;
	char key[8];
} kvs;

static nc_code count_kv(void *arg, const nc_kv *kv)
{
	kvs *k = arg;
	k->n++;
	if (kv->flags == NC_KV_CORRUPT && !kv->val.ptr) {
		k->corrupt++;
		snprintf(k->key, sizeof(k->key), "%.*s", (int)kv->key.len,
			(const char *)kv->key.ptr);
	} else if (kv->flags || kv->val.len != 10 || memcmp(kv->val.ptr, "some value", 10) != 0) {
		k->other++;
	}
	return NC_OK;
}

static void a_damaged_value_is_flagged_and_the_rest_is_scanned(void)
{
	st_store s;
	nc_error err = ST_ERROR;
	kvs k = { 0 };
	fault f = { 0 };
	NEED(make_store() && st_corrupt(st_dir(), "kv:3:6b3137") && st_open(&s, st_dir()));
	CHECK_OK(s.t->scan(s.inst, 3, none, none, 0, count_kv, &k, &err), &err);
	CHECK_U64(k.n, 50);
	CHECK_U64(k.corrupt, 1);
	CHECK_U64(k.other, 0);
	CHECK(!strcmp(k.key, "k17"));
	k = (kvs){ 0 };
	CHECK_OK(s.t->get(s.inst, 3, (nc_bytes){ "k17", 3 }, count_kv, &k, &err), &err);
	CHECK_U64(k.corrupt, 1);
	k = (kvs){ 0 };
	CHECK_OK(s.t->scan(s.inst, 9, none, none, 0, count_kv, &k, &err), &err);
	CHECK(k.n == 50 && !k.corrupt && !k.other);
	CHECK_FAILS(s.t->check(s.inst, note_fault, &f, &err), NC_E_PROTO, &err);
	CHECK_U64(f.n, 1);
	CHECK_U64(f.space, 3);
	CHECK(!strcmp(f.key, "k17"));
	st_destroy(&s);
}

static void a_damaged_value_is_mended_by_the_next_put(void)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	NEED(make_store() && st_corrupt(st_dir(), "kv:3:6b3137") && st_open(&s, st_dir()));
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err));
	nc_kv kv = { .space = 3, .key = { "k17", 3 }, .val = { "some value", 10 }, .rev = 100 };
	CHECK_OK(s.t->materialise(s.inst, epoch, 100, &kv, 1, &err), &err);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void every_fault_is_passed_until_the_caller_has_enough(void)
{
	st_store s;
	nc_error err = ST_ERROR;
	fault f = { 0 };
	NEED(make_store() && st_corrupt(st_dir(), "kv:3:6b3137") &&
		st_corrupt(st_dir(), "kv:9:6b3030") && st_corrupt(st_dir(), "log:1") &&
		st_corrupt(st_dir(), "log:50") && st_open(&s, st_dir()));
	CHECK_FAILS(s.t->check(s.inst, note_fault, &f, &err), NC_E_PROTO, &err);
	CHECK_U64(f.n, 4);
	f = (fault){ .answer = NC_E_QUOTA };
	CHECK_CODE(s.t->check(s.inst, note_fault, &f, &err), NC_E_QUOTA);
	CHECK_U64(f.n, 1);
	st_destroy(&s);
}

const st_test st_damage_tests[] = {
	ST_TEST(a_damaged_record_is_named_and_the_rest_is_read, ST_CORRUPTS),
	ST_TEST(a_damaged_last_record_is_as_any_other, ST_CORRUPTS),
	ST_TEST(what_is_left_of_a_damaged_record_can_be_had, ST_CORRUPTS),
	ST_TEST(a_damaged_value_is_flagged_and_the_rest_is_scanned, ST_CORRUPTS),
	ST_TEST(a_damaged_value_is_mended_by_the_next_put, ST_CORRUPTS),
	ST_TEST(every_fault_is_passed_until_the_caller_has_enough, ST_CORRUPTS),
	{ NULL, NULL, 0 },
};
