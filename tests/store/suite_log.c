/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: the lead, the log, and reading it.
 */
#include "suites.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TTL_MS 60000u

static const nc_bytes none = { NULL, 0 };

static nc_store_head head_of(st_store *s)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	CHECK_OK(s->t->head(s->inst, &h, &err), &err);
	return h;
}

static nc_code append_text(
	st_store *s, uint64_t epoch, uint64_t head, const char *text, nc_error *err)
{
	nc_bytes rec = { text, strlen(text) };
	return s->t->append(s->inst, epoch, head, &rec, 1, err);
}

static bool lead(st_store *s, const char *node, uint64_t *epoch, uint64_t *head)
{
	nc_error err = ST_ERROR;
	return CHECK_OK(s->t->lead(s->inst, node, TTL_MS, epoch, head, &err), &err);
}

/* ---- the lead ---- */

static void a_fresh_store_is_empty(void)
{
	st_store s;
	NEED(st_open(&s, st_dir()));
	nc_store_head h = head_of(&s);
	CHECK_U64(h.epoch, 0);
	CHECK_U64(h.head, 0);
	CHECK_U64(h.trimmed_seq, 0);
	CHECK_U64(h.applied_seq, 0);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void head_fills_no_more_than_the_caller_has(void)
{
	st_store s;
	NEED(st_open(&s, st_dir()));
	nc_store_head h;
	memset(&h, 0x5a, sizeof(h));
	h.struct_size = offsetof(nc_store_head, trimmed_seq);
	CHECK_CODE(s.t->head(s.inst, &h, NULL), NC_OK);
	CHECK_U64(h.head, 0);
	CHECK_U64(h.trimmed_seq, 0x5a5a5a5a5a5a5a5au);
	st_destroy(&s);
}

static void every_lead_of_a_reopened_store_has_a_larger_epoch(void)
{
	st_store s;
	uint64_t last = 0;
	for (int i = 0; i < 5; i++) {
		uint64_t epoch = 0, head = 99;
		NEED(st_open(&s, st_dir()));
		CHECK_U64(head_of(&s).epoch, last);
		NEED(lead(&s, "n1", &epoch, &head));
		CHECK(epoch > last);
		CHECK_U64(head, 0);
		CHECK_U64(head_of(&s).epoch, epoch);
		last = epoch;
		st_destroy(&s);
	}
}

static void renewing_keeps_the_epoch_and_tells_the_head(void)
{
	st_store s;
	uint64_t epoch = 0, again = 0, head = 0;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	NEED(lead(&s, "n1", &epoch, &head));
	CHECK_OK(append_text(&s, epoch, 0, "one", &err), &err);
	NEED(lead(&s, "n1", &again, &head));
	CHECK_U64(again, epoch);
	CHECK_U64(head, 1);
	CHECK_OK(append_text(&s, epoch, 1, "two", &err), &err);
	st_destroy(&s);
}

static void another_node_leads_only_after_the_lease(void)
{
	st_store s;
	uint64_t first = 0, epoch = 77, head = 78;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	NEED(CHECK_OK(s.t->lead(s.inst, "node-a", 300, &first, &head, &err), &err));
	head = 78;
	CHECK_FAILS(s.t->lead(s.inst, "node-b", TTL_MS, &epoch, &head, &err), NC_E_BUSY, &err);
	CHECK(strstr(err.message, "node-a") != NULL);
	CHECK_U64(epoch, 77);
	CHECK_U64(head, 78);
	st_sleep_ms(350);
	NEED(lead(&s, "node-b", &epoch, &head));
	CHECK(epoch > first);
	CHECK_FAILS(append_text(&s, first, 0, "stale", &err), NC_E_CONFLICT, &err);
	CHECK_FAILS(s.t->materialise(s.inst, first, 0, NULL, 0, &err), NC_E_CONFLICT, &err);
	CHECK_FAILS(s.t->trim(s.inst, first, 0, &err), NC_E_CONFLICT, &err);
	CHECK_OK(append_text(&s, epoch, 0, "fresh", &err), &err);
	st_destroy(&s);
}

static void a_lease_that_ran_out_is_not_renewed(void)
{
	st_store s;
	uint64_t first = 0, second = 0, head = 0;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 50, &first, &head, &err), &err));
	st_sleep_ms(80);
	NEED(CHECK_OK(s.t->lead(s.inst, "n1", 50, &second, &head, &err), &err));
	CHECK(second > first);
	CHECK_FAILS(append_text(&s, first, 0, "stale", &err), NC_E_CONFLICT, &err);
	st_destroy(&s);
}

static void a_node_must_have_a_name(void)
{
	st_store s;
	uint64_t epoch = 5, head = 6;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	CHECK_FAILS(s.t->lead(s.inst, "", TTL_MS, &epoch, &head, &err), NC_E_INVAL, &err);
	CHECK_U64(epoch, 5);
	CHECK_U64(head, 6);
	st_destroy(&s);
}

