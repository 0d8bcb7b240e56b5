/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of operations by key, in the order in which they ended. Owned and locked by the
 * instance.
 */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

static void free_op(sim_op *op)
{
	free(op->key);
	free(op->end);
	free(op);
}

void sim_ops_done(sim_ops *o)
{
	for (size_t i = 0; i < o->by_key.cap; i++)
		if (o->by_key.slots[i].key)
			free_op(o->by_key.slots[i].value);
	sim_map_done(&o->by_key);
	*o = (sim_ops){ .oldest = NULL };
}

sim_op *sim_ops_get(const sim_ops *o, const char *key)
{
	return sim_map_get(&o->by_key, key);
}

sim_op *sim_ops_add(sim_ops *o, const char *key)
{
	sim_op *op = calloc(1, sizeof(*op));

	if (!op || !(op->key = strdup(key)) || !sim_map_reserve(&o->by_key, 1)) {
		if (op)
			free_op(op);
		return NULL;
	}
	sim_map_put(&o->by_key, op->key, op);
	return op;
}

static void unlink_ended(sim_ops *o, sim_op *op)
{
	if (o->walk == op)
		o->walk = op->newer;
	*(op->older ? &op->older->newer : &o->oldest) = op->newer;
	*(op->newer ? &op->newer->older : &o->newest) = op->older;
	op->older = op->newer = NULL;
	o->n_ended--;
}

static void link_newest(sim_ops *o, sim_op *op)
{
	op->older = o->newest;
	*(o->newest ? &o->newest->newer : &o->oldest) = op;
	o->newest = op;
	o->n_ended++;
}

void sim_ops_end(sim_ops *o, sim_op *op, sim_end_doc *end, uint64_t keep)
{
	if (op->end)
		unlink_ended(o, op);
	free(op->end);
	op->end = end;
	op->work = NULL;
	link_newest(o, op);
	while (o->n_ended > keep && o->oldest != op) {
		sim_op *old = o->oldest;

		unlink_ended(o, old);
		if (old->work) { /* tried again just now: only how it ended before is forgotten */
			free(old->end);
			old->end = NULL;
			continue;
		}
		sim_map_del(&o->by_key, old->key);
		free_op(old);
	}
}

void sim_ops_drop_idle(sim_ops *o, sim_op *op)
{
	if (op->end || op->work)
		return;
	sim_map_del(&o->by_key, op->key);
	free_op(op);
}
