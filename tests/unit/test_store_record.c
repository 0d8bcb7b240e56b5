/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/hash.h"
#include "store/record.h"
#include "store/value.h"
#include "testing.h"

/* The bytes of values and records: one form each, everything else refused. */

static nc_item *sample_item(void)
{
	const nc_key keys[] = { { 0, 3, "web" }, { 1, 7, "running" }, { 2, 1, "b" },
		{ 2, 1, "a" } };
	nc_item *it = nc_item_new(7, 3, nc_str("vm_1"), keys, NC_LEN(keys), nc_str("{\"x\":1}"));
	if (it) {
		it->rev = 0x1122334455667788;
		it->flags = NC_ITEM_COLD;
	}
	return it;
}

static void value_comes_back_as_it_was(void)
{
	nc_item *it = sample_item(), *back = NULL;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_buf_done) nc_buf b, again;
	nc_buf_init(&b, 1000);
	nc_buf_init(&again, 1000);
	REQUIRE(it != NULL);
	nc_value_put(&b, it);
	CHECK_UINT(b.len, nc_item_value_len(it));
	REQUIRE(CHECK_OK(nc_value_parse(7, nc_str("vm_1"), nc_buf_bytes(&b), &back, &err), &err));
	CHECK_UINT(back->rev, it->rev);
	CHECK_UINT(back->shape, 3);
	CHECK_UINT(back->flags, NC_ITEM_COLD);
	CHECK_UINT(back->n_keys, 4);
	CHECK_STR(nc_item_key(back, 1).ptr, "running");
	CHECK_STR(nc_item_body(back).ptr, "{\"x\":1}");
	nc_value_put(&again, back);
	CHECK(nc_bytes_eq(nc_buf_bytes(&b), nc_buf_bytes(&again)));
	CHECK_UINT(nc_value_shape(nc_buf_bytes(&b)), 3);
	nc_item_unref(it);
	nc_item_unref(back);
}

/* What a value may not be, made by hand: head, then keys. */
static nc_code parse(const char *bytes, size_t n)
{
	nc_item *it = NULL;
	nc_code code = nc_value_parse(1, nc_str("x"), (nc_bytes){ bytes, n }, &it, NULL);
	CHECK((code == NC_OK) == (it != NULL));
	nc_item_unref(it);
	return code;
}
#define HEAD "\x01\x00\x01\x00\0\0\0\0\0\0\0\0"

static void value_that_breaks_a_rule_is_refused(void)
{
	const struct {
		nc_code want;
		size_t n;
		const char *bytes;
	} rows[] = {
		{ NC_OK, 13, HEAD "\x00" }, { NC_OK, 15, HEAD "\x00hi" },
		{ NC_OK, 22,
			HEAD "\x02\0\0\x01"
			     "a\0\0\x01"
			     "b!" },
		{ NC_E_PROTO, 12, HEAD },                               /* no count */
		{ NC_E_PROTO, 5, HEAD },                                /* cut */
		{ NC_E_PROTO, 13, "\x00" HEAD },                        /* version 0 */
		{ NC_E_UNSUPPORTED, 13, "\x02" HEAD },                  /* a newer one */
		{ NC_E_PROTO, 13, "\x01\x02\x01\0\0\0\0\0\0\0\0\0\0" }, /* unknown flag */
		{ NC_E_PROTO, 14, HEAD "\x81\x02" },                    /* more keys than may be */
		{ NC_E_PROTO, 17,
			HEAD "\x01\0\0\x02"
			     "a" }, /* cut in a key */
		{ NC_E_PROTO, 17,
			HEAD "\x01\x10\0\x01"
			     "a" }, /* index 16 */
		{ NC_E_PROTO, 21,
			HEAD "\x02\0\0\x01"
			     "b\0\0\x01"
			     "a" }, /* out of order */
		{ NC_E_PROTO, 21,
			HEAD "\x02\0\0\x01"
			     "a\0\0\x01"
			     "a" }, /* twice */
		{ NC_E_PROTO, 21,
			HEAD "\x02\x01\0\x01"
			     "a\0\0\x01"
			     "b" },                  /* indexes out of order */
		{ NC_E_PROTO, 14, HEAD "\x80\x00" }, /* a long varint */
	};
	for (size_t i = 0; i < NC_LEN(rows); i++)
		CHECK_CODE(parse(rows[i].bytes, rows[i].n), rows[i].want);
}

