/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

/* The allocator: sizes of nothing, and the switch that makes it fail. */

static void zero_sizes_give_real_blocks(void)
{
	_cleanup_(nc_freep) void *a = nc_malloc(0);
	_cleanup_(nc_freep) void *b = nc_calloc(0, 8);
	_cleanup_(nc_freep) void *c = nc_realloc(NULL, 0);
	_cleanup_(nc_freep) void *d = nc_memdup("", 0);
	CHECK(a && b && c && d);
	nc_free(NULL);
}

static void calloc_refuses_a_product_that_overflows(void)
{
	volatile size_t count = SIZE_MAX / 2;
	uint64_t before = nc_alloc_failures();
	void *p = nc_calloc(count, 4);
	CHECK(p == NULL);
	CHECK_UINT(nc_alloc_failures() - before, 1);
	nc_free(p);
}

static void the_nth_allocation_fails_once(void)
{
	nc_alloc_fail_at(3, NC_FAIL_ONCE);
	void *p[4];
	for (size_t i = 0; i < NC_LEN(p); i++)
		p[i] = nc_malloc(8);
	CHECK(p[0] && p[1] && !p[2] && p[3]);
	CHECK(nc_alloc_has_failed());
	for (size_t i = 0; i < NC_LEN(p); i++)
		nc_free(p[i]);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(nc_alloc_has_failed());
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	CHECK(!nc_alloc_has_failed());
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
}

static void a_sticky_failure_lasts_until_turned_off(void)
{
	nc_alloc_fail_at(2, NC_FAIL_STICKY);
	char *a = nc_strdup("one"), *b = nc_strdup("two"), *c = nc_strndup("three", 2);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	_cleanup_(nc_freep) char *d = nc_asprintf("%d-%s", 4, "four");
	CHECK_STR(a, "one");
	CHECK(!b && !c);
	CHECK_STR(d, "4-four");
	nc_free(a);
	nc_free(b);
	nc_free(c);
}

static void realloc_that_fails_leaves_the_block(void)
{
	char *p = nc_strdup("kept");
	REQUIRE(p);
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	char *bigger = nc_realloc(p, 4096);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(!bigger);
	if (!bigger) {
		CHECK_STR(p, "kept");
		nc_free(p);
	} else {
		nc_free(bigger);
	}
}

static void *allocate_here(void *arg)
{
	void *p = nc_malloc(8);
	*(int *)arg = p != NULL && !nc_alloc_has_failed();
	nc_free(p);
	return NULL;
}

static void *form_malloc(void)
{
	return nc_malloc(8);
}

static void *form_calloc(void)
{
	return nc_calloc(2, 8);
}

static void *form_realloc(void)
{
	return nc_realloc(NULL, 8);
}

static void *form_strdup(void)
{
	return nc_strdup("text");
}

static void *form_strndup(void)
{
	return nc_strndup("text", 2);
}

static void *form_memdup(void)
{
	return nc_memdup("text", 4);
}

static void *form_asprintf(void)
{
	return nc_asprintf("%s", "text");
}

static void every_form_of_it_can_fail(void)
{
	void *(*const forms[])(void) = { form_malloc, form_calloc, form_realloc, form_strdup,
		form_strndup, form_memdup, form_asprintf };
	for (size_t i = 0; i < NC_LEN(forms); i++) {
		nc_code rc = NC_OK;
		uint64_t before = nc_alloc_failures();
		NC_TORTURE(rc)
		{
			void *p = forms[i]();
			rc = p ? NC_OK : NC_E_NOMEM;
			nc_free(p);
		}
		CHECK_UINT(nc_alloc_failures(), before + 2); /* once, and once with all after it */
	}
}

static void other_threads_do_not_fail(void)
{
	pthread_t other;
	int ok = 0;
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	int rc = pthread_create(&other, NULL, allocate_here, &ok);
	if (rc == 0)
		pthread_join(other, NULL);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_INT(rc, 0);
	CHECK(ok);
}

static void jansson_allocates_with_us(void)
{
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	json_t *o = json_object();
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(o == NULL);
	CHECK(nc_alloc_has_failed());
	json_decref(o);
}

static void strndup_stops_at_the_end_of_the_text(void)
{
	_cleanup_(nc_freep) char *a = nc_strndup("ab", 10);
	_cleanup_(nc_freep) char *b = nc_strndup("abcdef", 3);
	CHECK_STR(a, "ab");
	CHECK_STR(b, "abc");
}

NC_TESTS(alloc){
	T(zero_sizes_give_real_blocks),
	T(calloc_refuses_a_product_that_overflows),
	T(the_nth_allocation_fails_once),
	T(a_sticky_failure_lasts_until_turned_off),
	T(realloc_that_fails_leaves_the_block),
	T(every_form_of_it_can_fail),
	T(other_threads_do_not_fail),
	T(jansson_allocates_with_us),
	T(strndup_stops_at_the_end_of_the_text),
};
