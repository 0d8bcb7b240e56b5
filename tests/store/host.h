/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_HOST_H
#define ST_HOST_H

#include <stdbool.h>
#include <stdio.h>

#include "novacron/store.h"

/*
 * The least of a host that a store plugin needs: loads <folder>/lib/plugin.so, makes instances,
 * takes what they write to a sink. Knows nothing of any store in particular.
 */
typedef struct st_plugin {
	void *so;
	const nc_entry *entry;
} st_plugin;

/* 0, or -1 with a line on stderr. The plugin stays loaded. */
int st_plugin_load(st_plugin *p, const char *folder);

typedef struct st_store {
	const nc_plugin *plugin;
	const nc_store *t;
	nc_inst *inst; /* NULL = not open */
} st_store;

nc_code st_create(const st_plugin *p, const char *config, st_store *ret, nc_error *err);
void st_destroy(st_store *s);

/* What op_stop_reason answers for op 1; NC_RUN at the start. Any thread. */
#define ST_OP ((nc_op){ 1 })
void st_set_stop_reason(int32_t reason);

/* health() as text; the caller frees. */
char *st_health(const st_store *s);

#define ST_ERROR ((nc_error){ .struct_size = sizeof(nc_error) })

#endif
