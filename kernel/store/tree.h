/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_TREE_H
#define NC_STORE_TREE_H

#include "store/item.h"

/*
 * A persistent B+tree of index entries in order of (key, id). A published tree never changes: a
 * writer copies the nodes on the way to what it changes, once per batch, and the rest is shared
 * with every older version.
 */
typedef struct nc_tnode nc_tnode;
typedef struct nc_tree {
	nc_tnode *top; /* NULL = empty */
	uint64_t n;
} nc_tree;

/* The writer's side of all trees of a database. One thread at a time. */
typedef struct nc_forest {
	uint64_t stamp;  /* of the batch under way: nodes that carry it may be changed in place */
	nc_tnode *made;  /* nodes of this batch, the dropped among them */
	nc_tnode *dead;  /* published nodes that this batch replaced */
	nc_tnode *spare; /* memory for the next ones */
	uint32_t n_spare;
} nc_forest;

void nc_forest_init(nc_forest *f);
void nc_forest_done(nc_forest *f); /* rolls back, frees the spares; not the trees */
/* The batch is to be seen: its nodes may never change again. The nodes it replaced are the
 * caller's, to be given to nc_forest_bury when no reader can have them. */
nc_tnode *nc_forest_commit(nc_forest *f);
void nc_forest_bury(nc_forest *f, nc_tnode *dead);
/* Frees what the batch made. The trees must be set back to what was published. */
void nc_forest_rollback(nc_forest *f);

/*
 * Insert or, where (key, id) is there, replace; *ret_old is what was there or NULL.
 * NC_E_NOMEM leaves the tree broken: roll the batch back.
 */
nc_code nc_tree_put(nc_forest *f, nc_tree *t, const nc_ikey *k, const nc_ikey **ret_old);
/* Remove the entry of k's (key, id); *ret_old NULL = it was not there. NC_E_NOMEM as above. */
nc_code nc_tree_del(nc_forest *f, nc_tree *t, const nc_ikey *k, const nc_ikey **ret_old);
/* Build from entries in strict order, much faster than putting them; into an empty tree. */
nc_code nc_tree_build(nc_forest *f, nc_tree *t, const nc_ikey *const *keys, size_t n);
/* Frees every node of a tree that no other version shares. */
void nc_tree_free(nc_tree *t);

/* A place to look for. tie: where it stands among entries of an equal key: before all of them,
 * at its id, or after all. */
typedef struct nc_tkey {
	nc_bytes key, id;
	enum { NC_TIE_BEFORE = -1, NC_TIE_ID = 0, NC_TIE_AFTER = 1 } tie;
} nc_tkey;

const nc_ikey *nc_tree_get(const nc_tree *t, nc_bytes key, nc_bytes id);
/* Put a walk (root, kind and index aside) before the first entry >= k, or, reverse, <= k; k NULL =
 * at the end. */
void nc_tree_seek(const nc_tree *t, const nc_tkey *k, nc_order order, nc_walk *w);
const nc_ikey *nc_tree_next(nc_walk *w); /* NULL = over */

/* The first thing wrong with the tree's shape or order, or NULL. */
const char *nc_tree_fault(const nc_tree *t);
uint64_t nc_tree_nodes(const nc_tree *t);

#endif
