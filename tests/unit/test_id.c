/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/pool.h"

/* Ids: shape, order, and that no two threads get the same. */

enum { THREADS = 4, PER_THREAD = 3000 };

typedef char ulid[NC_ULID_LEN + 1];

static void ids_look_as_promised(void)
{
	char id[NC_ID_MAX];
	size_t prefix = 0;
	for (int i = 0; i < 1000; i++) {
		nc_id_make("vm", id);
		REQUIRE(strlen(id) == 29 && memcmp(id, "vm_", 3) == 0);
		REQUIRE(nc_ulid_is(id + 3, 26));
		REQUIRE(nc_id_is(id, &prefix) && prefix == 2);
	}
}

static void the_time_stands_in_front(void)
{
	ulid a, b, c;
	nc_clock_freeze();
	nc_clock_advance_us((int64_t)10 * 365 * 86400 * 1000000); /* past every other test's ids */
	char id[NC_ID_MAX];
	nc_id_make("vm", id);
	CHECK_INT(nc_id_time_ms(id), nc_clock_wall_ms());
	CHECK_INT(nc_id_time_ms("web-1"), 0);
	nc_ulid_make(a);
	nc_ulid_make(b);
	nc_clock_advance_us(1000);
	nc_ulid_make(c);
	nc_clock_release();
	CHECK_MEM(a, b, 10);
	CHECK(strcmp(a, b) < 0);
	CHECK(memcmp(a, c, 10) < 0);
	CHECK(strcmp(a + 10, c + 10) != 0);
}

static void ids_stay_in_order_when_the_clock_goes_back(void)
{
	ulid before, after;
	nc_clock_freeze();
	nc_clock_advance_us((int64_t)20 * 365 * 86400 * 1000000);
	nc_ulid_make(before);
	nc_clock_release();
	nc_ulid_make(after);
	CHECK(strcmp(before, after) < 0);
}

static void *make_many(void *arg)
{
	ulid *out = arg;
	for (size_t i = 0; i < PER_THREAD; i++)
		nc_ulid_make(out[i]);
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void threads_never_get_the_same_and_each_sees_order(void)
{
	static ulid all[THREADS * PER_THREAD];
	uint64_t tids[THREADS];
	for (size_t t = 0; t < THREADS; t++)
		REQUIRE(nc_thread_start(&tids[t], "ids", make_many, all + t * PER_THREAD) == 0);
	for (size_t t = 0; t < THREADS; t++)
		nc_thread_join(tids[t]);
	for (size_t i = 1; i < NC_LEN(all); i++) {
		if (i % PER_THREAD)
			REQUIRE(strcmp(all[i - 1], all[i]) < 0);
	}
	qsort(all, NC_LEN(all), sizeof(all[0]), by_text);
	for (size_t i = 1; i < NC_LEN(all); i++)
		REQUIRE(strcmp(all[i - 1], all[i]) != 0);
}

static void what_is_no_id_is_seen(void)
{
	CHECK(nc_ulid_is("01J8ZZZZZZZZZZZZZZZZZZZZZZ", 26));
	CHECK(nc_ulid_is("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 26));
	CHECK(!nc_ulid_is("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", 26)); /* past 48 bits of time */
	CHECK(!nc_ulid_is("01J8ZZZZZZZZZZZZZZZZZZZZZ", 25));
	CHECK(!nc_ulid_is("01J8ZZZZZZZZZZZZZZZZZZZZZI", 26));
	CHECK(!nc_ulid_is("01J8ZZZZZZZZZZZZZZZZZZZZZz", 26));
	CHECK(!nc_ulid_is("01J8ZZZZZZZZZZZZZZZZZZZZ\0Z", 26));
	CHECK(!nc_id_is("01J8ZZZZZZZZZZZZZZZZZZZZZZ", NULL));
	CHECK(!nc_id_is("_01J8ZZZZZZZZZZZZZZZZZZZZZZ", NULL));
	CHECK(!nc_id_is("vm-01J8ZZZZZZZZZZZZZZZZZZZZZZ", NULL));
	CHECK(!nc_id_is("vm_01J8ZZZZZZZZZZZZZZZZZZZZZZx", NULL));
	CHECK(!nc_id_is("web-1", NULL) && !nc_id_is("", NULL));
	CHECK(nc_id_is("VM_01J8ZZZZZZZZZZZZZZZZZZZZZZ", NULL));
}

static void make_with_prefix(void *arg)
{
	char id[NC_ID_MAX];
	nc_id_make(arg, id);
}

static void a_prefix_that_does_not_fit_is_an_assertion(void)
{
	char none[] = "", twenty[] = "abcdefghijklmnopqrst", longer[] = "abcdefghijklmnopqrstu";
	CHECK(nc_test_aborts(make_with_prefix, none));
	CHECK(nc_test_aborts(make_with_prefix, longer));
	CHECK(!nc_test_aborts(make_with_prefix, twenty));
}

static void uuids_are_stable_and_well_formed(void)
{
	char a[37], b[37], c[37];
	nc_uuid_from("install-1", "vm_1/1", a);
	nc_uuid_from("install-1", "vm_1/1", b);
	nc_uuid_from("install-1v", "m_1/1", c);
	CHECK_STR(a, b);
	CHECK(strcmp(a, c) != 0);
	/* Hypervisors know guests by this: the value must never change. */
	CHECK_STR(a, "b7ae5039-7751-56e7-8f55-f347da3c3eba");
	CHECK_UINT(strlen(a), 36);
	CHECK(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
	CHECK(a[14] == '5' && strchr("89ab", a[19]));
}

static void random_bytes_differ(void)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };
	nc_random_bytes(a, sizeof(a));
	nc_random_bytes(b, sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	nc_random_bytes(NULL, 0);
}

NC_TESTS(id){
	T(ids_look_as_promised),
	T(the_time_stands_in_front),
	T(ids_stay_in_order_when_the_clock_goes_back),
	T(threads_never_get_the_same_and_each_sees_order),
	T(what_is_no_id_is_seen),
	T(a_prefix_that_does_not_fit_is_an_assertion),
	T(uuids_are_stable_and_well_formed),
	T(random_bytes_differ),
};
