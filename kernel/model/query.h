/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_QUERY_H
#define NC_MODEL_QUERY_H

#include "model/model.h"

/*
 * Lists: filters on indexed fields and labels, sort, keyset cursor, projection. A query is planned
 * once (which index to walk, which others to look into) and then reads items and keys only; bodies
 * are not opened. Objects without a value for what is sorted by are left out.
 */
#define NC_QUERY_FILTERS_MAX 8
#define NC_QUERY_LIMIT_MAX   1000

typedef struct nc_query_filter {
	uint16_t index;
	nc_bytes key;
} nc_query_filter;

typedef struct nc_query {
	const nc_kind *kind;
	nc_reach reach;
	nc_query_filter filters[NC_QUERY_FILTERS_MAX];
	uint32_t n_filters;
	uint16_t sort; /* index, or NC_BY_ID */
	nc_order order;
	uint32_t limit;
	int has_deleted; /* deleted=true: soft-deleted ones too */
	const char *fields[32];
	uint32_t n_fields;            /* 0 = whole objects */
	nc_bytes after_key, after_id; /* the last entry of the page before */
	int has_cursor;
	nc_arena *arena;
} nc_query;

typedef struct nc_param {
	const char *name, *value;
} nc_param;

/*
 * Query parameters into a list: limit, cursor, sort ("name", "-created_at"), fields, deleted,
 * label.<key>=<value>, <indexed field>=<value>. References are resolved as the request sees them.
 * Parameters in `ignore` (NULL-ended) are somebody else's. Faults name the parameter.
 */
void nc_query_parse(nc_query *q, const nc_kind *k, const nc_reach *reach, const nc_param *params,
	size_t n, const char *const *ignore, const nc_root *r, nc_arena *a, nc_faults *f);

/* Called per object in order; other than NC_OK ends the walk and is returned. */
typedef nc_code (*nc_query_row_fn)(void *ctx, const nc_item *it);
/* Walks one page. *ret_cursor: arena text to go on with, NULL at the end. */
nc_code nc_query_run(const nc_query *q, const nc_root *r, nc_query_row_fn fn, void *ctx,
	const char **ret_cursor, nc_error *err);

#endif
