/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: materialising, scanning, getting.
 */
#include "suites.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const nc_bytes none = { NULL, 0 };

static nc_bytes text(const char *s)
{
	return (nc_bytes){ s, strlen(s) };
}

static nc_kv put(uint32_t space, const char *key, const char *val, uint64_t rev)
{
	return (nc_kv){ .space = space, .key = text(key), .val = text(val), .rev = rev };
}

/* Opened, led, with n records appended, so that applied_seq has somewhere to go. */
static bool open_led(st_store *s, uint64_t *epoch, uint32_t n)
{
	uint64_t head = 0;
	nc_error err = ST_ERROR;
	return st_open(s, st_dir()) &&
	       CHECK_OK(s->t->lead(s->inst, "n1", 60000, epoch, &head, &err), &err) &&
	       CHECK_OK(st_append_model(s, 1, *epoch, 0, n, &err), &err);
}

static uint64_t applied_of(st_store *s)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	CHECK_OK(s->t->head(s->inst, &h, &err), &err);
	return h.applied_seq;
}

/* What a scan passed: keys and values in order, "key=val;". */
typedef struct listing {
	char text[4000];
	size_t len;
	unsigned n, stop_after;
	uint64_t rev;
	uint32_t flags;
} listing;

static nc_code list(void *arg, const nc_kv *kv)
{
	listing *l = arg;
	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%.*s=%.*s;",
		(int)kv->key.len, (const char *)kv->key.ptr, (int)kv->val.len,
		(const char *)kv->val.ptr);
	l->rev = kv->rev;
	l->flags |= kv->flags;
	return ++l->n == l->stop_after ? NC_E_QUOTA : NC_OK;
}

static bool scans_as(st_store *s, uint32_t space, const char *from, const char *to, uint32_t max,
	const char *want)
{
	listing l = { .len = 0 };
	nc_error err = ST_ERROR;
	nc_code code = s->t->scan(s->inst, space, text(from), text(to), max, list, &l, &err);
	if (code == NC_OK && !strcmp(l.text, want))
		return true;
	fprintf(stderr, "  scan gave %d \"%s\", not \"%s\"\n", code, l.text, want);
	return false;
}

static void what_is_put_is_found_and_what_is_deleted_is_not(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 5));
	nc_kv first[] = { put(1, "a", "1", 1), put(1, "b", "2", 1), put(1, "c", "3", 2) };
	nc_kv second[] = { put(1, "b", "two", 3), { .space = 1, .key = text("a"), .rev = 3 },
		{ .space = 1, .key = text("not there"), .rev = 3 } };
	CHECK_OK(s.t->materialise(s.inst, epoch, 2, first, 3, &err), &err);
	CHECK(scans_as(&s, 1, "", "", 0, "a=1;b=2;c=3;"));
	CHECK_OK(s.t->materialise(s.inst, epoch, 3, second, 3, &err), &err);
	CHECK(scans_as(&s, 1, "", "", 0, "b=two;c=3;"));
	CHECK_U64(applied_of(&s), 3);
	st_destroy(&s);
	NEED(st_open(&s, st_dir()));
	CHECK(scans_as(&s, 1, "", "", 0, "b=two;c=3;"));
	CHECK_U64(applied_of(&s), 3);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void of_a_key_twice_in_a_batch_the_last_counts(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 5));
	nc_kv kv[] = { put(1, "a", "1", 1), put(1, "a", "2", 2), put(1, "b", "1", 1),
		{ .space = 1, .key = text("b"), .rev = 2 },
		{ .space = 1, .key = text("c"), .rev = 1 }, put(1, "c", "3", 2) };
	CHECK_OK(s.t->materialise(s.inst, epoch, 2, kv, 6, &err), &err);
	CHECK(scans_as(&s, 1, "", "", 0, "a=2;c=3;"));
	st_destroy(&s);
}

