/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_OBSERVED_H
#define NC_MODEL_OBSERVED_H

#include "model/object.h"
#include "store/db.h"

/*
 * What hypervisors say, kept in memory: per object the ready bytes of its observed members, which
 * are the last of a body. Serving is two copies: the stored body up to them, then this tail; where
 * the body is to be cut is remembered per revision of the item. Nothing here is a record: after a
 * restart the stored tail is shown until the next look. What must survive (power, existence) is put.
 *
 * Any thread. What is given out is copied into the caller's buffer; a lock is held for that copy
 * alone, one of many by hash of the id.
 */
typedef struct nc_observed nc_observed;

nc_observed *nc_observed_new(void); /* NULL = no memory */
void nc_observed_free(nc_observed *t);
NC_DEFINE_CLEANUP(nc_observed *, nc_observed_free);

/* Keep the observed fields of obj (as loaded, then assigned; observed_at_ms set). An older
 * observed_at_ms than what is kept is dropped: NC_E_CONFLICT. NC_E_NOMEM. */
nc_code nc_observed_set(nc_observed *t, nc_object *obj, nc_error *err);
void nc_observed_drop(nc_observed *t, uint16_t kind, const char *id); /* it is gone */
size_t nc_observed_count(nc_observed *t);

/*
 * A number among the observed members of a kind that nobody looks for: it follows from what is stored
 * and is put in as the object is served. `served` is the object but for that. Inside of a read section,
 * no lock held. Before the first reader; count NULL = as it was kept, again.
 */
typedef int64_t (*nc_observed_count_fn)(void *ctx, const nc_item *it, nc_bytes served);
void nc_observed_follow(nc_observed *t, const nc_kind *kind, const char *member,
	nc_observed_count_fn count, void *ctx);

/* Append the object as it is served. */
void nc_observed_serve(nc_observed *t, const nc_item *it, nc_buf *out);
/* nc_model_load of what is served. t may be NULL. */
nc_code nc_observed_load(
	nc_observed *t, const nc_item *it, nc_arena *a, nc_object **ret, nc_error *err);

#endif
