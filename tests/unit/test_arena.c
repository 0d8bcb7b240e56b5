/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <string.h>

#include "base/arena.h"

/* Arenas: alignment, zeroing, the limit, and that failure stays until reset. */

static void blocks_are_aligned_and_zeroed(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
	REQUIRE(a);
	for (size_t n = 0; n < 200; n++) {
		unsigned char *p = nc_arena_alloc(a, n);
		REQUIRE(p);
		CHECK_UINT((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			REQUIRE(p[i] == 0);
		memset(p, 0xff, n);
	}
	nc_arena_reset(a);
	unsigned char *again = nc_arena_alloc(a, 4000);
	REQUIRE(again);
	for (size_t i = 0; i < 4000; i++)
		REQUIRE(again[i] == 0);
}

static void the_limit_is_exact_and_sticky_until_reset(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64);
	REQUIRE(a);
	CHECK(nc_arena_alloc(a, 33) != NULL); /* 48 of 64 */
	CHECK_UINT(nc_arena_used(a), 48);
	CHECK(nc_arena_alloc(a, 16) != NULL);
	CHECK(!nc_arena_failed(a));
	CHECK(nc_arena_alloc(a, 1) == NULL);
	CHECK(nc_arena_failed(a));
	nc_arena_reset(a);
	CHECK(!nc_arena_failed(a));
	CHECK_UINT(nc_arena_used(a), 0);
	CHECK(nc_arena_alloc(a, 64) != NULL);
	CHECK(nc_arena_alloc(a, 0) == NULL);
}

static void a_small_block_after_a_failure_fails_too(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(100);
	REQUIRE(a);
	CHECK(nc_arena_alloc(a, 1000) == NULL);
	CHECK(nc_arena_alloc(a, 1) == NULL);
}

static void sizes_that_overflow_are_refused(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(SIZE_MAX);
	REQUIRE(a);
	CHECK(nc_arena_alloc(a, SIZE_MAX) == NULL);
	nc_arena_reset(a);
	CHECK(nc_arena_new_array(a, uint64_t, SIZE_MAX / 4) == NULL);
	CHECK(nc_arena_failed(a));
}

static void blocks_larger_than_a_chunk_keep_the_chunk(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 22);
	REQUIRE(a);
	char *small = nc_arena_strdup(a, "small");
	char *big = nc_arena_alloc(a, 200000);
	char *after = nc_arena_strdup(a, "after");
	REQUIRE(small && big && after);
	memset(big, 'x', 200000);
	CHECK_STR(small, "small");
	CHECK_STR(after, "after");
	nc_arena_reset(a);
	CHECK_STR(nc_arena_strdup(a, "again"), "again");
}

static void a_first_block_larger_than_a_chunk_is_freed_by_reset(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 22);
	REQUIRE(a);
	CHECK(nc_arena_alloc(a, 200000) != NULL);
	nc_arena_reset(a);
	CHECK(nc_arena_alloc(a, 10) != NULL);
}

static void texts_are_copied(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(4096);
	REQUIRE(a);
	CHECK_STR(nc_arena_strndup(a, "abcdef", 3), "abc");
	CHECK_STR(nc_arena_strndup(a, "ab", 9), "ab");
	CHECK_STR(nc_arena_printf(a, "%s-%d", "vm", 7), "vm-7");
	CHECK_MEM(nc_arena_memdup(a, "a\0b", 3), "a\0b", 3);
	CHECK(nc_arena_memdup(a, NULL, 0) != NULL);
	uint64_t *numbers = nc_arena_new_array(a, uint64_t, 5);
	REQUIRE(numbers);
	CHECK_UINT(numbers[4], 0);
	nc_arena_free(NULL);
}

static void running_out_of_memory_is_an_answer(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
		if (!a) {
			rc = NC_E_NOMEM;
			continue;
		}
		for (int i = 0; i < 20; i++)
			nc_arena_printf(a, "%0500d", i);
		/* each larger than what is left of a chunk */
		static char text[20001];
		memset(text, 't', sizeof(text) - 1);
		const void *got[] = { nc_arena_strdup(a, text), nc_arena_strndup(a, text, 9000),
			nc_arena_memdup(a, text, 9000), nc_arena_calloc(a, 900, 10) };
		rc = nc_arena_failed(a) ? NC_E_NOMEM : NC_OK;
		for (size_t i = 0; i < NC_LEN(got); i++)
			CHECK(rc != NC_OK || got[i]);
		CHECK(rc == NC_OK || !got[NC_LEN(got) - 1]); /* the failure is sticky */
	}
}

NC_TESTS(arena){
	T(blocks_are_aligned_and_zeroed),
	T(the_limit_is_exact_and_sticky_until_reset),
	T(a_small_block_after_a_failure_fails_too),
	T(sizes_that_overflow_are_refused),
	T(blocks_larger_than_a_chunk_keep_the_chunk),
	T(a_first_block_larger_than_a_chunk_is_freed_by_reset),
	T(texts_are_copied),
	T(running_out_of_memory_is_an_answer),
};