static void keys_of_the_spaces_come_back_and_sort(void)
{
	char a[NC_OBJECT_KEY_MAX], b[NC_OBJECT_KEY_MAX], c[NC_LANE_KEY_LEN], d[NC_LANE_KEY_LEN];
	uint16_t kind;
	uint64_t seq;
	uint32_t n;
	nc_bytes id;
	CHECK_INT(nc_object_key_parse(nc_object_key(258, nc_str("vm_1"), a), &kind, &id), 0);
	CHECK_UINT(kind, 258);
	CHECK(nc_bytes_eq(id, nc_str("vm_1")));
	CHECK(nc_bytes_cmp(nc_object_key(1, nc_str("zzz"), a), nc_object_key(2, nc_str("a"), b)) <
		0);
	CHECK_INT(nc_object_key_parse(nc_str("\1\1"), &kind, &id), -1);
	CHECK_INT(nc_lane_key_parse(nc_lane_key(1ull << 40, 7, c), &seq, &n), 0);
	CHECK_UINT(seq, 1ull << 40);
	CHECK_UINT(n, 7);
	CHECK(nc_bytes_cmp(nc_lane_key(255, 9, c), nc_lane_key(256, 0, d)) < 0);
	CHECK_INT(nc_lane_key_parse(nc_str("short"), &seq, &n), -1);
}

/* ---- records ---- */

static void put_change(nc_buf *b, const char *id)
{
	nc_item *it = nc_item_new(3, 1, nc_str(id), NULL, 0, nc_str("body"));
	nc_buf_put_u16(b, 3);
	nc_buf_put_lstr(b, id, strlen(id));
	nc_buf_put_varint(b, nc_item_value_len(it));
	nc_value_put(b, it);
	nc_item_unref(it);
}

static void put_delete(nc_buf *b, const char *id)
{
	nc_buf_put_u16(b, 3);
	nc_buf_put_lstr(b, id, strlen(id));
}

static void make_record(nc_buf *b)
{
	nc_buf_init(b, 10000);
	nc_record_begin(b, NC_REC_TXN);
	nc_record_section(b, NC_TAG_CHANGES, 2);
	put_change(b, "vm_1");
	put_change(b, "vm_2");
	nc_record_section(b, NC_TAG_DELETES, 1);
	put_delete(b, "vm_3");
	nc_record_section(b, NC_TAG_ENTRIES, 1);
	nc_buf_putc(b, NC_LANE_AUDIT);
	nc_buf_put_lstr(b, "entry", 5);
	CHECK_CODE(nc_record_end(b), NC_OK);
	nc_record_stamp(b, 42, 7, 1234567);
}

static void record_comes_back_as_it_was(void)
{
	nc_record r;
	nc_record_entry e;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_buf_done) nc_buf b;
	make_record(&b);
	REQUIRE(CHECK_OK(nc_record_open(nc_buf_bytes(&b), &r, &err), &err));
	CHECK_UINT(r.seq, 42);
	CHECK_UINT(r.epoch, 7);
	CHECK_INT(r.time_ms, 1234567);
	nc_record_iter it = nc_record_entries(&r);
	CHECK_INT(nc_record_next(&it, &e), 1);
	CHECK_INT(e.tag, NC_TAG_CHANGES);
	CHECK(nc_bytes_eq(e.id, nc_str("vm_1")));
	CHECK_INT(nc_record_next(&it, &e), 1);
	CHECK_UINT(e.kind, 3);
	CHECK_INT(nc_record_next(&it, &e), 1);
	CHECK_INT(e.tag, NC_TAG_DELETES);
	CHECK(nc_bytes_eq(e.id, nc_str("vm_3")));
	CHECK_INT(nc_record_next(&it, &e), 1);
	CHECK_INT(e.lane, NC_LANE_AUDIT);
	CHECK(nc_bytes_eq(e.value, nc_str("entry")));
	CHECK_INT(nc_record_next(&it, &e), 0);
	CHECK_INT(nc_record_next(&it, &e), 0);
}

static void epoch_record_says_who_the_state_is(void)
{
	nc_identity id = { .format = 1, .flags = NC_IDENTITY_RESTORED }, got = { 0 };
	nc_record r;
	nc_record_entry e;
	_cleanup_(nc_buf_done) nc_buf b;
	nc_ulid_make(id.log_id);
	nc_ulid_make(id.installation);
	nc_buf_init(&b, 1000);
	nc_record_begin(&b, NC_REC_EPOCH);
	nc_record_identity(&b, &id, "node-1");
	CHECK_CODE(nc_record_end(&b), NC_OK);
	nc_record_stamp(&b, 1, 1, 0);
	REQUIRE(CHECK_CODE(nc_record_open(nc_buf_bytes(&b), &r, NULL), NC_OK));
	nc_record_iter it = nc_record_entries(&r);
	CHECK_INT(nc_record_next(&it, &e), 1);
	got = e.identity;
	CHECK_STR(got.log_id, id.log_id);
	CHECK_STR(got.installation, id.installation);
	CHECK_UINT(got.flags, NC_IDENTITY_RESTORED);
	CHECK(nc_bytes_eq(e.value, nc_str("node-1")));
}

