/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* The growing buffer and the cursor that reads what it wrote. */

static void contents_always_end_in_nul(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1000);
	CHECK_STR(b.ptr, "");
	nc_buf_puts(&b, "a");
	CHECK_STR(b.ptr, "a");
	nc_buf_printf(&b, "%s%d", "bc", 12);
	CHECK_STR(b.ptr, "abc12");
	nc_buf_consume(&b, 2);
	CHECK_STR(b.ptr, "c12");
	nc_buf_reset(&b);
	CHECK_STR(b.ptr, "");
	CHECK_UINT(b.len, 0);
}

static void the_limit_is_exact_and_sticky(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 5);
	nc_buf_puts(&b, "12345");
	CHECK(!nc_buf_failed(&b));
	nc_buf_putc(&b, '6');
	CHECK_CODE(b.error, NC_E_INVAL);
	CHECK_STR(b.ptr, "12345");
	nc_buf_reset(&b);
	nc_buf_printf(&b, "%s", "abcdef");
	CHECK_CODE(b.error, NC_E_INVAL);
	CHECK_STR(b.ptr, "");
	nc_buf_puts(&b, "x");
	CHECK_UINT(b.len, 0);
	nc_buf_reset(&b);
	nc_buf_printf(&b, "%s", "abcde");
	CHECK(!nc_buf_failed(&b));
	CHECK_STR(b.ptr, "abcde");
}

static void printf_cut_by_the_memory_is_written_whole(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	char want[600];
	nc_buf_init(&b, 1000);
	for (size_t n = 0; n < 500; n += 7) {
		nc_buf_reset(&b);
		nc_buf_puts(&b, "x");
		nc_buf_printf(&b, "%0*d", (int)n + 1, 7);
		snprintf(want, sizeof(want), "x%0*d", (int)n + 1, 7);
		CHECK_STR(b.ptr, want);
	}
}

static void a_limit_of_zero_holds_nothing(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 0);
	nc_buf_puts(&b, "");
	CHECK(!nc_buf_failed(&b));
	nc_buf_putc(&b, 'x');
	CHECK_CODE(b.error, NC_E_INVAL);
	CHECK(nc_buf_take(&b, NULL) == NULL);
}

static void a_huge_limit_does_not_overflow(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, SIZE_MAX - 1);
	nc_buf_puts(&b, "abc");
	CHECK(nc_buf_reserve(&b, SIZE_MAX - 3) == NULL);
	CHECK(nc_buf_failed(&b));
}

static void take_hands_the_text_over(void)
{
	size_t len = 99;
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 100);
	_cleanup_(nc_freep) char *none = nc_buf_take(&b, &len);
	CHECK_STR(none, "");
	CHECK_UINT(len, 0);
	nc_buf_puts(&b, "taken");
	_cleanup_(nc_freep) char *text = nc_buf_take(&b, &len);
	CHECK_STR(text, "taken");
	CHECK_UINT(len, 5);
	CHECK_UINT(b.len, 0);
	nc_buf_puts(&b, "next");
	CHECK_STR(b.ptr, "next");
}

static void reserve_and_commit_write_in_place(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 300);
	char *to = nc_buf_reserve(&b, 200);
	REQUIRE(to);
	memset(to, 'y', 200);
	nc_buf_commit(&b, 3);
	CHECK_STR(b.ptr, "yyy");
	CHECK(nc_buf_reserve(&b, 298) == NULL);
}

static void a_fixed_buffer_never_allocates(void)
{
	char mem[8];
	nc_buf b;
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	nc_buf_init_fixed(&b, mem, sizeof(mem));
	nc_buf_puts(&b, "1234567");
	int fits = !nc_buf_failed(&b);
	nc_buf_putc(&b, '8');
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(fits);
	CHECK_CODE(b.error, NC_E_INVAL);
	CHECK(!nc_alloc_has_failed());
	CHECK_STR(mem, "1234567");
	nc_buf_done(&b);
}

static void commit_too_much(void *arg)
{
	nc_buf_reserve(arg, 10);
	nc_buf_commit(arg, 5000);
}

static void consume_too_much(void *arg)
{
	nc_buf_consume(arg, 1);
}

static void misuse_is_an_assertion(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 100000);
	CHECK(nc_test_aborts(commit_too_much, &b));
	CHECK(nc_test_aborts(consume_too_much, &b));
}

static void numbers_are_little_endian(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 100);
	nc_buf_put_u16(&b, 0x0102);
	nc_buf_put_u32(&b, 0x03040506);
	nc_buf_put_u64(&b, 0x0708090a0b0c0d0e);
	CHECK_UINT(b.len, 14);
	CHECK_MEM(b.ptr, "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07", 14);
}

