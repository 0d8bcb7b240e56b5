/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_HEALTH_H
#define NC_STORE_HEALTH_H

#include <pthread.h>

#include "novacron/abi.h"

typedef struct nc_db nc_db;

/* What can be wrong with a database apart from another. */
typedef enum { NC_ILL_LOG, NC_ILL_OBJECTS, NC_ILLS } nc_ill;

typedef struct nc_health {
	pthread_mutex_t health_lock; /* guards all below */
	nc_error why[NC_ILLS];       /* code NC_OK = well */
} nc_health;

void nc_health_init(nc_health *h);
void nc_health_done(nc_health *h);
/* why NULL = well again. Logs and tells the hook when something changed. Any thread. */
void nc_health_set(nc_db *db, nc_ill ill, const nc_error *why);
int nc_health_is_ill(nc_db *db, nc_ill ill, nc_error *ret_why /* may be NULL */);

#endif
