/* SPDX-License-Identifier: Apache-2.0 */
#include "store/health.h"

#include "base/log.h"
#include "store/db_internal.h"

/*
 * Whether the database is well. Two things fall ill and recover apart from another: the log
 * (writes are refused) and the objects (written later than they should be). Says so once when it
 * starts and once when it is over, never at each retry. Any thread; hooks are called without lock.
 */

static const char *const ill_names[NC_ILLS] = {
	[NC_ILL_LOG] = "log", [NC_ILL_OBJECTS] = "objects"
};

void nc_health_init(nc_health *h)
{
	pthread_mutex_init(&h->health_lock, NULL);
	for (int i = 0; i < NC_ILLS; i++)
		nc_err_clear(&h->why[i]);
}

void nc_health_done(nc_health *h)
{
	pthread_mutex_destroy(&h->health_lock);
}

/* The first ill that is there, or NULL. Under the lock. */
static const nc_error *first_ill(const nc_health *h)
{
	for (int i = 0; i < NC_ILLS; i++) {
		if (h->why[i].code != NC_OK)
			return &h->why[i];
	}
	return NULL;
}

void nc_health_set(nc_db *db, nc_ill ill, const nc_error *why)
{
	nc_health *h = &db->health;
	nc_error now = NC_ERROR_INIT;
	pthread_mutex_lock(&h->health_lock);
	int was_ill = h->why[ill].code != NC_OK;
	nc_err_copy(&h->why[ill], why);
	const nc_error *first = first_ill(h);
	if (first)
		now = *first;
	pthread_mutex_unlock(&h->health_lock);
	if (was_ill == (why != NULL))
		return;
	if (why)
		nc_log(L_ERROR, "store.degraded", F_STR("part", ill_names[ill]), F_ERR(why));
	else
		nc_log(L_INFO, "store.recovered", F_STR("part", ill_names[ill]));
	if (db->hooks.health)
		db->hooks.health(db->hooks.ctx, now.code != NC_OK, now.code ? &now : NULL);
}

int nc_health_is_ill(nc_db *db, nc_ill ill, nc_error *ret_why)
{
	nc_health *h = &db->health;
	pthread_mutex_lock(&h->health_lock);
	int is_ill = h->why[ill].code != NC_OK;
	if (is_ill && ret_why)
		nc_err_copy(ret_why, &h->why[ill]);
	pthread_mutex_unlock(&h->health_lock);
	return is_ill;
}

void nc_db_get_health(nc_db *db, nc_db_health *ret)
{
	nc_health *h = &db->health;
	*ret = (nc_db_health){ .why = NC_ERROR_INIT };
	pthread_mutex_lock(&h->health_lock);
	const nc_error *first = first_ill(h);
	ret->is_degraded = first != NULL;
	if (first)
		ret->why = *first;
	pthread_mutex_unlock(&h->health_lock);
	ret->seq = nc_db_seq(db);
	ret->applied = nc_pending_applied(db);
	ret->trimmed = atomic_load_explicit(&db->trimmed, memory_order_relaxed);
	ret->queued = atomic_load_explicit(&db->queued, memory_order_relaxed);
	ret->waiting = nc_pending_bytes(db);
	ret->damaged = atomic_load_explicit(&db->damage.n, memory_order_relaxed);
}