static void record_with_any_byte_changed_is_refused(void)
{
	nc_record r;
	_cleanup_(nc_buf_done) nc_buf b;
	make_record(&b);
	for (size_t i = 0; i < b.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b.ptr[i] = (char)(b.ptr[i] ^ (1 << bit));
			nc_error err = NC_ERROR_INIT;
			CHECK(nc_record_open(nc_buf_bytes(&b), &r, &err) != NC_OK);
			CHECK(err.message[0] != '\0');
			b.ptr[i] = (char)(b.ptr[i] ^ (1 << bit));
		}
		CHECK(nc_record_open((nc_bytes){ b.ptr, i }, &r, NULL) != NC_OK);
	}
	nc_buf_putc(&b, 'x');
	CHECK_CODE(nc_record_open(nc_buf_bytes(&b), &r, NULL), NC_E_PROTO);
}

typedef void (*body_fn)(nc_buf *b);

static void body_out_of_order(nc_buf *b)
{
	nc_record_section(b, NC_TAG_DELETES, 1);
	put_delete(b, "a");
	nc_record_section(b, NC_TAG_CHANGES, 1);
	put_change(b, "b");
}

static void body_twice(nc_buf *b)
{
	for (int i = 0; i < 2; i++) {
		nc_record_section(b, NC_TAG_DELETES, 1);
		put_delete(b, "a");
	}
}

static void body_empty_section(nc_buf *b)
{
	nc_record_section(b, NC_TAG_DELETES, 0);
}

static void body_short_section(nc_buf *b)
{
	nc_record_section(b, NC_TAG_DELETES, 2);
	put_delete(b, "a");
}

static void body_unknown_tag(nc_buf *b)
{
	nc_record_section(b, 9, 1);
	put_delete(b, "a");
}

static void body_kind_zero(nc_buf *b)
{
	nc_record_section(b, NC_TAG_DELETES, 1);
	nc_buf_put(b, "\0\0\1a", 4);
}

static void body_empty_id(nc_buf *b)
{
	nc_record_section(b, NC_TAG_DELETES, 1);
	nc_buf_put(b, "\3\0\0", 3);
}

static void body_bad_value(nc_buf *b)
{
	nc_record_section(b, NC_TAG_CHANGES, 1);
	nc_buf_put(b, "\3\0\1a\2xx", 7);
}

static void body_lane_nine(nc_buf *b)
{
	nc_record_section(b, NC_TAG_ENTRIES, 1);
	nc_buf_put(b, "\x09\1x", 3);
}

static void body_identity(nc_buf *b)
{
	nc_identity id = { .format = 1 };
	nc_ulid_make(id.log_id);
	nc_ulid_make(id.installation);
	nc_record_identity(b, &id, "n");
}

static void body_nothing(nc_buf *b)
{
	(void)b;
}

static nc_code open_body(body_fn body, uint8_t type)
{
	nc_record r;
	nc_buf b;
	nc_buf_init(&b, 10000);
	nc_record_begin(&b, type);
	body(&b);
	nc_record_end(&b);
	nc_record_stamp(&b, 1, 1, 1);
	nc_code code = nc_record_open(nc_buf_bytes(&b), &r, NULL);
	nc_buf_done(&b);
	return code;
}

static void record_whose_checksums_are_right_is_still_read_strictly(void)
{
	const body_fn wrong[] = { body_out_of_order, body_twice, body_empty_section,
		body_short_section, body_unknown_tag, body_kind_zero, body_empty_id, body_bad_value,
		body_lane_nine, body_identity };
	for (size_t i = 0; i < NC_LEN(wrong); i++)
		CHECK(open_body(wrong[i], NC_REC_TXN) != NC_OK);
	CHECK_CODE(open_body(body_nothing, NC_REC_TXN), NC_OK);
	CHECK_CODE(open_body(body_identity, NC_REC_EPOCH), NC_OK);
	CHECK_CODE(open_body(body_nothing, NC_REC_EPOCH), NC_E_PROTO);
	CHECK_CODE(open_body(body_nothing, 3), NC_E_PROTO);
}

static void record_of_a_newer_version_says_so(void)
{
	nc_record r;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_buf_done) nc_buf b;
	make_record(&b);
	b.ptr[4] = 2;
	nc_record_stamp(&b, 42, 7, 0);
	CHECK_CODE(nc_record_open(nc_buf_bytes(&b), &r, &err), NC_E_UNSUPPORTED);
	CHECK_STR(err.message, "record of version 2, this build reads up to 1");
}

NC_TESTS(store_record){
	T(value_comes_back_as_it_was),
	T(value_that_breaks_a_rule_is_refused),
	T(keys_of_the_spaces_come_back_and_sort),
	T(record_comes_back_as_it_was),
	T(epoch_record_says_who_the_state_is),
	T(record_with_any_byte_changed_is_refused),
	T(record_whose_checksums_are_right_is_still_read_strictly),
	T(record_of_a_newer_version_says_so),
};
