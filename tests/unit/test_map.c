/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"

/* The hash map against a plain array, and iteration with deletion. */

static int values[2000];

static nc_bytes key_of(int i, char buf[16])
{
	snprintf(buf, 16, "key-%d", i);
	return nc_str(buf);
}

static void put_get_replace_and_delete(void)
{
	_cleanup_(nc_map_freep) nc_map *m = nc_map_new();
	REQUIRE(m);
	void *old = &old;
	CHECK(nc_map_get(m, nc_str("a")) == NULL);
	CHECK(nc_map_del(m, nc_str("a")) == NULL);
	CHECK_CODE(nc_map_put(m, nc_str("a"), &values[1], &old), NC_OK);
	CHECK(old == NULL);
	CHECK_CODE(nc_map_put(m, nc_str("a"), &values[2], &old), NC_OK);
	CHECK(old == &values[1]);
	CHECK(nc_map_get(m, nc_str("a")) == &values[2]);
	CHECK_UINT(nc_map_count(m), 1);
	CHECK(nc_map_del(m, nc_str("a")) == &values[2]);
	CHECK_UINT(nc_map_count(m), 0);
	CHECK(nc_map_get(m, nc_str("a")) == NULL);
}

static void keys_are_bytes_and_copied(void)
{
	_cleanup_(nc_map_freep) nc_map *m = nc_map_new();
	REQUIRE(m);
	char key[] = "x\0y";
	CHECK_CODE(nc_map_put(m, (nc_bytes){ key, 3 }, &values[0], NULL), NC_OK);
	CHECK_CODE(nc_map_put(m, (nc_bytes){ NULL, 0 }, &values[1], NULL), NC_OK);
	key[2] = 'z';
	CHECK(nc_map_get(m, (nc_bytes){ "x\0y", 3 }) == &values[0]);
	CHECK(nc_map_get(m, (nc_bytes){ "x\0z", 3 }) == NULL);
	CHECK(nc_map_get(m, (nc_bytes){ "x", 1 }) == NULL);
	CHECK(nc_map_get(m, nc_str("")) == &values[1]);
}

static void random_use_agrees_with_an_array(void)
{
	_cleanup_(nc_map_freep) nc_map *m = nc_map_new();
	REQUIRE(m);
	void *model[300] = { 0 };
	size_t count = 0;
	for (int step = 0; step < 60000; step++) {
		char buf[16];
		size_t i = nc_test_random() % NC_LEN(model);
		nc_bytes key = key_of((int)i, buf);
		if (nc_test_random() % 2) {
			void *old = NULL, *v = &values[nc_test_random() % NC_LEN(values)];
			REQUIRE(nc_map_put(m, key, v, &old) == NC_OK);
			REQUIRE(old == model[i]);
			count += model[i] == NULL;
			model[i] = v;
		} else {
			REQUIRE(nc_map_del(m, key) == model[i]);
			count -= model[i] != NULL;
			model[i] = NULL;
		}
		REQUIRE(nc_map_count(m) == count);
		REQUIRE(nc_map_get(m, key) == model[i]);
	}
}

static void iteration_sees_each_once_also_while_deleting(void)
{
	for (size_t n = 0; n < 400; n += 37) {
		_cleanup_(nc_map_freep) nc_map *m = nc_map_new();
		REQUIRE(m);
		char buf[16], seen[400] = { 0 };
		for (size_t i = 0; i < n; i++)
			REQUIRE(nc_map_put(m, key_of((int)i, buf), &values[i], NULL) == NC_OK);
		size_t it = 0, found = 0;
		nc_bytes key;
		void *val;
		while (nc_map_next(m, &it, &key, &val)) {
			size_t i = (size_t)((int *)val - values);
			found++;
			REQUIRE(!seen[i]);
			seen[i] = 1;
			if (i % 3)
				REQUIRE(nc_map_del(m, key) == val);
		}
		CHECK_UINT(found, n);
		CHECK_UINT(nc_map_count(m), (n + 2) / 3);
		it = 0;
		found = 0;
		while (nc_map_next(m, &it, NULL, NULL))
			found++;
		CHECK_UINT(found, (n + 2) / 3);
	}
}

static void running_out_of_memory_keeps_the_old_map(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_map_freep) nc_map *m = nc_map_new();
		if (!m) {
			rc = NC_E_NOMEM;
			continue;
		}
		char buf[16];
		size_t n = 0;
		void *old = &values[5];
		for (; n < 60 && rc == NC_OK; n++) {
			rc = nc_map_put(m, key_of((int)n, buf), &values[n], &old);
			if (rc != NC_OK)
				break;
		}
		CHECK_UINT(nc_map_count(m), n);
		for (size_t i = 0; i < n; i++)
			REQUIRE(nc_map_get(m, key_of((int)i, buf)) == &values[i]);
		CHECK(rc == NC_OK || old != &values[5] || n == 0);
	}
}

static void siphash_gives_the_published_values(void)
{
	/* SipHash-1-3, key 00..0f, of the first n bytes of 00 01 02 …; little-endian words */
	static const uint64_t want[] = { 0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d,
		0x8bf80ab8e7ddf7fb, 0xcf75576088d38328, 0xdef9d52f49533b67, 0xc50d2b50c59f22a7,
		0xd3927d989bb11140, 0x369095118d299a8e };
	uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t data[16];
	for (uint8_t i = 0; i < 16; i++)
		data[i] = i;
	for (size_t n = 0; n < NC_LEN(want); n++)
		CHECK_UINT(nc_siphash13(key, (nc_bytes){ data, n }), want[n]);
}

NC_TESTS(map){
	T(put_get_replace_and_delete),
	T(keys_are_bytes_and_copied),
	T(random_use_agrees_with_an_array),
	T(iteration_sees_each_once_also_while_deleting),
	T(running_out_of_memory_keeps_the_old_map),
	T(siphash_gives_the_published_values),
};
