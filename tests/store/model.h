/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_MODEL_H
#define ST_MODEL_H

#include "host.h"

/*
 * What a store must hold, worked out from nothing but a seed and a seq: the bytes of each record,
 * and the puts and deletes that come from it. So no test needs to remember what it wrote.
 */
#define ST_RECORD_MAX   6000u
#define ST_MODEL_KEYS   64u /* per space */
#define ST_MODEL_SPACES 3u
#define ST_CHANGES_MAX  4u

/* Length of record `seq`, bytes into buf of ST_RECORD_MAX. */
size_t st_record(uint64_t seed, uint64_t seq, uint8_t *buf);
bool st_record_is(uint64_t seed, uint64_t seq, nc_bytes rec);

/* The changes of record `seq`: at most ST_CHANGES_MAX, pointing into *room. */
typedef struct st_room {
	uint8_t key[ST_CHANGES_MAX][24];
	uint8_t val[ST_CHANGES_MAX][1024];
} st_room;
uint32_t st_changes(uint64_t seed, uint64_t seq, nc_kv *kv, st_room *room);

/* The state after records 1..seq: for each key the record that last put it, 0 = not there. */
typedef struct st_model {
	uint64_t seed, seq;
	uint64_t rev[ST_MODEL_SPACES][ST_MODEL_KEYS];
	uint8_t which[ST_MODEL_SPACES][ST_MODEL_KEYS]; /* of that record's changes */
} st_model;
void st_model_init(st_model *m, uint64_t seed);
void st_model_advance(st_model *m, uint64_t seq);

/* Both print the first difference to stderr and give false. */
bool st_model_matches_state(const st_model *m, st_store *s);
/* Records from..to are there with the right bytes, and nothing after `to`. */
bool st_model_matches_log(uint64_t seed, st_store *s, uint64_t from, uint64_t to);

/* Appends n records after `head` as one batch. */
nc_code st_append_model(
	st_store *s, uint64_t seed, uint64_t epoch, uint64_t head, uint32_t n, nc_error *err);
/* Materialises the changes of (from, to] in one batch. */
nc_code st_materialise_model(
	st_store *s, uint64_t seed, uint64_t epoch, uint64_t from, uint64_t to, nc_error *err);
#define ST_MODEL_BATCH_MAX 64u

/* No fault; each is printed. */
bool st_checks_clean(st_store *s);

#endif
