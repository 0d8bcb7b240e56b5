/* SPDX-License-Identifier: Apache-2.0 */
#include "model/query.h"

#include <stdio.h>

#include "base/err.h"
#include "model/cursor.h"
#include "model/keys.h"

/*
 * Running a list: one or a few walks over indexes, merged in order, each entry checked against the
 * filters that no walk stands for. What one project sees of shared kinds is the union of its own
 * and the public, hence the merge. Reads items and keys alone. One read section, one thread.
 */

enum { SOURCES_MAX = 3, COUNT_MAX = 4096 };

typedef struct source {
	nc_walk walk;
	nc_bytes prefix; /* its keys start so; */
	int is_exact;    /* or are just this */
	size_t skip;     /* what of the key is not what is sorted by */
	const nc_item *it;
	nc_bytes key; /* without what is skipped */
} source;

typedef struct run {
	const nc_query *q;
	const nc_root *root;
	source src[SOURCES_MAX];
	size_t n;
	int driver; /* the filter that a walk stands for, or -1 */
} run;

static const nc_bytes nothing = { NULL, 0 };

/* ---- sources ---- */

static void next(source *s)
{
	nc_bytes key = nothing;
	s->it = nc_walk_next(&s->walk, &key);
	if (!s->it)
		return;
	int is_in = key.len >= s->prefix.len &&
		    (!s->prefix.len || memcmp(key.ptr, s->prefix.ptr, s->prefix.len) == 0) &&
		    (!s->is_exact || key.len == s->prefix.len);
	if (!is_in)
		s->it = NULL;
	else
		s->key = (nc_bytes){ (const char *)key.ptr + s->skip, key.len - s->skip };
}

static nc_bytes join(nc_arena *a, nc_bytes x, nc_bytes y)
{
	char *p = nc_arena_alloc(a, x.len + y.len + 1);
	if (!p)
		return nothing;
	if (x.len)
		memcpy(p, x.ptr, x.len);
	if (y.len)
		memcpy(p + x.len, y.ptr, y.len);
	return (nc_bytes){ p, x.len + y.len };
}

static int order_of(nc_bytes ka, const nc_item *a, nc_bytes kb, nc_bytes id)
{
	int c = nc_bytes_cmp(ka, kb);
	return c ? c : nc_bytes_cmp(nc_str(nc_item_id(a)), id);
}

/* Past what the page before has shown. */
static void pass_shown(const nc_query *q, source *s)
{
	int sign = q->order == NC_DESCENDING ? -1 : 1;
	while (s->it && sign * order_of(s->key, s->it, q->after_key, q->after_id) <= 0)
		next(s);
}

/* `prefix` must outlive the run. */
static void add_source(run *r, uint16_t index, nc_bytes prefix, int is_exact)
{
	static const nc_bytes last = { "\xff", 1 };
	const nc_query *q = r->q;
	source *s = &r->src[r->n++];
	nc_bytes from = prefix, id = nothing;
	*s = (source){ .prefix = prefix, .is_exact = is_exact, .skip = prefix.len };
	if (index == NC_BY_ID) {
		from = nothing;
		id = q->has_cursor ? q->after_id : nothing;
	} else if (q->has_cursor) {
		from = is_exact ? prefix : join(q->arena, prefix, q->after_key);
		id = q->after_id;
	} else if (q->order == NC_DESCENDING && is_exact) {
		id = last;
	} else if (q->order == NC_DESCENDING && prefix.len) {
		from = join(q->arena, prefix, last);
	}
	nc_walk_init(&s->walk, r->root, q->kind->number, index, from, id, q->order);
	next(s);
	if (q->has_cursor)
		pass_shown(q, s);
}

static nc_bytes name_prefix(const run *r, const char *project)
{
	return join(r->q->arena, nc_str(project), nc_str("/"));
}

/* ---- the plan ---- */

static int is_unlimited(const nc_query *q)
{
	return q->kind->scope == NC_SCOPE_GLOBAL || q->reach.is_everywhere;
}

static uint64_t count(const run *r, uint16_t index, nc_bytes key)
{
	return nc_root_count_key(r->root, r->q->kind->number, index, key, COUNT_MAX);
}

/* What the walk over all that one may see would read. */
static uint64_t count_reach(const run *r)
{
	const nc_query *q = r->q;
	if (is_unlimited(q))
		return UINT64_MAX;
	uint64_t own = q->reach.project ? count(r, NC_IX_PROJECT, nc_str(q->reach.project)) : 0;
	return q->kind->scope == NC_SCOPE_PROJECT ? own
						  : own + count(r, NC_IX_PROJECT, nc_str("*"));
}

