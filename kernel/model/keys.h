/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_KEYS_H
#define NC_MODEL_KEYS_H

/* Inside model/: index keys of objects and of what is looked up. */

#include "model/member.h"

#define NC_KEYS_MAX 400

typedef struct nc_keys {
	nc_arena *arena;
	nc_key list[NC_KEYS_MAX];
	uint32_t n;
	int is_full;
} nc_keys;

/* All keys of an object; texts in obj's arena. NC_E_INVAL: too many, or one too long. */
nc_code nc_keys_of(const nc_object *obj, nc_keys *ret, nc_error *err);

/* "<project or ''>/<name>" */
int nc_key_name(char out[NC_DB_KEY_MAX], const char *project, const char *name, nc_bytes *ret);
/* The key of a member's value in its own index, order-keeping; ptr NULL = absent. buf >= 16. */
nc_bytes nc_key_value(const nc_field_def *d, const void *base, char *buf);
/* Which index a filter on this field looks into. NC_BY_ID for created_at and id; -1 = none. */
int nc_key_index(const nc_field_def *d);
/* Whether the item has this very key (also of indexes with several keys). */
int nc_item_has_key(const nc_root *r, const nc_item *it, uint16_t index, nc_bytes key);

/* Each reference of an object. fn may put another id in its place. */
typedef struct nc_ref {
	const nc_field_def *d;
	const nc_jpath *at;
	const char **id;
	int is_settable; /* by a request, at least when the object is made */
} nc_ref;
typedef nc_code (*nc_ref_fn)(void *ctx, const nc_ref *ref);
nc_code nc_object_each_ref(nc_object *obj, nc_ref_fn fn, void *ctx);

#endif
