/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: trimming.
 */
#include "suites.h"

#include <string.h>

static bool open_grown(st_store *s, uint64_t *epoch, uint64_t n)
{
	uint64_t head = 0;
	nc_error err = ST_ERROR;
	if (!st_open(s, st_dir()) ||
		!CHECK_OK(s->t->lead(s->inst, "n1", 60000, epoch, &head, &err), &err))
		return false;
	for (; head < n; head += 50) {
		if (!CHECK_OK(st_append_model(s, 1, *epoch, head, 50, &err), &err) ||
			!CHECK_OK(st_materialise_model(s, 1, *epoch, head, head + 50, &err), &err))
			return false;
	}
	return true;
}

static nc_store_head head_of(st_store *s)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	CHECK_OK(s->t->head(s->inst, &h, &err), &err);
	return h;
}

static nc_code ignore(void *arg, uint64_t seq, nc_bytes rec)
{
	(void)arg, (void)seq, (void)rec;
	return NC_OK;
}

static void trimmed_records_are_gone_and_the_rest_stays(void)
{
	st_store s;
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	NEED(open_grown(&s, &epoch, 1000));
	CHECK_OK(s.t->trim(s.inst, epoch, 400, &err), &err);
	CHECK_U64(head_of(&s).trimmed_seq, 400);
	CHECK_U64(head_of(&s).head, 1000);
	CHECK_FAILS(s.t->read(s.inst, 0, 0, ignore, NULL, &err), NC_E_NOTFOUND, &err);
	CHECK_FAILS(s.t->read(s.inst, 399, 0, ignore, NULL, &err), NC_E_NOTFOUND, &err);
	CHECK(st_model_matches_log(1, &s, 401, 1000));
	CHECK(st_checks_clean(&s));
	CHECK_OK(s.t->trim(s.inst, epoch, 1000, &err), &err);
	CHECK_OK(s.t->read(s.inst, 1000, 0, ignore, NULL, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 1000, 5, &err), &err);
	CHECK(st_model_matches_log(1, &s, 1001, 1005));
	st_destroy(&s);
	NEED(st_open(&s, st_dir()));
	CHECK_U64(head_of(&s).trimmed_seq, 1000);
	CHECK_U64(head_of(&s).head, 1005);
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err));
	CHECK_U64(head, 1005);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void a_trim_above_what_is_applied_is_refused(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_grown(&s, &epoch, 100));
	NEED(CHECK_OK(st_append_model(&s, 1, epoch, 100, 50, &err), &err));
	CHECK_FAILS(s.t->trim(s.inst, epoch, 101, &err), NC_E_INVAL, &err);
	CHECK_FAILS(s.t->trim(s.inst, epoch, UINT64_MAX / 2, &err), NC_E_INVAL, &err);
	CHECK_U64(head_of(&s).trimmed_seq, 0);
	CHECK(st_model_matches_log(1, &s, 1, 150));
	CHECK_OK(s.t->trim(s.inst, epoch, 100, &err), &err);
	CHECK(st_model_matches_log(1, &s, 101, 150));
	st_destroy(&s);
}

static void a_trim_goes_forward_only_and_under_the_epoch(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_grown(&s, &epoch, 100));
	CHECK_FAILS(s.t->trim(s.inst, epoch + 1, 50, &err), NC_E_CONFLICT, &err);
	CHECK_FAILS(s.t->trim(s.inst, 0, 50, &err), NC_E_CONFLICT, &err);
	CHECK_U64(head_of(&s).trimmed_seq, 0);
	CHECK_OK(s.t->trim(s.inst, epoch, 0, &err), &err);
	CHECK_OK(s.t->trim(s.inst, epoch, 60, &err), &err);
	CHECK_OK(s.t->trim(s.inst, epoch, 30, &err), &err);
	CHECK_OK(s.t->trim(s.inst, epoch, 60, &err), &err);
	CHECK_U64(head_of(&s).trimmed_seq, 60);
	CHECK(st_model_matches_log(1, &s, 61, 100));
	st_destroy(&s);
}

static void a_fully_trimmed_log_is_led_again(void)
{
	st_store s;
	uint64_t epoch, head = 0;
	nc_error err = ST_ERROR;
	NEED(open_grown(&s, &epoch, 100));
	NEED(CHECK_OK(s.t->trim(s.inst, epoch, 100, &err), &err));
	st_destroy(&s);
	NEED(st_open(&s, st_dir()));
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 60000, &epoch, &head, &err), &err));
	CHECK_U64(head, 100);
	CHECK_OK(st_append_model(&s, 1, epoch, 100, 1, &err), &err);
	CHECK(st_model_matches_log(1, &s, 101, 101));
	st_destroy(&s);
}

const st_test st_trim_tests[] = {
	ST_TEST(trimmed_records_are_gone_and_the_rest_stays, 0),
	ST_TEST(a_trim_above_what_is_applied_is_refused, 0),
	ST_TEST(a_trim_goes_forward_only_and_under_the_epoch, 0),
	ST_TEST(a_fully_trimmed_log_is_led_again, 0),
	{ NULL, NULL, 0 },
};
