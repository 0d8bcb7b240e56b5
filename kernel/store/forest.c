/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "store/tree_internal.h"

/*
 * Where tree nodes come from and go to. A node is made in a batch, then belongs to every root that
 * reaches it, and is dead when the next root no longer does; dead nodes are buried when no reader
 * can hold them, and their memory is used again. The sequencer's alone (and the opener's before).
 * Commit and bury never allocate: nothing may fail once a batch is durable.
 */

/* Without spares each node is a malloc of its own, so a sanitizer sees a use after burial. */
enum { SPARES_MAX = NC_SANITIZED ? 0 : 8192 };

void nc_forest_init(nc_forest *f)
{
	*f = (nc_forest){ .stamp = 1 };
}

nc_tnode *nc_tnode_new(nc_forest *f, uint8_t level)
{
	nc_tnode *node = f->spare;
	if (node) {
		f->spare = node->link;
		f->n_spare--;
	} else {
		node = nc_malloc(sizeof(*node));
		if (!node)
			return NULL;
	}
	node->stamp = f->stamp;
	node->n = 0;
	node->level = level;
	node->is_dropped = 0;
	node->link = f->made;
	f->made = node;
	return node;
}

static void release(nc_forest *f, nc_tnode *node)
{
	if (f->n_spare + 1 > SPARES_MAX) {
		nc_free(node);
		return;
	}
	node->link = f->spare;
	f->spare = node;
	f->n_spare++;
}

nc_tnode *nc_forest_commit(nc_forest *f)
{
	for (nc_tnode *node = f->made, *next; node; node = next) {
		next = node->link;
		if (node->is_dropped)
			release(f, node);
	}
	nc_tnode *dead = f->dead;
	f->made = f->dead = NULL;
	f->stamp++;
	return dead;
}

void nc_forest_bury(nc_forest *f, nc_tnode *dead)
{
	for (nc_tnode *next; dead; dead = next) {
		next = dead->link;
		release(f, dead);
	}
}

void nc_forest_rollback(nc_forest *f)
{
	for (nc_tnode *node = f->made, *next; node; node = next) {
		next = node->link;
		release(f, node);
	}
	f->made = f->dead = NULL;
}

void nc_forest_done(nc_forest *f)
{
	nc_forest_rollback(f);
	for (nc_tnode *next; f->spare; f->spare = next) {
		next = f->spare->link;
		nc_free(f->spare);
	}
	f->n_spare = 0;
}
