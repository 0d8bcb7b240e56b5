/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_OPS_H
#define SIM_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "map.h"
#include "messages.h"

/*
 * What is known of operations by their key: the work that runs for it, and how its last attempt
 * ended. The oldest that ended are forgotten past a number. Not locked; the instance's lock
 * covers it.
 */
typedef struct sim_op {
	char *key;
	sim_end_doc *end;             /* packed; NULL: no attempt has ended yet */
	struct sim_work *work;        /* NULL: none runs */
	struct sim_op *older, *newer; /* among those that ended */
} sim_op;

typedef struct sim_ops {
	sim_map by_key;
	sim_op *oldest, *newest;
	uint64_t n_ended;
	sim_op *walk; /* next for a compaction; kept right when one is forgotten */
} sim_ops;

void sim_ops_done(sim_ops *o);
sim_op *sim_ops_get(const sim_ops *o, const char *key); /* NULL: not known */
/* Known from now on, with neither work nor end; NULL when there is no memory. */
sim_op *sim_ops_add(sim_ops *o, const char *key);
/* It ended: `end` is packed and the op's from then on. Forgets the oldest past `keep`. */
void sim_ops_end(sim_ops *o, sim_op *op, sim_end_doc *end, uint64_t keep);
/* Forget one that never ended and for which nothing runs. */
void sim_ops_drop_idle(sim_ops *o, sim_op *op);

#endif