static void varints_read_back_at_every_length(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1000);
	for (unsigned bit = 0; bit < 64; bit++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = ((uint64_t)1 << bit) + (uint64_t)(int64_t)d;
			nc_buf_reset(&b);
			nc_buf_put_varint(&b, v);
			nc_cur c = nc_cur_of(nc_buf_bytes(&b));
			CHECK_UINT(nc_cur_varint(&c), v);
			CHECK(!c.bad && c.p == c.end);
		}
	}
}

static void varints_have_one_encoding(void)
{
	static const struct {
		const char *raw;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ "\x80", 1 },
		{ "\x80\x00", 2 },
		{ "\xff\x80\x00", 3 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81", 10 },
		{ "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 },
	};
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		nc_cur c = nc_cur_of((nc_bytes){ bad[i].raw, bad[i].len });
		CHECK_UINT(nc_cur_varint(&c), 0);
		CHECK(c.bad);
	}
	nc_cur zero = nc_cur_of((nc_bytes){ "", 1 });
	CHECK_UINT(nc_cur_varint(&zero), 0);
	CHECK(!zero.bad);
}

static void an_underrun_is_sticky(void)
{
	nc_cur c = nc_cur_of((nc_bytes){ "\x01\x02\x03", 3 });
	CHECK_UINT(nc_cur_u16(&c), 0x0201);
	CHECK_UINT(nc_cur_u32(&c), 0);
	CHECK(c.bad);
	CHECK_UINT(nc_cur_u8(&c), 0);
	CHECK_UINT(nc_cur_bytes(&c, 0).len, 0);
	CHECK_UINT(nc_cur_u64(&c), 0);
	nc_cur none = nc_cur_of((nc_bytes){ NULL, 0 });
	CHECK_UINT(nc_cur_u8(&none), 0);
	CHECK(none.bad);
}

static void a_length_past_the_end_is_bad(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 100);
	nc_buf_put_lstr(&b, "hello", 5);
	nc_cur whole = nc_cur_of(nc_buf_bytes(&b));
	CHECK(nc_bytes_eq(nc_cur_lstr(&whole), nc_str("hello")));
	nc_cur cut = nc_cur_of((nc_bytes){ b.ptr, b.len - 1 });
	CHECK(nc_cur_lstr(&cut).ptr == NULL);
	CHECK(cut.bad);
	nc_buf_reset(&b);
	nc_buf_put_varint(&b, UINT64_MAX);
	nc_cur huge = nc_cur_of(nc_buf_bytes(&b));
	CHECK(nc_cur_lstr(&huge).ptr == NULL);
	CHECK(huge.bad);
}

static void bytes_order_as_memcmp_then_length(void)
{
	CHECK(nc_bytes_cmp(nc_str("a"), nc_str("b")) < 0);
	CHECK(nc_bytes_cmp(nc_str("a"), nc_str("aa")) < 0);
	CHECK(nc_bytes_cmp(nc_str("\xff"), nc_str("a")) > 0);
	CHECK_INT(nc_bytes_cmp(nc_str(""), (nc_bytes){ NULL, 0 }), 0);
	CHECK(nc_bytes_eq(nc_str(""), (nc_bytes){ NULL, 0 }));
	CHECK(!nc_bytes_eq(nc_str("a"), nc_str("b")));
}

static void running_out_of_memory_is_sticky(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_buf_done) nc_buf b;
		nc_buf_init(&b, 1 << 20);
		for (int i = 0; i < 300; i++)
			nc_buf_printf(&b, "%d,", i);
		nc_buf_put_lstr(&b, "end", 3);
		rc = b.error;
		CHECK(rc != NC_OK || strlen(b.ptr) == b.len);
	}
}

static void take_of_an_empty_buffer_may_fail(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		size_t len = 77;
		_cleanup_(nc_buf_done) nc_buf b;
		nc_buf_init(&b, 10);
		_cleanup_(nc_freep) char *p = nc_buf_take(&b, &len);
		rc = b.error;
		CHECK(p ? len == 0 : len == 77);
	}
}

NC_TESTS(buf){
	T(contents_always_end_in_nul),
	T(the_limit_is_exact_and_sticky),
	T(printf_cut_by_the_memory_is_written_whole),
	T(a_limit_of_zero_holds_nothing),
	T(a_huge_limit_does_not_overflow),
	T(take_hands_the_text_over),
	T(reserve_and_commit_write_in_place),
	T(a_fixed_buffer_never_allocates),
	T(misuse_is_an_assertion),
	T(numbers_are_little_endian),
	T(varints_read_back_at_every_length),
	T(varints_have_one_encoding),
	T(an_underrun_is_sticky),
	T(a_length_past_the_end_is_bad),
	T(bytes_order_as_memcmp_then_length),
	T(running_out_of_memory_is_sticky),
	T(take_of_an_empty_buffer_may_fail),
};
