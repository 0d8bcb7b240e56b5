/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "model/cursor.h"
#include "model/keys.h"
#include "model/query.h"

/*
 * Query parameters of a list into a plan-ready form, every fault at once. What may be filtered and
 * sorted by is what the tables mark as indexed. One request, one thread.
 */

enum { LIMIT_DEFAULT = 100, NAMES_MAX = 48 };

typedef struct parser {
	nc_query *q;
	const nc_root *root;
	nc_faults *f;
} parser;

/* An indexed field by its parameter: of the kind, or of a struct in it by the index's name. */
static const nc_field_def *find_in(const nc_field_def *f, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].flags & NC_FF_INDEXED && strcmp(f[i].name, name) == 0)
			return &f[i];
	return NULL;
}

static const nc_field_def *find_nested(const nc_kind *k, const char *name)
{
	for (size_t i = 0; i < k->n_fields; i++) {
		const nc_field_def *d = &k->fields[i];
		if (d->type != NC_T_STRUCT || strcmp(d->name, name) != 0)
			continue;
		for (size_t m = 0; m < d->sub->n_fields; m++)
			if (d->sub->fields[m].flags & NC_FF_INDEXED)
				return &d->sub->fields[m];
	}
	return NULL;
}

static const nc_field_def *find_indexed(const nc_kind *k, const char *name)
{
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(k, spans);
	for (size_t s = 0; s < n; s++) {
		const nc_field_def *d = find_in(spans[s].f, spans[s].n, name);
		if (d)
			return d;
	}
	return find_nested(k, name);
}

static void fault_unknown(parser *p, const char *param)
{
	const char *names[NAMES_MAX] = { "limit", "cursor", "sort", "fields", "deleted" };
	size_t n_names = 5;
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(p->q->kind, spans);
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n && n_names < NAMES_MAX; i++)
			if (spans[s].f[i].flags & NC_FF_INDEXED)
				names[n_names++] = spans[s].f[i].name;
	nc_fault_add(p->f, nc_arena_strdup(p->f->arena, param), "unknown_field",
		"%s can't be listed by it", p->q->kind->plural);
	const char *close = nc_did_you_mean(param, names, n_names);
	if (close)
		nc_fault_hint(p->f, "did you mean \"%s\"? labels are label.<key>=<value>", close);
}

static void fault_value(parser *p, const char *param, const char *why)
{
	nc_fault_add(p->f, nc_arena_strdup(p->f->arena, param), "format", "%s", why);
}

static void add_filter(parser *p, const char *param, uint16_t index, nc_bytes key)
{
	nc_query *q = p->q;
	if (q->n_filters == NC_QUERY_FILTERS_MAX) {
		nc_fault_add(p->f, nc_arena_strdup(p->f->arena, param), "length",
			"at most %d filters are taken", NC_QUERY_FILTERS_MAX);
		return;
	}
	void *kept = nc_arena_memdup(q->arena, key.ptr, key.len ? key.len : 1);
	if (!kept) {
		p->f->is_nomem = 1;
		return;
	}
	q->filters[q->n_filters++] = (nc_query_filter){ index, { kept, key.len } };
}

/* A reference: by id or by the name that the request knows it by. */
static void filter_ref(parser *p, const nc_field_def *d, const char *param, const char *value)
{
	nc_error err = NC_ERROR_INIT;
	const nc_item *it;
	nc_bytes key = nc_str(value);
	const nc_kind *k = nc_kind_get(d->ref);
	if (k && nc_model_resolve(p->root, k, &p->q->reach, value, &it, NULL, &err) == NC_OK)
		key = nc_str(nc_item_id(it));
	else if (k && !nc_id_is(value, NULL)) {
		nc_fault_add(
			p->f, nc_arena_strdup(p->f->arena, param), "not_found", "%s", err.message);
		if (err.hint[0])
			nc_fault_hint(p->f, "%s", err.hint);
		return;
	}
	add_filter(p, param, (uint16_t)nc_key_index(d), key);
}

/* The text of a parameter as the JSON value that a request would have. NULL = no memory. */
static json_t *to_json(const nc_field_def *d, const char *value)
{
	char *end;
	switch ((nc_field_type)d->type) {
	case NC_T_I64:
	case NC_T_U64: {
		long long v = strtoll(value, &end, 10);
		return *value && !*end ? json_integer(v) : json_string(value);
	}
	case NC_T_F64: {
		double v = strtod(value, &end);
		return *value && !*end ? json_real(v) : json_string(value);
	}
	case NC_T_BOOL:
		if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
			return json_boolean(*value == 't');
		return json_string(value);
	default:
		return json_string(value);
	}
}

static void filter_value(parser *p, const nc_field_def *d, const char *param, const char *value)
{
	uint64_t failures = nc_alloc_failures();
	_cleanup_(nc_json_decrefp) json_t *j = to_json(d, value);
	int is_nomem = nc_alloc_failures() != failures;
	/* the member alone is written; its offset lies in the kind's struct, or in a part of it */
	void *scratch = nc_arena_alloc(p->q->arena, p->q->kind->size);
	if (!j || !scratch) {
		p->f->is_nomem |= !scratch || is_nomem;
		if (!p->f->is_nomem)
			fault_value(p, param, "is not UTF-8");
		return;
	}
	nc_reader r = { p->q->arena, p->f, NC_READ_SAME };
	nc_jpath at = { NULL, nc_arena_strdup(p->f->arena, param), 0 };
	char buf[16];
	if (!at.key || !nc_member_read(&r, d, &at, j, scratch))
		return;
	nc_bytes key = nc_key_value(d, scratch, buf);
	if (!key.ptr || key.len > NC_DB_KEY_MAX)
		fault_value(p, param, "is not a value to look for");
	else
		add_filter(p, param, (uint16_t)nc_key_index(d), key);
	if (strcmp(param, "status") == 0 && strcmp(value, "deleted") == 0)
		p->q->has_deleted = 1;
}

