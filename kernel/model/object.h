/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_OBJECT_H
#define NC_MODEL_OBJECT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/faults.h"
#include "model/kind.h"

/*
 * An object of any kind in memory: the start of each kind's struct. It lies in an arena of the
 * caller, and so does all it points to; change it by assigning (strings: static or of the same
 * arena). Owned by one thread.
 */
typedef enum nc_visibility { NC_PRIVATE, NC_SHARED, NC_PUBLIC } nc_visibility;

typedef struct nc_condition {
	const char *type;   /* "HostReachable" */
	const char *status; /* "true", "false", "unknown" */
	const char *reason; /* one word */
	const char *message;
	int64_t since_ms;
} nc_condition;

struct nc_object {
	const nc_kind *kind;
	nc_arena *arena;
	const char *id, *name, *description;
	const char *project; /* id; NULL = global */
	nc_labels labels;
	nc_visibility visibility; /* of NC_SCOPE_SHARED kinds */
	const char **shared_with;
	size_t n_shared_with;
	int is_protected;
	uint64_t revision; /* the ETag: moves with intent alone */
	int64_t created_at_ms, updated_at_ms;
	int64_t deleted_at_ms, purge_at_ms; /* of kinds with soft delete */
	const char **defaulted;             /* fields whose values the server chose */
	size_t n_defaulted;
	const char *status;
	nc_condition *conditions;
	size_t n_conditions;
	int64_t observed_at_ms; /* of kinds with observed fields */
	/* not shown */
	uint64_t rev;    /* of the item it was read from; 0 = new */
	uint64_t intent; /* hash of the intent as read; put compares */
};

/* The struct of an object: nc_vm *vm = NC_AS(nc_vm, obj). */
#define NC_AS(type, obj) ((type *)(obj)) /* the object is its first member */

/* ---- making ---- */

/* Empty, with a fresh id (unless the kind's ids are given), created_at and initial status. NULL =
 * arena full. */
nc_object *nc_object_new(const nc_kind *k, nc_arena *a);
/* Copy that may be changed apart (deep where it matters: pointers are never written through). */
nc_object *nc_object_copy(const nc_object *obj);

/*
 * A create request into a new object: every fault at once, unknown keys with a did-you-mean,
 * defaults filled in and listed. References are as the request has them (nc_model_resolve_refs).
 * NULL when there is any fault.
 */
nc_object *nc_object_parse(const nc_kind *k, const json_t *in, nc_arena *a, nc_faults *f);

/* ---- changing ---- */

typedef struct nc_change {
	int is_changed;  /* anything at all */
	int is_deferred; /* something waits in pending{} */
	/* Names of the top-level fields that changed, arena. */
	const char **fields;
	size_t n_fields;
} nc_change;

/* JSON Merge Patch: all or nothing. Read-only members with the value they have are accepted. */
nc_code nc_object_patch(nc_object *obj, const json_t *in, nc_faults *f, nc_change *ret);
/*
 * PUT: members left out go back to their defaults (secrets stay: they can't be read back). State
 * and observed members are ignored, as they may move between a GET and the PUT; immutable
 * ones must be equal.
 */
nc_code nc_object_replace(nc_object *obj, const json_t *in, nc_faults *f, nc_change *ret);
/* What waits in pending{} takes effect; NC_OK also when nothing waits. */
nc_code nc_object_apply_pending(nc_object *obj, nc_faults *f, nc_change *ret);

/* NC_E_UNSUPPORTED names a field that nothing acts on yet and that is neither absent nor as it is
 * when nothing is said; of a change (NULL: a create) only those it changed. */
nc_code nc_object_check_served(const nc_object *obj, const nc_change *change, nc_error *err);

/* Sub-resources: `field` "disks". The element is in the object's new array; NULL/NC_E_* with faults.
 * For these and the above: a changed object isn't stored until nc_model_put. */
void *nc_object_sub_find(const nc_object *obj, const char *field, const char *id);
void *nc_object_sub_add(nc_object *obj, const char *field, const json_t *in, nc_faults *f);
nc_code nc_object_sub_patch(nc_object *obj, const char *field, const char *id, const json_t *in,
	nc_faults *f, nc_change *ret);
nc_code nc_object_sub_remove(nc_object *obj, const char *field, const char *id, nc_error *err);

/* Set, or take away (value NULL), a label. NC_OK or NC_E_NOMEM. */
nc_code nc_object_label(nc_object *obj, const char *key, const char *value);
const char *nc_object_get_label(const nc_object *obj, const char *key);
/* Set a condition; `since` moves only when status changes. */
nc_code nc_object_condition(nc_object *obj, const char *type, const char *status,
	const char *reason, const char *message);
/* Say that the server chose this field's value. */
nc_code nc_object_defaulted(nc_object *obj, const char *field);

/* ---- showing ---- */

/* One JSON object: what is stored is what is served. Derives first. */
void nc_object_render(nc_object *obj, nc_buf *out);
/* A stored or served body into a new object. NC_E_PROTO: not what this table renders. */
nc_code nc_object_decode(
	const nc_kind *k, nc_bytes body, nc_arena *a, nc_object **ret, nc_error *err);
/* Hash over the intent fields. */
uint64_t nc_object_intent(const nc_object *obj);
/* Problems across fields (kind->validate) and of single values, as after a parse. */
void nc_object_validate(const nc_object *obj, nc_faults *f);

/* Whether an If-Match names this revision: as one of its entity tags, weak ones too, or by a *. */
int nc_etag_match(const char *if_match, uint64_t revision);

/* ---- secrets ---- */

/* Each secret field that has a fresh value or was cleared. fn ends the walk with other than NC_OK. */
typedef nc_code (*nc_secret_fn)(
	void *ctx, nc_object *obj, const nc_field_def *def, nc_secret_field *s, nc_error *err);
nc_code nc_object_secrets(nc_object *obj, nc_secret_fn fn, void *ctx, nc_error *err);

/* ---- names ---- */

/* NULL, or why not ("must start with a letter or digit"). Ids' own shape is refused. */
const char *nc_name_why_not(const char *name, size_t len);

#endif
