/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_JSON_H
#define NC_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Typed reading over jansson. nc_json_parse limits size and depth before the parse and refuses
 * duplicate keys and trailing bytes; errors name line and column. Readers check type, range and
 * length and name the JSON path ("disks[2].size_gib").
 */
#define NC_JSON_DEPTH_MAX 32

static inline void nc_json_decrefp(json_t **j)
{
	json_decref(*j);
}

/* The caller owns *ret. NC_E_INVAL (bad document) or NC_E_NOMEM. */
nc_code nc_json_parse(nc_bytes text, size_t limit_bytes, json_t **ret, nc_error *err);

/* What json_dumps gives, freed with nc_free; NULL when there is no memory. jansson 2.14 itself may
 * drop the name of a member then and carry on. */
char *nc_json_dump(const json_t *doc, size_t flags);

/* A place in a document, kept on the caller's stack so that errors can name the path. */
typedef struct nc_jpath {
	const struct nc_jpath *up;
	const char *key; /* NULL: an array element */
	size_t index;
} nc_jpath;
/* "a.b[2]" into buf (always terminated); "" for the root. */
void nc_jpath_format(const nc_jpath *p, char *buf, size_t cap);

typedef enum { NC_OPTIONAL, NC_REQUIRED } nc_presence;

/*
 * Read member `key` of object `o` (whose own path is `at`, NULL for the root). Absent and
 * optional: NC_OK, *ret untouched. Wrong type or out of range: NC_E_INVAL. Strings are borrowed
 * from the document.
 */
nc_code nc_json_get_str(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	size_t max_len, const char **ret, nc_error *err);
nc_code nc_json_get_i64(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	int64_t min, int64_t max, int64_t *ret, nc_error *err);
nc_code nc_json_get_f64(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	double min, double max, double *ret, nc_error *err);
nc_code nc_json_get_bool(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	int *ret, nc_error *err);
nc_code nc_json_get_obj(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	const json_t **ret, nc_error *err);
nc_code nc_json_get_arr(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	size_t max_items, const json_t **ret, nc_error *err);
/* NC_E_INVAL naming the first key of `o` that is not in the NULL-ended list, with a did-you-mean
 * hint when one is close. */
nc_code nc_json_only_keys(
	const json_t *o, const nc_jpath *at, const char *const *keys, nc_error *err);

/* The closest of `n` names within an edit distance of 2 and a third of the length, or NULL. */
const char *nc_did_you_mean(const char *word, const char *const *names, size_t n);

#endif
