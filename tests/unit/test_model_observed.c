/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "model/host.h"
#include "model/model.h"
#include "model/observed.h"
#include "model_util.h"

/* The table of what was seen, used by many threads at once. */

enum { HOSTS = 8, ROUNDS = 300, WRITERS = 2, READERS = 2 };

typedef struct shared {
	nc_observed *table;
	nc_item *items[HOSTS];
	_Atomic int bad;
} shared;

static void *write_looks(void *arg)
{
	shared *s = arg;
	for (int64_t round = 1; round <= ROUNDS; round++)
		for (size_t i = 0; i < HOSTS; i++) {
			_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
			nc_object *obj;
			nc_error err = NC_ERROR_INIT;
			if (nc_model_load(s->items[i], a, &obj, &err)) {
				s->bad = 1;
				continue;
			}
			obj->observed_at_ms = round;
			NC_AS(nc_host_obj, obj)->memory_free_mib = round;
			nc_code rc = nc_observed_set(s->table, obj, &err);
			if (rc && rc != NC_E_CONFLICT)
				s->bad = 1;
		}
	return NULL;
}

/* Each body is whole, and time never goes back. */
static void *read_bodies(void *arg)
{
	shared *s = arg;
	int64_t last[HOSTS] = { 0 };
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < HOSTS; i++) {
			_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
			nc_object *obj;
			nc_error err = NC_ERROR_INIT;
			if (nc_observed_load(s->table, s->items[i], a, &obj, &err)) {
				s->bad = 1;
				continue;
			}
			int64_t seen = NC_AS(nc_host_obj, obj)->memory_free_mib;
			if (seen < last[i] || seen != obj->observed_at_ms)
				s->bad = 1;
			last[i] = seen;
		}
	return NULL;
}

static void looks_are_written_and_read_at_once(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)8 << 20);
	shared s = { .table = nc_observed_new() };
	pthread_t threads[WRITERS + READERS];
	nc_error err = NC_ERROR_INIT;
	for (size_t i = 0; i < HOSTS; i++) {
		char text[64];
		snprintf(text, sizeof(text), "{'name':'h%zu','provider':'p'}", i);
		s.items[i] = nc_model_item(mu_make(&nc_kind_host, text, a), &err);
		REQUIRE(s.items[i] != NULL);
		s.items[i]->rev = i + 1;
	}
	for (size_t i = 0; i < NC_LEN(threads); i++)
		pthread_create(&threads[i], NULL, i < WRITERS ? write_looks : read_bodies, &s);
	for (size_t i = 0; i < NC_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(s.bad, 0);
	CHECK_UINT(nc_observed_count(s.table), HOSTS);
	nc_observed_free(s.table);
	for (size_t i = 0; i < HOSTS; i++)
		nc_item_free(s.items[i]);
}

NC_TESTS(model_observed){
	T(looks_are_written_and_read_at_once),
};
