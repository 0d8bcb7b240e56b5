/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_DAMAGE_H
#define NC_STORE_DAMAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/queue.h"
#include "store/root.h"

/*
 * Values whose checksum was wrong: their ids, and their unique keys where the names space still
 * tells them. Nothing may take their place unseen.
 */
typedef struct nc_damage {
	pthread_mutex_t damage_lock; /* guards the map and what it holds */
	nc_map *by_key;              /* object key → damaged */
	_Atomic uint64_t n;          /* relaxed: mostly 0, and then nobody takes the lock */
} nc_damage;

nc_code nc_damage_init(nc_damage *d);
void nc_damage_done(nc_damage *d);
/* `names` is a value of the names space or empty. Twice is once. */
nc_code nc_damage_add(
	nc_db *db, uint32_t space, uint16_t kind, nc_bytes id, nc_bytes names, nc_error *err);
int nc_damage_has(nc_db *db, uint16_t kind, nc_bytes id);
/* Whether a damaged item holds this key; its id goes into ret_id. */
int nc_damage_holds_key(nc_db *db, uint16_t kind, const nc_ikey *k, char ret_id[NC_DB_ID_MAX + 1]);
void nc_damage_clear(nc_db *db, uint16_t kind, nc_bytes id);
/* NC_E_PROTO, naming it. */
nc_code nc_damage_error(nc_db *db, uint16_t kind, nc_bytes id, nc_error *err);

#endif