static void filter_label(parser *p, const char *param, const char *value)
{
	char text[NC_DB_KEY_MAX + 1];
	int n = snprintf(text, sizeof(text), "%s=%s", param + strlen("label."), value);
	if (n > NC_DB_KEY_MAX)
		fault_value(p, param, "is longer than a label can be");
	else
		add_filter(p, param, NC_IX_LABEL, (nc_bytes){ text, (size_t)n });
}

static void filter(parser *p, const char *param, const char *value)
{
	if (strncmp(param, "label.", 6) == 0) {
		filter_label(p, param, value);
		return;
	}
	const nc_field_def *d = find_indexed(p->q->kind, param);
	if (!d || nc_key_index(d) == (int)NC_BY_ID)
		fault_unknown(p, param);
	else if (strcmp(param, "name") == 0)
		add_filter(p, param, NC_IX_NAME, nc_str(value));
	else if (d->type == NC_T_REF)
		filter_ref(p, d, param, value);
	else
		filter_value(p, d, param, value);
}

/* ---- the rest ---- */

static void set_limit(parser *p, const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);
	if (!*value || *end || n < 1 || n > NC_QUERY_LIMIT_MAX)
		nc_fault_add(p->f, "limit", "range", "must be from 1 to %d", NC_QUERY_LIMIT_MAX);
	else
		p->q->limit = (uint32_t)n;
}

static void set_sort(parser *p, const char *value)
{
	nc_query *q = p->q;
	q->order = *value == '-' ? NC_DESCENDING : NC_ASCENDING;
	const char *name = value + (*value == '-');
	if (strcmp(name, "id") == 0) {
		q->sort = NC_BY_ID;
		return;
	}
	const nc_field_def *d = find_indexed(q->kind, name);
	int index = d ? nc_key_index(d) : -1;
	/* one with several keys an object would show it several times */
	if (index < 0 || index == NC_IX_REF || index == NC_IX_PROJECT) {
		nc_fault_add(p->f, "sort", "choice", "%s can't be sorted by it", q->kind->plural);
		nc_fault_hint(p->f, "try name, created_at or status; -name turns it round");
		return;
	}
	q->sort = (uint16_t)index;
}

static void set_fields(parser *p, const char *value)
{
	nc_query *q = p->q;
	char *list = nc_arena_strdup(q->arena, value), *rest = NULL;
	if (!list) {
		p->f->is_nomem = 1;
		return;
	}
	for (char *s = strtok_r(list, ",", &rest); s; s = strtok_r(NULL, ",", &rest)) {
		if (!nc_kind_field(q->kind, s)) {
			nc_jpath at = { NULL, s, 0 };
			nc_span spans[NC_SPANS_MAX];
			size_t n = nc_kind_spans(q->kind, spans);
			nc_fault_unknown(p->f, &at, spans, n);
		} else if (q->n_fields < NC_LEN(q->fields)) {
			q->fields[q->n_fields++] = s;
		}
	}
}

static void set_deleted(parser *p, const char *value)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		fault_value(p, "deleted", "must be true or false");
	else
		p->q->has_deleted = *value == 't';
}

static const struct {
	const char *name;
	void (*set)(parser *, const char *);
} plain[] = {
	{ "limit", set_limit },
	{ "sort", set_sort },
	{ "fields", set_fields },
	{ "deleted", set_deleted },
};

static int is_ignored(const char *name, const char *const *ignore)
{
	for (; ignore && *ignore; ignore++)
		if (strcmp(name, *ignore) == 0)
			return 1;
	return 0;
}

static void take(parser *p, const nc_param *param)
{
	for (size_t i = 0; i < NC_LEN(plain); i++)
		if (strcmp(plain[i].name, param->name) == 0) {
			plain[i].set(p, param->value);
			return;
		}
	filter(p, param->name, param->value);
}

void nc_query_parse(nc_query *q, const nc_kind *k, const nc_reach *reach, const nc_param *params,
	size_t n, const char *const *ignore, const nc_root *r, nc_arena *a, nc_faults *f)
{
	parser p = { q, r, f };
	const char *cursor = NULL;
	*q = (nc_query){
		.kind = k, .reach = *reach, .sort = NC_BY_ID, .limit = LIMIT_DEFAULT, .arena = a
	};
	for (size_t i = 0; i < n; i++) {
		if (is_ignored(params[i].name, ignore))
			continue;
		if (strcmp(params[i].name, "cursor") == 0)
			cursor = params[i].value;
		else
			take(&p, &params[i]);
	}
	/* last: it must belong to this sort */
	if (cursor && *cursor && !nc_query_cursor_parse(q, cursor)) {
		nc_fault_add(f, "cursor", "format", "is not one of this list");
		nc_fault_hint(f, "a cursor goes with the parameters it was got with");
	}
}
