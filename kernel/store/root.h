/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_ROOT_H
#define NC_STORE_ROOT_H

#include "store/tree.h"

/*
 * A root: the trees of all kinds as of one seq. Per kind: by id, one per index, and for those ids
 * whose deletion the store doesn't have yet, their tombs.
 */

typedef struct nc_schema {
	const nc_kind_def *kind[NC_DB_KINDS_MAX]; /* NULL = not declared */
	uint16_t first_tree[NC_DB_KINDS_MAX];
	uint8_t has_unique[NC_DB_KINDS_MAX];
	uint32_t n_trees;
} nc_schema;
/* NC_E_INVAL: a number twice or out of range, too many indexes. `kinds` is borrowed. */
nc_code nc_schema_init(nc_schema *s, const nc_kind_def *kinds, uint32_t n, nc_error *err);
const nc_kind_def *nc_schema_kind(const nc_schema *s, uint16_t kind); /* NULL = unknown */
const char *nc_schema_kind_name(const nc_schema *s, uint16_t kind);   /* never NULL */
int nc_schema_is_unique(const nc_schema *s, uint16_t kind, uint16_t index);

struct nc_root {
	uint64_t seq;
	const nc_schema *schema;
	/* of the writer, when this root is no longer the published one: what dies with it */
	struct nc_db *db;
	nc_tnode *dead;
	struct nc_db_batch *replaced; /* the batch whose `was` items nobody reaches any more */
	struct nc_db_batch *evicted;  /* chain of batches whose cold items left with it */
	nc_tree trees[];
};

nc_root *nc_root_new(const nc_schema *s); /* empty, seq 0; NULL = no memory */
/* The trees and seq of `from`; the writer's members are left alone. */
void nc_root_assign(nc_root *r, const nc_root *from);
void nc_root_free(nc_root *r);        /* not the trees */
void nc_root_unref_items(nc_root *r); /* the trees' references; the trees may only be freed then */
void nc_root_free_trees(nc_root *r);

nc_tree *nc_root_id_tree(nc_root *r, uint16_t kind);
nc_tree *nc_root_index_tree(nc_root *r, uint16_t kind, uint16_t index);
nc_tree *nc_root_tomb_tree(nc_root *r, uint16_t kind);
const nc_item *nc_root_tomb(const nc_root *r, uint16_t kind, nc_bytes id);
/* Items, or tombs, with ids behind `after` (empty = all). */
void nc_root_walk_ids(nc_walk *w, const nc_root *r, uint16_t kind, nc_bytes after);
void nc_root_walk_tombs(nc_walk *w, const nc_root *r, uint16_t kind, nc_bytes after);

/*
 * Changes of the tip. *ret_was: what was there or NULL; the tree's reference to it is now the
 * caller's, as the tree's to `now` was the caller's. NC_E_NOMEM: roll the batch back.
 */
nc_code nc_root_put(nc_forest *f, nc_root *r, const nc_item *now, const nc_item **ret_was);
nc_code nc_root_del(nc_forest *f, nc_root *r, uint16_t kind, nc_bytes id, const nc_item **ret_was);
nc_code nc_root_bury(nc_forest *f, nc_root *r, const nc_item *tomb, const nc_item **ret_was);
nc_code nc_root_exhume(nc_forest *f, nc_root *r, const nc_item *tomb, const nc_item **ret_was);

#endif