/* The filter that leaves the fewest to read, if fewer than the walk over all; or -1. */
static int find_driver(const run *r)
{
	const nc_query *q = r->q;
	uint64_t least = q->n_filters ? count_reach(r) : 0;
	int best = -1;
	for (uint32_t i = 0; i < q->n_filters; i++) {
		if (q->filters[i].index == NC_IX_NAME)
			continue;
		uint64_t n = count(r, q->filters[i].index, q->filters[i].key);
		if (n < least) {
			least = n;
			best = (int)i;
		}
	}
	return best;
}

static void plan_by_id(run *r)
{
	const nc_query *q = r->q;
	r->driver = find_driver(r);
	if (r->driver >= 0) {
		add_source(r, q->filters[r->driver].index, q->filters[r->driver].key, 1);
	} else if (is_unlimited(q)) {
		add_source(r, NC_BY_ID, nothing, 0);
	} else {
		if (q->reach.project)
			add_source(r, NC_IX_PROJECT, nc_str(q->reach.project), 1);
		if (q->kind->scope != NC_SCOPE_PROJECT)
			add_source(r, NC_IX_PROJECT, nc_str("*"), 1);
	}
}

static void plan_by_name(run *r)
{
	const nc_query *q = r->q;
	const char *project = q->reach.project;
	if (q->kind->scope == NC_SCOPE_GLOBAL) {
		add_source(r, NC_IX_NAME, nc_str("/"), 0);
	} else if (q->reach.is_everywhere) {
		add_source(r, NC_IX_NAME, nothing, 0); /* by project, then name */
	} else {
		if (project)
			add_source(r, NC_IX_NAME, name_prefix(r, project), 0);
		if (q->kind->scope == NC_SCOPE_PROJECT)
			return;
		if (project)
			add_source(r, NC_IX_SHARED, name_prefix(r, project), 0);
		add_source(r, NC_IX_SHARED, nc_str("*/"), 0);
	}
}

static void plan_by_field(run *r)
{
	const nc_query *q = r->q;
	for (uint32_t i = 0; i < q->n_filters; i++)
		if (q->filters[i].index == q->sort) {
			r->driver = (int)i;
			add_source(r, q->sort, q->filters[i].key, 1);
			return;
		}
	add_source(r, q->sort, nothing, 0);
}

/* ---- rows ---- */

static int has_name(const nc_item *it, nc_bytes name)
{
	nc_bytes key = nc_item_key(it, NC_IX_NAME);
	const char *p = key.ptr;
	return key.len > name.len && p[key.len - name.len - 1] == '/' &&
	       memcmp(p + key.len - name.len, name.ptr, name.len) == 0;
}

static int is_wanted(const run *r, const nc_item *it)
{
	const nc_query *q = r->q;
	if (q->kind->flags & NC_KF_SOFT_DELETE && !q->has_deleted &&
		!nc_item_key(it, NC_IX_NAME).ptr)
		return 0;
	if (!is_unlimited(q) && !nc_model_is_visible(r->root, it, &q->reach))
		return 0;
	for (uint32_t i = 0; i < q->n_filters; i++) {
		const nc_query_filter *f = &q->filters[i];
		if ((int)i == r->driver)
			continue;
		if (f->index == NC_IX_NAME ? !has_name(it, f->key)
					   : !nc_item_has_key(r->root, it, f->index, f->key))
			return 0;
	}
	return 1;
}

/* The source whose entry comes next; NULL = all are done. */
static source *pick(run *r)
{
	int sign = r->q->order == NC_DESCENDING ? -1 : 1;
	source *best = NULL;
	for (size_t i = 0; i < r->n; i++) {
		source *s = &r->src[i];
		if (s->it && (!best || sign * order_of(s->key, s->it, best->key,
						      nc_str(nc_item_id(best->it))) <
					       0))
			best = s;
	}
	return best;
}

static void advance(run *r, const nc_item *past)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->src[i].it == past)
			next(&r->src[i]);
}

nc_code nc_query_run(const nc_query *q, const nc_root *root, nc_query_row_fn fn, void *ctx,
	const char **ret_cursor, nc_error *err)
{
	run r = { .q = q, .root = root, .driver = -1 };
	nc_bytes key = nothing, id = nothing;
	uint32_t n = 0;
	*ret_cursor = NULL;
	if (q->sort == NC_BY_ID)
		plan_by_id(&r);
	else if (q->sort == NC_IX_NAME)
		plan_by_name(&r);
	else
		plan_by_field(&r);
	if (nc_arena_failed(q->arena))
		return nc_err_nomem(err);
	for (source *s; (s = pick(&r)) != NULL;) {
		const nc_item *it = s->it;
		if (is_wanted(&r, it)) {
			if (n == q->limit) {
				*ret_cursor = nc_query_cursor_format(q, key, id);
				return *ret_cursor ? NC_OK : nc_err_nomem(err);
			}
			nc_code rc = fn(ctx, it);
			if (rc)
				return rc;
			key = s->key;
			id = nc_str(nc_item_id(it));
			n++;
		}
		advance(&r, it);
	}
	return NC_OK;
}
