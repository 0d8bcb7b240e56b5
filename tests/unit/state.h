/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_STATE_H
#define NC_TESTS_STATE_H

#include "base/arena.h"
#include "memstore.h"
#include "model/model.h"
#include "testing.h"

/*
 * A kernel's state for tests of what stands above the store: the model's kinds over a memstore,
 * one listener of what is published, and short words to put objects. Single transactions; the
 * helpers check that they work.
 */
typedef struct state {
	memstore *store;
	nc_db *db;
	/* Set before the first transaction; sequencer thread. */
	void (*published)(void *arg, const nc_db_batch *b);
	void *arg;
	uint32_t group_max; /* of the next open; 0 = the store's own */
} state;

int state_open(state *st);   /* a fresh memstore if there is none yet; 1 = it works */
void state_close(state *st); /* the memstore stays */
void state_free(state *st);

/* Put an object as it is: 1 = committed. The object may be put again after that. */
int state_put(state *st, nc_object *o);
nc_code state_try(state *st, nc_object *o, nc_error *err);
int state_delete(state *st, const nc_object *o);
/* A copy of what is in memory now, in the arena; NULL = there is no such object. */
nc_object *state_get(state *st, const nc_kind *k, const char *id, nc_arena *a);

/* The same where it has gone cold already, as operations that ended do. */
nc_object *state_find(state *st, const nc_kind *k, const char *id, nc_arena *a);

/* New objects in the arena, not put yet. */
nc_object *state_new(const nc_kind *k, const char *name, nc_arena *a);

#endif