static void getting_gives_one_key_with_its_rev(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	listing l = { .len = 0 };
	NEED(open_led(&s, &epoch, 9));
	nc_kv kv[] = { put(1, "a", "1", 7), put(1, "ab", "2", 8), put(2, "a", "other", 9) };
	CHECK_OK(s.t->materialise(s.inst, epoch, 9, kv, 3, &err), &err);
	CHECK_OK(s.t->get(s.inst, 1, text("a"), list, &l, &err), &err);
	CHECK(!strcmp(l.text, "a=1;"));
	CHECK_U64(l.rev, 7);
	l = (listing){ .len = 0 };
	CHECK_FAILS(s.t->get(s.inst, 1, text("b"), list, &l, &err), NC_E_NOTFOUND, &err);
	CHECK_FAILS(s.t->get(s.inst, 3, text("a"), list, &l, &err), NC_E_NOTFOUND, &err);
	CHECK_FAILS(s.t->get(s.inst, 1, text("aa"), list, &l, &err), NC_E_NOTFOUND, &err);
	CHECK_FAILS(s.t->get(s.inst, 1, none, list, &l, &err), NC_E_INVAL, &err);
	CHECK_U64(l.n, 0);
	l.stop_after = 1;
	CHECK_CODE(s.t->get(s.inst, 2, text("a"), list, &l, &err), NC_E_QUOTA);
	st_destroy(&s);
}

static void applied_seq_goes_forward_and_never_past_the_head(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 5));
	nc_kv kv = put(1, "a", "1", 1);
	CHECK_FAILS(s.t->materialise(s.inst, epoch, 6, &kv, 1, &err), NC_E_INVAL, &err);
	CHECK(scans_as(&s, 1, "", "", 0, ""));
	CHECK_OK(s.t->materialise(s.inst, epoch, 3, NULL, 0, &err), &err);
	CHECK_OK(s.t->materialise(s.inst, epoch, 3, &kv, 1, &err), &err);
	CHECK_FAILS(s.t->materialise(s.inst, epoch, 2, &kv, 1, &err), NC_E_INVAL, &err);
	CHECK_U64(applied_of(&s), 3);
	CHECK_OK(s.t->materialise(s.inst, epoch, 5, NULL, 0, &err), &err);
	CHECK_U64(applied_of(&s), 5);
	st_destroy(&s);
}

static void a_refused_batch_changes_nothing(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 5));
	char long_key[NC_STORE_KEY_MAX + 1];
	char *big = calloc(1, NC_STORE_VAL_MAX + 1);
	memset(long_key, 'k', sizeof(long_key));
	NEED(CHECK(big != NULL));
	nc_kv bad[] = {
		{ .space = 1, .key = { "", 0 }, .val = text("v") },
		{ .space = 1, .key = { long_key, sizeof(long_key) }, .val = text("v") },
		{ .space = 1, .key = text("k"), .val = { big, NC_STORE_VAL_MAX + 1 } },
		{ .space = 1, .key = text("k"), .val = text("v"), .flags = 1 },
	};
	for (size_t i = 0; i < 4; i++) {
		nc_kv kv[] = { put(1, "fine", "1", 1), bad[i] };
		CHECK_FAILS(s.t->materialise(s.inst, epoch, 1, kv, 2, &err), NC_E_INVAL, &err);
	}
	nc_kv fine = put(1, "fine", "1", 1);
	CHECK_FAILS(s.t->materialise(s.inst, epoch + 1, 1, &fine, 1, &err), NC_E_CONFLICT, &err);
	CHECK(scans_as(&s, 1, "", "", 0, ""));
	CHECK_U64(applied_of(&s), 0);
	st_destroy(&s);
	free(big);
}

typedef struct sizes {
	size_t key, val;
	unsigned n;
	bool is_null;
} sizes;

static nc_code measure(void *arg, const nc_kv *kv)
{
	*(sizes *)arg = (sizes){ kv->key.len, kv->val.len, ((sizes *)arg)->n + 1, !kv->val.ptr };
	return NC_OK;
}

