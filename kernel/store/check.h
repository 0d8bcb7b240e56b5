/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_CHECK_H
#define NC_STORE_CHECK_H

#include "store/db_internal.h"

/* One run of nc_db_check, over its files. Worker. */
typedef struct nc_checker {
	nc_db *db;
	nc_fault_fn fn;
	void *ctx;
	uint64_t n_faults;
} nc_checker;

void nc_check_fault(nc_checker *c, const char *fmt, ...) nc_printf(2, 3);

void nc_check_memory(nc_checker *c); /* trees, and indexes against items */
/* Memory against the objects space (check_objects.c). */
nc_code nc_check_objects(nc_checker *c, nc_error *err);
nc_code nc_check_cold(nc_checker *c, nc_error *err); /* the cold space (check_cold.c) */
/* The log, and items against it (check_log.c). */
nc_code nc_check_log(nc_checker *c, nc_error *err);

#endif
