/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

/*
 * The fields that every object has, and the order in which those and a kind's own are shown. Const
 * tables; any thread.
 */

static const char *const visibility_words[] = { "private", "shared", "public", NULL };

static const nc_field_def condition_fields[] = {
	NC_FIELD_STR(nc_condition, type, "type", .doc = "What it is about: HostReachable"),
	NC_FIELD_STR(nc_condition, status, "status", .doc = "true, false or unknown"),
	NC_FIELD_STR(nc_condition, reason, "reason", .doc = "One word for programs"),
	NC_FIELD_STR(
		nc_condition, message, "message", .max_len = 320, .doc = "One line for people"),
	NC_FIELD_TIME(nc_condition, since_ms, "since", .doc = "When status last changed"),
};
static const nc_sub_def condition_def = { "Condition", condition_fields, NC_LEN(condition_fields),
	sizeof(nc_condition), NULL, NULL };

#define SERVER .cls = NC_STATE, .mut = NC_SERVER
enum {
	AT_ID,
	AT_NAME,
	AT_DESCRIPTION,
	AT_PROJECT,
	AT_VISIBILITY,
	AT_SHARED_WITH,
	AT_LABELS,
	AT_PROTECTED,
	AT_REVISION,
	AT_CREATED,
	AT_UPDATED,
	AT_DELETED,
	AT_PURGE,
	AT_DEFAULTED,
	AT_STATUS,
	AT_CONDITIONS,
	AT_OBSERVED,
	AT_END
};

static const nc_field_def common[] = {
	[AT_ID] = NC_FIELD_STR(nc_object, id, "id", .cls = NC_INTENT, .mut = NC_SERVER,
		.doc = "Made by the server; never used again"),
	[AT_NAME] = NC_FIELD_NAME(nc_object, name, "name", .flags = NC_FF_INDEXED,
		.index = NC_IX_NAME,
		.doc = "Unique in its project among its kind; may be used wherever an id is"),
	[AT_DESCRIPTION] = NC_FIELD_STR(
		nc_object, description, "description", .max_len = 1024, .doc = "Free text"),
	[AT_PROJECT] = NC_FIELD_REF(nc_object, project, "project", NC_KIND_PROJECT,
		.mut = NC_IMMUTABLE, .flags = NC_FF_WEAK | NC_FF_INDEXED, .index = NC_IX_PROJECT,
		.doc = "Whose it is; left out: the project the request acts in"),
	[AT_VISIBILITY] = NC_FIELD_ENUM(nc_object, visibility, "visibility", visibility_words,
		.flags = NC_FF_DEFAULT, .doc = "Who else finds it"),
	[AT_SHARED_WITH] = NC_FIELD_REFS(nc_object, shared_with, "shared_with", NC_KIND_PROJECT,
		.flags = NC_FF_WEAK, .doc = "Projects that find it where visibility is shared"),
	[AT_LABELS] = NC_FIELD_LABELS(nc_object, labels, "labels",
		.doc = "Words of one's own to filter and select by: label.env=prod"),
	[AT_PROTECTED] = NC_FIELD_BOOL(nc_object, is_protected, "protected",
		.doc = "It can't be deleted until this is taken away"),
	[AT_REVISION] = NC_FIELD_U64(nc_object, revision, "revision", SERVER,
		.doc = "The ETag: moves when what was asked for changes"),
	[AT_CREATED] = NC_FIELD_TIME(nc_object, created_at_ms, "created_at", .cls = NC_INTENT,
		.mut = NC_SERVER, .flags = NC_FF_INDEXED, .index = (uint8_t)NC_BY_ID,
		.doc = "When it was asked for"),
	[AT_UPDATED] = NC_FIELD_TIME(nc_object, updated_at_ms, "updated_at", SERVER,
		.doc = "When anything about it was last recorded"),
	[AT_DELETED] = NC_FIELD_TIME(nc_object, deleted_at_ms, "deleted_at", SERVER,
		.doc = "When it was deleted; it can be restored until purge_at"),
	[AT_PURGE] = NC_FIELD_TIME(
		nc_object, purge_at_ms, "purge_at", SERVER, .doc = "When it will be gone for good"),
	[AT_DEFAULTED] = NC_FIELD_STRS(nc_object, defaulted, "defaulted", SERVER,
		.flags = NC_FF_QUIET, .doc = "Fields whose values the server chose"),
	[AT_STATUS] = NC_FIELD_STR(nc_object, status, "status", SERVER, .flags = NC_FF_INDEXED,
		.index = NC_IX_STATUS, .doc = "The one word to filter on"),
	[AT_CONDITIONS] = NC_FIELD_OBJS(nc_object, conditions, "conditions", &condition_def, SERVER,
		.flags = NC_FF_QUIET, .doc = "What else is to be known about its state"),
	[AT_OBSERVED] = NC_FIELD_TIME(nc_object, observed_at_ms, "observed_at", .cls = NC_OBSERVED,
		.mut = NC_SERVER, .flags = NC_FF_NULL,
		.doc = "When the fields below were last seen"),
};
_Static_assert(NC_LEN(common) == AT_END, "a row for each place");

static size_t n_unobserved(const nc_kind *k)
{
	size_t n = k->n_fields;
	while (n && k->fields[n - 1].cls == NC_OBSERVED)
		n--;
	return n;
}

int nc_kind_has_observed(const nc_kind *k)
{
	return n_unobserved(k) < k->n_fields;
}

typedef struct spans {
	nc_span *out;
	size_t n;
} spans;

static void add(spans *s, const nc_field_def *f, size_t n)
{
	if (n)
		s->out[s->n++] = (nc_span){ f, n };
}

static void add_common(spans *s, int from, int to)
{
	add(s, &common[from], (size_t)(to - from));
}

size_t nc_kind_spans(const nc_kind *k, nc_span out[NC_SPANS_MAX])
{
	spans s = { out, 0 };
	int is_plain = k->flags & NC_KF_PLAIN;
	size_t n = n_unobserved(k);
	add_common(&s, AT_ID, is_plain ? AT_NAME : AT_PROJECT);
	if (k->scope != NC_SCOPE_GLOBAL)
		add_common(&s, AT_PROJECT, AT_VISIBILITY);
	if (k->scope == NC_SCOPE_SHARED)
		add_common(&s, AT_VISIBILITY, AT_LABELS);
	add_common(&s, is_plain ? AT_REVISION : AT_LABELS, AT_DELETED);
	if (k->flags & NC_KF_SOFT_DELETE)
		add_common(&s, AT_DELETED, AT_DEFAULTED);
	add(&s, k->fields, n);
	if (!is_plain)
		add_common(&s, AT_DEFAULTED, AT_STATUS);
	if (k->statuses)
		add_common(&s, AT_STATUS, AT_OBSERVED);
	if (n < k->n_fields) {
		add_common(&s, AT_OBSERVED, AT_END);
		add(&s, k->fields + n, k->n_fields - n);
	}
	nc_assert(s.n <= NC_SPANS_MAX);
	return s.n;
}

const nc_field_def *nc_kind_field(const nc_kind *k, const char *name)
{
	nc_span out[NC_SPANS_MAX];
	size_t n = nc_kind_spans(k, out);
	for (size_t s = 0; s < n; s++) {
		size_t hint = 0;
		const nc_field_def *d = nc_field_find(out[s].f, out[s].n, nc_str(name), &hint);
		if (d)
			return d;
	}
	return NULL;
}