/* ---- appending ---- */

static void records_get_the_seqs_after_head(void)
{
	st_store s;
	uint64_t epoch = 0, head = 0;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	NEED(lead(&s, "n1", &epoch, &head));
	for (uint32_t n = 1; n < 40; n += 7) {
		NEED(CHECK_OK(st_append_model(&s, 1, epoch, head, n, &err), &err));
		head += n;
		CHECK_U64(head_of(&s).head, head);
	}
	CHECK(st_model_matches_log(1, &s, 1, head));
	st_destroy(&s);
	NEED(st_open(&s, st_dir()));
	CHECK_U64(head_of(&s).head, head);
	CHECK(st_model_matches_log(1, &s, 1, head));
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void appending_is_fenced_by_epoch_and_head(void)
{
	st_store s;
	uint64_t epoch = 0, head = 0;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	CHECK_FAILS(append_text(&s, 0, 0, "x", &err), NC_E_CONFLICT, &err);
	CHECK_FAILS(append_text(&s, 1, 0, "x", &err), NC_E_CONFLICT, &err);
	NEED(lead(&s, "n1", &epoch, &head));
	NEED(CHECK_OK(st_append_model(&s, 1, epoch, 0, 10, &err), &err));
	static const int64_t epochs[] = { -1, 1, 100 }, heads[] = { -1, 1, -10, 100 };
	for (size_t i = 0; i < 3; i++)
		CHECK_FAILS(append_text(&s, epoch + (uint64_t)epochs[i], 10, "x", &err),
			NC_E_CONFLICT, &err);
	for (size_t i = 0; i < 4; i++)
		CHECK_FAILS(append_text(&s, epoch, 10 + (uint64_t)heads[i], "x", &err),
			NC_E_CONFLICT, &err);
	CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
	CHECK_U64(head_of(&s).head, 10);
	CHECK(st_model_matches_log(1, &s, 1, 10));
	st_destroy(&s);
}

static void an_epoch_of_before_is_void_after_reopening(void)
{
	st_store s;
	uint64_t epoch = 0, head = 0;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()));
	NEED(lead(&s, "n1", &epoch, &head));
	st_destroy(&s);
	NEED(st_open(&s, st_dir()));
	CHECK_FAILS(append_text(&s, epoch, 0, "x", &err), NC_E_CONFLICT, &err);
	CHECK_FAILS(s.t->materialise(s.inst, epoch, 0, NULL, 0, &err), NC_E_CONFLICT, &err);
	st_destroy(&s);
}

static nc_code count_bytes(void *arg, uint64_t seq, nc_bytes rec)
{
	size_t *len = arg;
	len[seq] = rec.len;
	return NC_OK;
}

static void a_batch_has_limits(void)
{
	st_store s;
	uint64_t epoch = 0, head = 0;
	size_t len[4] = { 99, 99, 99, 99 };
	nc_error err = ST_ERROR;
	char *big = calloc(1, NC_STORE_BATCH_MAX + 1);
	NEED(CHECK(big != NULL) && st_open(&s, st_dir()));
	NEED(lead(&s, "n1", &epoch, &head));
	nc_bytes one = { big, NC_STORE_BATCH_MAX + 1 };
	nc_bytes two[2] = { { big, NC_STORE_BATCH_MAX }, { "x", 1 } };
	CHECK_FAILS(s.t->append(s.inst, epoch, 0, NULL, 0, &err), NC_E_INVAL, &err);
	CHECK_FAILS(s.t->append(s.inst, epoch, 0, &one, 1, &err), NC_E_INVAL, &err);
	CHECK_FAILS(s.t->append(s.inst, epoch, 0, two, 2, &err), NC_E_INVAL, &err);
	CHECK_U64(head_of(&s).head, 0);
	nc_bytes fits[2] = { { big, NC_STORE_BATCH_MAX }, none };
	CHECK_OK(s.t->append(s.inst, epoch, 0, fits, 2, &err), &err);
	CHECK_OK(s.t->read(s.inst, 0, 0, count_bytes, len, &err), &err);
	CHECK_U64(len[1], NC_STORE_BATCH_MAX);
	CHECK_U64(len[2], 0);
	st_destroy(&s);
	free(big);
}

/* ---- reading ---- */

typedef struct reader {
	uint64_t first, last, stop_at;
	unsigned n;
} reader;

static nc_code note_record(void *arg, uint64_t seq, nc_bytes rec)
{
	reader *r = arg;
	(void)rec;
	if (!r->n++)
		r->first = seq;
	r->last = seq;
	return seq == r->stop_at ? NC_E_QUOTA : NC_OK;
}

