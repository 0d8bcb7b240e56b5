/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_DAMAGE_H
#define NC_STORE_DAMAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/queue.h"
#include "store/root.h"

/*
 * Values whose checksum was wrong, and items whose last change is lost: their ids, and their unique
 * keys as far as something still tells them. Nothing may take their place unseen. And ranges of
 * keys, and records of the log, of which nothing could be read at all.
 */
typedef struct nc_lost_range { /* from <= key < to; to empty = the end of the space */
	char from[NC_STORE_KEY_MAX], to[NC_STORE_KEY_MAX];
	uint16_t from_len, to_len;
} nc_lost_range;

/* Records of the log that could not be read when they were to be applied. */
typedef struct nc_hole {
	uint64_t first, last;
	char why[160]; /* of the first */
} nc_hole;

typedef struct nc_damage {
	pthread_mutex_t damage_lock; /* guards all below but n */
	nc_map *by_key;              /* object key → damaged */
	nc_lost_range *lost;
	uint32_t n_lost;
	/* Ranges all of whose keys were had back: the store is told to forget them. The opener's,
	 * then the materialiser's. */
	nc_lost_range *regained;
	uint32_t n_regained;
	nc_hole *holes;
	uint32_t n_holes;
	nc_item **suspects; /* to be listed (hole.c); the opener's */
	uint32_t n_suspects;
	_Atomic uint64_t n; /* all of these; relaxed: mostly 0, and then nobody locks */
} nc_damage;

nc_code nc_damage_init(nc_damage *d);
void nc_damage_done(nc_damage *d);
/* `names` is a value of the names space or empty. Twice is once. */
nc_code nc_damage_add(
	nc_db *db, uint32_t space, uint16_t kind, nc_bytes id, nc_bytes names, nc_error *err);
nc_code nc_damage_add_lost(nc_db *db, nc_bytes from, nc_bytes to, nc_error *err);
nc_code nc_damage_add_hole(nc_db *db, uint64_t seq, const char *why, nc_error *err);
/* The item's last change was in the last hole. Takes the item. */
nc_code nc_damage_add_change(nc_db *db, nc_item *it, nc_error *err);
/* Nothing is missing from the lost ranges after all. The opener, before other threads. */
void nc_damage_regain(nc_db *db);
/* The key under which a store that was mended remembers the range. */
nc_bytes nc_damage_key_of(const nc_lost_range *r);
void nc_damage_forgotten(nc_db *db); /* the store has been told */
/* Whether the key lies where nothing could be read. The opener, before other threads. */
int nc_damage_is_lost(const nc_damage *d, nc_bytes key);
int nc_damage_has(nc_db *db, uint16_t kind, nc_bytes id);
/* Whether a damaged item holds this key; its id goes into ret_id. */
int nc_damage_holds_key(nc_db *db, uint16_t kind, const nc_ikey *k, char ret_id[NC_DB_ID_MAX + 1]);
void nc_damage_clear(nc_db *db, uint16_t kind, nc_bytes id);
/* NC_E_PROTO, naming it. */
nc_code nc_damage_error(nc_db *db, uint16_t kind, nc_bytes id, nc_error *err);

#endif
