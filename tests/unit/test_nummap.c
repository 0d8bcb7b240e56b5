/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <string.h>

#include "base/alloc.h"
#include "base/nummap.h"

/* The map of numbers against a plain array, and without memory. */

static void puts_replaces_and_clears(void)
{
	_cleanup_(nc_nummap_freep) nc_nummap *m = nc_nummap_new();
	REQUIRE(m);
	CHECK_UINT(nc_nummap_get(m, 0), 0);
	CHECK_CODE(nc_nummap_put(m, 0, 7), NC_OK);
	CHECK_CODE(nc_nummap_put(m, UINT64_MAX, 8), NC_OK);
	CHECK_CODE(nc_nummap_put(m, 0, 9), NC_OK);
	CHECK_UINT(nc_nummap_get(m, 0), 9);
	CHECK_UINT(nc_nummap_get(m, UINT64_MAX), 8);
	CHECK_UINT(nc_nummap_get(m, 1), 0);
	CHECK_UINT(nc_nummap_count(m), 2);
	nc_nummap_clear(m);
	CHECK_UINT(nc_nummap_get(m, 0), 0);
	CHECK_UINT(nc_nummap_count(m), 0);
	CHECK_CODE(nc_nummap_put(m, 0, 1), NC_OK);
	CHECK_UINT(nc_nummap_get(m, 0), 1);
}

/* Few different low bits, so that long chains are walked. */
static void random_use_agrees_with_an_array(void)
{
	_cleanup_(nc_nummap_freep) nc_nummap *m = nc_nummap_new();
	REQUIRE(m);
	static uint64_t model[5000];
	size_t n = 0;
	memset(model, 0, sizeof(model));
	for (int step = 0; step < 40000; step++) {
		size_t i = nc_test_random() % NC_LEN(model);
		uint64_t key = (uint64_t)i << 60 | (uint64_t)(i % 7) | (uint64_t)i << 8;
		CHECK_UINT(nc_nummap_get(m, key), model[i]);
		if (nc_test_random() % 2)
			continue;
		n += !model[i];
		model[i] = 1 + nc_test_random() % 1000;
		CHECK_CODE(nc_nummap_put(m, key, model[i]), NC_OK);
	}
	CHECK_UINT(nc_nummap_count(m), n);
}

static void without_memory_it_is_as_before(void)
{
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	nc_nummap *none = nc_nummap_new();
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(none == NULL);
	_cleanup_(nc_nummap_freep) nc_nummap *m = nc_nummap_new();
	REQUIRE(m);
	uint64_t n = 0;
	for (uint64_t key = 0; key < 200; key++) {
		nc_alloc_fail_at(1, NC_FAIL_ONCE);
		nc_code rc = nc_nummap_put(m, key * 977, key + 1);
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		if (rc == NC_OK) {
			n++;
			continue;
		}
		CHECK_CODE(rc, NC_E_NOMEM);
		CHECK_UINT(nc_nummap_get(m, key * 977), 0);
		CHECK_CODE(nc_nummap_put(m, key * 977, key + 1), NC_OK);
	}
	CHECK(n > 150 && n < 200);
	CHECK_UINT(nc_nummap_count(m), 200);
	for (uint64_t key = 0; key < 200; key++)
		CHECK_UINT(nc_nummap_get(m, key * 977), key + 1);
}

NC_TESTS(nummap){
	T(puts_replaces_and_clears),
	T(random_use_agrees_with_an_array),
	T(without_memory_it_is_as_before),
};