static bool open_with_records(st_store *s, uint64_t *epoch, uint32_t n)
{
	uint64_t head = 0;
	nc_error err = ST_ERROR;
	if (!st_open(s, st_dir()) || !lead(s, "n1", epoch, &head))
		return false;
	while (head < n) {
		uint32_t batch = n - (uint32_t)head < 100 ? n - (uint32_t)head : 100;
		if (!CHECK_OK(st_append_model(s, 1, *epoch, head, batch, &err), &err))
			return false;
		head += batch;
	}
	return true;
}

static void reading_begins_after_and_ends_when_told(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_with_records(&s, &epoch, 1000));
	reader r = { 0 };
	CHECK_OK(s.t->read(s.inst, 0, 0, note_record, &r, &err), &err);
	CHECK_U64(r.first, 1);
	CHECK_U64(r.last, 1000);
	CHECK_U64(r.n, 1000);
	r = (reader){ .stop_at = 700 };
	CHECK_CODE(s.t->read(s.inst, 300, 0, note_record, &r, &err), NC_E_QUOTA);
	CHECK_U64(r.first, 301);
	CHECK_U64(r.last, 700);
	static const uint64_t past[] = { 1000, 1001, 5000, INT64_MAX };
	for (size_t i = 0; i < 4; i++) {
		r = (reader){ 0 };
		CHECK_OK(s.t->read(s.inst, past[i], 0, note_record, &r, &err), &err);
		CHECK_U64(r.n, 0);
	}
	st_destroy(&s);
}

static void reading_waits_no_longer_than_told(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_with_records(&s, &epoch, 3));
	reader r = { 0 };
	uint64_t start = st_now_ms();
	CHECK_OK(s.t->read(s.inst, 3, 200, note_record, &r, &err), &err);
	uint64_t took = st_now_ms() - start;
	CHECK(took >= 190 && took < 5000);
	CHECK_U64(r.n, 0);
	start = st_now_ms();
	CHECK_OK(s.t->read(s.inst, 2, 20000, note_record, &r, &err), &err);
	CHECK(st_now_ms() - start < 5000);
	CHECK_U64(r.n, 1);
	st_destroy(&s);
}

typedef struct waiter {
	st_store *s;
	uint64_t after;
	reader r;
	nc_code code;
	uint64_t took_ms;
} waiter;

static void *wait_for_record(void *arg)
{
	waiter *w = arg;
	nc_error err = ST_ERROR;
	uint64_t start = st_now_ms();
	w->code = w->s->t->read(w->s->inst, w->after, 20000, note_record, &w->r, &err);
	w->took_ms = st_now_ms() - start;
	return NULL;
}

static void an_append_wakes_who_waits_for_it(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	waiter w[8] = { 0 };
	pthread_t thread[8];
	NEED(open_with_records(&s, &epoch, 3));
	for (size_t i = 0; i < 8; i++) {
		w[i] = (waiter){ .s = &s, .after = i < 6 ? 3 : 4 };
		NEED(CHECK(!pthread_create(&thread[i], NULL, wait_for_record, &w[i])));
	}
	st_sleep_ms(100);
	CHECK_OK(append_text(&s, epoch, 3, "four", &err), &err);
	for (size_t i = 0; i < 6; i++) {
		pthread_join(thread[i], NULL);
		CHECK_CODE(w[i].code, NC_OK);
		CHECK_U64(w[i].r.last, 4);
		CHECK(w[i].took_ms < 10000);
	}
	CHECK_OK(append_text(&s, epoch, 4, "five", &err), &err);
	for (size_t i = 6; i < 8; i++) {
		pthread_join(thread[i], NULL);
		CHECK_U64(w[i].r.first, 5);
	}
	st_destroy(&s);
}

const st_test st_log_tests[] = {
	ST_TEST(a_fresh_store_is_empty, 0),
	ST_TEST(head_fills_no_more_than_the_caller_has, 0),
	ST_TEST(every_lead_of_a_reopened_store_has_a_larger_epoch, 0),
	ST_TEST(renewing_keeps_the_epoch_and_tells_the_head, 0),
	ST_TEST(another_node_leads_only_after_the_lease, 0),
	ST_TEST(a_lease_that_ran_out_is_not_renewed, 0),
	ST_TEST(a_node_must_have_a_name, 0),
	ST_TEST(records_get_the_seqs_after_head, 0),
	ST_TEST(appending_is_fenced_by_epoch_and_head, 0),
	ST_TEST(an_epoch_of_before_is_void_after_reopening, 0),
	ST_TEST(a_batch_has_limits, 0),
	ST_TEST(reading_begins_after_and_ends_when_told, 0),
	ST_TEST(reading_waits_no_longer_than_told, 0),
	ST_TEST(an_append_wakes_who_waits_for_it, 0),
	{ NULL, NULL, 0 },
};