static void the_largest_and_the_empty_value_are_kept(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 5));
	char *big = malloc(NC_STORE_VAL_MAX);
	NEED(CHECK(big != NULL));
	memset(big, 0xa5, NC_STORE_VAL_MAX);
	nc_kv kv[32];
	char keys[32][NC_STORE_KEY_MAX];
	for (int i = 0; i < 31; i++) { /* as much as a batch takes */
		memset(keys[i], 'a' + i, NC_STORE_KEY_MAX);
		kv[i] = (nc_kv){ .space = 1,
			.key = { keys[i], NC_STORE_KEY_MAX },
			.val = { big, NC_STORE_VAL_MAX } };
	}
	kv[31] = (nc_kv){ .space = 2, .key = text("e"), .val = { "", 0 } };
	CHECK_OK(s.t->materialise(s.inst, epoch, 1, kv, 32, &err), &err);
	sizes z = { 0 };
	CHECK_OK(s.t->scan(s.inst, 1, none, none, 0, measure, &z, &err), &err);
	CHECK_U64(z.n, 31);
	CHECK_U64(z.key, NC_STORE_KEY_MAX);
	CHECK_U64(z.val, NC_STORE_VAL_MAX);
	CHECK_OK(s.t->get(s.inst, 2, text("e"), measure, &z, &err), &err);
	CHECK(!z.is_null && z.val == 0);
	CHECK_OK(s.t->get(s.inst, 1, kv[30].key, measure, &z, &err), &err);
	nc_kv more[33];
	for (int i = 0; i < 33; i++)
		more[i] = kv[i % 31];
	CHECK_FAILS(s.t->materialise(s.inst, epoch, 1, more, 33, &err), NC_E_INVAL, &err);
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
	free(big);
}

static void a_scan_keeps_to_its_range_and_its_space(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, 5));
	nc_kv kv[] = { put(1, "d", "4", 1), put(1, "b", "2", 1), put(1, "a", "1", 1),
		put(1, "bb", "22", 1), put(1, "c", "3", 1), put(0, "b", "zero", 1),
		put(UINT32_MAX, "b", "max", 1), put(2, "a", "two", 1) };
	CHECK_OK(s.t->materialise(s.inst, epoch, 1, kv, 8, &err), &err);
	CHECK(scans_as(&s, 1, "", "", 0, "a=1;b=2;bb=22;c=3;d=4;"));
	CHECK(scans_as(&s, 1, "b", "", 0, "b=2;bb=22;c=3;d=4;"));
	CHECK(scans_as(&s, 1, "b", "c", 0, "b=2;bb=22;"));
	CHECK(scans_as(&s, 1, "ba", "bb", 0, ""));
	CHECK(scans_as(&s, 1, "ba", "bba", 0, "bb=22;"));
	CHECK(scans_as(&s, 1, "c", "b", 0, ""));
	CHECK(scans_as(&s, 1, "", "", 2, "a=1;b=2;"));
	CHECK(scans_as(&s, 1, "b", "d", 9, "b=2;bb=22;c=3;"));
	CHECK(scans_as(&s, 0, "", "", 0, "b=zero;"));
	CHECK(scans_as(&s, UINT32_MAX, "", "", 0, "b=max;"));
	CHECK(scans_as(&s, 3, "", "", 0, ""));
	listing l = { .stop_after = 2 };
	CHECK_CODE(s.t->scan(s.inst, 1, none, none, 0, list, &l, &err), NC_E_QUOTA);
	CHECK(!strcmp(l.text, "a=1;b=2;"));
	st_destroy(&s);
}

typedef struct pager {
	uint8_t last[NC_STORE_KEY_MAX + 1];
	size_t len;
	uint64_t seen;
	unsigned n;
	bool is_ordered;
} pager;

static nc_code note_page(void *arg, const nc_kv *kv)
{
	pager *p = arg;
	size_t n = p->len < kv->key.len ? p->len : kv->key.len;
	int order = memcmp(p->last, kv->key.ptr, n);
	if (p->n && (order > 0 || (order == 0 && p->len >= kv->key.len + 1)))
		p->is_ordered = false;
	memcpy(p->last, kv->key.ptr, kv->key.len);
	p->len = kv->key.len;
	p->seen = p->seen * 31 + kv->rev;
	p->n++;
	return NC_OK;
}

