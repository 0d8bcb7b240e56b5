/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_MODEL_H
#define NC_MODEL_MODEL_H

/*
 * The kinds over the store: load, put, delete, resolve, references. Everything else of model/:
 *   field.h   what a member is            object.h   parse, patch, render, decode
 *   kind.h    what a kind is, the list    faults.h   all that is wrong with a request
 *   problem.h problem codes               query.h    filters, sort, cursor, projection
 *   schema.h  JSON Schema, explain        observed.h what the hypervisors say, in memory
 *   secrets.h sealing                     vm.h, operation.h, host.h, …  the structs
 */

#include "model/object.h"
#include "store/db.h"

/* ---- reading ---- */

/* The item's object, in the arena; nothing borrowed from the item. NC_E_PROTO, NC_E_NOMEM. */
nc_code nc_model_load(const nc_item *it, nc_arena *a, nc_object **ret, nc_error *err);
/* The same from bytes that were taken of an item of this rev. */
nc_code nc_model_load_body(
	const nc_kind *k, nc_bytes body, uint64_t rev, nc_arena *a, nc_object **ret, nc_error *err);
/* By id. NC_E_NOTFOUND ("vm vm_01J… not found"). */
nc_code nc_model_get(const nc_root *r, const nc_kind *k, const char *id, nc_arena *a,
	nc_object **ret, nc_error *err);
/* The same wherever it lies, in memory or gone cold, as operations that ended do. May block. */
nc_code nc_model_find(
	nc_db *db, const nc_kind *k, const char *id, nc_arena *a, nc_object **ret, nc_error *err);

#define NC_CANDIDATES_MAX 8
typedef struct nc_candidates {
	char ids[NC_CANDIDATES_MAX][NC_DB_ID_MAX + 1];
	uint32_t n;
} nc_candidates;

typedef struct nc_reach {    /* what a request may see */
	const char *project; /* id of the project it acts in; NULL = global objects alone */
	int is_everywhere;   /* project=*: ids of every project */
} nc_reach;

/*
 * `ref`, an id or a name, as `reach` sees it: an id anywhere visible; a name in the project, then
 * among what is shared or public. NC_E_NOTFOUND with a did-you-mean; NC_E_CONFLICT ("ambiguous") with
 * the candidates in *cand (may be NULL) and in the hint. Deleted ones are found by id alone.
 */
nc_code nc_model_resolve(const nc_root *r, const nc_kind *k, const nc_reach *reach, const char *ref,
	const nc_item **ret, nc_candidates *cand, nc_error *err);
/* The same among soft-deleted ones, which have given their name free: several may have had one. */
nc_code nc_model_resolve_deleted(const nc_root *r, const nc_kind *k, const nc_reach *reach,
	const char *ref, const nc_item **ret, nc_candidates *cand, nc_error *err);
/* Whether an item can be seen from there. */
int nc_model_is_visible(const nc_root *r, const nc_item *it, const nc_reach *reach);
/* Every reference of the object: names become ids, and what is not there is a fault. */
void nc_model_resolve_refs(const nc_root *r, nc_object *obj, const nc_reach *reach, nc_faults *f);

/* ---- who uses it ---- */

typedef struct nc_used_by {
	const nc_kind *kind;
	char id[NC_DB_ID_MAX + 1];
	char name[64];
} nc_used_by;
/* Fills at most cap; returns how many there are, counting to NC_USED_BY_COUNT_MAX. A project is
 * used by everything in it. */
#define NC_USED_BY_COUNT_MAX 1000
uint64_t nc_model_used_by(const nc_root *r, const nc_object *obj, nc_used_by *list, size_t cap);
/* May it be deleted? NC_E_CONFLICT: "protected" (hint: the command that lifts it), "in_use" (list). */
nc_code nc_model_check_delete(const nc_root *r, const nc_object *obj, nc_used_by *list, size_t cap,
	uint64_t *ret_n, nc_error *err);
/* The same as expectations of a transaction: races lose. */
void nc_model_expect_unused(nc_txn *t, const nc_object *obj);

/* ---- writing ---- */

/*
 * Put the object: derives, moves revision (and generation) if intent moved, sets updated_at,
 * renders, makes the keys, expects obj->rev and, where intent moved, that each strong reference
 * is there. NC_E_INVAL when the body would be too long, NC_E_NOMEM. The object then holds what was
 * written; after the commit call nc_model_committed before it is put again.
 */
nc_code nc_model_put(nc_txn *t, nc_object *obj, nc_error *err);
/* The same, leaving memory once materialised (finished operations). */
nc_code nc_model_put_cold(nc_txn *t, nc_object *obj, nc_error *err);
static inline void nc_model_committed(nc_object *obj, uint64_t seq)
{
	obj->rev = seq;
}
/* Really delete; expects obj->rev. */
void nc_model_delete(nc_txn *t, const nc_object *obj);
/* Soft delete: the name is free from now, restorable until purge_at. Puts nothing. */
void nc_object_soft_delete(nc_object *obj, int64_t keep_ms);
/* Back again, under a new name if one is given. NC_E_CONFLICT when it isn't deleted. */
nc_code nc_object_restore(nc_object *obj, const char *new_name, nc_error *err);

/* An item (rev 0) as put would make it; for tests and upgrades. NULL = no memory. */
nc_item *nc_model_item(nc_object *obj, nc_error *err);

#endif
