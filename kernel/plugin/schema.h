/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_SCHEMA_H
#define NC_PLUGIN_SCHEMA_H

#include "base/json.h"

struct nc_jw;

/*
 * The part of JSON Schema that plugin configurations are written in: type, properties, required,
 * additionalProperties (a boolean, or what the others must be), enum, minimum, maximum, minLength,
 * maxLength, minItems, maxItems, items, default; x-secret (boolean), x-reload ("live", "recreate",
 * "restart"), x-unit; title, description, examples, $schema, $id, $comment as remarks. Nothing else is
 * accepted, so that a schema never promises a check that is not made. Schemas are read-only once
 * checked.
 */
#define NC_SCHEMA_DEPTH_MAX 8

/* Whether a schema keeps to the above, its defaults included. NC_E_INVAL names the place. */
nc_code nc_schema_check(const json_t *schema, nc_error *err);

/* One fault, borrowed during the callback. `value` is NULL where it is missing or secret. */
typedef struct nc_schema_fault {
	const char *field; /* "limits.max_hosts"; "" = the document itself */
	const char *problem;
	const char *expected; /* what would be right */
	const json_t *value;
} nc_schema_fault;
typedef void (*nc_schema_fault_fn)(void *user, const nc_schema_fault *fault);
/* Every fault of `doc` through fn (may be NULL); how many there were. */
size_t nc_schema_validate(
	const json_t *schema, const json_t *doc, nc_schema_fault_fn fn, void *user);
/* The same as an error naming as many faults as fit; `what` begins it. */
nc_code nc_schema_require(const json_t *schema, const json_t *doc, const char *what, nc_error *err);
/* The same as a JSON array of {field, problem, expected, value?}. Returns how many. */
size_t nc_schema_render_faults(const json_t *schema, const json_t *doc, struct nc_jw *w);

/* Put defaults where a property is absent. NC_E_NOMEM. */
nc_code nc_schema_fill(const json_t *schema, json_t *doc, nc_error *err);

/* Visit every x-secret value of a document, of whatever type but null; what is within one is not looked
 * at. fn may replace it: `*ret_new` (a new reference) takes its place. */
typedef nc_code (*nc_schema_secret_fn)(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err);
nc_code nc_schema_each_secret(
	const json_t *schema, json_t *doc, nc_schema_secret_fn fn, void *user, nc_error *err);

/* How many fields differ that reconfigure may not apply, naming them ("a, b.c") in `names`. */
size_t nc_schema_needs_recreate(
	const json_t *schema, const json_t *before, const json_t *after, char *names, size_t cap);

#endif