static void pages_of_binary_keys_add_up_to_the_whole(void)
{
	st_store s;
	uint64_t epoch;
	nc_error err = ST_ERROR;
	NEED(open_led(&s, &epoch, ST_MODEL_BATCH_MAX));
	NEED(CHECK_OK(st_materialise_model(&s, 1, epoch, 0, ST_MODEL_BATCH_MAX, &err), &err));
	st_model m;
	st_model_init(&m, 1);
	st_model_advance(&m, ST_MODEL_BATCH_MAX);
	CHECK(st_model_matches_state(&m, &s));
	pager whole = { .is_ordered = true };
	CHECK_OK(s.t->scan(s.inst, 1, none, none, 0, note_page, &whole, &err), &err);
	CHECK(whole.is_ordered && whole.n > 10);
	for (uint32_t max = 1; max < 9; max += 3) {
		pager p = { .is_ordered = true };
		unsigned before = 1;
		for (nc_bytes from = none; before != p.n;) {
			before = p.n;
			CHECK_OK(s.t->scan(s.inst, 1, from, none, max, note_page, &p, &err), &err);
			p.last[p.len] = 0; /* the next page begins at the key's successor */
			from = (nc_bytes){ p.last, p.len + 1 };
		}
		CHECK_U64(p.n, whole.n);
		CHECK_U64(p.seen, whole.seen);
	}
	st_destroy(&s);
}

/* ---- one moment ---- */

typedef struct mover {
	st_store *s;
	uint64_t epoch;
	nc_code code;
} mover;

/* Sets ten keys to one value, again and again. */
static void *move_keys(void *arg)
{
	mover *m = arg;
	nc_error err = ST_ERROR;
	for (int i = 0; i < 200 && m->code == NC_OK; i++) {
		char val[16];
		snprintf(val, sizeof(val), "%d", i);
		nc_kv kv[10];
		static const char *const keys[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8",
			"9" };
		for (int k = 0; k < 10; k++)
			kv[k] = put(1, keys[k], val, 1);
		m->code = m->s->t->materialise(m->s->inst, m->epoch, 1, kv, 10, &err);
	}
	return NULL;
}

typedef struct moment {
	char val[16];
	unsigned n;
	bool is_one;
} moment;

static nc_code same_as_first(void *arg, const nc_kv *kv)
{
	moment *m = arg;
	char val[16];
	snprintf(val, sizeof(val), "%.*s", (int)kv->val.len, (const char *)kv->val.ptr);
	if (!m->n++)
		snprintf(m->val, sizeof(m->val), "%s", val);
	m->is_one = m->is_one && !strcmp(m->val, val);
	st_sleep_ms(m->n == 5 ? 1 : 0);
	return NC_OK;
}

static void a_scan_sees_one_moment(void)
{
	st_store s;
	nc_error err = ST_ERROR;
	mover m = { .s = &s, .code = NC_OK };
	pthread_t thread;
	NEED(open_led(&s, &m.epoch, 5));
	NEED(CHECK(!pthread_create(&thread, NULL, move_keys, &m)));
	for (int i = 0; i < 100; i++) {
		moment now = { .is_one = true };
		CHECK_OK(s.t->scan(s.inst, 1, none, none, 0, same_as_first, &now, &err), &err);
		CHECK(now.is_one && (now.n == 0 || now.n == 10));
	}
	pthread_join(thread, NULL);
	CHECK_CODE(m.code, NC_OK);
	st_destroy(&s);
}

const st_test st_state_tests[] = {
	ST_TEST(what_is_put_is_found_and_what_is_deleted_is_not, 0),
	ST_TEST(of_a_key_twice_in_a_batch_the_last_counts, 0),
	ST_TEST(getting_gives_one_key_with_its_rev, 0),
	ST_TEST(applied_seq_goes_forward_and_never_past_the_head, 0),
	ST_TEST(a_refused_batch_changes_nothing, 0),
	ST_TEST(the_largest_and_the_empty_value_are_kept, 0),
	ST_TEST(a_scan_keeps_to_its_range_and_its_space, 0),
	ST_TEST(pages_of_binary_keys_add_up_to_the_whole, 0),
	ST_TEST(a_scan_sees_one_moment, 0),
	{ NULL, NULL, 0 },
};
